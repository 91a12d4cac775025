"""When what was asked is handed to the writer: at once, or under load with what comes meanwhile.

Why these figures: WHY.md, 20.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from bridge.core.ids import Instant
from bridge.notary.store.port import Note, Store
from bridge.notary.writer import Answer, Asked

GATHER_S: Final = 0.05  # under load, from one hand-over to the next
LOAD: Final = 2.5  # askers in such a time, on average: an order alone and the ring's loop are two
LATEST: Final = 0.25  # what the latest such time weighs in that average
ENOUGH: Final = 32  # askers that wait for nobody

Chore: TypeAlias = Callable[[Store], None]


@dataclass(frozen=True, slots=True)
class Job:
    """What waits for the writer: groups to judge, a note to keep, or a chore after the batch."""

    future: "asyncio.Future[tuple[Answer, ...]]"
    since: Instant
    asked: tuple[Asked, ...] = ()
    askers: int = 0  # whose groups they are
    note: Note | None = None
    chore: Chore | None = None


class Gathering:
    """Has `hand_over` called once for all that is asked; who asks alone waits for nobody.

    It lives in the event loop, and so does its time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, hand_over: Callable[[], None]) -> None:
        self._loop = loop
        self._hand_over = hand_over
        self._jobs: list[Job] = []
        self._askers = 0  # of these jobs
        self._last = float("-inf")  # when the last hand-over was
        self._began = float("-inf")  # since when askers are counted
        self._seen: dict[object, int] = {}  # each task's most at once
        self._average = 1.0
        self._planned: asyncio.Handle | None = None
        self._due = asyncio.Event()

    def add(self, job: Job) -> None:
        """From now on the job waits to be handed over."""
        self._jobs.append(job)
        self._askers += job.askers
        if job.askers:
            self._count(job.askers)
        usual = min(ENOUGH, self._average)
        if self._askers >= usual and isinstance(self._planned, asyncio.TimerHandle):
            self._planned.cancel()
            self._planned = self._loop.call_soon(self._fall_due)
        self._plan()

    async def due(self) -> None:
        """Return when the next hand-over is; what is added at once is part of it."""
        if self._left() > 0:
            self._plan()
            await self._due.wait()

    def take(self) -> list[Job]:
        """Return what waits: it is handed over."""
        if self._planned is not None:
            self._planned.cancel()
            self._planned = None
        self._wake()
        if self._askers:
            self._last = self._loop.time()
        jobs, self._jobs, self._askers = self._jobs, [], 0
        return jobs

    def _count(self, askers: int) -> None:
        """Who asks again and again in one task is one asker, however fast it is answered."""
        now = self._loop.time()
        if now - self._began >= GATHER_S:
            self._average += LATEST * (sum(self._seen.values()) - self._average)
            self._began, self._seen = now, {}
        who = asyncio.current_task()
        self._seen[who] = max(askers, self._seen.get(who, 0))

    def _left(self) -> float:
        return self._last + GATHER_S - self._loop.time() if self._average > LOAD else 0.0

    def _plan(self) -> None:
        if self._planned is None:
            left = self._left()
            if left > 0:
                self._planned = self._loop.call_later(left, self._fall_due)
            else:  # at the end of this turn of the loop, not at its first asker
                self._planned = self._loop.call_soon(self._hand_over)

    def _fall_due(self) -> None:
        """Wake who waits for it, then hand over: in the turn between they ask."""
        self._wake()
        self._planned = self._loop.call_soon(self._hand_over)

    def _wake(self) -> None:
        self._due.set()
        self._due = asyncio.Event()
