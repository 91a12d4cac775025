"""The rows of the projections: what `apply` reads and changes, each with one canonical form."""

from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.booking import Account
from bridge.core.canonical import Value
from bridge.core.consent import Consent, Paper
from bridge.core.ids import AccountId, Digest, EntryId, Instant, NetworkId, PersonId, TxRef
from bridge.core.money import Units
from bridge.core.order import SettlementOrder
from bridge.core.registers import Asset, Lane, Party, Person
from bridge.core.settlement import Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """An account and its four counters. Units: of its unit."""

    account: Account
    debits_pending: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    credits_posted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRow:
    debit: AccountId
    credit: AccountId
    unit: str
    units: Units
    due: Instant | None = None
    resolution: str = ""  # posted | voided | expired
    posted: int = 0  # units of it that were posted

    def shown(self, now: Instant) -> str:
        """Return its resolution as it stands at `now`: past its due it shows as expired."""
        late = not self.resolution and self.due is not None and self.due <= now
        return "expired" if late else self.resolution


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalRow:
    """What somebody wants done; `state`: open | done | refused | void.

    `carried` is the first entry of the group that closed it, with all it carries out.
    """

    id: EntryId
    subject: str
    target: str
    payload: Value
    bytes_sha256: Digest
    maker: PersonId
    reason: str
    needs: int
    approvals: tuple[str, ...]
    state: str
    expires: Instant
    carried: int | None = None

    def shown(self, now: Instant) -> str:
        """Return its state as it stands at `now`: past its end it shows as lapsed."""
        return "lapsed" if self.state == "open" and self.expires <= now else self.state


@dataclass(frozen=True, slots=True, kw_only=True)
class ActRow:
    act: Value
    n: int
    leaf: Digest
    visit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedRow:
    """Signatures are objects of kind, signer and signature; the items lie beside, by hash."""

    network: NetworkId
    tx: TxRef
    items: tuple[str, ...]
    expires: Instant | None
    replaces: str | None
    signatures: Value
    visit: int
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRow:
    n: int
    leaf: Digest
    side: str  # key of the raw evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class SagaRow:
    n: int
    leaf: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """`digest`: SHA-256 of the decision's canonical body, which the saga's event names."""

    outcome: str
    visit: int
    pack: str
    dossier: str
    findings: str  # key beside
    digest: Digest
    n: int
    leaf: Digest
    valid_until: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    root: str
    count: int
    digest: str
    source: str
    as_of: str
    entries: str  # key beside
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackRow:
    pack: str  # hash of the pack
    state: str
    side: str  # key beside
    signatures: Value
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateRow:
    day: str
    numerator: int
    denominator: int
    source: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRow:
    account: AccountId
    unit: str
    used: Units
    source: str
    as_of: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeRow:
    id: EntryId
    reason: str
    by: str
    since: Instant
    lifted: Instant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IdRow:
    n: int
    body_hash: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochRow:
    number: int
    n: int
    leaf: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    """An entry kept as it is: the quorum's policy file, an equivocation."""

    body: Value
    n: int


Row: TypeAlias = (
    str
    | AccountRow
    | ActRow
    | Asset
    | Consent
    | DecisionRow
    | EpochRow
    | FactRow
    | FreezeRow
    | IdRow
    | Lane
    | ListRow
    | NoteRow
    | OpeningRow
    | PackRow
    | Paper
    | Party
    | PendingRow
    | Person
    | PreparedRow
    | ProposalRow
    | RateRow
    | SagaRow
    | Settlement
    | SettlementOrder
)
