"""The judge: every rule speaks, the strictest decides, unknown never loosens."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.canonical import Value
from bridge.policy.dossier import (
    RECHECKING,
    RESCREENING,
    SCREENING,
    Dossier,
    Hit,
    Looked,
    Preflight,
)
from bridge.policy.judge import TRIES, judge
from bridge.policy.packs import Pack
from bridge.policy.verdict import Finding, Outcome, Result
from tests.policy.packs import CLEAN, fresh, pack, rule, with_facts
from tests.strategies import make_order

ORDER = make_order()
HIT = Hit(role="beneficiary", list="house", entry="E1", entry_hash="cd" * 32, by="name")
ONLY_EUR = rule(
    "currency_restriction", {"currencies": ["EUR"], "directions": ["*"], "says": "only"}
)
PAPERS: dict[str, Value] = {
    "purposes": ["*"],
    "currency": "USD",
    "above": "5000",
    "border": "gt",
    "all_of": ["invoice"],
    "any_of": [],
    "amount_cover": False,
    "single_use": [],
}


def finding(dossier: Dossier, name: str, judged_by: Pack) -> Finding:
    """What one rule said."""
    return next(f for f in judge(ORDER, dossier, judged_by).findings if f.rule.startswith(name))


def hit(dossier: Dossier, by: str = "name") -> Dossier:
    return replace(dossier, looked=replace(dossier.looked, hits=(replace(HIT, by=by),)))


def test_every_rule_speaks_also_after_a_block() -> None:
    verdict = judge(ORDER, hit(CLEAN, by="id"), pack(ONLY_EUR, rule("document_set", PAPERS)))
    assert verdict.outcome is Outcome.BLOCK
    assert [f.rule for f in verdict.findings] == [
        "screening@1",
        "currency-restriction@1",
        "document-set@1",
        "corridor@house",
        "freezes@house",
        "preflight@house",
        "reservation@house",
    ]


def test_a_reject_is_carried_out_when_everybody_could_be_looked_up() -> None:
    assert judge(ORDER, CLEAN, pack(ONLY_EUR)).outcome is Outcome.REJECT


@pytest.mark.parametrize("looked", [Looked(), Looked(lists=(fresh(),), unread=("beneficiary",))])
def test_a_reject_waits_while_a_rule_that_could_block_has_no_answer(looked: Looked) -> None:
    assert judge(ORDER, replace(CLEAN, looked=looked), pack(ONLY_EUR)).outcome is Outcome.HOLD


def test_a_block_needs_no_other_answer() -> None:
    blind = replace(CLEAN, looked=Looked(lists=(fresh(),), unread=("originator",)))
    assert judge(ORDER, hit(blind, by="wallet"), pack()).outcome is Outcome.BLOCK


def test_people_clear_the_hit_they_saw_until_the_entry_changes() -> None:
    seen = replace(hit(CLEAN), decided=True, cleared=frozenset({HIT.subject}))
    assert judge(ORDER, hit(CLEAN), pack()).outcome is Outcome.HOLD
    verdict = judge(ORDER, seen, pack())
    assert verdict.outcome is Outcome.CLEAR
    assert verdict.findings[0].cleared
    assert "people saw it and cleared it" in verdict.findings[0].why
    changed = replace(HIT, entry_hash="ef" * 32)
    again = replace(seen, looked=replace(seen.looked, hits=(changed,)))
    assert judge(ORDER, again, pack()).outcome is Outcome.HOLD


def test_people_never_clear_a_block_nor_what_is_unknown() -> None:
    seen = replace(CLEAN, decided=True, cleared=frozenset({HIT.subject}))
    assert judge(ORDER, hit(seen, by="id"), pack()).outcome is Outcome.BLOCK
    blind = replace(seen, looked=Looked(lists=(fresh(),), unread=("originator",)))
    assert judge(ORDER, blind, pack()).outcome is Outcome.HOLD


def test_the_guard_decides_whether_a_rule_applies() -> None:
    guarded = {**ONLY_EUR, "when": ["eq", ["f", "purpose"], ["s", "GDDS"]]}
    assert judge(ORDER, with_facts(CLEAN, purpose="SALA"), pack(guarded)).outcome is Outcome.CLEAR
    assert judge(ORDER, with_facts(CLEAN, purpose="GDDS"), pack(guarded)).outcome is Outcome.REJECT
    unknown = finding(CLEAN, "currency", pack(guarded))
    assert (unknown.result, unknown.outcome) == (Result.UNKNOWN, Outcome.HOLD)


def test_a_rule_speaks_between_its_dates_only() -> None:
    old = {**ONLY_EUR, "effective_to": "2025-12-31"}
    new = {**ONLY_EUR, "version": "2", "effective_from": "2026-01-02"}
    assert judge(ORDER, CLEAN, pack(old, new)).outcome is Outcome.CLEAR
    new["effective_from"] = "2026-01-01"
    assert judge(ORDER, CLEAN, pack(old, new)).outcome is Outcome.REJECT


@pytest.mark.parametrize(
    ("answers", "outcome"),
    [
        (("yes", "yes"), Outcome.CLEAR),
        (("yes", "unknown"), Outcome.HOLD),
        (("no", "unknown"), Outcome.REJECT),
        ((), Outcome.HOLD),
    ],
)
def test_preflight_no_rejects_and_unknown_holds(answers: tuple[str, ...], outcome: Outcome) -> None:
    checks = tuple(Preflight("memory:a", "it could land", answer, "") for answer in answers)
    assert judge(ORDER, replace(CLEAN, checks=checks), pack()).outcome is outcome


def test_preflight_and_amounts_are_not_looked_at_once_the_asset_is_locked() -> None:
    late = replace(CLEAN, point=RESCREENING, checks=(), tries=TRIES)
    assert judge(ORDER, late, pack(ONLY_EUR)).outcome is Outcome.CLEAR
    assert "elsewhere" in finding(late, "currency", pack(ONLY_EUR)).why


def test_what_is_given_back_is_screened_for_its_holder_alone() -> None:
    late = replace(hit(CLEAN), point=RECHECKING)
    assert judge(ORDER, late, pack()).outcome is Outcome.CLEAR
    holder = replace(HIT, role="originator")
    listed = replace(late, looked=replace(late.looked, hits=(holder,)))
    assert judge(ORDER, listed, pack()).outcome is Outcome.HOLD


@pytest.mark.parametrize("point", [SCREENING, RESCREENING, RECHECKING])
def test_nothing_frozen_moves_at_any_point(point: str) -> None:
    frozen = replace(CLEAN, point=point, freezes=("party/seller",))
    assert judge(ORDER, frozen, pack()).outcome is Outcome.BLOCK


def test_a_reservation_that_never_fits_is_held_after_three_tries() -> None:
    assert judge(ORDER, replace(CLEAN, tries=TRIES - 1), pack()).outcome is Outcome.CLEAR
    assert judge(ORDER, replace(CLEAN, tries=TRIES), pack()).outcome is Outcome.HOLD


def test_a_direction_the_pack_does_not_cover_is_held() -> None:
    assert judge(ORDER, replace(CLEAN, direction="HK-CN"), pack()).outcome is Outcome.HOLD
    assert (
        judge(ORDER, replace(CLEAN, direction="HK-CN"), pack(corridor=["*"])).outcome
        is Outcome.CLEAR
    )


def test_judged_by_no_rule_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="not judged"):
        judge(ORDER, CLEAN, replace(pack(), rules=()))


EXTRAS = st.lists(
    st.sampled_from(
        [
            ONLY_EUR,
            rule("document_set", PAPERS),
            rule("list_freshness", {"list": "house", "warn_hours": "0", "hold_hours": "1"}),
            rule(
                "four_eyes",
                {
                    "currency": "USD",
                    "above": "0",
                    "border": "ge",
                    "roles": ["approver"],
                    "distinct": "1",
                },
            ),
            rule(
                "instrument_admissibility",
                {"table": [{"class": "*", "network": "memory", "direction": "*", "says": "allow"}]},
            ),
        ]
    ),
    unique_by=lambda one: str(one["id"]),
)
DOSSIERS = st.builds(
    lambda facts, by, read, papers: replace(
        CLEAN,
        facts={name: value for name, value in CLEAN.facts.items() if name not in facts},
        looked=replace(
            CLEAN.looked,
            hits=() if by is None else (replace(HIT, by=by),),
            unread=() if read else ("beneficiary",),
        ),
        documents=papers,
    ),
    st.sets(st.sampled_from(sorted(CLEAN.facts))),
    st.sampled_from([None, "name", "id", "wallet"]),
    st.booleans(),
    st.sampled_from([(), ("invoice",)]),
)


@given(EXTRAS, DOSSIERS, st.randoms(use_true_random=False))
def test_the_order_of_rules_means_nothing(
    extras: list[dict[str, Value]], dossier: Dossier, chance: object
) -> None:
    shuffled = list(extras)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a seeded random.Random
    one, other = judge(ORDER, dossier, pack(*extras)), judge(ORDER, dossier, pack(*shuffled))
    assert one.outcome is other.outcome
    assert sorted(f.rule for f in one.findings) == sorted(f.rule for f in other.findings)
    assert one.reservations == other.reservations


@given(EXTRAS, DOSSIERS, st.sampled_from([ONLY_EUR, rule("document_set", PAPERS)]))
def test_one_more_rule_never_loosens(
    extras: list[dict[str, Value]], dossier: Dossier, more: dict[str, Value]
) -> None:
    without = [one for one in extras if one["id"] != more["id"]]
    least = judge(ORDER, dossier, pack(*without)).outcome
    assert judge(ORDER, dossier, pack(*without, more)).outcome >= least


@given(EXTRAS, DOSSIERS, st.sampled_from(sorted(CLEAN.facts)))
def test_forgetting_a_fact_never_clears_and_only_turns_a_reject_into_a_hold(
    extras: list[dict[str, Value]], dossier: Dossier, forgotten: str
) -> None:
    facts = {name: value for name, value in dossier.facts.items() if name != forgotten}
    knew = judge(ORDER, dossier, pack(*extras)).outcome
    vague = judge(ORDER, replace(dossier, facts=facts), pack(*extras)).outcome
    assert vague >= knew or (knew, vague) == (Outcome.REJECT, Outcome.HOLD)


@given(EXTRAS, DOSSIERS)
def test_the_same_dossier_and_pack_give_the_same_verdict_for_ever(
    extras: list[dict[str, Value]], dossier: Dossier
) -> None:
    assert judge(ORDER, dossier, pack(*extras)) == judge(ORDER, dossier, pack(*extras))
