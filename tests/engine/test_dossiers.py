"""The dossier and its decision: gathered from the ledger, written as one, and judged again."""

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest

from bridge.core.canonical import Value, digest, parse
from bridge.core.events import (
    AssetLocked,
    AssetMinted,
    Decided,
    PolicyBlocked,
    PolicyCleared,
    PolicyHeld,
    PolicyRejected,
)
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Stage, Stop
from bridge.engine import preflights
from bridge.notary.outcomes import Committed, RefusedGroup
from bridge.policy.judge import TRIES
from bridge.ports import Answered, Check, Disclosed, Refused, Unavailable
from tests.engine.customs import BUYER, HEADER, NOBODY, Customs, Porter, away, opened
from tests.policy.packs import rule
from tests.strategies import DAY_MS, DESTINATION, NOW, ORIGIN, RAIL, asset_fact, make_order

LISTED = HEADER + "X1,person,Buyer Ltd;买方有限公司,,,HK,\n"
QUOTA: dict[str, Value] = {
    "key": ["payer.party"],
    "measure": "payment_out",
    "currency": "USD",
    "limit": "20000",
    "period": "calendar_year",
    "zone": "Asia/Hong_Kong",
    "border": "le",
    "over": "hold",
}
HK_QUOTA = rule("person_period_quota", QUOTA, jurisdiction="HK")


async def with_rate(customs: Customs, day: str = "2026-01-01") -> None:
    """Thirteen US cents for a Hong Kong dollar, as a source said for a day."""
    rate: dict[str, Value] = {
        "base": "HKD",
        "quote": "USD",
        "day": day,
        "numerator": "13",
        "denominator": "100",
        "source": "a test",
    }
    await customs.put_in_force("rate", rate)


async def test_a_clean_order_is_cleared_and_every_word_of_it_is_in_the_ledger_by_hash() -> None:
    customs = await opened()
    order = (await customs.order()).order
    screened = await customs.screen(order.id)
    (decision,), side = screened.drafts, dict(screened.side)
    assert isinstance(screened.answer, PolicyCleared)
    assert screened.answer.verdict == digest(decision.body)
    for member in ("dossier", "findings"):
        kept = side[f"bytes/{decision.body[member]}"]
        assert kept is not None
        assert sha256(kept).hexdigest() == decision.body[member]
        parse(kept)
    assert decision.body["body_hash"] == order.terms
    assert isinstance(await customs.told(order.id, screened), Committed)
    assert customs.now(order.id).stage is Stage.LOCKING
    await customs.journal.close()


async def test_no_personal_value_stands_in_decision_dossier_or_findings() -> None:
    customs = await opened(listed=LISTED)
    order = (await customs.order()).order
    screened = await customs.screen(order.id)
    written = repr(screened.drafts) + "".join(str(value) for _, value in screened.side)
    for secret in (BUYER, "Seller", "HK00123", "CN00456", "买方"):
        assert secret not in written
    await customs.journal.close()


async def test_the_same_state_gives_the_same_decision() -> None:
    customs = await opened()
    order = (await customs.order()).order
    assert await customs.screen(order.id) == await customs.screen(order.id)
    await customs.journal.close()


@pytest.mark.parametrize(
    ("checks", "answer"),
    [
        ((Check("holder owns it", Answered.NO, "0 units"),), PolicyRejected),
        ((Check("holder owns it", Answered.UNKNOWN, "node is syncing"),), PolicyHeld),
        ((), PolicyHeld),
    ],
)
@pytest.mark.parametrize("where", [ORIGIN, DESTINATION, RAIL])
async def test_each_door_of_the_lane_is_asked_before_anything_is_locked(
    where: str, checks: tuple[Check, ...], answer: type[Decided]
) -> None:
    customs = await opened()
    order = (await customs.order()).order
    next(door for name, door in customs.doors.items() if name == where).checks = checks
    assert isinstance((await customs.screen(order.id)).answer, answer)
    await customs.journal.close()


async def test_a_door_that_is_away_is_waited_for_and_nobody_decides() -> None:
    customs = await opened()
    order = (await customs.order()).order
    customs.doors[RAIL].trouble = away()
    with pytest.raises(Unavailable, match=f"{RAIL}: no node answers"):
        await customs.screen(order.id)
    simulated = await customs.screening.judged(order, customs.now(order.id))
    assert simulated.outcome.word == "hold"
    customs.doors[RAIL].trouble = Refused("it was asked wrongly")
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    customs.doors[RAIL].trouble = None
    assert isinstance((await customs.screen(order.id)).answer, PolicyCleared)
    await customs.journal.close()


async def test_a_door_that_answers_too_late_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: Porter, _order: SettlementOrder, _names: Disclosed) -> tuple[Check, ...]:
        await asyncio.Event().wait()
        raise AssertionError("it was waited for")

    monkeypatch.setattr(preflights, "PREFLIGHT_S", 0.01)
    customs = await opened()
    order = (await customs.order()).order
    with monkeypatch.context() as patch:
        patch.setattr(Porter, "preflight", never)
        with pytest.raises(Unavailable, match=r"no answer in 0\.01 s"):
            await customs.screen(order.id)
    assert isinstance((await customs.screen(order.id)).answer, PolicyCleared)
    await customs.journal.close()


async def test_an_order_free_of_payment_asks_no_rail() -> None:
    customs = await opened()
    order = (await customs.order(payment=None)).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyCleared)
    assert customs.doors[RAIL].asked == 0
    await customs.journal.close()


async def test_without_a_pack_or_its_bytes_every_order_is_held() -> None:
    customs = await opened()
    order = (await customs.order()).order
    gone: dict[str, Value] = {
        "name": "cn-hk",
        "pack": "ab" * 32,
        "state": "active",
        "side": f"bytes/{'ab' * 32}",
    }
    for state in ("active", "retired"):
        body = {**gone, "state": state}
        await customs.put_in_force("pack", body)
        settlement = await customs.screen(order.id)
        assert isinstance(settlement.answer, PolicyHeld)
        assert settlement.drafts[0].body["pack"] == "none"
    held = await customs.screened(order.id)
    assert held.stop is Stop.HELD
    await customs.journal.close()


async def test_a_list_that_changed_is_judged_by_its_new_names_at_once() -> None:
    customs = await opened()
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyCleared)
    await customs.bring_list(LISTED)
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    await customs.bring_list(NOBODY)
    assert isinstance((await customs.screen(order.id)).answer, PolicyCleared)
    await customs.journal.close()


@pytest.mark.parametrize(
    "row",
    [
        "X1,company,,529900T8BM49AURSDO55,,,",  # the issuer of the paper
        "X1,company,,HSBCHKHH,,,",  # the debtor's bank
        "X1,wallet,,,,,buyer-wallet",
        "X1,company,,hk-00123,,,",  # the account that pays
    ],
)
async def test_whoever_has_a_part_in_it_is_looked_up_by_id_and_wallet(row: str) -> None:
    customs = await opened(listed=f"{HEADER}{row}\n")
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyBlocked)
    await customs.journal.close()


async def test_an_owner_whose_name_nobody_knows_is_unknown_and_held() -> None:
    customs = await opened(seller={"owners": ("ghost",)})
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    assert "originator.owner" in str((await customs.screen(order.id)).side)
    await customs.journal.close()


async def test_erased_names_are_unknown_and_held() -> None:
    customs = await opened()
    order = (await customs.order()).order
    await customs.journal.erase([f"personal/{order.id}/payment.debtor"])
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    await customs.journal.close()


async def test_a_quota_is_reserved_in_the_group_that_enters_locking_and_the_last_of_it_once() -> (
    None
):
    customs = await opened(HK_QUOTA)  # USD 200.00; each order pays HKD 1,000.00 = USD 130.00
    await with_rate(customs)
    one, other = (await customs.order(1)).order, (await customs.order(2)).order
    first, second = await customs.screen(one.id), await customs.screen(other.id)
    assert isinstance(first.answer, PolicyCleared)
    assert isinstance(second.answer, PolicyCleared)  # both saw the same room
    (held,) = first.answer.reservations
    assert (held.units, held.unit, held.limit) == (13_000, "USD", 20_000)
    assert held.account.startswith("quota/person-period-quota/")
    assert held.account.endswith("/2026")
    assert isinstance(await customs.told(one.id, first), Committed)
    assert isinstance(await customs.told(other.id, second), RefusedGroup)
    row = customs.journal.view.account(held.account)
    assert row is not None
    assert row.debits_pending == 13_000
    again = await customs.screen(other.id, 1)
    assert isinstance(again.answer, PolicyHeld)
    await customs.journal.close()


async def test_a_reservation_that_never_fits_is_held_not_lost() -> None:
    customs = await opened()
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id, TRIES - 1)).answer, PolicyCleared)
    assert isinstance((await customs.screen(order.id, TRIES)).answer, PolicyHeld)
    await customs.journal.close()


@pytest.mark.parametrize(
    ("day", "clear"), [("2025-11-17", True), ("2025-11-16", False), ("soon", False)]
)
async def test_an_amount_without_a_fresh_rate_is_unknown(day: str, clear: bool) -> None:
    customs = await opened(HK_QUOTA)
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    await with_rate(customs, day)
    answer = (await customs.screen(order.id)).answer
    assert isinstance(answer, PolicyCleared) is clear
    await customs.journal.close()


async def test_what_was_used_before_we_opened_counts_and_lowers_the_limit_that_is_written() -> None:
    customs = await opened(HK_QUOTA)
    await with_rate(customs)
    order = (await customs.order()).order
    answer = (await customs.screen(order.id)).answer
    assert isinstance(answer, PolicyCleared)
    opening: dict[str, Value] = {
        "account": answer.reservations[0].account,
        "unit": "USD",
        "used": "7000",
        "source": "the bank's statement",
        "as_of": "2026-01-01",
    }
    await customs.put_in_force("opening", opening)
    second = (await customs.screen(order.id)).answer
    assert isinstance(second, PolicyCleared)
    assert second.reservations[0].limit == 13_000
    await customs.put_in_force("opening", {**opening, "used": "7001"})
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)
    await customs.journal.close()


async def test_a_decision_never_outlives_the_period_it_measured() -> None:
    customs = await opened(HK_QUOTA)
    await with_rate(customs)
    year_end = 1_798_732_800_000  # 2027-01-01 00:00 in Hong Kong is 2026-12-31 16:00 UTC
    customs.clock.time = year_end - 60_000
    order = (await customs.order(created=Instant(year_end - 60_000))).order
    await customs.bring_list(NOBODY)
    await with_rate(customs, "2026-12-31")
    screened = await customs.screen(order.id)
    assert isinstance(screened.answer, PolicyCleared)
    assert screened.drafts[0].body["valid_until"] == str(year_end)
    customs.clock.time = year_end
    assert isinstance(await customs.told(order.id, screened), RefusedGroup)
    next_year = (await customs.screen(order.id)).answer
    assert isinstance(next_year, PolicyCleared)
    assert next_year.reservations[0].account.endswith("/2027")
    await customs.journal.close()


async def locked_and_minted(customs: Customs) -> str:
    """An order at its second screening."""
    order = (await customs.order()).order
    await customs.screened(order.id)
    await customs.hear(order.id, asset_fact(AssetLocked, order))
    settlement = await customs.hear(order.id, asset_fact(AssetMinted, order))
    assert settlement.stage is Stage.RESCREENING
    return order.id


async def test_the_second_screening_looks_at_lists_again_and_asks_no_door_and_no_amount() -> None:
    customs = await opened(HK_QUOTA)
    await with_rate(customs)
    of = make_order().id
    await locked_and_minted(customs)
    asked = [door.asked for door in customs.doors.values()]
    customs.clock.time += 90 * DAY_MS  # the rate is old, the quota spent: neither is looked at
    await customs.bring_list(NOBODY)
    screened = await customs.screen(of)
    assert isinstance(screened.answer, PolicyCleared)
    assert screened.answer.reservations == ()
    assert [door.asked for door in customs.doors.values()] == asked
    await customs.bring_list(NOBODY.replace("Nobody Here", "Buyer Ltd"))
    frozen = await customs.screened(of)
    assert (frozen.stage, frozen.stop) == (Stage.RESCREENING, Stop.FROZEN)
    await customs.journal.close()


async def test_a_frozen_party_is_blocked_at_the_second_screening() -> None:
    customs = await opened()
    of = make_order().id
    await locked_and_minted(customs)
    body: dict[str, Value] = {"scope": "party/buyer", "reason": "an order", "by": "wang.fang"}
    await customs.append(customs.draft("freeze", body))
    screened = await customs.screen(of)
    assert isinstance(screened.answer, PolicyBlocked)
    await customs.journal.close()


async def test_a_natural_person_is_a_keyed_hash_and_one_person_under_two_parties_is_one() -> None:
    key: dict[str, Value] = {**QUOTA, "key": ["payer.person_id"]}
    customs = await opened(rule("person_period_quota", key, jurisdiction="HK"))
    await with_rate(customs)
    order = (await customs.order()).order
    assert isinstance((await customs.screen(order.id)).answer, PolicyHeld)  # nobody knows who
    note = customs.draft("policy", {"sha256": "ab" * 32})
    side = [("personal/party/buyer/person_id", b"s" * 32 + b"A123456(7)")]
    await customs.append(note, side=side)
    screened = await customs.screen(order.id)
    assert isinstance(screened.answer, PolicyCleared)
    assert "A123456" not in str(screened.side)
    account = screened.answer.reservations[0].account
    again = customs.draft("policy", {"sha256": "cd" * 32})
    side = [("personal/party/buyer/person_id", b"t" * 32 + b"a123456 (7)")]
    await customs.append(again, side=side)
    second = (await customs.screen(order.id)).answer
    assert isinstance(second, PolicyCleared)
    assert second.reservations[0].account == account
    await customs.journal.close()


async def test_a_bonds_worth_is_its_share_of_the_face_rounded_up() -> None:
    worth: dict[str, Value] = {
        **QUOTA,
        "measure": "asset_out",
        "currency": "CNY",
        "limit": "12345679",
    }
    customs = await opened(rule("person_period_quota", worth))  # the asset leaves the mainland
    order = (await customs.order()).order  # 100 of 1,000 units of a face of 1,234,567.89
    answer = (await customs.screen(order.id)).answer
    assert isinstance(answer, PolicyCleared)
    assert answer.reservations[0].units == 12_345_679
    await customs.journal.close()


async def test_simulating_judges_an_order_nobody_wrote() -> None:
    customs = await opened()
    settlement = await customs.order()
    stranger = replace(settlement.order, deadline=Instant(NOW + 5))
    verdict = await customs.screening.judged(stranger, replace(settlement, order=stranger))
    assert verdict.outcome.word == "clear"
    await customs.journal.close()
