"""Readings that go together: each reader gets its own answer, of after it asked, or its own no."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from adapters.bsn.chaincode.reading import MOST_READ
from adapters.bsn.gathered import Records
from bridge.core.canonical import Value
from bridge.ports import Refused, Unavailable

BAD = "bad"  # how a key begins that the chaincode refuses


class Escrow:
    """Counts its questions; each waits until `open` is set, and tells how often it was written."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, ...]] = []
        self.written = 0
        self.open = asyncio.Event()
        self.open.set()
        self.away = False

    async def ask(self, *keys: str) -> list[Mapping[str, Value]]:
        """Answer as of the moment the question arrived."""
        self.questions.append(keys)
        now = self.written
        await self.open.wait()
        if self.away:
            raise Unavailable("nobody answers")
        if len(keys) > MOST_READ or len(set(keys)) != len(keys):
            raise Refused("LQ400 keys: names of records, none twice")
        if any(key.startswith(BAD) for key in keys):
            raise Refused("LQ400 keys: names of records")
        return [{"key": key, "written": str(now)} for key in keys]


Told: TypeAlias = "list[Mapping[str, Value]] | Unavailable | Refused | None"


async def reading(records: Records, *keys: str, turns: int = 0) -> Told:
    """What a reader is told who asks after so many turns of the loop."""
    for _ in range(turns):
        await asyncio.sleep(0)
    try:
        return await records(*keys)
    except (Unavailable, Refused) as error:
        return error


async def turns(count: int = 5) -> None:
    """Let whoever can go on do so."""
    for _ in range(count):
        await asyncio.sleep(0)


async def all_of(records: Records, asked: Sequence[tuple[str, ...]]) -> list[Told]:
    """What readers are told who ask at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(reading(records, *keys)) for keys in asked]
    return [task.result() for task in tasks]


def told(keys: tuple[str, ...], written: int = 0) -> list[Mapping[str, Value]]:
    return [{"key": key, "written": str(written)} for key in keys]


async def test_what_is_asked_meanwhile_is_one_question_of_what_is_there_then() -> None:
    escrow = Escrow()
    records = Records(escrow.ask)
    escrow.open.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(reading(records, "a", "shared"))
        await turns()
        escrow.written = 1
        others = [group.create_task(reading(records, f"b{n}", "shared")) for n in range(5)]
        await turns()
        escrow.open.set()
    assert first.result() == told(("a", "shared"))
    for number, other in enumerate(others):
        assert other.result() == told((f"b{number}", "shared"), 1)
    assert escrow.questions == [("a", "shared"), ("b0", "shared", "b1", "b2", "b3", "b4")]


async def test_a_question_has_as_many_keys_as_the_chaincode_takes() -> None:
    escrow = Escrow()
    asked = [(f"{number}/a", f"{number}/b", f"{number}/c") for number in range(12)]
    assert await all_of(Records(escrow.ask), asked) == list(map(told, asked))
    assert [len(question) for question in escrow.questions] == [15, 15, 6]


async def test_who_asks_what_is_refused_is_refused_and_nobody_else() -> None:
    escrow = Escrow()
    good, bad, fine = await all_of(Records(escrow.ask), [("a",), (f"{BAD}?",), ("c",)])
    assert (good, fine) == (told(("a",)), told(("c",)))
    assert isinstance(bad, Refused)
    assert len(escrow.questions) == 4


async def test_silence_is_told_to_all_who_asked_together() -> None:
    escrow = Escrow()
    escrow.away = True
    records = Records(escrow.ask)
    assert list(map(str, await all_of(records, [("a",), ("b",), ("c",)]))) == ["nobody answers"] * 3
    assert len(escrow.questions) == 1
    escrow.away = False
    assert await records("d") == told(("d",))


async def test_who_leaves_takes_nobodys_answer_along() -> None:
    escrow = Escrow()
    records = Records(escrow.ask)
    escrow.open.clear()
    async with asyncio.TaskGroup() as group:
        leader = group.create_task(reading(records, "a"))
        await turns()
        waits = group.create_task(reading(records, "b"))
        leaves = group.create_task(reading(records, "c"))
        await turns()
        leader.cancel()
        leaves.cancel()
        escrow.open.set()
    assert waits.result() == told(("b",))
    assert escrow.questions == [("a",), ("b",)]
    assert leader.cancelled()
    assert leaves.cancelled()


KEYS = st.lists(
    st.sampled_from([f"{BAD}1", *(f"key/{n}" for n in range(40))]),
    min_size=1,
    max_size=6,
    unique=True,
)
TURNS = st.integers(0, 3)  # of the loop, before a reader asks
LEAVES = st.booleans()


@given(st.lists(st.tuples(KEYS, TURNS, LEAVES), max_size=12))
def test_each_reader_gets_its_own(readers: list[tuple[list[str], int, bool]]) -> None:
    async def all_of_them() -> None:
        records = Records(Escrow().ask)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(reading(records, *keys, turns=after))
                for keys, after, _ in readers
            ]
            await asyncio.sleep(0)
            for task, (_, _, leaves) in zip(tasks, readers, strict=True):
                if leaves:
                    task.cancel()
        for task, (keys, _, leaves) in zip(tasks, readers, strict=True):
            if task.cancelled():
                assert leaves
            elif any(key.startswith(BAD) for key in keys):
                assert isinstance(task.result(), Refused)
            else:
                assert task.result() == told(tuple(keys))

    asyncio.run(all_of_them())
