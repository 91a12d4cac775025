"""The journal: one writer thread, one commit and one sync for all that queued meanwhile.

The batch is what arrived during the last sync, and under load since the last hand-over. What is
committed is shown in the event loop, whole batches at a time.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from threading import Condition, Thread
from typing import Final, Self

from bridge.core.ids import RETIRED
from bridge.notary.beside import Beside
from bridge.notary.commit import commit
from bridge.notary.entries import (
    MAX_BULK,
    MAX_BULK_BYTES,
    Entry,
    Group,
    Malformed,
    read,
    shape_group,
    shaped_or_not,
)
from bridge.notary.gathering import Chore, Gathering, Job
from bridge.notary.outcomes import (
    Closed,
    Damaged,
    IoFailed,
    LedgerError,
    NotPromised,
    Outcome,
    Overloaded,
)
from bridge.notary.projection import GENERATION, Projection
from bridge.notary.recheck import recheck
from bridge.notary.store.port import Head, Lost, Note, Reader, Store
from bridge.notary.writer import Answer, Asked, Judged, Writer
from bridge.ports import Clock

BATCH: Final = 1_000  # groups drained at once
QUEUE: Final = 10_000  # groups that may wait: some two seconds of work
AGE_MS: Final = 2_000  # the oldest may wait so long
SEAL_S: Final = 1.0
SEAL_ENTRIES: Final = 1_000
SEAL_REST_S: Final = 0.02  # between two seals, while somebody waits for one
RECENT: Final = 512  # entries held as they were committed: some 3 MB
FUTURES: Final = 0.5  # s: how often a resting writer looks for what has fallen due


class Journal:
    """The ledger as the daemon uses it. Made by `open`, ended by `close`."""

    view: Projection
    head: Head

    def __init__(self, store: Store, clock: Clock, rows: int = GENERATION) -> None:
        self._queue_max, self._age_ms = QUEUE, AGE_MS
        self._store, self._clock = store, clock
        self._reader: Reader = store.reader()
        self._loop = asyncio.get_running_loop()
        self._gathering = Gathering(self._loop, self._hand_over)
        self._queue: deque[Job] = deque()
        self._waiting = 0  # groups queued or being written
        self._wake = Condition()
        self._closing = False
        self._news = asyncio.Event()
        self._thread: Thread | None = None
        self.trouble: LedgerError | None = None
        self.head = self._reader.head()
        self.view = Projection(self._reader, rows)
        self._beside = Beside(self._reader)
        self._recent: deque[Entry] = deque(maxlen=RECENT)  # the last ones, without a gap
        noted = self._reader.latest_note()
        self._sealing_asked = False
        self._sealed_at = 0.0  # of the loop's own clock
        self._noted: tuple[int, bytes] = (0, b"") if noted is None else noted

    @classmethod
    def open(
        cls, store: Store, clock: Clock, *, writer: str = "lianqiao", rows: int = GENERATION
    ) -> Self:
        """Return the journal of a store, its last entries made again and compared.

        A damaged ledger opens for reading only; `trouble` says which entry. Call it in the loop.
        """
        journal = cls(store, clock, rows)
        try:
            recheck(journal._reader)
            journal.view.load_live()
        except Damaged as damage:
            journal.trouble = damage
            return journal
        head = journal.head = store.take(writer)
        state = Projection(store, rows)
        state.load_live()
        judge = Writer(store, state, clock, head)
        journal._thread = Thread(
            target=journal._write, args=(judge,), name="ledger writer", daemon=True
        )
        journal._thread.start()
        return journal

    def bound(self, groups: int, age_ms: int) -> None:
        """From now on so many groups wait at most, and none behind one that waits so long."""
        self._queue_max, self._age_ms = groups, age_ms

    async def close(self) -> None:
        """Write what has queued, then stop."""
        self._hand_over()
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
        else:
            self._store.close()
        self._reader.close()

    # Asking

    async def append(self, groups: Sequence[Group]) -> tuple[Outcome, ...]:
        """Commit the groups durably, in order, each whole or not at all; say what became of each.

        Errors: Overloaded, Closed: nothing is written. Malformed: one has no form; `answers` tells
        which. Other LedgerErrors: writing has stopped, and the batch is not in the ledger.
        """
        asked = tuple(Asked(group, shape_group(group)) for group in groups)
        size = sum(len(shaped.body) for one in asked for shaped in one.members)
        if len(asked) > MAX_BULK or size > MAX_BULK_BYTES:
            raise Malformed(f"{len(asked)} groups of {size} bytes are too many for one call")
        outcomes: list[Outcome] = []
        for answer in await self._ask(self._job(asked, 1)):
            if isinstance(answer, Malformed):
                raise answer
            outcomes.append(answer)
        return tuple(outcomes)

    async def answers(self, groups: Sequence[Group]) -> tuple[Answer, ...]:
        """Commit the groups as `append` does; one that has no form is told so, the rest stand.

        Errors: those of `append`, but Malformed.
        """
        shaped = [(group, shaped_or_not(group)) for group in groups]
        asked = tuple(Asked(group, one) for group, one in shaped if not isinstance(one, Malformed))
        told = iter(await self._ask(self._job(asked, len(asked))) if asked else ())
        return tuple(one if isinstance(one, Malformed) else next(told) for _, one in shaped)

    def _job(
        self,
        asked: tuple[Asked, ...] = (),
        askers: int = 0,
        *,
        note: Note | None = None,
        chore: Chore | None = None,
    ) -> Job:
        future: asyncio.Future[tuple[Answer, ...]] = self._loop.create_future()
        return Job(future, self._clock.now(), asked, askers, note, chore)

    async def _ask(self, job: Job) -> tuple[Answer, ...]:
        if self.trouble is not None:
            raise self.trouble
        with self._wake:
            if self._closing:
                raise Closed("the journal is closed")
            old = self._queue and job.since - self._queue[0].since > self._age_ms
        if old or self._waiting + len(job.asked) > self._queue_max:
            raise Overloaded(f"{self._waiting} groups wait")
        self._waiting += len(job.asked)
        self._gathering.add(job)
        return await job.future

    def _hand_over(self) -> None:
        """Queue all that was asked in one turn of the loop: one commit, not one for the first."""
        jobs = self._gathering.take()
        with self._wake:
            trouble = self.trouble
            if trouble is None:
                self._queue.extend(jobs)
                self._wake.notify()
        if trouble is not None:
            self._fail(jobs, trouble)

    async def erase(self, keys: Sequence[str]) -> None:
        """Erase bytes kept beside the leaves; every proof stays valid."""
        wanted = tuple(keys)
        await self._ask(self._job(chore=lambda store: store.erase(wanted)))
        self._beside.forget(wanted)

    async def keep_checkpoint(self, size: int, note: bytes) -> None:
        """Keep a signed checkpoint and show it. Errors: Fenced, Full, IoFailed."""
        await self._ask(self._job(note=(size, note)))

    async def gathered(self) -> None:
        """Return when the next commit begins, in time to be part of it: at once, but under load."""
        await self._gathering.due()

    async def wait(self, n: int, level: str) -> None:
        """Return once entry `n` has that level of acknowledgement.

        Errors: NotPromised for cosigned and mirrored: no cosigner is configured.
        """
        if level not in {"committed", "sealed"}:
            raise NotPromised(f"{level}: no cosigner is configured")
        if level == "sealed" and n >= self._noted[0]:
            self._sealing_asked = True
            self._ring()
        while n >= (self.head.seq if level == "committed" else self._noted[0]):
            await self._next()

    async def seal_due(self, every_s: float = SEAL_S) -> int:
        """Return the size to seal: after a while, a thousand entries, or soon when one waits.

        Errors: the LedgerError that stopped writing.
        """
        while self.head.seq == self._noted[0]:
            await self._next()
        try:
            async with asyncio.timeout(every_s):
                while not self._sealing_asked and self.head.seq - self._noted[0] < SEAL_ENTRIES:
                    await self._next()
        except TimeoutError:
            pass  # the while is over
        await asyncio.sleep(max(0.0, self._sealed_at + SEAL_REST_S - self._loop.time()))
        self._sealing_asked = False
        self._sealed_at = self._loop.time()
        return self.head.seq

    async def changed(self, after: int) -> None:
        """Return once there is an entry with a number above `after`."""
        while self.head.seq - 1 <= after:
            await self._next()

    def halt(self, trouble: LedgerError) -> None:
        """Let nothing be written any more, for a reason outside the ledger; reading goes on."""
        if self.trouble is None:
            self._stop([], trouble)

    async def stopped(self) -> None:
        """Wait until nothing is written any more. Errors: the LedgerError that stopped it."""
        while True:
            await self._next()

    async def _next(self) -> None:
        if self.trouble is not None:
            raise self.trouble
        await self._news.wait()

    def _ring(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    # Reading

    def entry(self, n: int) -> Entry | None:
        """Return entry `n`, if it is committed."""
        return next(iter(self.entries(n - 1, 1)), None)

    def raw(self, n: int) -> bytes | None:
        """Return the bytes of entry `n`, if it is committed."""
        held = self._recent[0].n if self._recent else self.head.seq
        if held <= n < self.head.seq:
            return self._recent[n - held].raw
        found = self._reader.entries(n, n + 1) if 0 <= n < held else []
        return found[0] if found else None

    def entries(self, after: int, limit: int) -> tuple[Entry, ...]:
        """Return up to `limit` entries with numbers above `after`; -1 begins at the beginning."""
        first, end = after + 1, min(after + 1 + limit, self.head.seq)
        held = self._recent[0].n if self._recent else self.head.seq
        if first >= held:  # many readers follow what is written now
            return tuple(islice(self._recent, first - held, max(first, end) - held))
        return tuple(read(raw) for raw in self._reader.entries(first, end))

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return the leaf hashes from `first` to before `end`."""
        return self._reader.leaves(first, min(end, self.head.seq))

    def side(self, key: str) -> bytes | None:
        """Return bytes kept beside the leaves."""
        return self._beside.get(key)

    def side_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys kept beside that begin with `prefix`."""
        return self._reader.side_keys(prefix)

    def sides(self, prefix: str) -> dict[str, bytes]:
        """Return what is kept beside under keys that begin with `prefix`, in their order."""
        return self._reader.sides(prefix)

    @property
    def checkpoint(self) -> bytes:
        """The latest signed checkpoint, or nothing before the first."""
        return self._noted[1]

    @property
    def sealed(self) -> int:
        """The size under the latest signed checkpoint."""
        return self._noted[0]

    # Writing: everything below runs in the writer's thread

    def _write(self, judge: Writer) -> None:
        jobs: list[Job] | None = []
        ended: LedgerError | None = Closed("the writer ended by a bug of ours")
        try:
            while (jobs := self._drain(judge)) is not None:
                try:
                    self._commit(judge, jobs)
                except Overloaded as trouble:
                    self._tell(partial(self._fail, jobs, trouble))
            ended = None
        except LedgerError as trouble:
            ended = trouble
        finally:
            # whatever ended it, nobody may wait for an answer that never comes
            if ended is not None:
                self._stop(jobs or [], ended)
            judge.store.close()

    def _drain(self, judge: Writer) -> list[Job] | None:
        """Wait for work, then take what has queued, at most a batch; None means: closing."""
        with self._wake:
            while not self._queue and not self._closing:
                due = judge.next_due()
                if due is not None and due <= self._clock.now() < RETIRED:
                    return []
                self._wake.wait(None if due is None else FUTURES)
            if not self._queue:
                return None
            jobs: list[Job] = []
            groups = 0
            while self._queue and groups < BATCH:
                jobs.append(self._queue.popleft())
                groups += len(jobs[-1].asked)
            return jobs

    def _commit(self, judge: Writer, jobs: list[Job]) -> None:
        judged = judge.judge([one for job in jobs for one in job.asked])
        commit(judge, judged, tuple(job.note for job in jobs if job.note is not None))
        judge.settle(judged)
        chores = [job for job in jobs if job.chore is not None]
        groups = [job for job in jobs if job.chore is None]
        self._tell(partial(self._publish, groups, judged, judge.head))
        jobs[:] = chores  # what is told is told, whatever becomes of the chores
        for job in chores:
            assert job.chore is not None, "a chore has something to do"
            try:
                job.chore(judge.store)
            except Lost as lost:
                raise IoFailed(f"nobody knows whether it is erased: {lost}") from lost
        if chores:
            nothing = Judged(answers=(), batch=None, changes=(), edge=judge.edge)
            self._tell(partial(self._publish, chores, nothing, judge.head))

    def _stop(self, jobs: list[Job], trouble: LedgerError) -> None:
        """Fail what waits; nothing is written any more, reading goes on."""
        with self._wake:
            self.trouble = trouble
            jobs = [*jobs, *self._queue]
            self._queue.clear()
        self._tell(partial(self._fail, jobs, trouble))

    def _tell(self, said: Callable[[], None]) -> None:
        # a loop that has ended has nobody left to tell; what is committed stays committed
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(said)

    # Telling: runs in the event loop again

    def _fail(self, jobs: list[Job], trouble: LedgerError) -> None:
        for job in jobs:
            self._waiting -= len(job.asked)
            if not job.future.done():
                job.future.set_exception(trouble)
        self._ring()

    def _publish(self, jobs: list[Job], judged: Judged, head: Head) -> None:
        self._show(judged, head)
        told = iter(judged.answers)
        for job in jobs:
            answers = tuple(islice(told, len(job.asked)))
            self._waiting -= len(job.asked)
            if job.note is not None and job.note[0] >= self._noted[0]:
                self._noted = job.note
            if not job.future.done():
                job.future.set_result(answers)
        self._ring()

    def _show(self, judged: Judged, head: Head) -> None:
        self.view.lay(judged.changes)
        self._recent.extend(judged.entries)
        if judged.batch is not None:
            self._beside.lay(judged.batch.side)
        self.head = head
