"""Answers of our own API, as they stand on the wire; nothing of a person stands in them.

Units: money is a currency and a decimal text, counts are integer texts, times are RFC 3339 in UTC.
"""

from typing import Literal

from pydantic import JsonValue

from schemas.api import Amount, Wire


class Owed(Wire):
    """Whose word is needed before a lock, and exactly what they sign."""

    network: str
    by: str
    kind: str
    message: str  # hex
    calls: tuple[str, ...]


class Sent(Wire):
    settlement: str
    uetr: str
    terms: str
    consents: tuple[Owed, ...]


class CheckView(Wire):
    network: str
    what: str
    answer: Literal["yes", "no", "unknown"]
    why: str


class Simulation(Wire):
    settlement: str
    uetr: str
    terms: str
    consents: tuple[Owed, ...]
    checks: tuple[CheckView, ...]


class Step(Wire):
    """When a stage was last entered, by which event, and the entry that says so."""

    stage: str
    at: str
    n: str
    event: str


class SettlementView(Wire):
    id: str
    uetr: str
    lane: str
    stage: str
    stop: str
    ahead: tuple[str, ...]  # the stages that follow if nothing goes wrong
    visit: str
    maker: str
    created: str
    deadline: str
    terms: str
    asset: str
    kind: str
    units: str
    origin: str
    destination: str
    originator: str
    beneficiary: str
    payment: Amount | None
    waiting: str  # for whom or what, in words
    cause: str  # the same as one word of a closed list; empty at rest
    remedy: str  # what somebody can do, with the command
    papers: tuple[str, ...]  # kinds it still waits for
    custody: tuple[str, ...]  # where a custodian's word stands for the holder's: network, digest
    proposals: tuple[str, ...]  # open, about it
    steps: tuple[Step, ...]


class SettlementLine(Wire):
    id: str
    uetr: str
    lane: str
    stage: str
    stop: str
    asset: str
    units: str
    created: str


class SettlementPage(Wire):
    items: tuple[SettlementLine, ...]
    next: str | None


class Posting(Wire):
    transfer: str
    debit: str
    credit: str
    unit: str
    units: str
    state: Literal["pending", "posted", "voided", "expired"]


class Postings(Wire):
    items: tuple[Posting, ...]


class DecisionView(Wire):
    stage: str
    outcome: str
    pack: str
    at: str
    n: str
    findings: JsonValue


class Findings(Wire):
    """What policy found: told to the desk; everyone else reads that it is pending."""

    state: Literal["pending", "told"]
    decisions: tuple[DecisionView, ...]


class Consents(Wire):
    terms: str
    owed: tuple[Owed, ...]
    given: tuple[str, ...]  # networks


class Done(Wire):
    id: str
    stage: str


class ProposalView(Wire):
    id: str
    subject: str
    target: str
    payload: JsonValue
    bytes_sha256: str
    message: str  # hex: what an approval signs
    refusal: str  # hex: what a refusal signs
    maker: str
    reason: str
    role: str  # whose holder may check it
    needs: str
    approvals: tuple[str, ...]
    state: str
    expires: str


class ProposalPage(Wire):
    items: tuple[ProposalView, ...]
    next: str | None


class HeldView(Wire):
    network: str
    name: str
    says: dict[str, JsonValue]  # the door's own words on what it holds, and why


class HeldPage(Wire):
    items: tuple[HeldView, ...]
    next: str | None


class FreezeView(Wire):
    id: str
    scope: str
    reason: str
    by: str
    since: str


class RegisterView(Wire):
    kind: str
    id: str
    row: JsonValue


class RegisterPage(Wire):
    items: tuple[RegisterView, ...]
    next: str | None


class ListView(Wire):
    """A screening list in force."""

    name: str
    root: str
    count: str
    digest: str
    source: str
    as_of: str


class ListPage(Wire):
    items: tuple[ListView, ...]
    next: str | None


class PackView(Wire):
    """A rule pack as it was last published."""

    name: str
    pack: str
    state: str
    n: str


class PackPage(Wire):
    items: tuple[PackView, ...]
    next: str | None


class AccountView(Wire):
    id: str
    unit: str
    code: str
    covered: bool
    limit: str | None
    debits_pending: str
    debits_posted: str
    credits_pending: str
    credits_posted: str


class AccountPage(Wire):
    items: tuple[AccountView, ...]
    next: str | None


class EntryView(Wire):
    n: str
    t: str
    id: str
    kind: str
    leaf: str
    body: JsonValue


class EntryPage(Wire):
    items: tuple[EntryView, ...]
    head: str  # the next number


class ProofView(Wire):
    n: str
    size: str
    leaf: str
    path: tuple[str, ...]
    checkpoint: str
    entry: str  # its canonical bytes, in base64


class Alive(Wire):
    alive: Literal[True]


class Ready(Wire):
    ready: bool
    version: str
    entries: str
    sealed: str
    trouble: str


class Lanes(Wire):
    """A lane, and why it is shut here whoever opened it, and what mends that; empty else."""

    id: str
    state: str
    why: str
    remedy: str


class DoorView(Wire):
    """A network or bank that is set, and why it cannot be read now; empty where it can."""

    id: str
    away: str


class ListAge(Wire):
    name: str
    age_s: str


class Status(Wire):
    """What `lianqiao status` says in one look."""

    ready: bool
    version: str
    up_s: str
    entries: str
    sealed: str
    last_entry: str
    lanes: tuple[Lanes, ...]
    doors: tuple[DoorView, ...]
    lists: tuple[ListAge, ...]
    in_flight: str
    oldest_s: str
    stopped: dict[str, str]
    approvals: str  # open proposals
    yours: str  # of them, those the caller may check
    alarms: tuple[str, ...]


class Flaw(Wire):
    loc: tuple[str, ...]
    code: str


class Problem(Wire):
    """What went wrong, for people and programs.

    Source: RFC 9457.
    """

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    remedy: str
    request_id: str
    errors: tuple[Flaw, ...]
