"""Every cause a settlement waits for is told apart, with a sentence somebody can act on."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.bank import Fate
from adapters.memory.panel import Fault, Trouble
from bridge.core.act import Act
from bridge.core.effects import Verb
from bridge.core.events import PolicyHeld
from bridge.core.ids import SettlementId
from bridge.core.settlement import Settlement, Stage, Stop, advance, proposed
from bridge.engine.waiting import REMEDIES, Cause, ahead, waiting
from bridge.notary.attestor import DevelopmentCustody
from bridge.ports import Attestation, FinalNo, NotYet
from tests.api.front import Front, front, order
from tests.engine import river as world
from tests.notary.ledgers import LI
from tests.policy.packs import pack_value, rule
from tests.strategies import DESTINATION, ORIGIN, make_order

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


async def without_consent(desk: Front) -> str:
    sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
    of: str = sent.json["settlement"]
    return of


async def awaiting_a_paper(desk: Front) -> str:
    wanted = [{"kind": "inspection_certificate", "key": "ab" * 32}]
    return await desk.send(conditions=wanted)


async def not_final_yet(desk: Front) -> str:
    desk.water.wires.nodes[ORIGIN].panel.add(Fault(trouble=Trouble.DROP, verb=Verb.LOCK))
    return await desk.send()


async def bank_silent(desk: Front) -> str:
    desk.water.wires.bank.fates["*"] = Fate.SILENT
    return await desk.send()


async def network_away(desk: Front) -> str:
    shut = Fault(trouble=Trouble.REFUSE, verb=Verb.MINT, times=1_000)
    desk.water.wires.nodes[DESTINATION].panel.add(shut)
    return await desk.send()


async def frozen(desk: Front) -> str:
    of = await without_consent(desk)
    body = {"scope": f"settlement/{of}", "reason": "a court's order"}
    answer = await desk.ask("POST", "/v1/freezes", body)
    assert answer.status == 201, answer.raw
    return of


CAUSES: Mapping[Cause, Callable[[Front], Awaitable[str]]] = {
    Cause.CONSENT: without_consent,
    Cause.PAPER: awaiting_a_paper,
    Cause.FINALITY: not_final_yet,
    Cause.BANK: bank_silent,
    Cause.AWAY: network_away,
    Cause.FROZEN: frozen,
}


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


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_settlement_says_for_what_it_waits_and_what_can_be_done(
    cause: Cause, tmp_path: Path
) -> None:
    async with front(tmp_path) as desk:
        of = await CAUSES[cause](desk)
        shown = await told(desk, of, cause)
        assert shown["waiting"]
        assert shown["remedy"] == REMEDIES[cause].format(id=of)


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (NotYet("1 of 2 answer"), Cause.NOTARIES),
        (FinalNo("the amount differs"), Cause.NEVER_SIGNED),
    ],
)
async def test_notaries_who_do_not_sign_are_what_it_waits_for(
    answer: Attestation, cause: Cause, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def attest(_self: object, _act: Act, *_: object) -> Attestation:
        return answer

    monkeypatch.setattr(DevelopmentCustody, "attest", attest)
    async with front(tmp_path) as desk:
        shown = await told(desk, await desk.send(), cause)
        assert getattr(answer, "why", "-") in shown["waiting"]


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
