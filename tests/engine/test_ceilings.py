"""A pilot's ceilings: per settlement and per day, to the cent, at once and after a restart."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.ids import Instant
from bridge.core.money import money
from bridge.engine.admission import Declined, OrderRequest
from bridge.engine.ceilings import Ceilings
from bridge.settings import BadSettings, ceiling, parse
from tests.engine.river import River, river
from tests.notary.ledgers import LI

EACH, DAY = money("2000.00", "HKD"), money("2500.00", "HKD")


def order(water: River, number: int, amount: str) -> OrderRequest:
    made = water.order(number)
    assert made.payment is not None
    return replace(made, payment=replace(made.payment, amount=money(amount, "HKD")))


async def taken(water: River, request: OrderRequest) -> str:
    """Return nothing where it is taken, else the refusal's code and its sentence."""
    try:
        await water.ring.desk.send(request, LI, water.request("send"))
    except Declined as declined:
        return f"{declined.code} {declined}"
    return ""


async def test_both_ceilings_hold_to_the_cent_whatever_came_at_once(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        water.ring.desk._ceilings = Ceilings(water.journal, EACH, DAY)
        assert "for a settlement" in await taken(water, order(water, 1, "2000.01"))
        orders = [order(water, number, "1000.00") for number in range(2, 7)]
        async with asyncio.TaskGroup() as group:
            sending = [group.create_task(taken(water, one)) for one in orders]
        refused = [one.result() for one in sending if one.result()]
        assert len(refused) == 3
        assert all(one.startswith("LQ-CEILING") and "for a day" in one for one in refused)
        assert "for a day" in await taken(water, order(water, 7, "500.01"))
        assert await taken(water, order(water, 8, "500.00")) == ""
        # a restart counts what the ledger holds
        water.ring.desk._ceilings = Ceilings(water.journal, EACH, DAY)
        assert "for a day" in await taken(water, order(water, 9, "0.01"))


async def test_what_is_only_simulated_counts_nothing_and_a_day_later_all_is_free(
    tmp_path: Path,
) -> None:
    async with river(tmp_path) as water:
        held = Ceilings(water.journal, EACH, DAY)
        water.ring.desk._ceilings = held
        for number in range(1, 5):
            water.ring.desk.admitted(order(water, number, "2000.00"), LI)
        assert await taken(water, order(water, 5, "2000.00")) == ""
        later = order(water, 6, "2000.00")
        now = water.ring.clock.now()
        with pytest.raises(Declined, match="for a day"):
            held.admit(water.journal.view, later, now)
        held.admit(water.journal.view, later, Instant(now + 86_400_000))
        other = Ceilings(water.journal, EACH, DAY)
        other.admit(water.journal.view, later, Instant(now + 86_400_000))


CUSTODY = {"per_settlement": "2000.00 HKD", "per_day": "2500.00 HKD"}
NOTARY = {"harbour": {"ed25519": "a", "votes": "b"}}


@pytest.mark.parametrize(
    ("custody", "says"),
    [
        ({}, "profile pilot sets both"),
        ({"per_day": "1.00 HKD"}, "set both, or neither"),
        ({**CUSTODY, "per_day": "2500.00 CNY"}, "one currency"),
        ({**CUSTODY, "per_day": "1999.99 HKD"}, "less than one settlement"),
        ({**CUSTODY, "per_settlement": "much"}, "per_settlement: much"),
        ({**CUSTODY, "per_dya": "1.00 HKD"}, "did you mean per_day"),
    ],
)
def test_a_pilot_has_two_ceilings_that_agree(custody: dict[str, str], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        parse({"profile": "pilot", "notary": NOTARY, "custody": custody}, "a test")


def test_good_ceilings_load() -> None:
    held = parse({"profile": "pilot", "notary": NOTARY, "custody": CUSTODY}, "a test")
    said = held.custody.per_settlement, held.custody.per_day
    assert said == ("2000.00 HKD", "2500.00 HKD")
    assert ceiling("per_day", "2500.00 HKD") == DAY
