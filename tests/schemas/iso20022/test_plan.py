"""What messages of one structure share is asked once; what they do not share, of each."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas.iso20022 import shape
from schemas.iso20022.envelope import Envelope, Flaw, read
from schemas.iso20022.findings import Agreement, Case, Rule
from schemas.iso20022.judge import _case
from schemas.iso20022.profiles import PROFILES
from schemas.iso20022.rules.catalogue import RULES, RuleSet
from schemas.iso20022.tree import EMPTY, Node, Tree
from tests.schemas.iso20022.cases import ALL_RIGHT, FAULTS
from tests.schemas.iso20022.faults import Told

TOLD = [*ALL_RIGHT.values(), *(fault.told for fault in FAULTS)]


def asked_always(rule: Rule) -> Rule:
    return replace(rule, of_flaws=False, of_shape=False, of_known=False, when=())


def test_a_plan_finds_what_every_rule_finds_that_is_asked() -> None:
    """One after the other: nearly every fault shares the structure of a right message."""
    everything = RuleSet(tuple(map(asked_always, RULES.rules)))
    for told in TOLD:
        assert told.judged().findings == told.judged(everything).findings


def of(told: Told) -> Envelope:
    return read(told.text.encode("utf-8", "surrogatepass"), PROFILES[told.profile].accepted)


def others(envelope: Envelope) -> Envelope:
    """The same structure with another value everywhere."""
    return replace(envelope, header_index=other(envelope.header_index), index=other(envelope.index))


def other(tree: Tree) -> Tree:
    said = ["~" if text else "" for text in tree.texts]
    return tree if tree is EMPTY else Tree(tree.shape, said, dict.fromkeys(tree.currencies, "~"))


def case_of(told: Told, envelope: Envelope) -> Case:
    return _case(
        envelope,
        PROFILES[told.profile],
        told.on,
        told.agreement,
        now_ms=told.now_ms,
        known=told.known,
        is_outbound=told.is_outbound,
    )


def places(rule: Rule, case: Case) -> list[str]:
    found: Iterator[Node | Flaw] = rule.check(case)
    return [one.path if isinstance(one, Flaw) else one.path() for one in found]


@pytest.mark.parametrize(
    "rule",
    [one for one in RULES.rules if one.of_shape],
    ids=lambda rule: f"{rule.id} {rule.check.__name__}",
)
def test_a_rule_of_the_structure_is_blind_to_values_and_agreements(rule: Rule) -> None:
    found = 0
    for told in TOLD:
        envelope = of(told)
        holds = rule.holds(told.profile, envelope.message[:8], told.on)
        if envelope.flaws or envelope.document is None or not holds:
            continue
        mine = case_of(told, envelope)
        theirs = replace(
            case_of(told, others(envelope)),
            agreement=Agreement(any_characters=True),
            now_ms=1,
            known=None,
            is_outbound=True,
        )
        assert places(rule, mine) == places(rule, theirs)
        found += len(places(rule, mine))
    assert found, "no message breaks it"


def test_structures_kept_are_few_and_small() -> None:
    for number in range(shape.MOST_KEPT + 9):
        shape.shape_of("head.001.001.02", ("",) * (number + 1), (0,) * (number + 1))
    assert len(shape._KEPT) <= shape.MOST_KEPT
    long = ("x" * (shape.MOST_LETTERS + 1),)
    assert not shape.shape_of("head.001.001.02", long, (0,)).is_kept
    many = ("",) * (shape.MOST_NODES + 1)
    assert not shape.shape_of("head.001.001.02", many, (0,) * len(many)).is_kept
