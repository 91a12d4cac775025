"""A proposal that would put nothing in force, or what must not be, is declined before it stands."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest

from bridge.core.canonical import Value
from bridge.core.ids import LaneId
from bridge.core.settlement import Stage, Stop
from bridge.engine.admission import Declined
from bridge.notary.register_forms import lane_form, person_form
from tests.engine.river import River, river
from tests.notary.ledgers import LI, WANG, ZHAO

RATE = {
    "base": "HKD",
    "quote": "CNY",
    "day": "2026-01-01",
    "numerator": "9",
    "denominator": "10",
    "source": "x",
}


def lane(water: River, **changes: Value) -> Mapping[str, Value]:
    """The row of the river's lane, with changes."""
    row = water.journal.view.lane("sz-hk")
    assert row is not None
    return {**lane_form(row), **changes}


async def declined(water: River, subject: str, target: str, payload: Value) -> Declined:
    """What a proposal is declined with; nothing is written."""
    written = water.journal.head.seq
    with pytest.raises(Declined) as caught:
        await water.decide(subject, target, payload)
    assert water.journal.head.seq == written
    assert caught.value.loc
    assert caught.value.remedy
    return caught.value


async def test_two_persons_never_have_one_key(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        zhao = water.journal.view.person(ZHAO)
        assert zhao is not None
        twin = {**person_form(zhao), "id": "zhao.too", "name": "Zhao"}
        no = await declined(water, "register.person", "zhao.too", twin)
        assert no.loc == "payload.key"
        same = {**person_form(zhao), "name": "Zhao", "roles": ["auditor"]}
        assert await water.decide("register.person", "zhao.min", same, checker=LI) == "done"


async def test_the_second_of_two_with_one_key_is_declined_when_it_is_carried_out(
    tmp_path: Path,
) -> None:
    async with river(tmp_path) as water:
        row = {"name": "Qian", "key": "ab" * 32, "roles": ["approver"], "since": "0"}
        made = [
            await water.ring.people.propose(
                "register.person", name, {**row, "id": name},
                maker=WANG, reason="a test", asked=water.request(name),
            )
            for name in ("qian.one", "qian.two")
        ]  # fmt: skip
        assert await water.check(made[0].id, "approve", ZHAO) == "done"
        with pytest.raises(Declined, match="has that key"):
            await water.check(made[1].id, "approve", ZHAO)
        assert water.journal.view.person("qian.two") is None
        assert await water.check(made[1].id, "refuse", ZHAO) == "refused"


async def test_a_lane_promises_only_what_somebody_is_configured_to_give(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        for level in ("cosigned", "mirrored"):
            no = await declined(water, "lane.open", "sz-hk", lane(water, acknowledge=level))
            assert no.loc == "payload.acknowledge"


async def test_a_lane_paused_meanwhile_is_opened_by_nobody_who_did_not_say_so(
    tmp_path: Path,
) -> None:
    async with river(tmp_path) as water:
        higher = lane(water, limit={"currency": "HKD", "minor": "99900"})
        people, subject = water.ring.people, "register.lane"
        made = await people.propose(
            subject, "sz-hk", higher, maker=WANG, reason="a test", asked=water.request(subject)
        )
        asked = water.request("pause")
        await people.pause(LaneId("sz-hk"), person=LI, reason="a run", asked=asked)
        with pytest.raises(Declined, match="would open it"):
            await water.check(made.id, "approve", ZHAO)
        row = water.journal.view.lane("sz-hk")
        assert row is not None
        assert row.paused == "a run"
        assert await water.decide("lane.open", "sz-hk", higher) == "done"


async def test_an_old_proposal_does_not_undo_what_two_people_decided_since(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        row = {"name": "Qian", "key": "ab" * 32, "roles": ["approver"], "since": "0"}
        qian: dict[str, Value] = {**row, "id": "qian"}
        subject = "register.person"
        assert await water.decide(subject, "qian", qian) == "done"
        asked = water.request(subject)
        raised = await water.ring.people.propose(
            subject, "qian", {**qian, "roles": ["admin"]}, maker=WANG, reason="up", asked=asked
        )
        await asyncio.sleep(0.005)
        assert await water.decide(subject, "qian", {**qian, "until": "1"}) == "done"
        with pytest.raises(Declined, match="was changed by"):
            await water.check(raised.id, "approve", ZHAO)
        revoked = water.journal.view.person("qian")
        assert revoked is not None
        assert revoked.until == 1


@pytest.mark.parametrize("scope", ["party/seler", "lane/zs-hk", "asset/x", "network/shenzhen"])
async def test_a_freeze_that_would_stop_nothing_says_so(tmp_path: Path, scope: str) -> None:
    async with river(tmp_path) as water:
        with pytest.raises(Declined, match="nothing would be frozen"):
            await water.ring.people.freeze(
                scope, person=LI, reason="x", asked=water.request("freeze")
            )
        assert water.journal.view.freeze(scope) is None


async def test_a_frozen_rail_stops_who_pays_over_it(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        row = water.journal.view.lane("sz-hk")
        assert row is not None
        scope = f"network/{row.rail}"
        of = await water.send(water.order(1))
        await water.until(of, Stage.LOCKING, Stage.PREPARING)
        await water.ring.people.freeze(scope, person=LI, reason="x", asked=water.request("freeze"))
        assert water.now(of).stop is Stop.FROZEN
        with pytest.raises(Declined, match="cannot be taken now"):
            await water.send(water.order(2))


@pytest.mark.parametrize(
    ("subject", "target", "payload"),
    [
        ("register.lane", "sz-hk", {"id": "sz-hk"}),
        ("register.person", "x", {"id": "x", "name": "x", "key": "ab", "roles": [], "since": "0"}),
        ("register.party", "x", {"id": "x", "colour": "red"}),
        ("rates.import", "HKD/CNY", {**RATE, "numerator": "0"}),
        ("rates.import", "HKD/USD", RATE),
        ("rates.import", "HKD/CNY", {"base": "HKD"}),
        ("quota.opening", "a", {"account": "a", "used": "-1"}),
        ("pack.publish", "demo", {"name": "other"}),
        ("list.release", "house", []),
    ],
)
async def test_what_would_put_nothing_in_force_is_not_proposed(
    tmp_path: Path, subject: str, target: str, payload: Value
) -> None:
    async with river(tmp_path) as water:
        await declined(water, subject, target, payload)
        assert await water.decide("rates.import", "HKD/CNY", RATE) == "done"
