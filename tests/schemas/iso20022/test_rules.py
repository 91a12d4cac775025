"""Every rule says what is wrong and nothing else, and is missed where it is blunted."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas.iso20022.findings import Case, Rule
from schemas.iso20022.rules.catalogue import RULES, RuleSet
from schemas.iso20022.tree import Node
from tests.schemas.iso20022.cases import ALL_RIGHT, FAULTS
from tests.schemas.iso20022.faults import Fault, Told

ROWS = {f"{rule.id} {rule.check.__name__}": rule for rule in RULES.rules}


def named(fault: Fault) -> str:
    return f"{fault.rule} {fault.told.profile} {fault.path.rpartition('/')[2]}"


@pytest.mark.parametrize("told", ALL_RIGHT.values(), ids=ALL_RIGHT)
def test_a_right_message_has_no_finding(told: Told) -> None:
    assert [(one.rule, one.path) for one in told.judged().findings] == []


@pytest.mark.parametrize("fault", FAULTS, ids=named)
def test_a_fault_is_found_by_its_rule_and_by_no_other(fault: Fault) -> None:
    findings = fault.told.judged().findings
    assert {one.rule for one in findings} == {fault.rule, *fault.also}
    mine = [one for one in findings if one.rule == fault.rule]
    assert any(one.path.endswith(fault.path) for one in mine), [one.path for one in mine]
    assert {str(one.severity) for one in mine} == {fault.weight}


def silent(case: Case) -> Iterator[Node]:
    del case
    return iter(())


def loud(case: Case) -> Iterator[Node]:
    yield case.document


def without(row: Rule, other: Rule) -> RuleSet:
    return RuleSet(tuple(other if one is row else one for one in RULES.rules))


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_that_always_passes_is_missed(row: Rule) -> None:
    """One of its faults is then found by fewer rows than before."""
    blunt = without(row, replace(row, check=silent))
    mine = [fault for fault in FAULTS if fault.rule == row.id]
    assert any(fault.told.judged(blunt).findings != fault.told.judged().findings for fault in mine)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_rule_that_always_fails_is_noticed(row: Rule) -> None:
    """A right message is then wrong: the rule is in force for one."""
    always = replace(row, check=loud, of_flaws=False, of_shape=False, of_known=False, when=())
    shrill = without(row, always)
    assert any(told.judged(shrill).findings for told in ALL_RIGHT.values())


def test_a_row_is_named_by_id_and_check() -> None:
    assert len(ROWS) == len(RULES.rules)
