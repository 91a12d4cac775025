"""What a settlement waits for is told as of now, and to nobody more than they may know.

Every cause has its row in tests/cli/test_trace.py.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.bank import Fate
from bridge.core.effects import Verb
from bridge.core.events import Cancelled, GiveBack, GoOn, PolicyHeld, RecallDecided
from bridge.core.ids import SettlementId
from bridge.core.settlement import REST, Settlement, Stage, Stop, advance, proposed, resolutions
from bridge.engine.waiting import REMEDIES, Cause, ahead, remedy, waiting
from tests.api.front import Front, front
from tests.engine import river as world
from tests.notary.ledgers import LI
from tests.policy.packs import pack_value, rule
from tests.strategies import DESTINATION, make_order

Shown = Mapping[str, Any]


async def told(desk: Front, of: str, cause: Cause, who: str = LI) -> Shown:
    """What the settlement says of itself, once it says that cause."""
    async with asyncio.timeout(10):
        while True:
            answer = await desk.ask("GET", f"/v1/settlements/{of}", who=who)
            if answer.json["cause"] == cause.value:
                shown: Shown = answer.json
                return shown
            await asyncio.sleep(0.02)


async def test_a_network_away_at_screening_is_nobodys_decision_and_goes_on_by_itself(
    tmp_path: Path,
) -> None:
    async with front(tmp_path) as desk:
        node = desk.water.wires.nodes[DESTINATION]
        node.closed = True
        of = await desk.send()
        shown = await told(desk, of, Cause.AWAY)
        assert (shown["stage"], shown["stop"]) == ("screening", "")
        assert DESTINATION in str(shown["waiting"])
        node.closed = False
        await desk.water.until(SettlementId(of), Stage.SETTLED)


async def test_what_was_met_in_an_earlier_stage_is_not_told_of_a_later_one(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        desk.water.wires.bank.fates["*"] = Fate.SILENT
        shown = await told(desk, await desk.send(), Cause.BANK)
        assert shown["stage"] == "paying"
        assert "finality" not in shown["waiting"]
        assert shown["ahead"] == ["burning", "assigning", "settled"]


async def test_a_settled_one_waits_for_nothing(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        of = await desk.send()
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        shown = (await desk.ask("GET", f"/v1/settlements/{of}")).json
        assert (shown["waiting"], shown["cause"], shown["remedy"]) == ("", "", "")
        assert shown["ahead"] == []


def held(stage: Stage = Stage.SCREENING) -> Settlement:
    """A settlement that policy holds."""
    settlement = proposed(make_order(consents=False))
    assert settlement.stage is stage
    return advance(settlement, PolicyHeld(visit=settlement.visit, verdict=settlement.verdict))


@pytest.mark.parametrize(
    ("kinds", "cause"),
    [
        ((), Cause.PERSON),
        (("screening",), Cause.PERSON),
        (("person_period_quota",), Cause.QUOTA),
        (("net_aggregate_quota", "balance_cap"), Cause.QUOTA),
        (("list_freshness",), Cause.LIST),
        (("list_freshness", "screening"), Cause.PERSON),
    ],
)
def test_a_hold_that_one_thing_explains_is_told_by_it(kinds: tuple[str, ...], cause: Cause) -> None:
    settlement = held()
    assert settlement.stop is Stop.HELD
    found = waiting(settlement, None, held_by=kinds)
    assert found is not None
    assert found.cause is cause
    assert ahead(settlement) == ()


def test_a_suspended_one_names_who_puts_it_on_its_feet() -> None:
    settlement = held().stopped(Stop.SUSPENDED)
    found = waiting(settlement, None)
    assert found is not None
    assert found.cause is Cause.SUSPENDED
    assert f"lianqiao resume {settlement.order.id}" in found.remedy


def test_one_that_no_stage_fits_is_not_told_to_resume() -> None:
    """Paid after all while it was being given back: the money's return must be seen first."""
    seen = frozenset({"AssetMinted", "PaymentSettled"})
    acts = frozenset({Verb.MINT, Verb.UNMINT})
    settlement = replace(held().stopped(Stop.SUSPENDED), seen=seen, acts=acts)
    assert resolutions(settlement) == ()
    found = waiting(settlement, None)
    assert found is not None
    assert "lianqiao" not in found.remedy
    assert "no stage fits" in found.remedy
    returned = replace(settlement, seen=seen | {"PaymentReturned"})
    found = waiting(returned, None)
    assert found is not None
    assert "--to unminting proposes" in found.remedy


@pytest.mark.parametrize("stage", [one for one in Stage if one not in REST])
@pytest.mark.parametrize("cause", [Cause.PAPER, Cause.BANK, Cause.STRANGER, Cause.OWED])
def test_a_remedy_names_just_what_the_machine_would_take_there(stage: Stage, cause: Cause) -> None:
    settlement = replace(proposed(make_order()), stage=stage)
    says, visit = remedy(settlement, cause), settlement.visit
    for command, answer in (
        ("cancel", Cancelled(visit=visit)),
        ("recall", RecallDecided(visit=visit)),
    ):
        named = f"lianqiao {command} {settlement.order.id}" in says
        assert named is (advance(settlement, answer) != settlement), says


@pytest.mark.parametrize("stage", [one for one in Stage if one not in REST])
def test_a_freeze_names_just_the_ways_out_there_are(stage: Stage) -> None:
    frozen = replace(proposed(make_order()), stage=stage, stop=Stop.FROZEN)
    says = remedy(frozen, Cause.FROZEN)
    for way, answer in (
        ("--go-on", GoOn(visit=frozen.visit)),
        ("--give-back", GiveBack(visit=frozen.visit)),
    ):
        assert (way in says) is (advance(frozen, answer) != frozen), says


async def test_why_policy_holds_is_told_to_the_desk_and_to_nobody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_old = rule("list_freshness", {"list": "house", "warn_hours": "0", "hold_hours": "0"})
    strict = pack_value(too_old, corridor=["CN-HK", "HK-CN"])
    monkeypatch.setattr(world, "_both_ways", lambda: strict)
    async with front(tmp_path) as desk:
        clerk = desk.tokens.create(LI, ("operator",))
        of = await desk.send()
        told_to_desk = await told(desk, of, Cause.LIST)
        told_to_clerk = await told(desk, of, Cause.PERSON, who=clerk)
        assert "list" in told_to_desk["waiting"]
        assert told_to_desk["proposals"] == told_to_clerk["proposals"]
        assert "list" not in told_to_clerk["waiting"]
        assert told_to_clerk["remedy"] == REMEDIES[Cause.PERSON]
