"""A ring in a loop that can die at any of its steps, while the world outside goes on.

Time passes only as the loop says, and the ledger's writer works inside the loop: the same story
takes the same steps in every run. Who dies does nothing more: its lines and its disk are cut
before its tasks are ended.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor, Future
from contextvars import Context
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from typing_extensions import override

from adapters.memory.direct import Direct
from bridge.core.canonical import Value
from bridge.core.ids import Instant
from bridge.notary.journal import Journal
from bridge.notary.outcomes import IoFailed, LedgerError, Overloaded
from bridge.notary.projection import GENERATION, Projection
from bridge.notary.recheck import recheck
from bridge.notary.store.memory import Disk, MemoryStore
from bridge.notary.store.port import Store
from bridge.notary.votebook import FileVoteBook
from bridge.notary.writer import Writer
from bridge.ports import Clock, Unavailable
from tests.engine import river
from tests.engine.railing import Railing, memory_rail
from tests.engine.river import NOTARIES, River, Wires, turning, wires
from tests.strategies import DESTINATION, NOW, ORIGIN

T = TypeVar("T")
STEPS_MAX = 100_000  # a story that takes more goes round in circles


@dataclass
class Timeline:
    """The one time of a world, through all lives of its ring."""

    s: float = 0.0

    def now(self) -> Instant:
        return Instant(NOW + int(self.s * 1_000))


class Sleepless(selectors.SelectSelector):
    """Where a loop would sleep, its time is told instead."""

    def __init__(self, line: Timeline) -> None:
        super().__init__()
        self._line = line

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "nobody will ever wake this loop"
        self._line.s += max(0.0, timeout)
        return []


class Steps(asyncio.SelectorEventLoop):
    """A loop that counts the steps of its tasks, and dies before the one it is told to."""

    def __init__(self, line: Timeline, die_at: int = 0, seen: Callable[[int], None] | None = None):
        self._line = line
        super().__init__(Sleepless(line))
        self.count = 0
        self.dead = False
        self._die_at = die_at
        self._seen = seen
        self.set_exception_handler(lambda _loop, _context: None)

    @override
    def time(self) -> float:
        return self._line.s

    @override
    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        return super().call_soon(partial(self._step, callback, args, context), context=context)

    @override
    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    @override
    def run_in_executor(
        self, executor: object, func: Callable[..., T], *args: object
    ) -> "asyncio.Future[T]":
        """A thread would take its own time, while this loop's leaps past every timeout."""
        disk = executor if isinstance(executor, Executor) else SteppedDisk()
        return super().run_in_executor(disk, func, *args)

    def _step(
        self, callback: Callable[..., object], args: tuple[object, ...], context: Context | None
    ) -> None:
        if not self.dead:
            self.count += 1
            assert self.count < STEPS_MAX, "it goes round in circles"
            if self._seen is not None:
                self._seen(self.count)
            self.dead = self.count == self._die_at
        if self.dead:  # kept for the end of its tasks, when it reaches nothing any more
            super().call_soon(partial(self._step, callback, args, context), context=context)
            self.stop()
        else:
            callback(*args)

    def end(self) -> None:
        """Cancel everything that is left, and wait until it is gone."""
        self.dead, self._die_at, self._seen = False, 0, None
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.wait(left, timeout=60))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()


class Line(Direct):
    """The wire from one life of the ring to a network; cut when that life ends."""

    def __init__(self, far: Direct) -> None:
        self.cut = False
        self._end = far

    def _whole(self) -> None:
        if self.cut:
            raise Unavailable("the wire is cut")

    @override
    async def send(self, raw: bytes) -> None:
        self._whole()
        await self._end.send(raw)

    @override
    async def told(self, after: int, wait_ms: int) -> tuple[bytes, ...]:
        self._whole()
        return await self._end.told(after, wait_ms)

    @override
    async def ask(self, question: Mapping[str, Value]) -> Mapping[str, Value]:
        self._whole()
        return await self._end.ask(question)


class SteppedJournal(Journal):
    """The journal with its writer inside the loop: a commit is one step."""

    _judge: Writer

    @classmethod
    @override
    def open(
        cls, store: Store, clock: Clock, *, writer: str = "lianqiao", rows: int = GENERATION
    ) -> Self:
        journal = cls(store, clock, rows)
        recheck(journal._reader)
        journal.view.load_live()
        journal.head = store.take(writer)
        state = Projection(store, rows)
        state.load_live()
        journal._judge = Writer(store, state, clock, journal.head)
        return journal

    @override
    def _hand_over(self) -> None:
        super()._hand_over()
        self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        jobs = (self._drain(self._judge) or []) if self._queue else []
        if not jobs:
            return
        try:
            self._commit(self._judge, jobs)
        except Overloaded as trouble:
            self._fail(jobs, trouble)
        except LedgerError as trouble:
            self._stop(jobs, trouble)


class SteppedDisk(Executor):
    """Writes at once: what a thread would do between two steps of the loop."""

    @override
    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except OSError as error:
            done.set_exception(error)
        return done


async def happened(condition: Callable[[], object]) -> None:
    """Wait until it is so."""
    for _ in range(100_000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never happened")


Tale = Callable[[River], Coroutine[Any, Any, None]]


async def _nothing(_: River) -> None:
    return


@dataclass
class World:
    """What outlives the ring: networks, bank, the ledger's disk, the vote books, time."""

    votes: Path
    line: Timeline = field(default_factory=Timeline)
    disk: Disk = field(default_factory=Disk)
    lives: int = 0
    rail: Railing = memory_rail
    cuts: list[Callable[[], None]] = field(default_factory=list)  # further lines of a life
    wires: Wires = field(init=False)

    def __post_init__(self) -> None:
        self.wires = wires(self.line, self.votes, finality_ms=100, block_ms=50)
        self.live(_nothing)  # registers and list are there before anything can die

    def live(self, tale: Tale, die_at: int = 0, seen: Callable[[int], None] | None = None) -> int:
        """Let a ring live until the tale is told or it dies; return its steps, 0 if it died."""
        self.lives += 1
        nodes = {network: Line(far) for network, far in self.wires.nodes.items()}
        counter, cut = Line(self.wires.counter), False

        def fault(_call: str) -> None:
            if cut:
                raise IoFailed("the disk is cut")

        wired = Wires(
            clock=self.line, chains=self.wires.chains, nodes=dict(nodes), bank=self.wires.bank,
            counter=counter, votes=self.votes, finality_ms=100, rail=self.rail,
        )  # fmt: skip

        async def life() -> None:
            async with turning(wired, MemoryStore(self.disk, fault), seed=self.lives) as water:
                await tale(water)

        loop = Steps(self.line, die_at, seen)
        told = loop.create_task(life())

        def stop(_: object) -> None:
            loop.stop()

        told.add_done_callback(stop)
        loop.run_forever()
        count = loop.count if told.done() else 0
        for one in (*nodes.values(), counter):
            one.cut = True
        cut = True
        while self.cuts:
            self.cuts.pop()()
        told.remove_done_callback(stop)
        loop.end()
        if count:
            told.result()
        return count

    def outside(self) -> tuple[object, ...]:
        """What a crash does not touch: two steps with the same outside are one crash."""
        disk, bank = self.disk, self.wires.bank
        return (
            disk.head.seq,
            disk.head.term,
            tuple(book.stat().st_size for book in map(self._book, NOTARIES) if book.exists()),
            *((len(c.events), c._height, len(c._where)) for c in self.wires.chains.values()),
            tuple((one.state, one.booked) for one in bank.payments.values()),
            len(bank.recalls),
            len(bank.bookings),
        )

    def _book(self, name: str) -> Path:
        return self.votes / f"{name}.votes"

    @property
    def held(self) -> dict[str, int]:
        """Who holds how much, on both networks and at the bank."""
        origin, there = (self.wires.chains[name].escrow for name in (ORIGIN, DESTINATION))
        return {
            "seller": origin.balance("bond", "", "seller-wallet") - 1_000_000_000,
            "twin": there.balance("bond", "", "buyer-wallet"),
            "paid": self.wires.bank.accounts["CN00456", "HKD"],
            "debited": 10**15 - self.wires.bank.accounts["HK00123", "HKD"],
        }


def installed(patch: Any) -> None:
    """Let rings be opened over the stepped journal, with vote books written in step."""
    patch.setattr(river, "Journal", SteppedJournal)
    patch.setattr(river, "FileVoteBook", partial(FileVoteBook, disk=SteppedDisk()))
