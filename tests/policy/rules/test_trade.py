"""Instruments, papers, currencies, fresh lists, four eyes: dossier in, outcome and reason out."""

from dataclasses import replace

import pytest

from bridge.core.canonical import Value
from bridge.policy.dossier import (
    RECHECKING,
    RESCREENING,
    Approval,
    Dossier,
    Looked,
)
from bridge.policy.judge import judge
from bridge.policy.params import BadPack
from bridge.policy.verdict import Finding, Outcome, Verdict
from tests.policy.packs import CLEAN, HOUR_MS, fresh, pack, rule, with_facts
from tests.strategies import make_order


def verdict(kind: str, params: dict[str, Value], dossier: Dossier = CLEAN) -> Verdict:
    return judge(make_order(), dossier, pack(rule(kind, params)))


def said(kind: str, params: dict[str, Value], dossier: Dossier = CLEAN) -> Finding:
    return verdict(kind, params, dossier).findings[1]


def row(of: str, network: str, direction: str, says: str) -> dict[str, Value]:
    return {"class": of, "network": network, "direction": direction, "says": says}


@pytest.mark.parametrize(
    ("table", "facts", "outcome", "why"),
    [
        ([row("receivable", "memory", "CN-HK", "allow")], {}, Outcome.CLEAR, "admitted"),
        ([row("receivable", "memory", "HK-CN", "allow")], {}, Outcome.REJECT, "no row admits"),
        ([row("receivable", "eip155", "*", "allow")], {}, Outcome.REJECT, "no row admits"),
        ([row("bond", "*", "*", "allow")], {}, Outcome.REJECT, "no row admits"),
        ([row("receivable/1", "*", "*", "allow")], {}, Outcome.CLEAR, "admitted"),
        (
            [row("*", "*", "*", "allow"), row("receivable", "*", "*", "deny")],
            {},
            Outcome.REJECT,
            "denied",
        ),
        ([row("*", "*", "*", "needs:document.ndrc")], {}, Outcome.HOLD, "is unknown"),
        (
            [row("*", "*", "*", "needs:document.ndrc")],
            {"document.ndrc": False},
            Outcome.REJECT,
            "lacks document.ndrc",
        ),
        (
            [row("*", "*", "*", "needs:document.ndrc")],
            {"document.ndrc": True},
            Outcome.CLEAR,
            "admitted",
        ),
        (
            [row("*", "*", "*", "allow"), row("*", "*", "*", "needs:document.ndrc")],
            {},
            Outcome.HOLD,
            "is unknown",
        ),
        (
            [row("*", "*", "*", "allow")],
            {"destination.class": None},
            Outcome.HOLD,
            "network is unknown",
        ),
    ],
)
def test_instrument_admissibility(
    table: list[Value], facts: dict[str, bool | None], outcome: Outcome, why: str
) -> None:
    dossier = replace(CLEAN, facts={**CLEAN.facts, **facts})
    finding = said("instrument_admissibility", {"table": table}, dossier)
    assert finding.outcome is outcome
    assert why in finding.why


@pytest.mark.parametrize("says", ["perhaps", "needs:purpose", "needs:nothing.known"])
def test_a_table_says_nothing_else(says: str) -> None:
    with pytest.raises(BadPack, match="needs"):
        pack(rule("instrument_admissibility", {"table": [row("*", "*", "*", says)]}))


PAPERS: dict[str, Value] = {
    "purposes": ["GDDS"],
    "currency": "USD",
    "above": "10000",
    "border": "gt",
    "all_of": ["contract", "invoice"],
    "any_of": [],
    "amount_cover": False,
    "single_use": [],
}


@pytest.mark.parametrize(
    ("params", "amount", "papers", "outcome", "why"),
    [
        ({}, 10_001, ("contract", "invoice"), Outcome.CLEAR, "are there"),
        ({}, 10_001, ("contract",), Outcome.HOLD, "lacks invoice"),
        ({}, 10_000, (), Outcome.CLEAR, "at or below"),
        ({"border": "ge"}, 10_000, (), Outcome.HOLD, "lacks contract, invoice"),
        ({"border": "ge"}, 9_999, (), Outcome.CLEAR, "at or below"),
        ({"purposes": ["SALA"]}, 10_001, (), Outcome.CLEAR, "another purpose"),
        ({"purposes": ["*"]}, 10_001, (), Outcome.HOLD, "lacks"),
        (
            {"any_of": ["customs", "filing"]},
            10_001,
            ("contract", "invoice"),
            Outcome.HOLD,
            "lacks customs or filing",
        ),
        (
            {"any_of": ["customs", "filing"]},
            10_001,
            ("contract", "filing", "invoice"),
            Outcome.CLEAR,
            "are there",
        ),
        ({"amount_cover": True}, 20_001, ("contract", "invoice"), Outcome.HOLD, "lacks cover"),
        ({"amount_cover": True}, 20_000, ("contract", "invoice"), Outcome.CLEAR, "are there"),
        ({}, None, ("contract", "invoice"), Outcome.HOLD, "no rate"),
    ],
)
def test_document_set(
    params: dict[str, Value],
    amount: int | None,
    papers: tuple[str, ...],
    outcome: Outcome,
    why: str,
) -> None:
    dossier = replace(with_facts(CLEAN, amount__USD=amount), documents=papers)
    finding = said("document_set", {**PAPERS, **params}, dossier)
    assert finding.outcome is outcome
    assert why in finding.why


def test_a_paper_used_once_is_one_unit_of_an_account_that_has_one() -> None:
    dossier = replace(
        with_facts(CLEAN, amount__USD=10_001),
        references=(("contract", "aa" * 32), ("invoice", "bb" * 32)),
    )
    params = {**PAPERS, "single_use": ["invoice"]}
    (held,) = verdict("document_set", params, dossier).reservations
    assert held.account == f"quota/document-set/invoice.{'bb' * 32}/once"
    assert (held.units, held.limit, held.unit) == (1, 1, "count")
    late = replace(dossier, point=RESCREENING, checks=())
    assert verdict("document_set", params, late).reservations == ()


def test_papers_are_looked_at_again_before_payment_and_not_before_giving_back() -> None:
    lacking = replace(with_facts(CLEAN, amount__USD=10_001), documents=(), point=RESCREENING)
    assert said("document_set", PAPERS, lacking).outcome is Outcome.HOLD
    back = replace(lacking, point=RECHECKING)
    assert said("document_set", PAPERS, back).outcome is Outcome.CLEAR


@pytest.mark.parametrize(
    ("currencies", "directions", "says", "outcome"),
    [
        (["HKD"], ["*"], "only", Outcome.CLEAR),
        (["CNY"], ["*"], "only", Outcome.REJECT),
        (["HKD"], ["*"], "never", Outcome.REJECT),
        (["CNY"], ["*"], "never", Outcome.CLEAR),
        (["CNY"], ["HK-CN"], "only", Outcome.REJECT),  # the asset goes CN-HK, the money HK-CN
        (["CNY"], ["CN-HK"], "only", Outcome.CLEAR),
    ],
)
def test_currency_restriction(
    currencies: list[Value], directions: list[Value], says: str, outcome: Outcome
) -> None:
    params: dict[str, Value] = {"currencies": currencies, "directions": directions, "says": says}
    assert said("currency_restriction", params).outcome is outcome


FRESH: dict[str, Value] = {"list": "house", "warn_hours": "24", "hold_hours": "72"}


@pytest.mark.parametrize(
    ("age_ms", "outcome", "reports"),
    [
        (24 * HOUR_MS - 1, Outcome.CLEAR, ()),
        (24 * HOUR_MS, Outcome.CLEAR, ("list_ageing/house",)),
        (72 * HOUR_MS - 1, Outcome.CLEAR, ("list_ageing/house",)),
        (72 * HOUR_MS, Outcome.HOLD, ()),
    ],
)
def test_list_freshness(age_ms: int, outcome: Outcome, reports: tuple[str, ...]) -> None:
    dossier = replace(CLEAN, looked=Looked(lists=(fresh(age_ms=age_ms),)))
    spoken = verdict("list_freshness", FRESH, dossier)
    assert spoken.findings[1].outcome is outcome
    assert spoken.reports == reports


def test_a_list_that_is_not_there_is_not_fresh() -> None:
    finding = said("list_freshness", {**FRESH, "list": "un"})
    assert (finding.outcome, finding.why) == (Outcome.HOLD, "the list is not there")
    with pytest.raises(BadPack, match="later than it holds"):
        pack(rule("list_freshness", {**FRESH, "warn_hours": "73"}))


FOUR: dict[str, Value] = {
    "currency": "USD",
    "above": "10000",
    "border": "ge",
    "roles": ["compliance"],
    "distinct": "1",
}


@pytest.mark.parametrize(
    ("amount", "people", "outcome"),
    [
        (9_999, (), Outcome.CLEAR),
        (10_000, (), Outcome.HOLD),
        (10_000, (Approval("wang.fang", ("compliance",)),), Outcome.CLEAR),
        (10_000, (Approval("wang.fang", ("operator",)),), Outcome.HOLD),
        (10_000, (Approval("li.wei", ("compliance",)),), Outcome.HOLD),  # who made the order
        (None, (Approval("wang.fang", ("compliance",)),), Outcome.HOLD),
    ],
)
def test_four_eyes(amount: int | None, people: tuple[Approval, ...], outcome: Outcome) -> None:
    dossier = replace(with_facts(CLEAN, amount__USD=amount), people=people)
    assert said("four_eyes", FOUR, dossier).outcome is outcome


def test_one_person_twice_is_not_two() -> None:
    twice = (Approval("wang.fang", ("compliance",)), Approval("wang.fang", ("compliance",)))
    dossier = replace(with_facts(CLEAN, amount__USD=10_000), people=twice)
    assert said("four_eyes", {**FOUR, "distinct": "2"}, dossier).outcome is Outcome.HOLD
