"""Settings propose a lane, the register puts it in force: where they differ it is shut."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.ids import LaneId, NetworkId
from bridge.core.registers import Lane, Shut
from bridge.engine.admission import Declined
from bridge.settings import LaneSettings, differs, outlasted, why_shut
from tests.engine.river import river
from tests.notary.ledgers import LI
from tests.strategies import DESTINATION, ORIGIN, RAIL

INSTANCES = {"network.sz": ORIGIN, "network.hk": DESTINATION, "rail.bank": RAIL}
PROPOSED = {
    "origin": "sz",
    "destination": "hk",
    "rail": "bank",
    "pack": "cn-hk",
    "limit": "100000000000.00 HKD",
    "verifier": "2of3",
    "acknowledge": "committed",
}


@pytest.mark.parametrize(
    ("member", "other"),
    [
        ("origin", "hk"),
        ("destination", "sz"),
        ("rail", None),
        ("pack", "hk-cn"),
        ("limit", "100000000000.01 HKD"),
        ("limit", "100000000000.00 CNY"),
        ("limit", "a lot"),
        ("verifier", "3of3"),
        ("acknowledge", "sealed"),
    ],
)
async def test_a_lane_whose_settings_differ_takes_no_order_and_says_where(
    member: str, other: str | None, tmp_path: Path
) -> None:
    proposed = LaneSettings.model_validate({**PROPOSED, member: other})

    def shut(lane: Lane) -> Shut | None:
        return why_shut(lane, proposed, INSTANCES, {}) if lane.id == "sz-hk" else None

    async with river(tmp_path) as water:
        water.ring.desk._shut = shut
        with pytest.raises(Declined) as told:
            await water.ring.desk.send(water.order(), LI, water.request("send"))
        assert told.value.code == "LQ-LANE-DIFFERS"
        assert f"{member}:" in str(told.value)
        assert "two change the lane" in told.value.remedy
        assert water.journal.view.open_settlements() == ()


async def test_a_lane_that_is_as_proposed_differs_in_nothing(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        lane = water.journal.view.lane(LaneId("sz-hk"))
        assert lane is not None
        proposed = LaneSettings.model_validate(PROPOSED)
        assert differs(proposed, lane, INSTANCES) == ""
        elsewhere = replace(lane, rail=NetworkId("rail:other"))
        assert differs(proposed, elsewhere, INSTANCES).startswith("rail: ")


async def test_a_lock_outlasts_finality_twice_or_both_values_are_said(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        lane = water.journal.view.lane(LaneId("sz-hk"))
    assert lane is not None
    waits = {ORIGIN: 4_000, DESTINATION: 900_000, RAIL: 86_400_000}
    needed = sum(waits.values())
    assert outlasted(replace(lane, lapse_ms=2 * needed + 2), waits) == ""
    said = outlasted(replace(lane, lapse_ms=2 * needed + 1), waits)
    assert f"half of a lock's life is {needed} ms" in said
    assert f"takes {needed} ms" in said
    assert RAIL in said
    shut = why_shut(replace(lane, lapse_ms=2 * needed + 1), None, INSTANCES, waits)
    assert shut is not None
    assert (shut.code, shut.why) == ("LQ-LOCK-LIFE", said)
    assert why_shut(replace(lane, lapse_ms=2 * needed + 2), None, INSTANCES, waits) is None
    free = replace(lane, rail=None, lapse_ms=2 * needed)
    assert outlasted(free, waits) == "", "a lane without payments waits for none"
