"""Core words to the chaincode's and back: acts out, events and slots in. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

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
)
from bridge.core.ids import BadId, Digest, Instant, NetworkId, settlement_id
from bridge.core.money import Units

FACTS: Mapping[str, type[AssetFact]] = {
    "settlement.locked": AssetLocked,
    "settlement.released": LockReleased,
    "settlement.burned": AssetBurned,
    "settlement.minted": AssetMinted,
    "settlement.unminted": AssetUnminted,
    "settlement.assigned": AssetAssigned,
}
HELD = "settlement.held"
ORIGIN_VERBS = frozenset({Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD})
LARGEST_UNITS = 2**256 - 1


class BadWords(ValueError):
    """Words that this escrow does not say."""


def argument_of(act: Act, signatures: tuple[Signature, ...]) -> bytes:
    """The one argument of a verb: the act, and who signed it."""
    signed: list[Value] = [
        {"kind": one.kind, "signer": one.signer, "signature": one.signature.hex()}
        for one in signatures
    ]
    return canonical({"act": act.body(), "signatures": signed})


def act_of(argument: bytes) -> Act:
    """The act that an argument of ours carries. Errors: BadWords."""
    body = _object(argument.decode("utf-8", "replace")).get("act")
    if not isinstance(body, Mapping):
        raise BadWords("act: no object")
    try:
        return Act(
            verb=Verb(_text(body, "verb")),
            settlement=settlement_id(_text(body, "settlement")),
            terms=Digest(_text(body, "terms")),
            network=NetworkId(_text(body, "network")),
            escrow=_text(body, "escrow"),
            asset=_text(body, "asset"),
            part=_text(body, "part"),
            units=Units(_whole(body, "units")),
            party=_text(body, "party"),
            counterpart=NetworkId(_text(body, "counterpart")),
            evidence=Digest(_text(body, "evidence")),
            verdict=Digest(_text(body, "verdict")),
            epoch=_whole(body, "epoch"),
            not_after=Instant(_whole(body, "not_after")),
            until=Instant(_whole(body, "until")),
        )
    except ValueError as error:
        raise BadWords(f"act: {error}") from error


def question_of(*keys: str) -> bytes:
    """The argument that asks for the records under some keys."""
    return canonical({"keys": list(keys)})


def records_of(data: str) -> list[Mapping[str, Value]]:
    """The records a reading told, in the order asked; an empty one where there is none.

    Errors: BadWords.
    """
    records = _object(data).get("records")
    if records is None or isinstance(records, str | bool | Mapping):
        raise BadWords("records: no list")
    found = [one for one in records if isinstance(one, Mapping)]
    if len(found) != len(records):
        raise BadWords("records: one is no object")
    return found


def fact_of(name: str, payload: bytes, network: NetworkId, escrow: str) -> Fact | None:
    """The fact an event tells, or None for an event that is not a settlement's.

    Errors: BadWords.
    """
    if name != HELD and name not in FACTS:
        return None
    body = _object(payload.decode("utf-8", "replace"))
    try:
        settlement = settlement_id(_text(body, "settlement"))
    except BadId as error:
        raise BadWords(str(error)) from error
    if name == HELD:
        return LockHeld(
            settlement=settlement,
            network=network,
            until=Instant(_whole(body, "until")),
            evidence=Digest(_text(body, "evidence")),
        )
    return FACTS[name](
        settlement=settlement,
        network=network,
        escrow=escrow,
        asset=_text(body, "asset"),
        part=_text(body, "part"),
        units=Units(_whole(body, "units")),
        account=_text(body, "account"),
    )


@dataclass(frozen=True, slots=True)
class Slot:
    """A settlement's place on one side, as the chaincode keeps it."""

    state: str
    ticket: Mapping[str, Value]
    held_until: int
    holds: tuple[str, ...]


def slot_key(verb: Verb, settlement: str) -> str:
    """The key of a slot: one id may be locked here and minted there, never mixed."""
    return f"{'origin' if verb in ORIGIN_VERBS else 'destination'}/{settlement}"


def lot_key(asset: str, part: str) -> str:
    """The key of a lot."""
    return f"asset/{asset}#{part}" if part else f"asset/{asset}"


def slot_of(record: Mapping[str, Value]) -> Slot:
    """The slot of its record; an unused one where there is none. Errors: BadWords."""
    if not record:
        return Slot("none", {}, 0, ())
    ticket, holds = record.get("ticket", {}), record.get("holds", ())
    if isinstance(holds, str | bool | Mapping) or not isinstance(ticket, Mapping):
        raise BadWords("slot: another form")
    listed = tuple(one for one in holds if isinstance(one, str))
    return Slot(_text(record, "state"), ticket, _whole(record, "held_until"), listed)


def ticket_of(act: Act) -> Mapping[str, Value]:
    """The words of an act that its slot keeps."""
    return {
        "terms": act.terms,
        "asset": act.asset,
        "part": act.part,
        "units": str(act.units),
        "party": act.party,
        "counterpart": act.counterpart,
    }


def landed(act: Act, slot: Slot) -> bool:
    """Whether the verb of `act` is what made, or helped to make, this slot."""
    same = slot.ticket == ticket_of(act)
    match act.verb:
        case Verb.LOCK | Verb.MINT:
            return same and slot.state != "none"
        case Verb.RELEASE:
            return slot.state in {"spent", "escaped"}
        case Verb.UNMINT:
            return slot.state == "spent"
        case Verb.BURN | Verb.ASSIGN:
            return same and slot.state == "done"
        case Verb.HOLD:
            cited = f"{act.until}/{act.evidence}/{act.epoch}"
            return sha256(cited.encode()).hexdigest()[:32] in slot.holds
        case Verb.PAY | Verb.RECALL:
            return False


def hopeless(act: Act, slot: Slot, now: Instant) -> str:
    """Why the verb can never land any more, or nothing while it can."""
    if act.verb in {Verb.LOCK, Verb.MINT}:
        if slot.state == "spent":
            return "fenced"
        if slot.state != "none":
            return "the slot was opened for another ticket"
        return "too late" if now > act.not_after else ""
    if slot.ticket and slot.ticket != ticket_of(act):
        return "the slot was opened for another ticket"
    if slot.state in {"spent", "escaped", "done"}:
        return f"the slot is {slot.state}"
    return ""


def _object(data: str) -> Mapping[str, Value]:
    try:
        body = parse(data.encode())
    except (NotCanonical, UnicodeEncodeError) as error:
        raise BadWords(str(error)[:200]) from error
    if not isinstance(body, Mapping):
        raise BadWords("no object")
    return body


def _text(body: Mapping[str, Value], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str):
        raise BadWords(f"{name}: no text")
    return found


def _whole(body: Mapping[str, Value], name: str) -> int:
    found = _text(body, name)
    if not (found.isascii() and found.isdigit() and len(found) <= 78):
        raise BadWords(f"{name}: no whole number")
    if int(found) > LARGEST_UNITS:
        raise BadWords(f"{name}: too large")
    return int(found)
