"""What a rule is, what a message shows it, and what it says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from schemas.iso20022.envelope import NOTHING_READ, Envelope, Flaw
from schemas.iso20022.known import Known
from schemas.iso20022.softening import Softening
from schemas.iso20022.tree import EMPTY, Node, Tree
from schemas.iso20022.weights import Severity


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


class Addresses(StrEnum):
    """What a counterparty takes as an address; nothing said is what the profile says."""

    UNSAID = ""
    OLD = "old"
    HYBRID = "hybrid"
    STRUCTURED = "structured"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """What was agreed with one counterparty over one channel, and what the channel proved.

    Sets are empty and limits None where nothing is known, as when a file is only explained: the
    rules that need it then say nothing.
    """

    counterparty: str = ""
    services: str = ""  # regular expression over BizSvc; empty: the profile's
    system: str = ""  # clearing system, ClrSys/Cd
    senders: frozenset[str] = frozenset()  # BICs the channel authenticated
    receivers: frozenset[str] = frozenset()  # our own
    oldest_ms: int | None = None  # a header may not be older
    has_verified_signature: bool | None = None  # None: no key is set up for the header's signature
    addresses: Addresses = Addresses.UNSAID
    addresses_until: date = date.max  # from the day after, what the profile says
    any_characters: bool = False  # beyond set X
    softenings: tuple[Softening, ...] = ()


NOTHING_AGREED = Agreement()


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message, and all a rule may know beside it.

    A part that did not validate, or is not there, has no tree: rules of the other part still run.
    """

    message: str  # pacs.008.001.08
    header_id: str = ""  # head.001.001.02, or empty where there is no header
    header: Node | None = None
    document: Node
    body: Node  # the one child of `Document`
    flaws: tuple[Flaw, ...] = ()
    header_index: Tree = EMPTY
    index: Tree = EMPTY
    transactions: tuple[Node, ...] = ()
    profile: str
    agreement: Agreement = NOTHING_AGREED
    on: date
    now_ms: int | None = None
    known: Known | None = None  # of before; None where nothing is remembered
    digest: str = ""  # SHA-256 of the raw bytes, in hex, where something is
    is_outbound: bool = False

    @property
    def kind(self) -> str:
        """The message without its version: pacs.008."""
        return self.message[:8]

    def tagged(self, *tags: str) -> list[Node]:
        """Every node of the document that bears one of the tags."""
        return self.index.tagged(*tags)

    def typed(self, *kinds: str) -> list[Node]:
        """Every node of header and document that has one of the types."""
        return self.header_index.typed(*kinds) + self.index.typed(*kinds)


Check = Callable[[Case], Iterator[Node | Flaw]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: where it comes from, where and when it holds, and how it is checked.

    An id is never used again; a changed meaning is a new id. Clauses of one rule that weigh
    differently are rows with the same id. A rule without profiles holds in all.
    """

    id: str
    title: str
    source: str
    mark: Mark
    severity: Severity
    check: Check
    outbound: Severity | None = None  # where we are stricter with ourselves
    lighter: tuple[str, ...] = ()  # profiles in which it only warns
    messages: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()
    since: date = date.min
    until: date = date.max
    of_header: bool = False  # runs where the document has no tree, too
    of_flaws: bool = False  # only weighs what reading found
    of_shape: bool = False  # finds the same whatever the values are, and whatever was agreed
    of_codes: bool = False  # likewise, but for codes and currencies
    of_known: bool = False  # silent where nothing is remembered
    when: tuple[str, ...] = ()  # silent where none of these tags stands in header or document
    types: tuple[str, ...] = ()  # silent where no leaf of the document has one of these types

    def holds(self, profile: str, kind: str, on: date) -> bool:
        """Whether this rule has anything to say of such a message, on that day."""
        return (
            self.since <= on <= self.until
            and (not self.profiles or profile in self.profiles)
            and (not self.messages or kind in self.messages)
        )

    def weight(self, case: Case) -> Severity:
        """The severity in this message's profile and direction."""
        if case.profile in self.lighter:
            return Severity.WARN
        return self.outbound if case.is_outbound and self.outbound else self.severity

    def facts(self) -> str:
        """All that is said of the rule but its check, for a digest."""
        return "|".join(
            (
                self.id,
                self.title,
                self.source,
                self.mark.name,
                self.severity,
                self.outbound or "",
                ",".join(self.lighter),
                ",".join(self.messages),
                ",".join(self.profiles),
                self.since.isoformat(),
                self.until.isoformat(),
            )
        )


class Chapter:
    """The rules of one section, in the order they are written."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def rule(
        self,
        id: str,  # noqa: A002  it is one
        source: str,
        mark: Mark,
        severity: Severity = Severity.REFUSE,
        **where: object,
    ) -> Callable[[Check], Check]:
        """Make a rule of the check below; its docstring is the title."""

        def written(check: Check) -> Check:
            title = (check.__doc__ or "").strip().removesuffix(".")
            assert title, f"{id} has no title"
            row = Rule(
                id=id,
                title=title,
                source=source,
                mark=mark,
                severity=severity,
                check=check,
                **where,  # type: ignore[arg-type]  # the fields of Rule, checked by its own init
            )
            self.rules.append(row)
            return check

        return written


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found in one message, and what becomes of it. Every rule ran; nothing is hidden."""

    message: str
    findings: tuple[Finding, ...]
    ruleset: str  # digest of the rules that were in force
    envelope: Envelope = field(default=NOTHING_READ, compare=False)

    @property
    def outcome(self) -> Outcome:
        """The strictest finding decides; warnings alone do not stop a message."""
        weights = {finding.severity for finding in self.findings}
        if Severity.REFUSE in weights:
            return Outcome.REFUSED
        return Outcome.HELD if Severity.HOLD in weights else Outcome.ACCEPTED


TRANSACTIONS = MappingProxyType(
    {  # where the transactions of a message stand, below the child of Document
        "pacs.002": "TxInfAndSts",
        "pacs.004": "TxInf",
        "pacs.008": "CdtTrfTxInf",
        "pacs.009": "CdtTrfTxInf",
        "pacs.010": "CdtInstr/DrctDbtTxInf",
        "pacs.028": "TxInf",
        "pain.001": "PmtInf/CdtTrfTxInf",
        "pain.002": "OrgnlPmtInfAndSts/TxInfAndSts",
        "camt.029": "CxlDtls/TxInfAndSts",
        "camt.056": "Undrlyg/TxInf",
        "camt.057": "Ntfctn/Itm",
    }
)
