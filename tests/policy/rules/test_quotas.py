"""Quotas: what fits is reserved with the limit it must fit under; what does not is held or not."""

from dataclasses import replace

import pytest

from bridge.core.canonical import Value
from bridge.core.events import Reservation
from bridge.core.ids import AccountId, DateText
from bridge.core.money import UNITS_MAX, Units
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import RESCREENING, Dossier, Quota
from bridge.policy.judge import judge
from bridge.policy.params import BadPack
from bridge.policy.verdict import Outcome, Verdict
from tests.policy.packs import CLEAN, pack, rule, with_facts
from tests.strategies import make_order

PERSON: dict[str, Value] = {
    "key": ["payer.person_id"],
    "measure": "payment_out",
    "currency": "USD",
    "limit": "5000000",
    "period": "calendar_year",
    "zone": "Asia/Shanghai",
    "border": "le",
    "over": "hold",
}
NET: dict[str, Value] = {
    "key": [],
    "measure": "asset_out",
    "currency": "USD",
    "limit": "1000",
    "period": "calendar_day",
    "zone": "Asia/Shanghai",
    "inflow": "at_commit",
}
CAP: dict[str, Value] = {
    "key": ["payee.party"],
    "measure": "payment_in",
    "currency": "USD",
    "period": "ever",
    "zone": "Asia/Shanghai",
    "base": "payee.net_assets",
    "leverage": "2000",
    "parameter": "1750",
    "grandfather_until": "2025-01-12",
}
ACCOUNT = AccountId("quota/r/k/2026")


def quota(amount: int | None, *, used: int = 0, held: int = 0, **more: int) -> Quota:
    units = None if amount is None else Units(amount)
    return Quota(account=ACCOUNT, unit="USD", amount=units, used=used, held=held, **more)


def said(kind: str, params: dict[str, Value], dossier: Dossier, **more: Value) -> Verdict:
    return judge(make_order(), dossier, pack(rule(kind, params, **more), corridor=["*"]))


# of a Hong Kong rule: the buyer in Hong Kong pays the seller on the mainland
@pytest.mark.parametrize(
    ("found", "params", "outcome", "why"),
    [
        (quota(5_000_000), {}, Outcome.CLEAR, "within"),
        (quota(5_000_001), {}, Outcome.HOLD, "over"),
        (quota(5_000_001), {"over": "reject"}, Outcome.REJECT, "over"),
        (quota(5_000_000), {"border": "lt"}, Outcome.HOLD, "over"),
        (quota(4_999_999), {"border": "lt"}, Outcome.CLEAR, "within"),
        (quota(101, used=4_999_900), {}, Outcome.HOLD, "over"),
        (quota(100, used=4_999_900), {}, Outcome.CLEAR, "within"),
        (quota(1, used=2_500_000, held=2_500_000), {}, Outcome.HOLD, "over"),
        (quota(None), {}, Outcome.HOLD, "nothing to measure with"),
        (None, {}, Outcome.HOLD, "nothing to measure with"),
        (quota(9_999_999), {"measure": "payment_in"}, Outcome.CLEAR, "no such flow"),
        (quota(9_999_999), {"measure": "asset_in"}, Outcome.HOLD, "over"),
        (quota(9_999_999), {"measure": "asset_out"}, Outcome.CLEAR, "no such flow"),
    ],
)
def test_person_period_quota(
    found: Quota | None, params: dict[str, Value], outcome: Outcome, why: str
) -> None:
    quotas = {} if found is None else {"person-period-quota": found}
    dossier = replace(CLEAN, quotas=quotas)
    verdict = said("person_period_quota", {**PERSON, **params}, dossier, jurisdiction="HK")
    assert verdict.outcome is outcome
    assert why in verdict.findings[1].why


def test_what_fits_is_reserved_less_what_was_used_before_us() -> None:
    opened = quota(100, used=300, held=50, before=200)
    dossier = replace(CLEAN, quotas={"person-period-quota": opened})
    verdict = said("person_period_quota", PERSON, dossier, jurisdiction="HK")
    held = Reservation(ACCOUNT, Units(100), "USD", Units(4_999_800))
    assert verdict.reservations == (held,)


def test_a_held_or_rejected_order_reserves_nothing() -> None:
    dossier = replace(CLEAN, quotas={"person-period-quota": quota(5)}, tries=3)
    verdict = said("person_period_quota", PERSON, dossier, jurisdiction="HK")
    assert verdict.outcome is Outcome.HOLD
    assert verdict.reservations == ()


def test_people_who_saw_the_papers_clear_it_and_the_quota_is_not_used() -> None:
    over = quota(5_000_001)
    dossier = replace(
        CLEAN,
        quotas={"person-period-quota": over},
        decided=True,
        cleared=frozenset({f"quota/{ACCOUNT}/5000001"}),
    )
    verdict = said("person_period_quota", PERSON, dossier, jurisdiction="HK")
    assert (verdict.outcome, verdict.reservations) == (Outcome.CLEAR, ())
    never = said("person_period_quota", {**PERSON, "over": "reject"}, dossier, jurisdiction="HK")
    assert never.outcome is Outcome.REJECT


def test_the_amount_is_not_judged_again_once_it_is_reserved() -> None:
    late = replace(CLEAN, point=RESCREENING, quotas={})
    verdict = said("person_period_quota", PERSON, late, jurisdiction="HK")
    assert verdict.outcome is Outcome.CLEAR


# of a mainland rule over assets leaving the mainland
@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (quota(1_000), Outcome.CLEAR),
        (quota(1_001), Outcome.REJECT),
        (quota(200, used=500, held=300), Outcome.CLEAR),
        (quota(201, used=500, held=300), Outcome.REJECT),
        (quota(301, used=500, held=300, inflow=101), Outcome.CLEAR),
        (quota(302, used=500, held=300, inflow=101), Outcome.REJECT),
        (quota(None), Outcome.HOLD),
    ],
)
def test_net_aggregate_quota(found: Quota, outcome: Outcome) -> None:
    dossier = replace(CLEAN, quotas={"net-aggregate-quota": found})
    assert said("net_aggregate_quota", NET, dossier).outcome is outcome


def test_what_came_in_lends_room_in_the_limit_that_is_written() -> None:
    dossier = replace(CLEAN, quotas={"net-aggregate-quota": quota(10, used=990, inflow=7)})
    (held,) = said("net_aggregate_quota", NET, dossier).reservations
    assert held.limit == 1_007


def test_an_inflow_takes_no_room_and_is_counted_apart() -> None:
    back = AccountId("quota/net-aggregate-quota.in/all/2026-01-01")
    inward = Quota(account=back, unit="USD", amount=Units(9_999), used=0, held=0)
    dossier = replace(
        with_facts(CLEAN, payer__jurisdiction="CN", payee__jurisdiction="HK"),
        direction="HK-CN",
        quotas={"net-aggregate-quota.in": inward, "net-aggregate-quota": quota(9_999)},
    )
    verdict = said("net_aggregate_quota", NET, dossier)
    assert verdict.outcome is Outcome.CLEAR
    assert verdict.reservations == (Reservation(back, Units(9_999), "USD", Units(UNITS_MAX)),)


# of a mainland rule over what a mainland seller takes in: capital 1,000 x 2 x 1.75 = 3,500
@pytest.mark.parametrize(
    ("found", "date", "outcome"),
    [
        (quota(3_500, base=1_000), "2026-01-01", Outcome.CLEAR),
        (quota(3_501, base=1_000), "2026-01-01", Outcome.REJECT),
        (quota(1, used=3_500, base=1_000), "2026-01-01", Outcome.REJECT),
        (quota(3_499, base=999), "2026-01-01", Outcome.REJECT),
        (quota(3_496, base=999), "2026-01-01", Outcome.CLEAR),
        (quota(1), "2026-01-01", Outcome.HOLD),
        (quota(9_999, base=1_000), "2025-01-12", Outcome.CLEAR),
        (quota(9_999, base=1_000), "2025-01-13", Outcome.REJECT),
    ],
)
def test_balance_cap(found: Quota, date: str, outcome: Outcome) -> None:
    dossier = replace(CLEAN, quotas={"balance-cap": found}, date=DateText(date))
    assert said("balance_cap", CAP, dossier).outcome is outcome


def test_a_free_transfer_is_no_payment() -> None:
    free: SettlementOrder = replace(make_order(), payment=None)
    judged_by = pack(rule("person_period_quota", PERSON, jurisdiction="HK"))
    assert judge(free, CLEAN, judged_by).findings[1].why == "no such flow"


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("person_period_quota", {**PERSON, "period": "calendar_week"}),
        ("person_period_quota", {**PERSON, "limit": "5.0"}),
        ("person_period_quota", {**PERSON, "limit": "-1"}),
        ("person_period_quota", {**PERSON, "currency": "CNH"}),
        ("person_period_quota", {**PERSON, "over": "block"}),
        ("net_aggregate_quota", {**NET, "inflow": "at_reserve"}),
        ("balance_cap", {**CAP, "period": "calendar_year"}),
        ("balance_cap", {**CAP, "base": "payee.turnover"}),
    ],
)
def test_parameters_of_quotas_are_closed(kind: str, params: dict[str, Value]) -> None:
    with pytest.raises(BadPack, match="params"):
        pack(rule(kind, params))
