"""Core words to the wire and back; pure: no socket, no clock, no chance, no key but as an argument.

Write this file first, from samples of the wire: everything in it can be tested without a network.
What is not written raises NotImplementedError, whose sentence says what it has to return.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.events import Fact
from bridge.core.ids import Instant, SettlementId

BEFORE_ALL = "0" * 64  # what the first page names as the one before


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What stands against a name. `available`: of the original, once it crossed; None: a twin."""

    is_listed: bool
    key: str  # the account's public key, hex; empty for an account nobody knows
    knows_gateway: bool
    units: int
    available: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One settlement on one side: `state` is empty, open, spent or done.

    A spent slot is the fence that no late lock or mint can pass. Later verbs must name the ticket
    it was opened for: terms, asset, part, units, party and counterpart of its act. A hold may come
    before its lock. `holds` tells hold acts apart, so that an ended one is not replayed.
    """

    state: str
    ticket: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a request: `unknown`, `waiting`, `open`, `failed` or `entered`.

    `slot` is as final pages have it; `is_moving` while a page that is not final changes it.
    """

    now: int  # ms by the network's own clock: it decides what has expired
    request: str
    why: str
    slot: Slot
    is_moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A final page: where it stands, what it names as the one before, its facts, its proof."""

    number: int
    before: str
    hash: str
    facts: tuple[Fact, ...]
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Pages:
    """What a reader is told: the hash that the page it stands on has now, and what came after."""

    head: str
    told: Sequence[Told]


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half in hex."""
    return key.public_key().public_bytes_raw().hex()


def is_signed(key: str, signature: bytes, message: bytes) -> bool:
    """Tell whether `signature` is that key's under `message`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def request(
    act: Act, signatures: tuple[Signature, ...], expires: Instant, gateway: Ed25519PrivateKey
) -> bytes:
    """Return the exact bytes that carry an act: the same words give the same meaning, for ever.

    The act travels whole, as holder or notaries signed it, and the settlement's id with it, so
    that a fact finds its order without a table. After `expires` the network takes it no more.
    """
    raise NotImplementedError("codec.request: the signed bytes of one transaction")


def request_id(raw: bytes) -> str:
    """Return the network's id of a request where it is known before sending, else one of ours."""
    raise NotImplementedError("codec.request_id: the id by which the network knows these bytes")


def slot_name(verb: Verb, settlement: SettlementId) -> str:
    """Return the name of a slot: one id may be locked here and minted there, never mixed."""
    raise NotImplementedError("codec.slot_name: how the escrow keys a settlement's slot")


def has_landed(raw: bytes, slot: Slot) -> bool:
    """Tell whether the verb of a request is what made, or helped to make, this slot.

    Whoever's request moved it: two that were prepared for one verb have both landed. A lock or mint
    has landed in any slot with its ticket, a release or unmint in a spent one, a burn or assign in
    one that is done with its ticket, a hold where its own act is among the holds.
    """
    raise NotImplementedError(
        "codec.has_landed: whether the slot shows this request's verb as done"
    )


def is_hopeless(raw: bytes, slot: Slot, now: int) -> str:
    """Return why the verb of a request can never land any more, or nothing while it can.

    True for ever once it is said: another ticket, a slot spent or done, a last instant gone by.
    """
    raise NotImplementedError("codec.is_hopeless: why this verb can never land, or nothing")


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return every fact that evidence proves to who knows nothing but the pinned words.

    Notaries run this, and auditors years later: it asks nobody, and no bit of the evidence can be
    changed so that it proves another fact. One page may prove several.
    Errors: Unproved, naming the step.
    """
    raise NotImplementedError("codec.verify: signatures by the pinned keys, then the facts")
