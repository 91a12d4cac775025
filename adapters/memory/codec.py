"""Core words to the memory wire and back: transactions, events, bookings, payment messages.

A signed thing is 64 bytes of Ed25519 before the canonical bytes it stands under; 64 zero bytes
where nobody signed. Everything is pure; what is not ours to believe raises BadWire or Unproved.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bridge.core.act import Act, Signature
from bridge.core.canonical import NotCanonical, Value, canonical, parse
from bridge.core.effects import Verb
from bridge.core.events import (
    AssetAssigned,
    AssetBurned,
    AssetFact,
    AssetLocked,
    AssetMinted,
    AssetUnminted,
    Fact,
    LockHeld,
    LockReleased,
    PaymentDisputed,
    PaymentRejected,
    PaymentReturned,
    PaymentSettled,
    RecallRefused,
)
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, TxRef
from bridge.core.money import BadMoney, Money, Units, currency
from bridge.ports import Unproved

EVENT_PREFIX = b"lianqiao memory event v1\n"
BOOKING_PREFIX = b"lianqiao memory booking v1\n"
TX_PREFIX = b"lianqiao memory transaction v1\n"
UNSIGNED = bytes(64)
FIRST = "0" * 64  # what the first event of a network names as the one before

ASSET_FACTS: Mapping[str, type[AssetFact]] = {
    kind.__name__: kind
    for kind in (
        AssetLocked,
        LockReleased,
        AssetBurned,
        AssetMinted,
        AssetUnminted,
        AssetAssigned,
    )
}
PAYMENT_FACTS = {kind.__name__: kind for kind in (PaymentSettled, PaymentRejected, PaymentReturned)}


class BadWire(ValueError):
    """Raised for bytes or members that are not of this wire; the sentence names the member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One act with what carries it, as the chain reads it."""

    id: TxRef
    act: Act
    message: bytes  # the act's own bytes, which holder and notaries signed
    signatures: tuple[Signature, ...]
    operator: str  # public key, hex; empty where no operator signed
    expires: Instant
    signed: bytes  # what the operator's signature stands under
    operator_signature: bytes


def text(body: Value, name: str) -> str:
    """Return the text member of an object.

    Errors: BadWire.
    """
    found = body.get(name) if type(body) is dict or isinstance(body, Mapping) else None
    if not isinstance(found, str):
        raise BadWire(f"{name}: no text")
    return found


def whole(body: Value, name: str) -> int:
    """Return the whole number that a text member writes in decimal.

    Errors: BadWire.
    """
    written = text(body, name)
    if not (written.isascii() and written.isdigit() and len(written) <= 78):
        raise BadWire(f"{name}: no whole number")
    return int(written)


@lru_cache(4_096)
def public_key(key: str) -> Ed25519PublicKey:
    """Return the key of its 32 bytes in hex.

    Errors: BadWire.
    """
    try:
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
    except ValueError as error:
        raise BadWire(f"{key[:80]!r} is no Ed25519 public key in hex") from error


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half in hex."""
    return key.public_key().public_bytes_raw().hex()


@lru_cache(8_192)  # the same words are read by the escrow, the watcher and the notaries
def is_signed(key: str, signature: bytes, message: bytes) -> bool:
    """Tell whether `signature` is that key's under `message`."""
    try:
        public_key(key).verify(signature, message)
    except (InvalidSignature, BadWire):
        return False
    return True


def transaction(
    act: Act,
    signatures: tuple[Signature, ...],
    *,
    expires: Instant,
    replaces: TxRef | None = None,
    operator: Ed25519PrivateKey | None = None,
) -> bytes:
    """Return the bytes of one transaction; only a lock is signed by the operator too."""
    body = canonical(
        {
            "act": act.body(),
            "signatures": [
                {"kind": one.kind, "signer": one.signer, "signature": one.signature.hex()}
                for one in signatures
            ],
            "operator": public_hex(operator) if operator is not None else "",
            "expires": str(expires),
            "replaces": replaces or "",
        }
    )
    return (operator.sign(TX_PREFIX + body) if operator is not None else UNSIGNED) + body


def tx_ref(raw: bytes) -> TxRef:
    """Return a transaction's id: the SHA-256 of its bytes."""
    return TxRef(sha256(raw).hexdigest())


@lru_cache(1_024)
def read_transaction(raw: bytes) -> Transaction:
    """Return what a transaction says; nothing in it is verified yet.

    Errors: BadWire.
    """
    body = _parsed(raw[64:])
    act = act_of(body.get("act", ""))
    listed = body.get("signatures", "")
    if isinstance(listed, str | bool | Mapping):
        raise BadWire("signatures: no list")
    try:
        signatures = tuple(
            Signature(
                kind=text(one, "kind"),
                signer=text(one, "signer"),
                signature=bytes.fromhex(text(one, "signature")),
            )
            for one in listed
        )
    except ValueError as error:
        raise BadWire(f"signatures: {error}") from error
    return Transaction(
        id=tx_ref(raw),
        act=act,
        message=act.message(),
        signatures=signatures,
        operator=text(body, "operator"),
        expires=Instant(whole(body, "expires")),
        signed=TX_PREFIX + raw[64:],
        operator_signature=raw[:64],
    )


def act_of(body: Value) -> Act:
    """Return the act a transaction carries.

    Errors: BadWire.
    """
    try:
        return Act(
            verb=Verb(text(body, "verb")),
            settlement=SettlementId(text(body, "settlement")),
            terms=Digest(text(body, "terms")),
            network=NetworkId(text(body, "network")),
            escrow=text(body, "escrow"),
            asset=text(body, "asset"),
            part=text(body, "part"),
            units=Units(whole(body, "units")),
            party=text(body, "party"),
            counterpart=NetworkId(text(body, "counterpart")),
            evidence=Digest(text(body, "evidence")),
            verdict=Digest(text(body, "verdict")),
            epoch=whole(body, "epoch"),
            not_after=Instant(whole(body, "not_after")),
            until=Instant(whole(body, "until")),
        )
    except ValueError as error:
        raise BadWire(f"act: {error}") from error


def sealed(prefix: bytes, body: Value, key: Ed25519PrivateKey) -> bytes:
    """Return a canonical body with the signature that stands under it before it."""
    raw = canonical(body)
    return key.sign(prefix + raw) + raw


@lru_cache(1_024)  # the reader, its proof and the notaries read the same bytes
def unsealed(evidence: bytes) -> Mapping[str, Value]:
    """Return the body of a sealed thing, its signature unread.

    Errors: BadWire.
    """
    return _parsed(evidence[64:])


def event_hash(evidence: bytes) -> str:
    """Return the hash by which the next event names this one."""
    return sha256(evidence[64:]).hexdigest()


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return the one fact that an event of the pinned network, or a booking of its bank, proves.

    Errors: Unproved, naming the step: the pinned words, the signature, the body.
    """
    try:
        key, network, kind = text(pinned, "key"), text(pinned, "network"), text(pinned, "kind")
        prefix = EVENT_PREFIX if kind == "network" else BOOKING_PREFIX
        if not is_signed(key, evidence[:64], prefix + evidence[64:]):
            raise Unproved(f"signature: not by the key pinned for {network}")
        body = unsealed(evidence)
        if text(body, "network") != network:
            raise Unproved(f"network: not {network}")
        fact = told(evidence, network=kind == "network")
        if isinstance(fact, AssetFact) and fact.escrow != text(pinned, "escrow"):
            raise Unproved(f"escrow: {fact.escrow!r} is not the pinned one")
    except BadWire as error:
        raise Unproved(f"body: {error}") from error
    if fact is None:
        raise Unproved("body: it tells no fact")
    return (fact,)


@lru_cache(1_024)
def told(evidence: bytes, *, network: bool) -> Fact | None:
    """Return the fact that an event of a network, or a booking of a bank, tells; unverified.

    Errors: BadWire.
    """
    body = unsealed(evidence)
    return event_fact(body) if network else booking_fact(body)


def event_fact(body: Value) -> Fact:
    """Return the fact a canonical event tells.

    Errors: BadWire.
    """
    name = text(body, "name")
    settlement = SettlementId(text(body, "settlement"))
    network = NetworkId(text(body, "network"))
    if name == "LockHeld":
        return LockHeld(
            settlement=settlement,
            network=network,
            until=Instant(whole(body, "until")),
            evidence=Digest(text(body, "evidence")),
        )
    kind = ASSET_FACTS.get(name)
    if kind is None:
        raise BadWire(f"name: {name!r} is no event of an escrow")
    return kind(
        settlement=settlement,
        network=network,
        escrow=text(body, "escrow"),
        asset=text(body, "asset"),
        part=text(body, "part"),
        units=Units(whole(body, "units")),
        account=text(body, "account"),
    )


def booking_fact(body: Value) -> Fact | None:
    """Return the fact a booking of the bank tells, or None where it is only worth a notice.

    A booking whose amount is not the instructed one is a dispute, whatever the bank calls it.
    Errors: BadWire.
    """
    name = text(body, "name")
    settlement = SettlementId(text(body, "settlement"))
    network = NetworkId(text(body, "network"))
    if name == "PaymentAccepted":
        return None
    if name == "RecallRefused":
        return RecallRefused(settlement=settlement, network=network, number=whole(body, "recall"))
    kind = PAYMENT_FACTS.get(name)
    if kind is None:
        raise BadWire(f"name: {name!r} is no booking")
    booked = _amount(body, "minor")
    if booked != _amount(body, "instructed"):
        return PaymentDisputed(settlement=settlement, network=network, amount=booked)
    return kind(settlement=settlement, network=network, amount=booked)


def _amount(body: Value, name: str) -> Money:
    try:
        return Money(whole(body, name), currency(text(body, "currency")))
    except BadMoney as error:
        raise BadWire(f"currency: {error}") from error


def _parsed(raw: bytes) -> Mapping[str, Value]:
    try:
        body = parse(raw)
    except NotCanonical as error:
        raise BadWire(str(error)) from error
    if not isinstance(body, Mapping):
        raise BadWire("no object")
    return body
