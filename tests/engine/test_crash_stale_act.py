"""An act that was journalled and not yet signed when the settlement moved on is no dead end."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bridge.core.act import Act
from bridge.core.effects import Verb
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Stage, Stop
from bridge.ports import Attestation, Attestor, Evidence, NotYet
from tests.engine.river import River
from tests.notary.ledgers import LI
from tests.recovery.mortal import World, happened, installed
from tests.strategies import DAY_MS, DESTINATION

WITHIN_S = 600


@dataclass
class Away:
    """Notaries that cannot be reached for some verbs."""

    notaries: Attestor
    verbs: set[Verb]
    asked: list[Verb] = field(default_factory=list)

    async def attest(
        self, act: Act, order: SettlementOrder, evidence: tuple[Evidence, ...]
    ) -> Attestation:
        self.asked.append(act.verb)
        if act.verb in self.verbs:
            return NotYet("they are away")
        return await self.notaries.attest(act, order, evidence)


@pytest.fixture(autouse=True)
def _stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)


@pytest.mark.parametrize("others", [{Verb.HOLD}, set[Verb]()], ids=["hold too", "hold signed"])
@pytest.mark.parametrize(
    ("verb", "stage", "rest"),
    [
        (Verb.MINT, Stage.PREPARING, Stage.SETTLED),
        (Verb.BURN, Stage.BURNING, Stage.SETTLED),
        (Verb.UNMINT, Stage.UNMINTING, Stage.RELEASED),
        (Verb.RELEASE, Stage.RELEASING, Stage.RELEASED),
    ],
)
def test_a_stop_that_comes_and_goes_while_notaries_are_away_leaves_a_way_on(
    tmp_path: Path, verb: Verb, stage: Stage, rest: Stage, others: set[Verb]
) -> None:
    world = World(tmp_path)

    async def tale(water: River) -> None:
        away = Away(water.ring._perform._attestor, {verb, *others})
        water.ring._perform._attestor = away
        there = world.wires.chains[DESTINATION]
        there.paused = rest is Stage.RELEASED
        life_ms = 5_000 if there.paused else DAY_MS
        of = await water.send(water.order(deadline=Instant(world.line.now() + life_ms)))
        if there.paused:
            await water.until(of, Stage.UNMINTING, within=WITHIN_S)
            there.paused = False
        await water.until(of, stage, within=WITHIN_S)
        await happened(lambda: verb in away.asked)
        await water.ring.people.freeze(
            f"settlement/{of}", person=LI, reason="a court says so", asked=water.request("freeze")
        )
        await happened(lambda: Verb.HOLD in away.asked)
        assert water.now(of).stop is Stop.FROZEN
        await water.decide("settlement.thaw", of, {"way": "go_on"})
        await asyncio.sleep(5)
        away.verbs.clear()
        await water.until(of, rest, within=WITHIN_S)
        assert water.ring.trouble.alarms == []

    assert world.live(tale)
