"""What a rule is and what it says of a message."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from schemas.iso20022.tree import Node


class Severity(StrEnum):
    """How much a broken rule weighs."""

    WARN = "warn"
    HOLD = "hold"
    REFUSE = "refuse"


class Outcome(StrEnum):
    """What becomes of a message."""

    ACCEPTED = "accepted"
    HELD = "held"
    REFUSED = "refused"


class Mark(StrEnum):
    """How sure we are of a rule."""

    A = "checked against the official schema, or by running code"
    B = "read in a public rule text or a statement of the responsible body"
    C = "secondary source"
    D = "our decision, or unconfirmed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken rule at one place. The path names elements, never a value."""

    rule: str
    severity: Severity
    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message that validates, and all a rule may know beside it.

    `senders` and `receivers` are the BICs the channel proved; empty where it is not known, as when
    a file is only explained.
    """

    message: str  # pacs.008.001.08
    header: Node | None
    header_id: str  # head.001.001.02, or empty
    document: Node
    profile: str
    services: str  # regular expression of the business services agreed, or empty
    system: str  # clearing system agreed, or empty
    on: date
    now_ms: int | None = None
    outbound: bool = False
    senders: frozenset[str] = frozenset()
    receivers: frozenset[str] = frozenset()
    nodes: tuple[Node, ...] = ()  # every node of header and document, document order

    @property
    def kind(self) -> str:
        """The message without its version: pacs.008."""
        return self.message[:8]

    @property
    def body(self) -> Node:
        """The one child of `Document`."""
        return self.document.children[0]


Check = Callable[[Case], Iterator[Node]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: where it comes from, where and when it holds, and how it is checked.

    An id is never used again; a changed meaning is a new id. A rule without profiles holds in all.
    """

    id: str
    title: str
    source: str
    mark: Mark
    severity: Severity
    check: Check
    outbound: Severity | None = None  # where we are stricter with ourselves
    messages: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    since: date = date.min
    until: date = date.max

    def holds(self, case: Case) -> bool:
        """Whether this rule has anything to say of this message, under its profile, on its day."""
        return (
            self.since <= case.on <= self.until
            and (not self.profiles or case.profile in self.profiles)
            and (not self.messages or case.kind in self.messages)
        )

    def weight(self, case: Case) -> Severity:
        """The severity in this message's direction."""
        return self.outbound if case.outbound and self.outbound else self.severity


NEVER_SOFT = ("ISO-ENV-", "ISO-VAL-", "COR-", "BAH-001", "BAH-002")


@dataclass(frozen=True, slots=True)
class Softening:
    """A rule made lighter for one counterparty until a day, for a reason two people signed."""

    rule: str
    severity: Severity
    reason: str
    until: date

    def __post_init__(self) -> None:
        if self.rule.startswith(NEVER_SOFT):
            raise ValueError(f"{self.rule} is never softened")
        if not self.reason.strip():
            raise ValueError("a softening has a reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found in one message, and what becomes of it. Every rule ran; nothing is hidden."""

    message: str
    findings: tuple[Finding, ...]
    ruleset: str  # digest of the rules that were in force
    header: Node | None = field(default=None, compare=False)
    document: Node | None = field(default=None, compare=False)

    @property
    def outcome(self) -> Outcome:
        """The strictest finding decides; warnings alone do not stop a message."""
        weights = {finding.severity for finding in self.findings}
        if Severity.REFUSE in weights:
            return Outcome.REFUSED
        return Outcome.HELD if Severity.HOLD in weights else Outcome.ACCEPTED
