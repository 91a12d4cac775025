"""A rule made lighter for one counterparty until a day, for a reason that two people signed.

What is signed is a text of its own, with its domain in front, so that no other signature of the
same key can be taken for it. Whether a signature is good is the caller's to say: keys are theirs.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from schemas.iso20022.weights import Severity

NEVER_SOFT = ("ISO-ENV-", "ISO-VAL-", "COR-", "BAH-001", "BAH-002")
DOMAIN = b"lianqiao iso20022 softening 1\n"

Verify = Callable[[str, bytes, bytes], bool]  # person, statement, signature


class NotSoftened(ValueError):
    """Raised for a softening that may not be, or that two people did not sign."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One person's signature over a statement."""

    person: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Softening:
    """What two people agreed to overlook: which rule, with whom, how far, until which day."""

    rule: str
    counterparty: str
    severity: Severity
    reason: str
    until: date  # the last day it holds
    signatures: tuple[Signature, ...] = ()

    def __post_init__(self) -> None:
        if self.rule.startswith(NEVER_SOFT):
            raise NotSoftened(f"{self.rule} is never softened")
        if not self.reason.strip():
            raise NotSoftened("a softening has a reason")
        if not self.counterparty:
            raise NotSoftened("a softening is for one counterparty")
        if self.severity is Severity.REFUSE:
            raise NotSoftened("what still refuses is not softened")

    def statement(self) -> bytes:
        """The bytes two people sign: everything that was agreed, and nothing else."""
        said = {
            "counterparty": self.counterparty,
            "reason": self.reason,
            "rule": self.rule,
            "severity": str(self.severity),
            "until": self.until.isoformat(),
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return DOMAIN + text.encode()


def signed(softening: Softening, known: Iterable[str], verify: Verify) -> Softening:
    """Return the softening when its rule exists and two people's signatures are good.

    Signatures are counted by person: twice the same hand is once. One that is not good spoils the
    whole, since somebody meant to be counted who may not.
    Errors: NotSoftened.
    """
    if softening.rule not in set(known):
        raise NotSoftened(f"there is no rule {softening.rule}")
    statement = softening.statement()
    people = set()
    for one in softening.signatures:
        if not verify(one.person, statement, one.signature):
            raise NotSoftened(f"{one.person}'s signature is not good")
        people.add(one.person)
    if len(people) < 2:
        raise NotSoftened("a softening is signed by two people")
    return softening


def softened(
    rule: str, weight: Severity, counterparty: str, on: date, all_of: tuple[Softening, ...]
) -> Severity:
    """Return what the rule weighs for this counterparty on that day: never more than without."""
    for one in all_of:
        if one.rule == rule and one.counterparty == counterparty and on <= one.until:
            weight = min(weight, one.severity, key=lambda each: each.rank)
    return weight
