"""The ring dies between any two of its steps, and what comes back ends as told, once.

Who asks is outside: after a crash the same people ask the same things again, under the same keys.
Steps between which nothing outside the process changed are the same crash, and are tried once.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable
from typing import Any

import pytest

from adapters.memory.bank import Fate, Word
from adapters.memory.codec import text, unsealed
from bridge.core.ids import Instant, SettlementId
from bridge.core.settlement import Stage
from bridge.engine.admission import OrderRequest
from bridge.notary.fsck import fsck
from bridge.notary.store.memory import MemoryStore
from tests.engine.river import River
from tests.notary.ledgers import LI
from tests.recovery.mortal import World, happened, installed
from tests.strategies import DAY_MS, DESTINATION, NOW, make_id

LAPSED_S = 60  # longer than any transaction or message of ours is good for
WITHIN_S = 600  # of told time
BACK = (Stage.UNMINTING, Stage.RECHECKING, Stage.RELEASING, Stage.RELEASED)
PASSED = (Stage.PAYING, Stage.RECALLING, Stage.BURNING, Stage.ASSIGNING, Stage.SETTLED, *BACK)
NOTHING = {"seller": 0, "twin": 0, "paid": 0, "debited": 0}
MOVED = {"seller": -10, "twin": 10, "paid": 100_000, "debited": 100_000}


@dataclass(frozen=True)
class Told:
    """One story: how it is told, where it rests, who then holds what, and which facts landed."""

    tell: Callable[[World, River], Coroutine[Any, Any, None]]
    rest: Stage
    held: dict[str, int]
    facts: frozenset[str]
    deadline_ms: int = DAY_MS


def request(water: River, told: Told) -> OrderRequest:
    """The order, the same in every life."""
    return water.order(id=make_id(), deadline=Instant(NOW + told.deadline_ms))


async def clean(_: World, water: River) -> None:
    """Sent, consented, settled, paid."""
    of = await water.send(request(water, STORIES["clean"]))
    await water.until(of, Stage.SETTLED, within=WITHIN_S)


async def given_back(world: World, water: River) -> None:
    """The mint becomes final too late: everything goes back."""
    there = world.wires.chains[DESTINATION]
    of = await water.send(request(water, STORIES["given back"]))
    there.paused = water.now(of).stage not in BACK
    await water.until(of, *BACK, within=WITHIN_S)
    there.paused = False
    await water.until(of, Stage.RELEASED, within=WITHIN_S)


async def _recalled(world: World, water: River, name: str, word: Word) -> SettlementId:
    bank, order = world.wires.bank, request(water, STORIES[name])
    bank.fates[order.id], bank.words[order.id] = Fate.SILENT, word
    of = await water.send(order)
    await water.until(of, *PASSED, within=WITHIN_S)
    await happened(lambda: bank.payments)
    await water.decide("settlement.recall", of, {})
    return of


async def recalled(world: World, water: River) -> None:
    """A payment recalled in time: the asset goes back."""
    of = await _recalled(world, water, "recalled", Word.ACCEPT)
    await water.until(of, Stage.RELEASED, within=WITHIN_S)


async def recalled_too_late(world: World, water: River) -> None:
    """A recall the bank refuses: the money settles, the asset follows."""
    of = await _recalled(world, water, "recalled too late", Word.REFUSE)
    await happened(lambda: world.wires.bank.recalls)
    await water.until(of, Stage.PAYING, Stage.SETTLED, within=WITHIN_S)
    world.wires.bank.settle(water.now(of).order.uetr, world.line.now())
    world.wires.counter.wake()
    await water.until(of, Stage.SETTLED, within=WITHIN_S)


async def frozen(world: World, water: River) -> None:
    """Frozen by one while the mint is under way, let go on by two."""
    there = world.wires.chains[DESTINATION]
    of = await water.send(request(water, STORIES["frozen"]))
    there.paused = water.now(of).stage not in PASSED
    await water.until(of, Stage.PREPARING, Stage.RESCREENING, *PASSED, stop=None, within=WITHIN_S)
    await water.ring.people.freeze(
        f"settlement/{of}", person=LI, reason="a court says so", asked=water.request("freeze")
    )
    there.paused = False
    await water.decide("settlement.thaw", of, {"way": "go_on"})
    await water.until(of, Stage.SETTLED, within=WITHIN_S)


HOME = frozenset({"AssetLocked", "AssetMinted", "AssetUnminted", "LockReleased"})
AWAY = frozenset({"AssetLocked", "AssetMinted", "AssetBurned", "AssetAssigned", "PaymentSettled"})
STORIES = {
    "clean": Told(clean, Stage.SETTLED, MOVED, AWAY),
    "given back": Told(given_back, Stage.RELEASED, NOTHING, HOME, deadline_ms=100_000),
    "frozen": Told(frozen, Stage.SETTLED, MOVED, AWAY),
    "recalled": Told(recalled, Stage.RELEASED, NOTHING, HOME | {"PaymentRejected"}),
    "recalled too late": Told(recalled_too_late, Stage.SETTLED, MOVED, AWAY | {"RecallRefused"}),
}


def landed(world: World) -> Counter[str]:
    """What the networks and the bank say has happened, and how often."""
    bodies = [unsealed(one) for chain in world.wires.chains.values() for one in chain.events]
    bodies += [unsealed(one) for one in world.wires.bank.bookings]
    return Counter(text(body, "name") for body in bodies)


def at_rest(world: World, told: Told) -> None:
    """It ended as told: in the ledger, on the networks, at the bank; and nothing happened twice."""
    store = MemoryStore(world.disk)
    assert fsck(store) == ()
    stages: list[Stage] = []

    async def look(water: River) -> None:
        stages.append(water.now(make_id()).stage)
        assert water.journal.view.open_settlements() == ()

    world.live(look)
    assert stages == [told.rest]
    assert world.held == told.held
    counted = landed(world)
    del counted["PaymentAccepted"], counted["LockHeld"]  # said for information, and renewed
    assert counted == dict.fromkeys(told.facts, 1)
    assert len(world.wires.bank.payments) <= 1


@pytest.fixture(autouse=True)
def _stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)


def told_with(folder: Path, name: str, *deaths: int, outage_s: int = 0) -> None:
    """Tell a story whose ring dies at those steps, one life after the other."""
    told = STORIES[name]
    world = World(folder)
    for step in deaths:
        if world.live(lambda water: told.tell(world, water), die_at=step):
            break  # it was told before that step came
        world.line.s += outage_s
    else:
        assert world.live(lambda water: told.tell(world, water))
    at_rest(world, told)


def moments(folder: Path, name: str) -> list[int]:
    """The steps before which the outside is another than before the step before."""
    told, world = STORIES[name], World(folder)
    seen: list[tuple[int, tuple[object, ...]]] = []

    def look(step: int) -> None:
        now = world.outside()
        if not seen or seen[-1][1] != now:
            seen.append((step, now))

    world.live(lambda water: told.tell(world, water), seen=look)
    at_rest(world, told)
    return [step for step, _ in seen]


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_without_a_crash(tmp_path: Path, name: str) -> None:
    assert len(moments(tmp_path, name)) > 20


def folders(folder: Path) -> Iterator[Path]:
    """A folder for each world."""
    number = 0
    while True:
        number += 1
        made = folder / str(number)
        made.mkdir()
        yield made


@pytest.mark.parametrize("name", STORIES)
def test_a_crash_at_every_moment_is_recovered(tmp_path: Path, name: str) -> None:
    worlds = folders(tmp_path)
    for step in moments(next(worlds), name):
        told_with(next(worlds), name, step)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_bytes_that_lapsed_while_nobody_was_there_change_no_end(tmp_path: Path, name: str) -> None:
    worlds = folders(tmp_path)
    for step in moments(next(worlds), name):
        told_with(next(worlds), name, step, outage_s=LAPSED_S)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_a_crash_before_every_step_is_recovered(tmp_path: Path, name: str) -> None:
    worlds, last = folders(tmp_path), moments(tmp_path, name)[-1]
    for step in range(1, last + 1):
        told_with(next(worlds), name, step)


@pytest.mark.slow
@pytest.mark.parametrize("name", STORIES)
def test_crash_after_crash_is_recovered(tmp_path: Path, name: str) -> None:
    worlds, chance = folders(tmp_path), Random(name)
    for _ in range(60):
        deaths = [chance.randrange(1, 120) for _ in range(chance.randrange(2, 6))]
        told_with(next(worlds), name, *deaths)
