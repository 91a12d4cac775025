"""The four registers that orders refer to by id: party, asset, lane, person.

Each is a set of ledger entries changed by two people; the last entry of an id is in force.
"""

from dataclasses import dataclass
from typing import Literal

from bridge.core.ids import AssetId, Bic, Digest, Instant, LaneId, Lei, NetworkId, PartyId, PersonId
from bridge.core.instrument import InstrumentKind
from bridge.core.money import Money, Units
from bridge.core.order import Leg
from bridge.core.parties import Commitment, Jurisdiction

ROLES = frozenset(
    {"operator", "approver", "compliance", "auditor", "regulator", "engineer", "admin"}
)
LEVELS = ("committed", "sealed", "cosigned", "mirrored")  # how safe an entry is, rising


@dataclass(frozen=True, slots=True)
class Wallet:
    network: NetworkId
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A customer or counterparty. Names and bank accounts are commitments; values lie beside."""

    id: PartyId
    name: Commitment
    kind: Literal["legal", "natural"]
    jurisdiction: Jurisdiction
    lei: Lei | None = None
    uscc: str = ""  # unified social credit code, GB 32100
    person_id: Commitment | None = None  # of a natural person
    bic: Bic | None = None
    wallets: tuple[Wallet, ...] = ()
    accounts: tuple[Commitment, ...] = ()  # bank accounts, in normal form
    owners: tuple[PartyId, ...] = ()
    custody: tuple[tuple[NetworkId, Digest], ...] = ()  # agreements that stand for consents
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A token as the lanes know it: its profile, its home, its id on each network."""

    id: AssetId
    profile: str
    kind: InstrumentKind
    home: NetworkId
    legs: tuple[Leg, ...]  # one a network
    scale: int  # decimals of a unit, for people's eyes only
    issued: Units  # quantity issued per instrument: 1 for a unique paper
    cap: Units  # most that may be outstanding away from home
    code: str = ""  # pinned code hash of the token, where the network has one
    active: bool = True

    def leg(self, network: NetworkId) -> Leg | None:
        """Return the asset's side on `network`, if it has one."""
        return next((leg for leg in self.legs if leg.network == network), None)


@dataclass(frozen=True, slots=True)
class Shut:
    """Why a lane takes no order though people opened it, and what mends that."""

    code: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One direction of a corridor; the way home is a lane of its own."""

    id: LaneId
    origin: NetworkId
    destination: NetworkId
    rail: NetworkId | None
    pack: str
    limit: Money  # per settlement
    quorum: int  # how many of the notaries must sign
    notaries: tuple[str, ...]  # names of operators
    acknowledge: str  # one of LEVELS
    assets: tuple[AssetId, ...]
    lapse_ms: int  # life of a lock at the origin before its holder could escape
    open: bool = False
    paused: str = ""  # why, when a person paused it


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Someone who may propose or approve; the key is the person, a token only carries words."""

    id: PersonId
    name: Commitment
    key: str  # Ed25519 public key, hex
    roles: tuple[str, ...]
    since: Instant
    until: Instant | None = None

    def holds(self, role: str, now: Instant) -> bool:
        """Tell whether this person has the role at `now`."""
        return role in self.roles and self.since <= now and (self.until is None or now < self.until)
