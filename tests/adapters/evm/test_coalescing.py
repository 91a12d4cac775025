"""Reads of many askers share a batch, and nothing else: not their trouble, not their end."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

import pytest
from aiohttp import web

from adapters.evm import coalescing
from adapters.evm.coalescing import Coalescer, Spoiled
from tests.adapters.evm.test_client import ECHO, ECHOED, at_once, counting, honest, node

T = TypeVar("T")


class Wire:
    """What is asked of an endpoint, answered when the test says so."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[str], bool]] = []
        self.ended = 0
        self._left = asyncio.Condition()
        self.open = asyncio.Event()
        self.open.set()

    async def __call__(self, questions: Sequence[str], *, shared: bool) -> list[str]:
        self.asked.append((list(questions), shared))
        async with self._left:
            self._left.notify_all()
        try:
            await self.open.wait()
        except asyncio.CancelledError:
            self.ended += 1
            raise
        if "bad" in questions:
            raise ValueError("it is bad")
        return [question.upper() for question in questions]

    async def carries(self, count: int) -> None:
        """Wait until so many batches have left."""
        async with asyncio.timeout(5), self._left:
            await self._left.wait_for(lambda: len(self.asked) >= count)


async def together(*asking: Coroutine[Any, Any, T]) -> list[T]:
    """What they give, asked at the same time."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in asking]
    return [task.result() for task in tasks]


@pytest.fixture
async def tasks() -> AsyncIterator[asyncio.TaskGroup]:
    """Who asks in a test."""
    async with asyncio.TaskGroup() as group:
        yield group


async def test_what_is_asked_at_the_same_time_leaves_together_each_question_once() -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 100)
    told = await together(
        coalescer.ask(["b", "a"]), coalescer.ask(["a", "c"]), coalescer.ask(["b"])
    )
    assert told == [["B", "A"], ["A", "C"], ["B"]]
    assert wire.asked == [(["b", "a", "c"], True)]
    assert await coalescer.ask(["a"]) == ["A"], "an answer is never older than its question"
    assert wire.asked[1:] == [(["a"], False)]


async def test_what_is_asked_while_a_batch_is_under_way_waits_and_leaves_as_the_next() -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 100)
    wire.open.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(coalescer.ask(["a"]))
        await wire.carries(1)
        later = [group.create_task(coalescer.ask([name])) for name in "bacd"]
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(wire.asked) == 1
        wire.open.set()
    assert first.result() == ["A"]
    assert [one.result() for one in later] == [["B"], ["A"], ["C"], ["D"]]
    assert wire.asked[1:] == [(["b", "a", "c", "d"], True)]


async def test_no_batch_is_larger_than_the_most_unless_one_asks_more() -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 3)
    many = [f"{n}" for n in range(5)]
    told = await together(*(coalescer.ask([name]) for name in "abcde"), coalescer.ask(many))
    assert told == [["A"], ["B"], ["C"], ["D"], ["E"], many]
    assert [len(questions) for questions, _ in wire.asked] == [3, 2, 5]


async def test_fewer_are_shared_after_a_refusal_and_after_a_while_more_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "GROWS_S", 0.05)
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 8)

    async def shared() -> int:
        wire.asked.clear()
        await together(*(coalescer.ask([f"{n}"]) for n in range(16)))
        return max(len(questions) for questions, _ in wire.asked)

    assert await shared() == 8
    coalescer.share_fewer(2)
    coalescer.share_fewer(4)
    seen = [await shared()]
    for _ in range(4):
        await asyncio.sleep(0.06)
        seen.append(await shared())
    assert seen == [2, 4, 8, 8, 8]
    coalescer.share_fewer(0)
    assert await shared() == 1


async def test_who_is_cancelled_ends_no_other(tasks: asyncio.TaskGroup) -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 100)
    wire.open.clear()
    first, second = (tasks.create_task(coalescer.ask([name])) for name in "ab")
    await wire.carries(1)
    gone, stays = (tasks.create_task(coalescer.ask([name])) for name in "cd")
    await asyncio.sleep(0)
    for one in (first, gone):
        one.cancel()
    wire.open.set()
    assert (await second, await stays) == (["B"], ["D"])
    assert wire.ended == 0
    assert wire.asked == [(["a", "b"], True), (["d"], False)], "nobody waits for c any more"
    assert first.cancelled() and gone.cancelled()  # noqa: PT018


async def test_a_batch_nobody_waits_for_ends_and_the_next_leaves(tasks: asyncio.TaskGroup) -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 100)
    wire.open.clear()
    both = [tasks.create_task(coalescer.ask([name])) for name in "ab"]
    await wire.carries(1)
    after = tasks.create_task(coalescer.ask(["c"]))
    await asyncio.sleep(0)
    for one in both:
        one.cancel()
    await wire.carries(2)
    assert wire.ended == 1
    wire.open.set()
    assert await after == ["C"]


@pytest.mark.parametrize("turns", range(8))
async def test_in_whichever_turn_one_is_cancelled_the_next_leaves(
    turns: int, tasks: asyncio.TaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coalescing, "HOLDS_S", 60)
    coalescer: Coalescer[str] = Coalescer(Wire(), 1)
    first, second = (tasks.create_task(coalescer.ask([name])) for name in "ab")
    for _ in range(turns):
        await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(5):
        assert await second == ["B"]


async def test_a_batch_that_is_slow_holds_up_nobody(
    tasks: asyncio.TaskGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(coalescing, "HOLDS_S", 0.01)
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 100)
    wire.open.clear()
    slow = tasks.create_task(coalescer.ask(["a"]))
    await wire.carries(1)
    quick = tasks.create_task(coalescer.ask(["b"]))
    await wire.carries(2)
    assert not slow.done()
    wire.open.set()
    assert (await slow, await quick) == (["A"], ["B"])


async def test_trouble_of_one_who_asked_alone_is_theirs_and_of_several_is_nobodys() -> None:
    coalescer: Coalescer[str] = Coalescer(Wire(), 100)
    with pytest.raises(ValueError, match="it is bad"):
        await coalescer.ask(["bad"])

    async def spoiled(question: str) -> bool:
        with pytest.raises(Spoiled, match="it is bad"):
            await coalescer.ask([question])
        return True

    assert await together(spoiled("bad"), spoiled("a")) == [True, True]
    assert await coalescer.ask(["a"]) == ["A"]


async def test_what_is_under_way_ends_with_its_endpoint(tasks: asyncio.TaskGroup) -> None:
    wire = Wire()
    coalescer: Coalescer[str] = Coalescer(wire, 1)
    wire.open.clear()
    both = [tasks.create_task(coalescer.ask([name])) for name in "ab"]
    await wire.carries(1)
    await coalescer.close()
    await asyncio.wait(both)
    assert [one.cancelled() for one in both] == [True, True]
    assert (wire.ended, len(wire.asked)) == (1, 1)


async def test_more_is_tried_at_once_again_a_while_after_it_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalescing, "GROWS_S", 0.0)
    seen: list[int] = []
    refusals = 3

    async def first(request: web.Request) -> web.Response:
        nonlocal refusals
        if isinstance(await request.json(), list) and refusals:
            refusals -= 1
            return web.json_response({"id": None, "error": {"code": -32600, "message": "no"}})
        return await honest(request)

    async with node(counting(first, seen)) as endpoint:
        for _ in range(10):
            seen.clear()
            assert await at_once(endpoint, *ECHO) == ECHOED
        assert seen == [20]
