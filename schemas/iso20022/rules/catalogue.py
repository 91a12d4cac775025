"""Every rule, in the order of its sections, and the set that is in force for a message."""

from datetime import date
from functools import cache
from hashlib import sha256
from itertools import islice
from pathlib import Path
from weakref import WeakKeyDictionary

from schemas.iso20022.definitions import shipped
from schemas.iso20022.envelope import Flaw
from schemas.iso20022.findings import Case, Check, Rule
from schemas.iso20022.rules import (
    addresses,
    answers,
    cbpr_answers,
    cbpr_transfers,
    correlation,
    envelope,
    header,
    markets,
    transfers,
    values,
)
from schemas.iso20022.shape import MOST_CODES, Shape
from schemas.iso20022.tree import EMPTY

MOST_FINDINGS = 20  # of one rule in one message: a bulk file with one habit breaks one rule often
_MOST_SETS = 4_096  # (profile, message, day) kept; a daemon meets few


_MOST_PLANS = 16  # structures of headers, and codes, over one structure of a document
Plan = tuple[tuple[Rule, Check, tuple[Flaw, ...] | None], ...]  # None: to be asked


_PlanKey = tuple[Shape, bool, tuple[str, ...], tuple[str, ...]]


class Active:
    """The rules in force for a message on a day, and the digest under which they are kept."""

    def __init__(self, rules: tuple[Rule, ...], digest: str) -> None:
        self.rules = rules
        self.digest = digest
        self._plans: WeakKeyDictionary[Shape, dict[_PlanKey, Plan]] = WeakKeyDictionary()

    def plan(self, case: Case) -> Plan:
        """Each rule that may find something in a message, in order, and what it is known to find.

        A message without flaws is asked by a plan that all messages of its structure and its codes
        share: rules that have nothing to look at are left out, and those that look at nothing else
        were asked once.
        """
        if case.flaws:
            is_there = case.index is not EMPTY
            return tuple(
                (rule, rule.check, None) for rule in self.rules if rule.of_header or is_there
            )
        document = case.index.shape
        header = case.header_index
        key = header.shape, case.known is not None, header.codes(), case.index.codes()
        plans = self._plans.get(document)
        plan = plans.get(key) if plans is not None else None
        if plan is None:
            plan = _planned(self.rules, case)
            if document.is_kept and len(document.codes) <= MOST_CODES:
                plans = self._plans.setdefault(document, {})
                if len(plans) >= _MOST_PLANS:
                    plans.clear()
                plans[key] = plan
        return plan


def _planned(rules: tuple[Rule, ...], case: Case) -> Plan:
    """What is to be asked of every message of this one's structure and codes; places, no values."""
    tags = case.index.shape.by_tag.keys() | case.header_index.shape.by_tag.keys()
    kinds = case.index.shape.by_kind.keys()
    plan: list[tuple[Rule, Check, tuple[Flaw, ...] | None]] = []
    for rule in rules:
        is_silent = rule.of_flaws or (rule.of_known and case.known is None)
        if is_silent or (rule.when and tags.isdisjoint(rule.when)):
            continue
        if rule.types and kinds.isdisjoint(rule.types):
            continue
        if not (rule.of_shape or rule.of_codes):
            plan.append((rule, rule.check, None))
            continue
        found = islice(rule.check(case), MOST_FINDINGS)
        places = tuple(one if isinstance(one, Flaw) else Flaw(rule.id, one.path()) for one in found)
        if places:
            plan.append((rule, rule.check, places))
    return tuple(plan)


class RuleSet:
    """Rules, and those of them that hold for a profile, a message and a day, found once."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._held: dict[tuple[str, str, date], Active] = {}

    def in_force(self, profile: str, kind: str, on: date) -> Active:
        """The rules that hold, in order, and the digest under which they are kept."""
        key = (profile, kind, on)
        if key not in self._held:
            if len(self._held) >= _MOST_SETS:
                self._held.clear()
            rules = tuple(rule for rule in self.rules if rule.holds(profile, kind, on))
            said = "\n".join((written(), profile, *(rule.facts() for rule in rules)))
            self._held[key] = Active(rules, sha256(said.encode()).hexdigest())
        return self._held[key]


@cache
def written() -> str:
    """A digest of what the checks are written in: their files, and the definitions they read."""
    here = Path(__file__).parent
    files = sorted(here.glob("*.py")) + sorted(here.parent.glob("*.py"))
    hashed = sha256(shipped().digest.encode())
    for file in files:
        hashed.update(file.read_bytes())
    return hashed.hexdigest()


RULES = RuleSet(
    tuple(
        rule
        for chapter in (
            envelope,
            values,
            transfers,
            answers,
            header,
            cbpr_transfers,
            cbpr_answers,
            addresses,
            markets,
            correlation,
        )
        for rule in chapter.CHAPTER.rules
    )
)
