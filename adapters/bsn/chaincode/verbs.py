"""The verbs of a settlement: each is checked whole and then written whole.

A network where the asset is at home keeps originals in a vault: there mint reserves from it, burn
moves the lock into it. An asset named `twin/…` is at home elsewhere: its mint makes a lot, its
burn and unmint end one. Release and unmint of an unused id are its fence.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import Final

from adapters.bsn.chaincode.attested import DAY, attested, in_force, signatures_of, signed_by
from adapters.bsn.chaincode.call import (
    CONFLICT,
    FORBIDDEN,
    MALFORMED,
    PASSING,
    Call,
    Refusal,
    account,
    argument_of,
    asset,
    digest,
    members,
    part,
    settlement,
    text,
    units,
    whole,
)
from adapters.bsn.chaincode.plan import Plan, Told, event
from adapters.bsn.chaincode.records import (
    CONFIGURATION,
    TWINS,
    VAULT,
    Configuration,
    Lot,
    Slot,
    State,
    Ticket,
    View,
    account_key,
    asset_key,
    epoch_key,
    left_to,
    within_window,
)
from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import BadId, Digest, Instant, SettlementId, network_id
from bridge.core.money import Units

LONGEST_HOLD: Final = 180 * DAY
ORIGIN: Final = frozenset({Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD})
PAST: Final = {
    Verb.LOCK: "locked",
    Verb.RELEASE: "released",
    Verb.BURN: "burned",
    Verb.MINT: "minted",
    Verb.UNMINT: "unminted",
    Verb.ASSIGN: "assigned",
    Verb.HOLD: "held",
}
_WORDS: Final = (
    *("verb", "settlement", "terms", "network", "escrow", "asset", "part", "units", "party"),
    *("counterpart", "evidence", "verdict", "epoch", "not_after", "until"),
)


def slot_key(verb: Verb, settlement: str) -> str:
    """Return the key of a slot: one id may be locked here and minted there, never mixed."""
    return f"{'origin' if verb in ORIGIN else 'destination'}/{settlement}"


def hold_digest(act: Act) -> str:
    """Return what tells a hold act from every other of its slot."""
    return sha256(f"{act.until}/{act.evidence}/{act.epoch}".encode()).hexdigest()[:32]


def ticket_of(act: Act) -> Ticket:
    """Return the words of an act that its slot keeps."""
    return Ticket(
        terms=act.terms,
        asset=act.asset,
        part=act.part,
        units=act.units,
        party=act.party,
        counterpart=act.counterpart,
    )


def act_of(body: Value, verb: Verb) -> Act:
    """Return the act of its words, every one in its one form. Errors: Refusal."""
    words = members(body, *_WORDS)
    if text(words, "verb") != verb.value:
        raise Refusal(MALFORMED, "verb: the call asks for another")
    try:
        network = network_id(text(words, "network"))
        counterpart = network_id(text(words, "counterpart"))
    except BadId as error:
        raise Refusal(MALFORMED, f"network: {error}") from None
    return Act(
        verb=verb,
        settlement=SettlementId(settlement(words)),
        terms=Digest(digest(words, "terms")),
        network=network,
        escrow=text(words, "escrow"),
        asset=asset(words),
        part=part(words),
        units=Units(units(words)),
        party=account(words, "party"),
        counterpart=counterpart,
        evidence=_cited(words, "evidence"),
        verdict=_cited(words, "verdict"),
        epoch=whole(words, "epoch"),
        not_after=Instant(whole(words, "not_after")),
        until=Instant(whole(words, "until")),
    )


def _cited(words: Mapping[str, Value], name: str) -> Digest:
    return Digest(digest(words, name) if text(words, name) else "")


def planned(verb: Verb, call: Call) -> Plan:
    """Return what a verb of a settlement reads and does. Errors: Refusal."""
    body = argument_of(call, "act", "signatures")
    act, signatures = act_of(body["act"], verb), signatures_of(body)
    keys = [CONFIGURATION, slot_key(verb, act.settlement), asset_key(act.asset, act.part)]
    if verb in {Verb.LOCK, Verb.MINT}:
        keys.append(account_key(act.party))
    if verb is not Verb.LOCK:
        keys.append(epoch_key(act.epoch))
    return Plan(tuple(keys), partial(_carried_out, call, act, signatures))


def _carried_out(call: Call, act: Act, signatures: tuple[Signature, ...], view: View) -> Told:
    """Do what the act says, or nothing where it was done before."""
    configuration = view.configuration()
    within_window(call, configuration.window)
    if (act.network, act.escrow) != (configuration.network, call.escrow):
        raise Refusal(FORBIDDEN, "the act is for another network or escrow")
    key = slot_key(act.verb, act.settlement)
    slot = view.slot(key)
    if _landed(act, slot):
        return _answer(slot, repeated=True), None
    _possible(act, slot, call.time)
    if act.verb is Verb.LOCK:
        _consented(call, configuration, act, signatures, view)
    else:
        making = act.verb is Verb.MINT
        epoch = in_force(view.epoch(act.epoch), call.time, makes_value=making)
        attested(act.message(), signatures, epoch)
    after = _DEEDS[act.verb](call, act, slot, view)
    view.put(key, after)
    if act.verb is Verb.HOLD:
        held = {"settlement": act.settlement, "until": str(act.until), "evidence": act.evidence}
        return _answer(after), event("settlement.held", held)
    fence = slot.state is State.NONE and after.state is State.SPENT
    told = event(
        f"settlement.{PAST[act.verb]}", _facts(act.settlement, ticket_of(act), fence=fence)
    )
    return _answer(after), told


def _landed(act: Act, slot: Slot) -> bool:
    """Tell whether the verb has done here what it asks for, so that a repeat changes nothing."""
    same = slot.ticket == ticket_of(act)
    match act.verb:
        case Verb.LOCK | Verb.MINT:
            return same and slot.state is State.OPEN
        case Verb.RELEASE:
            return slot.state in {State.SPENT, State.ESCAPED}
        case Verb.UNMINT:
            return slot.state is State.SPENT
        case Verb.BURN | Verb.ASSIGN:
            return same and slot.state is State.DONE
        case _:
            return hold_digest(act) in slot.holds


def _possible(act: Act, slot: Slot, now: int) -> None:
    """Refuse what the slot does not allow: for good, or until time or a lagging peer moves on."""
    if act.verb in {Verb.LOCK, Verb.MINT}:
        if slot.state is State.SPENT:
            raise Refusal(CONFLICT, "fenced")
        if slot.state is not State.NONE:
            raise Refusal(CONFLICT, "the slot was opened before")
        if now > act.not_after:
            raise Refusal(CONFLICT, "too late")
        return
    if slot.ticket is not None and slot.ticket != ticket_of(act):
        raise Refusal(CONFLICT, "the slot was opened for another ticket")
    if slot.state in {State.SPENT, State.ESCAPED, State.DONE}:
        raise Refusal(CONFLICT, f"the slot is {slot.state.value}")
    if act.verb in {Verb.BURN, Verb.ASSIGN} and slot.state is State.NONE:
        raise Refusal(PASSING, "there is nothing in the slot")
    if act.verb is Verb.RELEASE and now < slot.held_until:
        raise Refusal(PASSING, "on hold")
    if act.verb is Verb.HOLD and act.until > now + LONGEST_HOLD:
        raise Refusal(CONFLICT, "no hold is that long")


def _consented(
    call: Call,
    configuration: Configuration,
    act: Act,
    signatures: tuple[Signature, ...],
    view: View,
) -> None:
    """Refuse a lock unless an operator asks for it and its holder signed it.

    A holder whose key the node gateway keeps has named a custodian; then that operator's own
    proposal stands for the signature.
    """
    if call.caller.account not in configuration.operators:
        raise Refusal(FORBIDDEN, "a lock is asked for by an operator")
    holder = view.account(act.party)
    if [one.kind for one in signatures] == ["custody"]:
        if holder.custodian != call.caller.account:
            raise Refusal(FORBIDDEN, "the holder has named no such custodian")
    else:
        signed_by(holder, act.message(), signatures)


def _lock(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    lot = view.free_lot(act.asset, act.part)
    if lot.holder != act.party:
        raise Refusal(CONFLICT, "the holder does not own it")
    _whole_lot(lot, act)
    view.put(asset_key(act.asset, act.part), replace(lot, settlement=act.settlement))
    return _opened(call, act, slot)


def _mint(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    view.account(act.party)  # what is minted for nobody could be given to nobody
    key = asset_key(act.asset, act.part)
    if act.asset.startswith(TWINS):
        if view.known_lot(act.asset, act.part) is not None:
            raise Refusal(CONFLICT, "the twin is here already")
        lot = Lot(units=act.units, holder="", settlement=act.settlement, last=call.tx)
        view.put(key, lot)
        return _opened(call, act, slot)
    lot = view.free_lot(act.asset, act.part)
    if lot.holder != VAULT:
        raise Refusal(CONFLICT, "the original is not in the vault")
    _whole_lot(lot, act)
    view.put(key, replace(lot, settlement=act.settlement))
    return _opened(call, act, slot)


def _release(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    del call
    if slot.state is State.OPEN:
        lot = _settling(act.settlement, act.asset, act.part, view)
        view.put(asset_key(act.asset, act.part), replace(lot, settlement=""))
    return replace(slot, state=State.SPENT)


def _burn(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    lot = _settling(act.settlement, act.asset, act.part, view)
    gone = act.asset.startswith(TWINS)
    view.put(asset_key(act.asset, act.part), None if gone else left_to(lot, VAULT, call.tx))
    return replace(slot, state=State.DONE)


def _unmint(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    del call
    if slot.state is State.OPEN:
        lot = _settling(act.settlement, act.asset, act.part, view)
        gone = act.asset.startswith(TWINS)
        view.put(asset_key(act.asset, act.part), None if gone else replace(lot, settlement=""))
    return replace(slot, state=State.SPENT)


def _assign(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    lot = _settling(act.settlement, act.asset, act.part, view)
    view.put(asset_key(act.asset, act.part), left_to(lot, act.party, call.tx))
    return replace(slot, state=State.DONE)


def _hold(call: Call, act: Act, slot: Slot, view: View) -> Slot:
    del call, view
    return replace(slot, held_until=act.until, holds=(*slot.holds, hold_digest(act)))


_DEEDS: Final[Mapping[Verb, Callable[[Call, Act, Slot, View], Slot]]] = {
    Verb.LOCK: _lock,
    Verb.MINT: _mint,
    Verb.RELEASE: _release,
    Verb.BURN: _burn,
    Verb.UNMINT: _unmint,
    Verb.ASSIGN: _assign,
    Verb.HOLD: _hold,
}


def _opened(call: Call, act: Act, slot: Slot) -> Slot:
    return replace(slot, state=State.OPEN, ticket=ticket_of(act), since=call.time)


def _whole_lot(lot: Lot, act: Act) -> None:
    if lot.units != act.units:
        raise Refusal(CONFLICT, f"the lot has {lot.units} units; what moves is split off first")


def _settling(settlement: str, asset: str, part: str, view: View) -> Lot:
    """Return the lot that the slot's settlement has."""
    lot = view.lot(asset, part)
    assert lot.settlement == settlement, "a slot is open and its lot is not its own"
    return lot


def _answer(slot: Slot, *, repeated: bool = False) -> Value:
    return {"state": slot.state.value, "repeated": repeated}


def _facts(
    settlement: str, ticket: Ticket, *, fence: bool = False, escape: bool = False
) -> Mapping[str, Value]:
    """Return an event's body; a fence moves nothing, so it tells no units."""
    return {
        "settlement": settlement,
        "terms": ticket.terms,
        "asset": ticket.asset,
        "part": ticket.part,
        "units": "0" if fence else str(ticket.units),
        "account": ticket.party,
        "counterpart": ticket.counterpart,
        "fence": fence,
        "escape": escape,
    }


def escape_planned(call: Call) -> Plan:
    """Return the plan of giving a lock back because its gateway died: anybody may ask."""
    body = argument_of(call, "settlement", "asset", "part")
    words = settlement(body), asset(body), part(body)
    keys = (CONFIGURATION, slot_key(Verb.LOCK, words[0]), asset_key(words[1], words[2]))
    return Plan(keys, partial(_escaped, call, words))


def _escaped(call: Call, words: tuple[str, str, str], view: View) -> Told:
    configuration = view.configuration()
    within_window(call, configuration.window)
    key = slot_key(Verb.LOCK, words[0])
    slot = view.slot(key)
    ticket = slot.ticket
    if slot.state is State.ESCAPED:
        return _answer(slot, repeated=True), None
    if slot.state is not State.OPEN or ticket is None:
        raise Refusal(CONFLICT, "there is no open lock")
    if (ticket.asset, ticket.part) != words[1:]:
        raise Refusal(CONFLICT, "the slot was opened for another ticket")
    if call.time < slot.since + configuration.escape_after or call.time < slot.held_until:
        raise Refusal(PASSING, "not yet")
    lot = _settling(*words, view)
    after = replace(slot, state=State.ESCAPED)
    view.put(asset_key(ticket.asset, ticket.part), replace(lot, settlement=""))
    view.put(key, after)
    return _answer(after), event("settlement.released", _facts(words[0], ticket, escape=True))
