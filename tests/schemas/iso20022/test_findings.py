"""Rules hold where and when they say, weigh by direction, and some are never made softer."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from schemas.iso20022.findings import (
    Case,
    Finding,
    Mark,
    Outcome,
    Rule,
    Severity,
    Softening,
    Verdict,
)
from schemas.iso20022.tree import Node

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
    header=None,
    header_id="",
    document=Node("Document", "Document", None),
    profile="cbpr+2026",
    services="",
    system="",
    on=CUT_OVER,
)


def test_a_rule_holds_from_its_day_on() -> None:
    assert RULE.holds(CASE)
    assert not RULE.holds(replace(CASE, on=CUT_OVER - timedelta(days=1)))
    assert not replace(RULE, until=CUT_OVER).holds(replace(CASE, on=CUT_OVER + timedelta(days=1)))


def test_a_rule_holds_only_in_its_profiles_and_messages() -> None:
    assert not RULE.holds(replace(CASE, profile="iso-base"))
    assert not RULE.holds(replace(CASE, message="pacs.009.001.08"))
    assert replace(RULE, profiles=(), messages=()).holds(replace(CASE, profile="iso-base"))


def test_we_are_stricter_with_ourselves() -> None:
    assert RULE.weight(CASE) is Severity.WARN
    assert RULE.weight(replace(CASE, outbound=True)) is Severity.REFUSE


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


@pytest.mark.parametrize("rule", ["ISO-ENV-001", "ISO-VAL-003", "COR-004", "BAH-001", "BAH-002"])
def test_some_rules_are_never_softened(rule: str) -> None:
    with pytest.raises(ValueError, match="never softened"):
        Softening(rule, Severity.WARN, "they always send it so", CUT_OVER)


def test_a_softening_has_a_reason() -> None:
    assert Softening("BAH-003", Severity.WARN, "agreed in writing", CUT_OVER).until == CUT_OVER
    with pytest.raises(ValueError, match="reason"):
        Softening("BAH-003", Severity.WARN, " ", CUT_OVER)
