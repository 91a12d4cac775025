"""Faults between a bridge and any door: loss, delay, repeat, reorder, and a crash at each await.

`Faults` stands before a door and passes on what it is told to; `crash_at` drives one call of any
client or door and ends it at its k-th await, as a killed process would.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from bridge.core.ids import Cursor
from bridge.ports import Door, Page, Prepared, Refused, Sight, Unavailable, Uncertain

T = TypeVar("T")


class Way(StrEnum):
    """What becomes of one submit."""

    LOSE = "lose"  # it never arrives
    LOSE_ANSWER = "lose_answer"  # it arrives and nobody is told
    DELAY = "delay"  # it is kept back until `arrive`
    REPEAT = "repeat"  # it arrives twice


@dataclass(slots=True)
class Faults:
    """A door whose submits meet the given ways, one each; afterwards all goes well."""

    door: Door
    ways: list[Way]
    kept: list[Prepared] = field(default_factory=list)
    met: list[Way] = field(default_factory=list)

    async def submit(self, prepared: Prepared) -> None:
        """Hand over by the next way. Errors: those of the door, and Uncertain."""
        way = self.ways.pop(0) if self.ways else None
        if way is None:
            await self.door.submit(prepared)
            return
        self.met.append(way)
        match way:
            case Way.LOSE:
                raise Uncertain("no answer")
            case Way.LOSE_ANSWER:
                await self.door.submit(prepared)
                raise Uncertain("no answer")
            case Way.DELAY:
                self.kept.append(prepared)
                raise Uncertain("no answer")
            case Way.REPEAT:
                await self.door.submit(prepared)
                await self.door.submit(prepared)

    async def arrive(self, *, reorder: bool = False) -> None:
        """Let what was kept back arrive, in order or the other way round; nobody hears of it."""
        late, self.kept = self.kept, []
        for prepared in reversed(late) if reorder else late:
            try:
                await self.door.submit(prepared)
            except (Refused, Unavailable, Uncertain):
                continue

    async def look(self, prepared: Prepared) -> Sight:
        """Look through the door."""
        return await self.door.look(prepared)

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Read through the door."""
        return self.door.observe(since)


class _Counted(Generic[T]):
    """An awaitable that is cancelled at its k-th suspension and counts them all."""

    def __init__(self, call: Coroutine[object, object, T], last: int) -> None:
        self.seen = 0
        self._call = call
        self._last = last

    def __await__(self) -> Generator[object, object, T]:
        inner = self._call.__await__()
        sent: object = None
        try:
            while True:
                waiting = inner.send(sent)
                self.seen += 1
                if self.seen > self._last:
                    if isinstance(waiting, asyncio.Future) and waiting.cancel():
                        with suppress(asyncio.CancelledError):  # what a task's cancel does first
                            yield waiting
                    inner.throw(asyncio.CancelledError())
                    raise AssertionError("a cancelled call went on")
                try:
                    sent = yield waiting
                except BaseException as error:  # noqa: BLE001 handed on to the call, whatever it is
                    inner.throw(error)
        except StopIteration as ended:
            result: T = ended.value
            return result


async def crash_at(call: Coroutine[object, object, T], last: int) -> tuple[bool, T | None]:
    """Run a call as far as its `last`-th await and end it there.

    Returns whether it was ended, and its result where it was not. Errors: those of the call.
    """
    counted = _Counted(call, last)
    try:
        return False, await counted
    except asyncio.CancelledError:
        if counted.seen <= last:
            raise  # it is we who are cancelled
        return True, None
