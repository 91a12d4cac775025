"""A settlement's slot on one side of a network: its states, its ticket, and what they still allow.

Pure: the chain, the door that looks and the tests read a slot by the same words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from adapters.memory.codec import BadWire, text, whole
from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import Instant, NetworkId, SettlementId

START = Instant(0)
ORIGIN_VERBS = frozenset({Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD})


class State(StrEnum):
    """Of one slot; SPENT is the fence that no late lock or mint can pass."""

    NONE = "none"
    OPEN = "open"
    SPENT = "spent"
    DONE = "done"
    ESCAPED = "escaped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a slot was opened for; later verbs must name the very same words."""

    settlement: SettlementId
    terms: str
    asset: str
    part: str
    units: int
    party: str
    counterpart: NetworkId


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One settlement's place on one side of this network."""

    state: State = State.NONE
    ticket: Ticket | None = None
    since: Instant = START
    held_until: Instant = START
    holds: tuple[str, ...] = ()  # digests of the hold acts seen: an ended hold is not replayed


EMPTY = Slot()


def slot_form(slot: Slot) -> dict[str, Value]:
    """Return the form a slot has on the wire."""
    form: dict[str, Value] = {
        "state": slot.state.value,
        "since": str(slot.since),
        "held_until": str(slot.held_until),
        "holds": list(slot.holds),
    }
    if (ticket := slot.ticket) is not None:
        form["ticket"] = {
            "settlement": ticket.settlement,
            "terms": ticket.terms,
            "asset": ticket.asset,
            "part": ticket.part,
            "units": str(ticket.units),
            "party": ticket.party,
            "counterpart": ticket.counterpart,
        }
    return form


def slot_of(form: Value) -> Slot:
    """Return the slot of its form.

    Errors: BadWire.
    """
    found = form.get("ticket") if isinstance(form, Mapping) else None
    holds = form.get("holds", ()) if isinstance(form, Mapping) else ()
    try:
        state = State(text(form, "state"))
    except ValueError as error:
        raise BadWire(f"state: {error}") from error
    return Slot(
        state=state,
        since=Instant(whole(form, "since")),
        held_until=Instant(whole(form, "held_until")),
        holds=() if isinstance(holds, str | bool | Mapping) else tuple(str(one) for one in holds),
        ticket=None
        if found is None
        else Ticket(
            settlement=SettlementId(text(found, "settlement")),
            terms=text(found, "terms"),
            asset=text(found, "asset"),
            part=text(found, "part"),
            units=whole(found, "units"),
            party=text(found, "party"),
            counterpart=NetworkId(text(found, "counterpart")),
        ),
    )


def ticket_of(act: Act) -> Ticket:
    """Return the words of an act that its slot keeps."""
    return Ticket(
        settlement=act.settlement,
        terms=act.terms,
        asset=act.asset,
        part=act.part,
        units=act.units,
        party=act.party,
        counterpart=act.counterpart,
    )


def slot_key(verb: Verb, settlement: SettlementId) -> str:
    """Return the key of a slot: one id may be locked here and minted there, never mixed."""
    return f"{'origin' if verb in ORIGIN_VERBS else 'destination'}/{settlement}"


def hold_digest(act: Act) -> str:
    """Return what tells a hold act from every other of its slot."""
    return sha256(f"{act.until}/{act.evidence}/{act.epoch}".encode()).hexdigest()[:32]


def landed(act: Act, slot: Slot) -> bool:
    """Tell whether the verb of `act` is what made, or helped to make, this slot."""
    match act.verb:
        case Verb.LOCK | Verb.MINT:
            return slot.state is not State.NONE and slot.ticket == ticket_of(act)
        case Verb.RELEASE:
            return slot.state in {State.SPENT, State.ESCAPED}
        case Verb.UNMINT:
            return slot.state is State.SPENT
        case Verb.BURN | Verb.ASSIGN:
            return slot.state is State.DONE and slot.ticket == ticket_of(act)
        case Verb.HOLD:
            return hold_digest(act) in slot.holds
        case Verb.PAY | Verb.RECALL:
            return False


def hopeless(act: Act, slot: Slot, now: Instant) -> str:
    """Return why the verb can never land any more, or nothing while it can."""
    if act.verb in {Verb.LOCK, Verb.MINT}:
        if slot.state is State.SPENT:
            return "fenced"
        if slot.state is not State.NONE:
            return "the slot was opened for another ticket"
        return "too late" if now > act.not_after else ""
    if slot.ticket is not None and slot.ticket != ticket_of(act):
        return "the slot was opened for another ticket"
    if slot.state in {State.SPENT, State.ESCAPED, State.DONE}:
        return f"the slot is {slot.state.value}"
    return ""
