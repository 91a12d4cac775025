"""When what was asked is handed over: alone at once, under load a few times a second."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random  # noqa: TID251 a seed makes every crowd repeatable

import pytest

from bridge.core.ids import Instant
from bridge.notary.gathering import ENOUGH, GATHER_S, Gathering, Job
from tests.simulation.virtual import SimLoop

CROWD = 20


class Writing:
    """Answers what is handed over after `commit_s`, and remembers when it was and by how many."""

    def __init__(self, commit_s: float = 0.002) -> None:
        self.loop = asyncio.get_running_loop()
        self.gathering = Gathering(self.loop, self.hand_over)
        self.handed: list[tuple[float, int]] = []
        self._commit_s = commit_s

    def hand_over(self) -> None:
        """Take what waits."""
        jobs = self.gathering.take()
        if jobs:
            self.handed.append((self.loop.time(), len(jobs)))
        for job in jobs:
            self.loop.call_later(self._commit_s, job.future.set_result, ())

    async def ask(self) -> float:
        """Ask for a commit; return how long it was not begun."""
        job = Job(self.loop.create_future(), Instant(0), askers=1)
        began = self.loop.time()
        self.gathering.add(job)
        await job.future
        return self.loop.time() - began - self._commit_s

    async def crowd(self, of: int, times: int, rest_s: float) -> list[float]:
        """So many ask so often, each when it has rested; return how long each of it waited."""
        chance = Random(7)

        async def one() -> list[float]:
            waited: list[float] = []
            for _ in range(times):
                await asyncio.sleep(chance.uniform(0, rest_s))
                waited.append(await self.ask())
            return waited

        async with asyncio.TaskGroup() as tasks:
            asking = [tasks.create_task(one()) for _ in range(of)]
        return [wait for task in asking for wait in task.result()]


def played(tale: Callable[[], Coroutine[None, None, None]]) -> None:
    """Play it in virtual time."""
    loop = SimLoop()
    try:
        loop.run_until_complete(tale())
    finally:
        loop.close()


@pytest.mark.parametrize("rest_s", [0.0, 0.01, 0.2])
def test_who_asks_alone_waits_for_nobody(rest_s: float) -> None:
    async def tale() -> None:
        writing = Writing()
        assert max(await writing.crowd(1, 200, rest_s)) < 1e-9
        assert len(writing.handed) == 200

    played(tale)


def test_two_that_ask_as_fast_as_they_are_answered_wait_for_nobody() -> None:
    async def tale() -> None:
        assert max(await Writing().crowd(2, 200, 0.01)) < 1e-9

    played(tale)


def test_under_load_commits_begin_a_gathering_apart() -> None:
    async def tale() -> None:
        writing = Writing()
        waited = await writing.crowd(CROWD, 50, 0.35)  # some hundred a second
        took = writing.loop.time()
        assert len(writing.handed) <= 1.3 * took / GATHER_S < CROWD * 50 / 3
        assert max(waited) <= GATHER_S + 1e-6

    played(tale)


def test_what_is_asked_in_one_turn_is_one_commit_also_of_a_crowd_that_asks_first() -> None:
    async def tale() -> None:
        writing = Writing()
        assert max(await writing.crowd(CROWD, 1, 0.0)) < 1e-9
        assert [of for _, of in writing.handed] == [CROWD]

    played(tale)


def test_enough_askers_are_handed_over_at_once() -> None:
    async def tale() -> None:
        writing = Writing()
        waited = await writing.crowd(ENOUGH, 50, 0.0)
        assert max(waited) < 1e-9
        assert {of for _, of in writing.handed} == {ENOUGH}

    played(tale)


def test_who_ask_together_whenever_they_are_answered_wait_for_nobody_else() -> None:
    async def tale() -> None:
        writing = Writing()
        assert max(await writing.crowd(CROWD, 500, 0.0)) < 1e-9
        assert len(writing.handed) == 500

    played(tale)


def test_once_the_load_is_over_who_is_alone_waits_no_more() -> None:
    async def tale() -> None:
        writing = Writing()
        await writing.crowd(CROWD, 50, 0.35)
        after = await writing.crowd(1, 30, 0.0)
        assert sum(after) <= 12 * GATHER_S
        assert max(after[12:]) < 1e-9

    played(tale)


def test_who_waits_for_the_next_one_is_part_of_it() -> None:
    async def tale() -> None:
        writing = Writing()
        await writing.gathering.due()  # at once: there is no load
        assert writing.loop.time() == 0

        async def late() -> None:
            await writing.gathering.due()
            await writing.ask()

        async def due_alone() -> None:
            await writing.gathering.due()  # and asks nothing

        await writing.crowd(CROWD, 50, 0.0)
        count = len(writing.handed)
        async with asyncio.TaskGroup() as tasks:
            for asks in (late(), writing.ask(), late(), due_alone()):
                tasks.create_task(asks)
        assert [of for _, of in writing.handed[count:]] == [3]
        await due_alone()
        assert len(writing.handed) == count + 1

    played(tale)


def test_who_waits_for_the_next_one_is_woken_when_all_is_handed_over_before() -> None:
    async def tale() -> None:
        writing = Writing()
        await writing.crowd(CROWD, 50, 0.0)
        waiting = writing.loop.create_task(writing.gathering.due())
        await asyncio.sleep(0)
        writing.hand_over()  # the journal is closed
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert waiting.done()

    played(tale)
