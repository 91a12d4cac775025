"""Core words to the folio wire and back; pure. What is not ours to believe raises Unproved.

Evidence is a page under both its signatures: the registrar's, the supervisor's, the page, a line
each. One page may prove several facts.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bridge.core.act import ACT_PREFIX, Act, Signature
from bridge.core.canonical import Value
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
)
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId
from bridge.core.money import Units
from bridge.ports import Unproved

PAGE_PREFIX = b"folio page v1\n"
SEAL_PREFIX = b"folio request v1\n"
BEFORE_ALL = "0" * 64
TICKET = ("settlement", "terms", "asset", "part", "units", "party", "counterpart")
ORIGIN_VERBS = frozenset({Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD})
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an account has of an asset. `available`: of an original, abroad; None: it is a twin."""

    is_listed: bool
    key: str  # the account's name, which is its key; empty for one nobody knows
    knows_gateway: bool
    units: int
    available: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One settlement on one side: `state` is empty, open, spent or done."""

    state: str
    ticket: str
    holds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of a request, and the slot as final pages have it."""

    now: int
    request: str
    why: str
    slot: Slot
    is_moving: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A page as it was told: where it stands, what it names as the one before, its facts."""

    register: str
    number: int
    before: str
    hash: str  # by which the next page names this one
    facts: tuple[Fact, ...]
    evidence: bytes


@dataclass(frozen=True, slots=True)
class Pages:
    """The hash that the page a reader stands on has now, and the final pages after it."""

    head: str
    told: tuple[Told, ...]


def public_hex(key: Ed25519PrivateKey) -> str:
    """Return the public half in hex; on a folio register that is an account's name."""
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
    """Return the bytes of a request: the gateway's seal, then the act as it was signed."""
    body = json.dumps(
        {
            "act": act.message().decode(),
            "signatures": [[one.signer, one.signature.hex()] for one in signatures],
            "gateway": public_hex(gateway),
            "expires": expires,
        }
    ).encode()
    return gateway.sign(SEAL_PREFIX + body) + body


def request_id(raw: bytes) -> str:
    """Return the register's id of a request, which is known before it is sent."""
    return sha256(raw).hexdigest()


def asked_in(raw: bytes) -> tuple[str, Mapping[str, str]]:
    """Return the act of a request of ours: its text and its words."""
    text: str = json.loads(raw[64:])["act"]
    words: Mapping[str, str] = json.loads(text.removeprefix(ACT_PREFIX.decode()))
    return text, words


def slot_name(verb: Verb, settlement: SettlementId) -> str:
    """Return the name of a slot: one id may be locked here and minted there, never mixed."""
    return f"{'origin' if verb in ORIGIN_VERBS else 'destination'}/{settlement}"


def has_landed(raw: bytes, slot: Slot) -> bool:
    """Tell whether the verb of a request is what made, or helped to make, this slot."""
    text, words = asked_in(raw)
    same, state = slot.ticket == _ticket(words), slot.state
    match Verb(words["verb"]):
        case Verb.LOCK | Verb.MINT:
            return same and state != ""
        case Verb.RELEASE | Verb.UNMINT:
            return state == "spent"
        case Verb.BURN | Verb.ASSIGN:
            return same and state == "done"
        case Verb.HOLD:
            return sha256(text.encode()).hexdigest() in slot.holds
        case Verb.PAY | Verb.RECALL:
            return False


def is_hopeless(raw: bytes, slot: Slot, now: int) -> str:
    """Return why the verb of a request can never land any more, or nothing while it can."""
    _, words = asked_in(raw)
    if slot.ticket not in {"", _ticket(words)}:
        return "the slot was opened for another ticket"
    if slot.state in {"spent", "done"}:
        return f"the slot is {slot.state}"
    is_timed = words["verb"] in {Verb.LOCK, Verb.MINT}
    return "too late" if is_timed and now > int(words["not_after"]) else ""


def _ticket(words: Mapping[str, str]) -> str:
    return sha256(json.dumps([words[name] for name in TICKET]).encode()).hexdigest()


def holding_of(body: Any) -> Holding:
    """Return what a node answers of an account. Errors: ValueError, KeyError, TypeError."""
    return Holding(
        is_listed=bool(body["listed"]),
        key=str(body["account"]) if body["known"] else "",
        knows_gateway=bool(body["gateway"]),
        units=int(body["units"]),
        available=int(body["abroad"]) if body["home"] else None,
    )


def standing_of(body: Any) -> Standing:
    """Return what a node answers of a request. Errors: ValueError, KeyError, TypeError."""
    slot = body["slot"]
    holds = tuple(str(one) for one in slot["holds"])
    return Standing(
        now=int(body["now"]),
        request=str(body["request"]),
        why=str(body["why"]),
        slot=Slot(state=str(slot["state"]), ticket=str(slot["ticket"]), holds=holds),
        is_moving=bool(body["moving"]),
    )


def pages_of(body: Any) -> Pages:
    """Return what a node tells a reader. Errors: ValueError, KeyError, TypeError."""
    told = (
        page_of("\n".join((one["registrar"], one["supervisor"], one["page"])).encode())
        for one in body["pages"]
    )
    return Pages(str(body["head"]), tuple(told))


def page_of(evidence: bytes) -> Told:
    """Return what a page tells, its signatures unread. Errors: ValueError, KeyError, TypeError."""
    _, _, text = evidence.decode().split("\n", 2)
    page = json.loads(text)
    facts = (_fact(page["register"], line) for line in page["lines"] if "act" in line)
    return Told(
        register=str(page["register"]),
        number=int(page["number"]),
        before=str(page["before"]),
        hash=sha256(text.encode()).hexdigest(),
        facts=tuple(facts),
        evidence=evidence,
    )


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return every fact that a page proves: two pinned keys have signed it, and it is of here.

    Errors: Unproved, naming the step.
    """
    assert isinstance(pinned, Mapping), "pinned words are an object"
    try:
        registrar, supervisor, text = evidence.decode().split("\n", 2)
        signatures = {"registrar": registrar, "supervisor": supervisor}
        for role, signature in signatures.items():
            key, raw = str(pinned[role]), bytes.fromhex(signature)
            if not is_signed(key, raw, PAGE_PREFIX + text.encode()):
                raise Unproved(f"signature: not by the {role} pinned for {pinned['network']}")
        page = page_of(evidence)
    except (ValueError, KeyError, TypeError) as error:
        raise Unproved(f"page: {type(error).__name__}") from error
    if page.register != pinned["network"]:
        raise Unproved(f"register: not {pinned['network']}")
    for fact in page.facts:
        if isinstance(fact, AssetFact) and fact.escrow != pinned["escrow"]:
            raise Unproved(f"escrow: {fact.escrow!r} is not the pinned one")
    return page.facts


def _fact(register: str, line: Mapping[str, Any]) -> Fact:
    words = json.loads(line["act"].removeprefix(ACT_PREFIX.decode()))
    settlement, network = SettlementId(words["settlement"]), NetworkId(register)
    if line["name"] == LockHeld.__name__:
        return LockHeld(
            settlement=settlement,
            network=network,
            until=Instant(int(words["until"])),
            evidence=Digest(words["evidence"]),
        )
    return ASSET_FACTS[line["name"]](
        settlement=settlement,
        network=network,
        escrow=words["escrow"],
        asset=words["asset"],
        part=words["part"],
        units=Units(line["moved"]),
        account=words["party"],
    )
