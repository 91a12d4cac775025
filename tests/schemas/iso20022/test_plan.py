"""What messages of one structure share is asked once; what they do not share, of each."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from schemas.iso20022 import shape
from schemas.iso20022.envelope import Envelope, Flaw, read
from schemas.iso20022.findings import Agreement, Case, Rule
from schemas.iso20022.judge import _case
from schemas.iso20022.profiles import PROFILES
from schemas.iso20022.rules.catalogue import _MOST_PLANS, RULES, RuleSet
from schemas.iso20022.tree import EMPTY, Node, Tree
from tests.schemas.iso20022.cases import ALL_RIGHT, FAULTS
from tests.schemas.iso20022.faults import Told

TOLD = [*ALL_RIGHT.values(), *(fault.told for fault in FAULTS)]


def asked_always(rule: Rule) -> Rule:
    return replace(
        rule, of_flaws=False, of_shape=False, of_codes=False, of_known=False, when=(), types=()
    )


def test_a_plan_finds_what_every_rule_finds_that_is_asked() -> None:
    """One after the other: nearly every fault shares the structure of a right message."""
    everything = RuleSet(tuple(map(asked_always, RULES.rules)))
    for told in TOLD:
        assert told.judged().findings == told.judged(everything).findings


def of(told: Told) -> Envelope:
    return read(told.text.encode("utf-8", "surrogatepass"), PROFILES[told.profile].accepted)


def others(envelope: Envelope, rule: Rule) -> Envelope:
    """The same structure with another value everywhere, or everywhere but in codes."""
    header, document = (other(one, rule) for one in (envelope.header_index, envelope.index))
    return replace(envelope, header_index=header, index=document)


def other(tree: Tree, rule: Rule) -> Tree:
    kept = tree.shape.codes if rule.of_codes else ()
    said = [text if at in kept or not text else "~" for at, text in enumerate(tree.texts)]
    currencies = tree.currencies if rule.of_codes else dict.fromkeys(tree.currencies, "~")
    return tree if tree is EMPTY else Tree(tree.shape, said, currencies)


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
    [one for one in RULES.rules if one.of_shape or one.of_codes],
    ids=lambda rule: f"{rule.id} {rule.check.__name__}",
)
def test_a_rule_of_the_structure_or_of_codes_is_blind_to_all_else(rule: Rule) -> None:
    found = 0
    for told in TOLD:
        envelope = of(told)
        holds = rule.holds(told.profile, envelope.message[:8], told.on)
        if envelope.flaws or envelope.document is None or not holds:
            continue
        mine = case_of(told, envelope)
        theirs = replace(
            case_of(told, others(envelope, rule)),
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


def test_codes_that_change_with_every_message_are_not_kept() -> None:
    told = next(iter(ALL_RIGHT.values()))
    envelope = of(told)
    active = RULES.in_force(told.profile, envelope.message[:8], told.on)
    for number in range(99):
        changed = [*envelope.index.texts]
        changed[envelope.index.shape.codes[0]] = str(number)
        tree = Tree(envelope.index.shape, changed, envelope.index.currencies)
        active.plan(case_of(told, replace(envelope, index=tree)))
    assert len(active._plans[envelope.index.shape]) <= _MOST_PLANS
