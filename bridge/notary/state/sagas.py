"""Settlements: their orders, what they hear, what they owe and what was written before asking."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from bridge.core.booking import booking
from bridge.core.canonical import Value, digest
from bridge.core.effects import Screen, Verb, verb_of
from bridge.core.events import (
    AssetAssigned,
    AssetBurned,
    AssetFact,
    AssetLocked,
    AssetMinted,
    AssetUnminted,
    Cancelled,
    Decided,
    Event,
    GiveBack,
    GoOn,
    HoldCleared,
    HoldDeclined,
    LockReleased,
    PolicyBlocked,
    PolicyCleared,
    PolicyHeld,
    PolicyRejected,
    RecallDecided,
    Resolved,
)
from bridge.core.ids import NAMES_MAX, Cursor, Digest, Instant, NetworkId, TxRef, findable
from bridge.core.settlement import MACHINES, Settlement, advance, due, proposed
from bridge.notary.entries import Entry
from bridge.notary.event_forms import event_of
from bridge.notary.forms import act_of, consent_of, order_of, paper_of
from bridge.notary.reading import BadForm, integer, objects, part, plain, text, texts
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.proposals import CLEAR, HELD, PEOPLE, THAW, not_carried
from bridge.notary.state.refusals import REFUSED, Code, Refusal
from bridge.notary.state.rows import ActRow, DecisionRow, FactRow, PreparedRow, SagaRow
from bridge.notary.state.view import Change, Changes, View

_SAGA: Final = frozenset("settlement machine from event to visit stop".split())
_DECISION: Final = frozenset(
    "settlement visit stage body_hash pack rules outcome dossier findings valid_until".split()
)
_PREPARED: Final = frozenset("settlement verb attempt network tx items visit signatures".split())
_EVIDENCE: Final = frozenset(
    "network shows sha256 cursor reader keep settlement finality tx".split()
)
_OUTCOMES: Final[Mapping[type[Event], str]] = {
    PolicyCleared: "clear",
    PolicyHeld: "hold",
    PolicyRejected: "reject",
    PolicyBlocked: "block",
}
_UNITS: Final = (  # a disputed one may say anything: it moves nothing
    AssetLocked,
    AssetMinted,
    AssetBurned,
    AssetAssigned,
    LockReleased,
    AssetUnminted,
)
_FENCES: Final = (LockReleased, AssetUnminted)  # may say zero units: an unused id was spent


def ordered(view: View, entry: Entry) -> Changes | Refusal:
    """Begin a settlement with its order, at the stage the machine begins in."""
    if entry.body.keys() ^ {"order", "uetr"}:
        raise BadForm(f"order: the members {sorted(entry.body)}")
    order = order_of(part(entry.body, "order"))
    if text(entry.body, "uetr") != order.uetr:
        raise BadForm("uetr: not that of the settlement's id")
    scopes = (
        f"lane/{order.lane}",
        f"asset/{order.instrument.asset}",
        f"party/{order.originator.party}",
        f"party/{order.beneficiary.party}",
        f"network/{order.origin.network}",
        f"network/{order.destination.network}",
        *(() if order.payment is None else (f"network/{order.payment.rail}",)),
    )
    if any(view.freeze(scope) is not None for scope in scopes):
        return REFUSED[Code.FROZEN]
    if view.settlement(order.id) is not None:
        return REFUSED[Code.SETTLEMENT_KNOWN]
    settlement = proposed(order)
    return (
        ("order", order.id, order),
        ("uetr", order.uetr, order.id),
        ("open", order.id, ""),
        ("settlement", order.id, settlement),
        _entered(entry, settlement),
    )


def _entered(entry: Entry, after: Settlement) -> Change:
    key = f"{after.order.id}/{after.stage.value}"
    return ("saga", key, SagaRow(n=entry.n, leaf=entry.leaf))


def brought(view: View, entry: Entry) -> Changes | Refusal:
    """Keep a consent or a paper as it was brought, over the order's own terms."""
    if entry.kind == "consent":
        consent = consent_of(entry.body)
        settlement = view.settlement(consent.settlement)
        terms, key = consent.terms, f"{consent.settlement}/{consent.network}"
        change: Change = ("consent", key, consent)
    else:
        paper = paper_of(entry.body)
        settlement = view.settlement(paper.settlement)
        terms, key = paper.terms, f"{paper.settlement}/{paper.kind}"
        change = ("paper", key, paper)
    if settlement is None:
        return REFUSED[Code.SETTLEMENT_UNKNOWN]
    return (change,) if terms == settlement.order.terms else REFUSED[Code.OTHER_TERMS]


def stepped(view: View, entry: Entry) -> Changes | Refusal:
    """Make the machine's step again and see that it is the one the entry says."""
    body = entry.body
    if body.keys() ^ _SAGA:
        raise BadForm(f"saga: the members {sorted(body)}")
    event = event_of(part(body, "event"))
    before = view.settlement(text(body, "settlement"))
    if before is None:
        return REFUSED[Code.SETTLEMENT_UNKNOWN]
    no = _undecided(view, entry, before, event)
    if no is not None:
        return no
    machine = text(body, "machine")
    after = advance(before, event, machine)
    said = (body["from"], body["to"], body["visit"], body["stop"])
    stop = "" if after.stop is None else after.stop.value
    made = (before.stage.value, after.stage.value, str(after.visit), stop)
    if after == before or said != made or machine not in MACHINES:
        return REFUSED[Code.SAGA_TRANSITION]
    if isinstance(event, _UNITS) and not _supplied(before, event):
        return REFUSED[Code.SUPPLY]
    alone = _alone(view, entry, before, event)
    if alone is not None:
        return alone
    changes: list[Change] = [("settlement", before.order.id, after)]
    if after.visit != before.visit:
        changes.append(_entered(entry, after))
    if after.at_rest != before.at_rest:
        changes.append(("open", before.order.id, None if after.at_rest else ""))
    return tuple(changes)


def _undecided(view: View, entry: Entry, before: Settlement, event: Event) -> Refusal | None:
    """Say what is wrong with the decision a step rests on; a step of another kind needs none."""
    if not isinstance(event, Decided):
        return None
    row = view.decision(before.order.id, before.stage.value)
    if row is None or row.n < entry.start or row.visit != before.visit:
        return REFUSED[Code.DECISION_MISSING]
    if row.valid_until <= entry.t:
        return REFUSED[Code.DECISION_EXPIRED]
    if row.digest != event.verdict or row.outcome != _OUTCOMES[type(event)]:
        return REFUSED[Code.DECISION_OTHER_BODY]
    return None


def _supplied(before: Settlement, fact: AssetFact) -> bool:
    return fact.units == before.order.units or (fact.units == 0 and isinstance(fact, _FENCES))


def _alone(view: View, entry: Entry, before: Settlement, event: Event) -> Refusal | None:
    """Say who is missing behind what only people may say: decided in this group, by how many.

    Who made the order is none of the two who lift a freeze or a suspension, nor the one who
    clears or declines a hold; a cancellation or recall they may propose.
    """
    of, maker = before.order.id, before.order.maker
    match event:
        case GoOn():
            asks: dict[str, Value] = {"way": "go_on"}
            return not_carried(view, entry, of, THAW, asks=asks, beside=maker)
        case GiveBack():
            asks = {"way": "give_back"}
            return not_carried(view, entry, of, THAW, asks=asks, beside=maker)
        case Resolved():
            asks = {"to": event.to}
            return not_carried(view, entry, of, "settlement.resume", asks=asks, beside=maker)
        case HoldCleared():
            return not_carried(view, entry, of, CLEAR, people=1, beside=maker)
        case HoldDeclined():
            return not_carried(view, entry, of, CLEAR, people=1, beside=maker, state="refused")
        case Cancelled():
            return not_carried(view, entry, of, "settlement.cancel")
        case RecallDecided():
            return not_carried(view, entry, of, "settlement.recall")
        case _:
            return None


def shown(view: View, entry: Entry) -> Changes | Refusal:
    """Keep where the evidence of a fact lies, where its reader stands, and what it wants kept."""
    body = entry.body
    if not {"cursor", "reader", "keep"} <= body.keys() <= _EVIDENCE:
        raise BadForm(f"evidence: the members {sorted(body)}")
    reader = text(body, "reader")
    changes: list[Change] = [("cursor", reader, Cursor(text(body, "cursor")))]
    for kept in objects(body, "keep"):
        held = text(kept, "sha256")
        no = _not_said(view, entry, text(kept, "key"), held) if reader == PEOPLE else None
        if no is not None:
            return no
        changes.append(("kept", f"{reader}/{text(kept, 'key')}", held or None))
    if "settlement" in body:
        settlement = text(body, "settlement")
        if view.settlement(settlement) is None:
            return REFUSED[Code.SETTLEMENT_UNKNOWN]
        row = FactRow(n=entry.n, leaf=entry.leaf, side=f"bytes/{text(body, 'sha256')}")
        changes.append(("fact", f"{settlement}/{text(body, 'shows')}", row))
        if "tx" in body:
            changes += _named(view, settlement, (text(body, "tx"),))
    return tuple(changes)


def _named(view: View, settlement: str, names: tuple[str, ...]) -> list[Change]:
    """Let a settlement be found by these names; who was found by one of them first still is."""
    if findable(names) != names:
        raise BadForm(f"names: at most {NAMES_MAX}, each once, as an address can hold them")
    return [("tx", name, settlement) for name in names if not view.text("tx", name)]


def _not_said(view: View, entry: Entry, target: str, way: str) -> Refusal | None:
    """Say why this is not the word that two people gave in this group."""
    no = not_carried(view, entry, target, HELD)
    if no is not None:
        return no
    proposal = view.proposal(view.text("carried", target))
    asked = proposal.payload if proposal is not None else None
    said = asked.get("way") if isinstance(asked, Mapping) else None
    same = isinstance(said, str) and way == sha256(said.encode()).hexdigest()
    return None if same else REFUSED[Code.OTHER_PROPOSAL]


def decided(view: View, entry: Entry) -> Changes | Refusal:
    """Keep what policy said about a settlement in its present visit."""
    body = entry.body
    if not _DECISION <= body.keys() <= _DECISION | {"reports"}:
        raise BadForm(f"decision: the members {sorted(body)}")
    texts(body, "rules")
    if text(body, "outcome") not in _OUTCOMES.values():
        raise BadForm(f"decision: the outcome {body['outcome']!r}")
    settlement = view.settlement(text(body, "settlement"))
    if settlement is not None and body["body_hash"] != settlement.order.terms:
        return REFUSED[Code.DECISION_OTHER_BODY]
    if settlement is not None and (integer(body, "visit"), body["stage"]) != (
        settlement.visit,
        settlement.stage.value,
    ):
        return REFUSED[Code.SAGA_TRANSITION]
    if settlement is None:
        return REFUSED[Code.SETTLEMENT_UNKNOWN]
    row = DecisionRow(
        outcome=text(body, "outcome"),
        visit=settlement.visit,
        pack=text(body, "pack"),
        dossier=text(body, "dossier"),
        findings=f"bytes/{text(body, 'findings')}",
        digest=Digest(digest(body)),
        n=entry.n,
        leaf=entry.leaf,
        valid_until=Instant(integer(body, "valid_until")),
    )
    return (("decision", f"{settlement.order.id}/{settlement.stage.value}", row),)


def _owed(settlement: Settlement, verb: Verb) -> bool:
    """Tell whether the stage owes this verb now; a hold is owed beside, by the clock."""
    if verb is Verb.HOLD:
        return not settlement.at_rest
    effect = due(settlement)
    if effect is None or isinstance(effect, Screen):
        return False
    return verb_of(effect) is verb


def acted(view: View, entry: Entry) -> Changes | Refusal:
    """Write down what the notaries will be asked to sign, if the settlement owes it now."""
    if entry.body.keys() ^ {"act", "visit"}:
        raise BadForm(f"act: the members {sorted(entry.body)}")
    act = act_of(part(entry.body, "act"))
    settlement = view.settlement(act.settlement)
    if settlement is None:
        return REFUSED[Code.SETTLEMENT_UNKNOWN]
    if integer(entry.body, "visit") != settlement.visit or not _owed(settlement, act.verb):
        return REFUSED[Code.ACT_NOT_OWED]
    if act.terms != settlement.order.terms:
        return REFUSED[Code.OTHER_TERMS]
    after = settlement.with_act(act.verb)
    again = settlement.hold_open and act.until == settlement.hold_asked
    if act.verb is Verb.HOLD and not again:  # the same hold may have to cite a later entry
        after = after.with_hold_asked(act.until)
    attempt = after.hold_number if act.verb is Verb.HOLD else 0
    row = ActRow(act=part(entry.body, "act"), n=entry.n, leaf=entry.leaf, visit=settlement.visit)
    return (
        ("act", f"{act.settlement}/{act.verb.value}/{attempt}", row),
        ("settlement", act.settlement, after),
    )


def prepared(view: View, entry: Entry) -> Changes | Refusal:
    """Write down the bytes that are about to be sent, by hash, and the signatures they carry."""
    body = entry.body
    if not _PREPARED <= body.keys() <= _PREPARED | {"expires", "replaces", "keep", "names"}:
        raise BadForm(f"prepared: the members {sorted(body)}")
    signatures = objects(body, "signatures")
    if any(signature.keys() ^ {"kind", "signer", "signature"} for signature in signatures):
        raise BadForm("prepared: a signature has kind, signer and signature")
    verb = Verb(text(body, "verb"))
    settlement = view.settlement(text(body, "settlement"))
    if settlement is None:
        return REFUSED[Code.SETTLEMENT_UNKNOWN]
    if integer(body, "visit") != settlement.visit or not _owed(settlement, verb):
        return REFUSED[Code.ACT_NOT_OWED]
    row = PreparedRow(
        network=NetworkId(text(body, "network")),
        tx=TxRef(text(body, "tx")),
        items=texts(body, "items"),
        expires=Instant(integer(body, "expires")) if "expires" in body else None,
        replaces=text(body, "replaces") if "replaces" in body else None,
        signatures=body["signatures"],
        visit=settlement.visit,
        n=entry.n,
    )
    key = f"{settlement.order.id}/{verb.value}/{integer(body, 'attempt')}"
    kept: list[Change] = [
        ("kept", f"{row.network}/{text(one, 'key')}", text(one, "sha256") or None)
        for one in (objects(body, "keep") if "keep" in body else ())
    ]
    return (
        ("prepared", key, row),
        ("settlement", settlement.order.id, settlement.with_prepared(verb)),
        *kept,
        *(() if view.text("tx", row.tx) else (("tx", row.tx, settlement.order.id),)),
        *(_named(view, settlement.order.id, texts(body, "names")) if "names" in body else ()),
    )


def booked(before: View, after: View, entries: tuple[Entry, ...]) -> Refusal | None:
    """Refuse a group whose steps reserve or resolve, but whose postings are not in it."""
    stepping = {text(e.body, "settlement") for e in entries if e.kind == "saga"}
    for settlement in stepping:
        then, now = before.settlement(settlement), after.settlement(settlement)
        if then is None or now is None or then.booked == now.booked:
            continue
        there = {e.id: e.body for e in entries if e.kind == "transfer"}
        for transfer in booking(then, now, issue=None).transfers:
            if plain(there.get(transfer.id)) != transfer_body(transfer):
                return REFUSED[Code.BOOKING_MISSING]
    return None
