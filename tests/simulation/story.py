"""One world from its seed to its end: the same seed, the same story, the same ledger."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from unittest.mock import patch

import structlog

from bridge.core.order import SettlementOrder
from bridge.notary import projection, votebook, writer
from bridge.notary.state import row_forms
from bridge.notary.state.rows import Row
from tests.simulation import invariants
from tests.simulation.bugs import WEATHERS, planted
from tests.simulation.clerk import Clerk
from tests.simulation.customers import Customers
from tests.simulation.desk import People
from tests.simulation.disk import Inline, Unshared
from tests.simulation.elements import Elements
from tests.simulation.virtual import SimLoop, StandsStill
from tests.simulation.watchman import Watchman
from tests.simulation.world import Weather, World

RECHECKED = 30  # entries that a start makes again: crashes are many here, and each start costs
CALM_S = 6 * 3_600  # virtual: what is not at rest by then is stuck
SETTLE_S = 40  # virtual: what falls due has fallen, and the daemon lives again
ROUGH_S = 900  # virtual: crashes that have not come by then will not come


@dataclass(frozen=True, slots=True)
class Told:
    """What became of one world."""

    seed: int
    root: str
    entries: int
    settlements: int
    counts: Counter[str]
    violations: tuple[str, ...]
    steps: int
    virtual_s: float
    tail: tuple[str, ...]


def tell(seed: int, size: int = 20, bug: str = "", under: str = "") -> Told:
    """Play the world of a seed and return what became of it.

    The weather is the common one, that of the bug planted, or that of the bug it is `under`.
    """
    weather = Weather(**{"crashes": size * 3 // 5, **WEATHERS.get(bug or under, {})})
    loop = SimLoop()
    with planted(bug):
        return _told(World(seed, size, weather, loop), loop)


def _told(world: World, loop: SimLoop) -> Told:
    quiet = structlog.make_filtering_bound_logger(logging.CRITICAL)
    before = structlog.get_config()
    structlog.configure(wrapper_class=quiet, cache_logger_on_first_use=False)
    loop.set_exception_handler(world.unheard)
    try:
        with (
            patch.object(votebook, "os", world.os),
            patch.object(votebook, "fcntl", Unshared),
            patch.object(votebook, "sync_folder", lambda _folder: None),
            patch.object(votebook, "ThreadPoolExecutor", Inline),
            patch.object(writer, "RECHECKED", RECHECKED),
            patch.object(projection, "row_of", _kept_orders()),
        ):
            try:
                loop.run_until_complete(_play(world))
            except StandsStill as still:
                world.wrong(f"nothing goes on: {still}")
            except RuntimeError:
                if not loop.ended:
                    raise
                world.wrong(loop.ended)
            finally:
                _let_go(loop)
    finally:
        loop.close()
        structlog.configure(**before)
    invariants.at_the_end(world)
    disk = world.ledger.disk
    return Told(
        seed=world.seed,
        root=disk.head.root,
        entries=disk.head.seq,
        settlements=invariants.settlements(world),
        counts=world.counts,
        violations=tuple(world.violations),
        steps=loop.steps,
        virtual_s=loop.time(),
        tail=tuple(world.tail),
    )


def _kept_orders() -> Callable[[str, bytes, Callable[[], SettlementOrder]], Row]:
    """Read each order's bytes once: they never change, and every life would read them again."""
    true = row_forms.row_of
    orders: dict[bytes, Row] = {}

    def row_of(kind: str, data: bytes, order: Callable[[], SettlementOrder]) -> Row:
        if kind != "order":
            return true(kind, data, order)
        if data not in orders:
            orders[data] = true(kind, data, order)
        return orders[data]

    return row_of


async def _play(world: World) -> None:
    watchman = Watchman(world)
    elements = Elements(world)
    customers = Customers(world, watchman)
    people = People(world, watchman)
    loop = asyncio.get_running_loop()
    tasks = [
        loop.create_task(actor.run())
        for actor in (watchman, elements, people, Clerk(world, watchman))
    ]
    buying = loop.create_task(customers.run())
    tasks.append(buying)
    try:
        await asyncio.wait([buying], timeout=ROUGH_S)
        await _until(1, ROUGH_S, lambda: world.counts["crash"] >= world.weather.crashes)
        world.rough = False
        elements.calm()
        await buying
        await asyncio.sleep(SETTLE_S)
        await _until(30, CALM_S, lambda: invariants.resting(world) or bool(world.violations))
        for task in tasks:
            if task is not buying and task.done() and (error := task.exception()) is not None:
                raise error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def _until(every_s: float, within_s: float, holds: Callable[[], bool]) -> None:
    """Look every so often until it holds, or the time is over."""
    for _ in range(int(within_s / every_s)):
        if holds():
            return
        await asyncio.sleep(every_s)


def _let_go(loop: SimLoop) -> None:
    """End every task that is left, so that nothing is spoken of afterwards."""
    left = [task for task in asyncio.all_tasks(loop) if not task.done()]
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=60))
