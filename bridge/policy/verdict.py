"""What policy says: an outcome, the findings it rests on, what it reserves and what it reports."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypeAlias

from bridge.core.canonical import Value
from bridge.core.events import Reservation
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import Dossier
from bridge.policy.guards import Guard


class Outcome(IntEnum):
    """Let go, a person decides, give back, freeze: rising, the strictest decides."""

    CLEAR = 0
    HOLD = 1
    REJECT = 2
    BLOCK = 3

    @property
    def word(self) -> str:
        """The outcome as the ledger spells it."""
        return self.name.lower()


class Result(StrEnum):
    """How a rule came out, before its outcome is drawn from that."""

    PASS = "pass"  # noqa: S105 a word of the verdict, no secret
    NOT_APPLICABLE = "not_applicable"
    VIOLATED = "violated"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one test says of one order.

    `subjects` names what a person would look at, such as a hit by list, entry and entry hash: a
    hold by subjects that people cleared before is a hold no more, until one of them changes.
    """

    result: Result
    outcome: Outcome
    why: str
    values: tuple[tuple[str, str], ...] = ()  # what was read and compared, never a personal value
    subjects: tuple[str, ...] = ()
    reservations: tuple[Reservation, ...] = ()
    reports: tuple[str, ...] = ()


def passes(why: str, *values: tuple[str, str]) -> Said:
    """Return that a rule looked and found nothing against the order."""
    return Said(result=Result.PASS, outcome=Outcome.CLEAR, why=why, values=values)


def not_applicable(why: str) -> Said:
    """Return that a rule does not speak of such an order."""
    return Said(result=Result.NOT_APPLICABLE, outcome=Outcome.CLEAR, why=why)


def violated(outcome: Outcome, why: str, *values: tuple[str, str]) -> Said:
    """Return that a rule is broken, and what follows."""
    return Said(result=Result.VIOLATED, outcome=outcome, why=why, values=values)


def unknown(why: str, *values: tuple[str, str]) -> Said:
    """Return that a rule could not see: held, never cleared."""
    return Said(result=Result.UNKNOWN, outcome=Outcome.HOLD, why=why, values=values)


Test: TypeAlias = Callable[[SettlementOrder, Dossier], Said]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaAsk:
    """What has to be gathered for a rule that measures: which account, in which unit."""

    rule: str
    currency: str
    fact: str  # this order's amount, such as `amount.USD`
    key: tuple[str, ...]  # facts whose values name the account
    period: str  # calendar_day | calendar_month | calendar_year | ever
    zone: str
    opposite: bool = False  # what came the other way lends room
    inward: bool = False  # this account counts what comes in
    base: str = ""  # fact a balance cap multiplies


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a pack, ready to speak."""

    id: str
    version: str
    kind: str
    jurisdiction: str
    effective_from: str
    effective_to: str  # last day, or empty
    directions: tuple[str, ...]  # empty: every direction of the pack
    article: str
    reason: str
    severity: str
    when: Guard
    test: Test
    points: frozenset[str]  # where it looks; elsewhere it says so
    could_block: bool
    facts: frozenset[str]
    quotas: tuple[QuotaAsk, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.id}@{self.version}"

    def in_force(self, date: str, direction: str) -> bool:
        """Tell whether the rule speaks on a legal date, of a direction."""
        begun = self.effective_from <= date
        over = bool(self.effective_to) and self.effective_to < date
        return begun and not over and (not self.directions or direction in self.directions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One rule's word, for the desk only; `rule` is its id and version."""

    rule: str
    kind: str
    result: Result
    outcome: Outcome
    why: str
    reason: str = ""
    article: str = ""
    values: tuple[tuple[str, str], ...] = ()
    subjects: tuple[str, ...] = ()
    cleared: bool = False  # people had cleared every subject of it before

    def form(self) -> dict[str, Value]:
        """Return its canonical form; what is empty is left out."""
        told: dict[str, Value] = {
            "rule": self.rule,
            "kind": self.kind,
            "result": self.result.value,
            "outcome": self.outcome.word,
            "why": self.why,
        }
        if self.article:
            told |= {"reason": self.reason, "article": self.article}
        if self.values:
            told["values"] = dict(self.values)
        if self.subjects:
            told |= {"subjects": self.subjects, "cleared": self.cleared}
        return told


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the judge says: reservations stand only in a clear one."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    reservations: tuple[Reservation, ...] = ()
    reports: tuple[str, ...] = ()
    valid_until: Instant
