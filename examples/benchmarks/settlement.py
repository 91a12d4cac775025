"""Whole settlements on the memory networks, from order to SETTLED: what one takes, and how many.

Everything is on: a durable ledger on SQLite, policy with its list at every screening, the keys and
vote books of three operators, a payment. Networks and bank run in this process too; the CPU they
take for themselves is measured call by call, so that it can be told apart.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from adapters.memory.direct import Far
from bridge.clock import SystemClock
from bridge.core.ids import Instant, SettlementId
from bridge.core.settlement import Stage
from bridge.daemon import rare_collections
from bridge.log import set_up
from bridge.notary.store.sqlite import SqliteStore
from examples.benchmarks.figure import Figure, Given
from tests.engine.river import River, turning, wires

AT_ONCE = 250  # settlements under way
ROUNDS = 3  # of as many; the best one counts
WARM = 50  # settlements before anything is measured
BAR = 8.0  # ms of CPU


class Metered:
    """A chain or bank, and the CPU that goes into it."""

    def __init__(self, far: Far) -> None:
        self._far = far
        self.seconds = 0.0

    def receive(self, raw: bytes, now: Instant) -> object:
        """Take a message."""
        return self._spent(lambda: self._far.receive(raw, now))

    def turn(self, now: Instant) -> None:
        """Let happen what was due."""
        self._spent(lambda: self._far.turn(now))

    def due(self) -> Instant | None:
        """Return when something happens next by itself."""
        return self._far.due()

    def told(self, after: int, limit: int) -> tuple[bytes, ...]:
        """Return what was told."""
        return self._far.told(after, limit)

    def _spent(self, done: Callable[[], object]) -> object:
        began = time.thread_time()
        try:
            return done()
        finally:
            self.seconds += time.thread_time() - began


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What one settlement took. Units: seconds."""

    cpu: float  # of the whole process: ours, networks, bank and clients
    theirs: float  # of networks and bank alone
    wall: float
    entries: float


async def settled(river: River, first: int, count: int) -> None:
    """As many orders are sent at once, with their holders' consents, and each is SETTLED."""
    sent: list[SettlementId] = []

    async def client(number: int) -> None:
        sent.append(await river.send(river.order(number)))

    async with asyncio.TaskGroup() as tasks:
        for number in range(first, first + count):
            tasks.create_task(client(number))
    for of in sent:
        while not (now := river.now(of)).at_rest:
            await river.journal.changed(river.journal.head.seq - 1)
        assert now.stage is Stage.SETTLED, f"{of} is {now.stage.value}"


async def _measured(scratch: Path) -> list[Spent]:
    outside = wires(SystemClock(), scratch)
    far = [Metered(chain) for chain in outside.chains.values()] + [Metered(outside.bank)]
    for client, metered in zip([*outside.nodes.values(), outside.counter], far, strict=True):
        client.through(metered)
    found: list[Spent] = []
    async with AsyncExitStack() as stack:
        store = SqliteStore(scratch / "ledger.sqlite")
        river = await stack.enter_async_context(turning(outside, store))
        stack.enter_context(rare_collections())  # as the daemon turns
        await settled(river, 0, WARM)
        for turn in range(ROUNDS):
            began = time.process_time(), time.perf_counter(), sum(one.seconds for one in far)
            entries = river.journal.head.seq
            await settled(river, WARM + turn * AT_ONCE, AT_ONCE)
            found.append(
                Spent(
                    cpu=(time.process_time() - began[0]) / AT_ONCE,
                    wall=(time.perf_counter() - began[1]) / AT_ONCE,
                    theirs=(sum(one.seconds for one in far) - began[2]) / AT_ONCE,
                    entries=(river.journal.head.seq - entries) / AT_ONCE,
                )
            )
    return found


def rounds(scratch: Path) -> list[Spent]:
    """What a settlement took in each round."""
    with (scratch / "log.jsonl").open("w") as stream:
        set_up(stream)
        return asyncio.run(_measured(scratch))


def figures(given: Given) -> Iterator[Figure]:
    """CPU of a settlement, all in and ours alone; settlements a second; entries."""
    found = rounds(given.scratch)
    best = min(found, key=lambda one: one.cpu)
    where = f"memory networks, durable SQLite, {AT_ONCE} at once"
    for name, ours, theirs, baseline, unit in (
        (
            "cpu",
            best.cpu * 1e3,
            BAR,
            "the bar: all of the process, networks and bank in it",
            "ms CPU",
        ),
        (
            "cpu_ours",
            (best.cpu - best.theirs) * 1e3,
            BAR,
            "the bar: without networks and bank",
            "ms CPU",
        ),
        ("rate_a_core", 1 / best.cpu, 120.0, "the bar: all of the process", "settlements/s CPU"),
        (
            "rate",
            1 / min(one.wall for one in found),
            None,
            "by the clock of the wall",
            "settlements/s",
        ),
        ("entries", best.entries, 45.0, "the bar", "entries"),
    ):
        yield Figure(
            name=f"settlement.{name}",
            ours=ours,
            theirs=theirs,
            baseline=f"{baseline}; {where}",
            unit=unit,
        )
