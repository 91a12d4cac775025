"""Rules hold where and when they say, weigh by direction, and some are never made softer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from schemas.iso20022.findings import Case, Finding, Mark, Outcome, Rule, Verdict
from schemas.iso20022.softening import NotSoftened, Signature, Softening, signed, softened
from schemas.iso20022.tree import Node, lone
from schemas.iso20022.weights import Severity

CUT_OVER = date(2026, 11, 14)


def everywhere(case: Case) -> Iterator[Node]:
    yield case.document


RULE = Rule(
    id="ADR-001",
    title="a town and a country",
    source="W",
    mark=Mark.B,
    severity=Severity.WARN,
    outbound=Severity.REFUSE,
    check=everywhere,
    messages=("pacs.008",),
    profiles=("cbpr+2026",),
    since=CUT_OVER,
)
CASE = Case(
    message="pacs.008.001.08",
    document=lone("Document"),
    body=lone("B"),
    profile="cbpr+2026",
    on=CUT_OVER,
)


def test_a_rule_holds_from_its_first_day_to_its_last() -> None:
    day = timedelta(days=1)
    rule = replace(RULE, until=CUT_OVER)
    assert rule.holds("cbpr+2026", "pacs.008", CUT_OVER)
    assert not rule.holds("cbpr+2026", "pacs.008", CUT_OVER - day)
    assert not rule.holds("cbpr+2026", "pacs.008", CUT_OVER + day)


def test_a_rule_holds_only_in_its_profiles_and_messages() -> None:
    assert not RULE.holds("iso-base", "pacs.008", CUT_OVER)
    assert not RULE.holds("cbpr+2026", "pacs.009", CUT_OVER)
    assert replace(RULE, profiles=(), messages=()).holds("iso-base", "pacs.009", CUT_OVER)


def test_a_rule_only_warns_where_it_is_lighter() -> None:
    assert replace(RULE, lighter=("cbpr+2026",), severity=Severity.REFUSE).weight(CASE) == "warn"


def test_we_are_stricter_with_ourselves() -> None:
    assert RULE.weight(CASE) is Severity.WARN
    assert RULE.weight(replace(CASE, is_outbound=True)) is Severity.REFUSE


@pytest.mark.parametrize(
    ("weights", "outcome"),
    [
        ((), Outcome.ACCEPTED),
        ((Severity.WARN,), Outcome.ACCEPTED),
        ((Severity.WARN, Severity.HOLD), Outcome.HELD),
        ((Severity.REFUSE, Severity.HOLD, Severity.WARN), Outcome.REFUSED),
    ],
)
def test_the_strictest_finding_decides(weights: tuple[Severity, ...], outcome: Outcome) -> None:
    findings = tuple(Finding("X-001", weight, "Document", "") for weight in weights)
    assert Verdict(message="", findings=findings, ruleset="").outcome is outcome


AGREED = Softening(
    rule="BAH-003",
    counterparty="AAAABEBB",
    severity=Severity.WARN,
    reason="their header names the branch: agreed in writing",
    until=CUT_OVER,
)
KNOWN = ("BAH-003", "ADR-001")


def verify(person: str, statement: bytes, signature: bytes) -> bool:
    """Stands for the keys of people, which are the caller's."""
    return signature == sha256(person.encode() + statement).digest()


def sign(person: str, softening: Softening) -> Signature:
    return Signature(person, sha256(person.encode() + softening.statement()).digest())


@pytest.mark.parametrize("rule", ["ISO-ENV-001", "ISO-VAL-003", "COR-004", "BAH-001", "BAH-002"])
def test_some_rules_are_never_softened(rule: str) -> None:
    with pytest.raises(NotSoftened, match="never softened"):
        replace(AGREED, rule=rule)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"reason": " "}, "reason"),
        ({"counterparty": ""}, "one counterparty"),
        ({"severity": Severity.REFUSE}, "still refuses"),
    ],
)
def test_a_softening_says_why_for_whom_and_how_far(change: dict[str, str], why: str) -> None:
    with pytest.raises(NotSoftened, match=why):
        replace(AGREED, **change)  # type: ignore[arg-type]  # names of its own fields


def test_two_people_sign_a_softening() -> None:
    both = replace(AGREED, signatures=(sign("li.wei", AGREED), sign("wang.fang", AGREED)))
    assert signed(both, KNOWN, verify) is both


def test_one_person_twice_is_one_person() -> None:
    again = replace(AGREED, signatures=(sign("li.wei", AGREED), sign("li.wei", AGREED)))
    with pytest.raises(NotSoftened, match="two people"):
        signed(again, KNOWN, verify)


@pytest.mark.parametrize(
    "change",
    [
        {"counterparty": "BBBBBEBB"},
        {"rule": "ADR-001"},
        {"severity": Severity.HOLD},
        {"reason": "another"},
        {"until": CUT_OVER + timedelta(days=1)},
    ],
)
def test_a_signature_is_over_all_that_was_agreed(change: dict[str, str]) -> None:
    hands = (sign("li.wei", AGREED), sign("wang.fang", AGREED))
    other = replace(AGREED, signatures=hands, **change)  # type: ignore[arg-type]
    with pytest.raises(NotSoftened, match="not good"):
        signed(other, KNOWN, verify)


def test_a_softening_of_no_rule_is_none() -> None:
    both = replace(AGREED, rule="BAH-999")
    with pytest.raises(NotSoftened, match="no rule"):
        signed(both, KNOWN, verify)


def test_a_softening_is_for_one_counterparty_one_rule_and_until_a_day() -> None:
    def weight(rule: str, counterparty: str, on: date) -> Severity:
        return softened(rule, Severity.REFUSE, counterparty, on, (AGREED,))

    assert weight("BAH-003", "AAAABEBB", CUT_OVER) is Severity.WARN
    assert weight("BAH-003", "AAAABEBB", CUT_OVER + timedelta(days=1)) is Severity.REFUSE
    assert weight("BAH-003", "BBBBBEBB", CUT_OVER) is Severity.REFUSE
    assert weight("ADR-001", "AAAABEBB", CUT_OVER) is Severity.REFUSE


def test_a_softening_makes_nothing_heavier() -> None:
    held = replace(AGREED, severity=Severity.HOLD)
    assert softened("BAH-003", Severity.WARN, "AAAABEBB", CUT_OVER, (held,)) is Severity.WARN
