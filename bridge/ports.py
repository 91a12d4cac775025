"""The doors: what a network, a rail, a notary and a clock must be to stand at this house.

A verb asks; only an observation tells. `prepare` makes the exact bytes, the ledger keeps them,
`submit` sends them, `look` says what became of them, `observe` yields what is final.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.consent import Consent
from bridge.core.effects import (
    DestinationEffect,
    OriginEffect,
    PaymentEffect,
    Verb,
)
from bridge.core.events import Fact
from bridge.core.ids import Cursor, Digest, Instant, NetworkId, SettlementId, TxRef
from bridge.core.order import SettlementOrder
from bridge.core.parties import Personal

Disclosed: TypeAlias = Mapping[str, Personal]  # personal values by their place in the order


class AdapterError(Exception):
    """Trouble with the world; nothing else crosses a door. Caught in engine/perform and watch."""


class Unavailable(AdapterError):
    """Raise when nothing was sent: no connection, a closed gate. The engine tries again later."""


class StrangerOwes(Unavailable):
    """Raise when nothing was sent since somebody outside must act first; the sentence says who."""


class Refused(AdapterError):
    """Raise when the network refuses for good: it can never land as it stands."""


class Uncertain(AdapterError):
    """Raise when it may have been sent. The engine looks, it never asks again blindly."""


class FinalityBroken(AdapterError):
    """Raise when a final fact was undone. A chain is frozen; on a rail only that settlement."""

    def __init__(self, why: str, settlement: SettlementId | None = None) -> None:
        super().__init__(why)
        self.settlement = settlement


class Unproved(AdapterError):
    """Raise from `verify` when evidence does not prove a fact; the sentence names the step."""


def let_go(error: BaseException) -> None:
    """Have a caught error, and what it came from, hold nothing of the try that it ended.

    What a library raises often lies in a frame of its own traceback: a cycle a try, found late.
    """
    held: BaseException | None = error
    seen: set[int] = set()  # whoever sets causes by hand may close a ring
    while held is not None and id(held) not in seen:
        seen.add(id(held))
        held.__traceback__ = None
        held = held.__cause__ or held.__context__


class Answered(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a door looked at before any asset moves."""

    what: str  # such as `holder owns it`
    answer: Answered
    why: str


@dataclass(frozen=True, slots=True)
class Key:
    """What is prepared: one verb of one settlement, and which attempt at it."""

    settlement: SettlementId
    verb: Verb
    attempt: int = 0

    @property
    def text(self) -> str:
        return f"{self.settlement}/{self.verb.value}/{self.attempt}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The exact bytes of one asking, kept by the ledger before they are sent.

    `items` are the fee rungs of one nonce, or the messages of one payment, in order. `tx` is the
    network's id where it is known before sending, else ours. `names` are what else people look for
    it by, such as the hash of each rung: of them the first `ids.NAMES_MAX` are kept.
    """

    key: Key
    network: NetworkId
    tx: TxRef
    items: tuple[bytes, ...]
    expires: Instant | None = None  # after it, `look` has an answer that is not Unknown
    replaces: TxRef | None = None
    keep: tuple[tuple[str, bytes | None], ...] = ()  # committed with it, such as whose UETR it is
    names: tuple[TxRef, ...] = ()


@dataclass(frozen=True, slots=True)
class Landed:
    """It is on the network; `observe` tells the fact, or has told it."""


@dataclass(frozen=True, slots=True)
class Never:
    """It can never land, and nothing of this verb and attempt has."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """It may be under way; `why` says for whom or what we wait.

    `stranger`: it is for an act of somebody outside, and nobody here can make it.
    """

    why: str
    stranger: bool = False


@dataclass(frozen=True, slots=True)
class Unseen(Unknown):
    """The network shows nothing of it yet: the very bytes may be handed over again, as once."""


@dataclass(frozen=True, slots=True)
class Again:
    """These bytes can no longer land, but the verb still can: prepare anew, replacing them."""

    why: str


Sight: TypeAlias = Landed | Never | Unknown | Again


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth showing that is not final: it never reaches the machine."""

    network: NetworkId
    what: str  # such as `payment.accepted`, `finality.progress`, `endpoint.lied`
    settlement: SettlementId | None = None
    detail: str = ""  # no names, no payloads


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One thing read from a network, and where the reader stands after it.

    `keep` is what the adapter wants kept in the same commit: a value, or None to forget it. `tx`
    names the transaction that told the fact, whoever sent it: to search by, nothing rests on it.
    """

    subject: Fact | Notice
    cursor: Cursor
    evidence: bytes = b""  # proves the fact to `verify`; empty for a notice
    keep: tuple[tuple[str, bytes | None], ...] = ()
    tx: TxRef | None = None


Page: TypeAlias = tuple[Observation, ...]


HELD_KEY = "held/"  # a door keeps under it, by a name, what it asks people to decide
PEOPLE_KEY = "people/"  # and finds under it, by that name, what two of them said
RELEASED, DECLINED = b"release", b"refuse"


class Kept(Protocol):
    """A read-only view of what an adapter asked to be kept, and of what people decided of it.

    What is kept under `held/NAME`, in canonical JSON without names or payloads, is shown to people.
    The word of two is then under `people/NAME`; the door acts on it once and forgets it asked.
    """

    def get(self, key: str) -> bytes | None:
        """Return the value kept under `key`."""
        ...

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys that begin with `prefix`, sorted."""
        ...


class Clock(Protocol):
    """The only reader of time."""

    def now(self) -> Instant:
        """Return the wall clock's milliseconds since the epoch."""
        ...


class Door(Protocol):
    """What every network and rail shares."""

    @property
    def id(self) -> NetworkId:
        """The CAIP-2 id that is signed."""
        ...

    @property
    def finality_ms(self) -> int:
        """How long a landed transaction takes to be observed, as its finality rule states."""
        ...

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return what could be seen, reading only, of whether `order` could land here.

        Errors: Unavailable where the network cannot be asked now: the order waits for it.
        """
        ...

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of what is final after `since`, in the network's order, for ever.

        Asking for the next page acknowledges the one before: all of it was committed, and `Kept`
        shows what it kept. Nothing is asked for ahead.
        """
        ...

    async def submit(self, prepared: Prepared) -> None:
        """Hand the bytes over and return before finality. Twice is once.

        Errors: Unavailable, Refused, Uncertain.
        """
        ...

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it, from the network's own words. Errors: Unavailable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentOwed:
    """Whose word is needed before a lock, and exactly what they sign or call."""

    network: NetworkId
    by: str  # the holder's account
    kind: str  # one of act.CONSENT_KINDS
    message: bytes  # what is signed, or typed data in JSON
    calls: tuple[str, ...] = ()  # what the holder must also do, such as an allowance


class OriginNetwork(Door, Protocol):
    """Where an asset is locked, and released or burned."""

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return what the holder signs; it covers the order's terms."""
        ...

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether `consent` is the holder's word for this lock, reading only."""
        ...

    async def prepare(
        self,
        effect: OriginEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the exact bytes that carry out `effect`; nothing has left this machine.

        A lock's act is signed by its holder: there `signatures` are the consents.
        Errors: Unavailable, Refused.
        """
        ...


class DestinationNetwork(Door, Protocol):
    """Where a twin is made in our custody, and unmade or assigned."""

    async def prepare(
        self,
        effect: DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the exact bytes that carry out `effect`; nothing has left this machine.

        Errors: Unavailable, Refused.
        """
        ...


class PaymentRail(Door, Protocol):
    """Where money moves, by message."""

    async def prepare(
        self, effect: PaymentEffect, disclosed: Disclosed, replaces: TxRef | None = None
    ) -> Prepared:
        """Return the exact messages that carry out `effect`; nothing has left this machine.

        Names and accounts come beside the effect, since a leaf form holds their commitments only.
        Errors: Unavailable, Refused.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One ledger entry an act rests on, with the raw bytes that lie beside it."""

    leaf: Digest  # RFC 6962 leaf hash of the entry
    entry: bytes  # the entry's canonical bytes
    raw: bytes  # what `verify` reads; empty for entries of our own such as a saga


@dataclass(frozen=True, slots=True)
class Attested:
    """m of n have signed."""

    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True)
class NotYet:
    """Too few could answer now; ask again."""

    why: str


@dataclass(frozen=True, slots=True)
class FinalNo:
    """A notary will never sign this: an alarm, not a reason to wait."""

    why: str


Attestation: TypeAlias = Attested | NotYet | FinalNo


class Attestor(Protocol):
    """Who signs: keys of named operators in one process, or remote notaries."""

    async def attest(
        self, act: Act, order: SettlementOrder, evidence: tuple[Evidence, ...]
    ) -> Attestation:
        """Return the signatures of m of n under `act`, each notary having verified it itself."""
        ...


class AdapterSettings(Protocol):
    """What an operator writes for one instance, as its pydantic model has it."""

    @property
    def network(self) -> NetworkId:
        """The CAIP-2 id this instance speaks for."""
        ...


@dataclass(frozen=True, slots=True)
class Adapter:
    """What an entry point of the group `bridge.adapters` names.

    `settings` parses the table an operator wrote (errors: ValueError that names key and rule);
    `open` yields the door; `pinned` is what a verifier's own settings fix for that network,
    on `eip155:` also `genesis`, the hash of block 0 as 0x and hex, which notaries sign as a salt;
    `verify` is pure and returns every fact the evidence proves: one block or statement may prove
    several (errors: Unproved). `loads` makes beforehand what else is made at its first use: the
    demo's daemon calls it while wires start.
    """

    name: str
    settings: Callable[[Mapping[str, object]], AdapterSettings]
    open: Callable[[AdapterSettings, Clock, Kept], AbstractAsyncContextManager[Door]]
    pinned: Callable[[AdapterSettings], Value]
    verify: Callable[[bytes, Value], tuple[Fact, ...]]
    loads: Callable[[], object] = lambda: None
