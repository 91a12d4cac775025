"""The journal with its writer in the loop: the same judge and the same commit, in virtual time."""

import asyncio
from collections.abc import Callable
from threading import Condition
from types import TracebackType
from typing import Self, cast
from unittest.mock import patch

from typing_extensions import override

from bridge.notary import journal as real
from bridge.notary.gathering import Job
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, LedgerError, Overloaded
from bridge.notary.projection import GENERATION
from bridge.notary.store.port import Head, Store
from bridge.notary.writer import Judged, Writer
from bridge.ports import Clock


class _Bell:
    """Stands where the writer's thread slept: whoever rings it makes the writer due."""

    def __init__(self, due: Callable[[], None]) -> None:
        self._due = due

    def __enter__(self) -> None:
        """Nothing to lock: there is one thread."""

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:  # fmt: skip
        """Nothing to let go."""

    def notify(self) -> None:
        """Make the writer due."""
        self._due()


class _Thread:
    """Keeps what a thread would have run."""

    def __init__(self, *, args: tuple[Writer], **_how: object) -> None:
        self.judge = args[0]

    def start(self) -> None:
        """Do nothing: the loop writes."""


class SimJournal(Journal):
    """The ledger as the daemon uses it; a commit takes as long as `latency` says."""

    latency: Callable[[], float] = float
    told: Callable[[int, bytes], None] = staticmethod(lambda n, leaf: None)
    _judge: Writer
    _due: asyncio.TimerHandle | None = None
    _falling: asyncio.TimerHandle | None = None

    @classmethod
    @override
    def open(
        cls, store: Store, clock: Clock, *, writer: str = "lianqiao", rows: int = GENERATION
    ) -> Self:
        with patch.object(real, "Thread", _Thread):
            journal = super().open(store, clock, writer=writer, rows=rows)
        if journal.trouble is None:
            journal._judge = cast("_Thread", journal._thread).judge
            journal._thread = None
            journal._wake = cast("Condition", _Bell(journal._ring_writer))
            journal._ring_writer()
        return journal

    def _ring_writer(self) -> None:
        if self._queue and self._due is None:
            self._due = self._loop.call_later(self.latency(), self._turn)
        falls = self._judge.next_due()
        if falls is not None and self._falling is None:
            left = max(0, falls - self._clock.now()) / 1000 + 0.001
            self._falling = self._loop.call_later(left, self._fallen)

    def _fallen(self) -> None:
        """Write what has fallen due, as a resting writer does."""
        self._falling = None
        if self._due is None and not self._closing and self.trouble is None:
            self._turn()

    def _turn(self) -> None:
        """What the writer's thread does once it is woken."""
        self._due = None
        falls = self._judge.next_due()
        due = falls is not None and falls <= self._clock.now()
        jobs = (self._drain(self._judge) or []) if self._queue or due else []
        try:
            self._commit(self._judge, jobs)
        except Overloaded as trouble:
            self._fail(jobs, trouble)
        except LedgerError as trouble:
            self._stop(jobs, trouble)
        self._ring_writer()

    @override
    def _publish(self, jobs: list[Job], judged: Judged, head: Head) -> None:
        for answer in judged.answers:
            if isinstance(answer, Committed):
                for entry in answer.entries:
                    self.told(entry.n, bytes.fromhex(entry.leaf))
        super()._publish(jobs, judged, head)

    @override
    async def close(self) -> None:
        self._closing = True
        self._gathering.take()  # nothing of it is handed over any more
        if self._due is not None:
            self._due.cancel()
        if self._falling is not None:
            self._falling.cancel()
