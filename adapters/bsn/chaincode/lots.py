"""The verbs of an instrument: it is issued by its obligor's word, split, joined and endorsed.

They stand beside the escrow and are refused while a settlement has the lot. A lot names the
transaction that last gave it to its holder, and a verb must name it too: what was asked for once
cannot be asked for again by replay. The parts of an asset never sum to more than its face.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from adapters.bsn.chaincode.attested import signatures_of, signed_by
from adapters.bsn.chaincode.call import (
    CONFLICT,
    FORBIDDEN,
    MALFORMED,
    Call,
    Event,
    Refusal,
    account,
    argument_of,
    asset,
    digest,
    members,
    part,
    text,
    units,
)
from adapters.bsn.chaincode.plan import Plan, Told, event
from adapters.bsn.chaincode.records import (
    CONFIGURATION,
    TWINS,
    VAULT,
    Configuration,
    Instrument,
    Lot,
    View,
    account_key,
    asset_key,
    instrument_key,
    left_to,
    within_window,
)
from bridge.core.act import Signature
from bridge.core.canonical import Value, canonical

ISSUE_PREFIX: Final = b"lianqiao issue v1\n"
_PAPER: Final = ("network", "escrow", "asset", "units", "holder", "obligor", "profile")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What is issued, to whom, by whose word, and the bytes the obligor signs."""

    place: tuple[str, str]  # network and escrow
    asset: str
    holder: str
    made: Instrument
    message: bytes
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """A lot, the lot or holder it goes to, and the transaction the caller knows it by."""

    asset: str
    part: str
    to: str
    last: str
    units: int = 0


def issue_planned(call: Call) -> Plan:
    """Return the plan of an issue: its paper, and the obligor's signature unless they call.

    The debtor of a receivable, the warehouse of a receipt, the carrier of a bill of lading.
    """
    body = argument_of(call, "paper", "signatures")
    words = members(body["paper"], *_PAPER)
    made = Instrument(
        units=units(words), obligor=account(words, "obligor"), profile=digest(words, "profile")
    )
    paper = Paper(
        place=(text(words, "network"), text(words, "escrow")),
        asset=asset(words),
        holder=account(words, "holder"),
        made=made,
        message=ISSUE_PREFIX + canonical(body["paper"]),
        signatures=signatures_of(body),
    )
    if paper.asset.startswith(TWINS):
        raise Refusal(MALFORMED, "asset: a twin is minted, not issued")
    keys = (
        CONFIGURATION,
        instrument_key(paper.asset),
        asset_key(paper.asset, ""),
        account_key(paper.holder),
        account_key(made.obligor),
    )
    return Plan(tuple(dict.fromkeys(keys)), partial(_issued, call, paper))


def _issued(call: Call, paper: Paper, view: View) -> Told:
    configuration, made = _opened(call, view), paper.made
    if paper.place != (configuration.network, call.escrow):
        raise Refusal(FORBIDDEN, "the paper is for another network or escrow")
    if view.instrument(paper.asset) is not None:
        raise Refusal(CONFLICT, "it was issued before")
    view.account(paper.holder)
    obligor = view.account(made.obligor)
    if call.caller.account != made.obligor:
        if call.caller.account != paper.holder:
            raise Refusal(FORBIDDEN, "an issue is asked for by its obligor or its holder")
        signed_by(obligor, paper.message, paper.signatures)
    elif paper.signatures:
        raise Refusal(FORBIDDEN, "an obligor who calls does not sign beside it")
    lot = Lot(units=made.units, holder=paper.holder, last=call.tx)
    view.put(instrument_key(paper.asset), made)
    view.put(asset_key(paper.asset, ""), lot)
    told: dict[str, Value] = {
        "asset": paper.asset,
        "units": str(made.units),
        "holder": paper.holder,
        "obligor": made.obligor,
        "profile": made.profile,
    }
    return {"last": call.tx}, event("instrument.issued", told)


def split_planned(call: Call) -> Plan:
    """Return the plan of splitting some units of a lot off into a new one."""
    body = argument_of(call, "asset", "part", "into", "units", "last")
    parting = _parting(body, units(body))
    return Plan(_two_lots(parting), partial(_split, call, parting))


def _split(call: Call, parting: Parting, view: View) -> Told:
    lot, new = _owned(call, parting, view), asset_key(parting.asset, parting.to)
    if view.known_lot(parting.asset, parting.to) is not None:
        raise Refusal(CONFLICT, "there is a lot of that name")
    if parting.units >= lot.units:
        raise Refusal(CONFLICT, "a part is less than its lot")
    rest = replace(lot, units=lot.units - parting.units, last=call.tx)
    view.put(asset_key(parting.asset, parting.part), rest)
    view.put(new, replace(lot, units=parting.units, last=call.tx))
    return {"last": call.tx}, _told("instrument.split", parting, parting.units)


def join_planned(call: Call) -> Plan:
    """Return the plan of joining one lot into another of the same asset and holder."""
    parting = _parting(argument_of(call, "asset", "part", "into", "last"), 0)
    return Plan(_two_lots(parting), partial(_joined, call, parting))


def _joined(call: Call, parting: Parting, view: View) -> Told:
    lot = _owned(call, parting, view)
    into = view.free_lot(parting.asset, parting.to)
    if into.holder != lot.holder:
        raise Refusal(CONFLICT, "the lots have two holders")
    view.put(asset_key(parting.asset, parting.part), None)
    whole = replace(into, units=into.units + lot.units, last=call.tx)
    view.put(asset_key(parting.asset, parting.to), whole)
    return {"last": call.tx}, _told("instrument.joined", parting, lot.units)


def endorse_planned(call: Call) -> Plan:
    """Return the plan of endorsing a lot onward."""
    body = argument_of(call, "asset", "part", "to", "last")
    parting = Parting(
        asset=asset(body), part=part(body), to=account(body, "to"), last=text(body, "last")
    )
    keys = (CONFIGURATION, asset_key(parting.asset, parting.part), account_key(parting.to))
    return Plan(keys, partial(_endorsed, call, parting))


def _endorsed(call: Call, parting: Parting, view: View) -> Told:
    _opened(call, view)
    lot = view.free_lot(parting.asset, parting.part)
    if lot.holder != call.caller.account:
        raise Refusal(FORBIDDEN, "a lot is endorsed by its holder")
    _is_last(lot, parting)
    view.account(parting.to)
    view.put(asset_key(parting.asset, parting.part), left_to(lot, parting.to, call.tx))
    told = {
        "asset": parting.asset,
        "part": parting.part,
        "units": str(lot.units),
        "holder": lot.holder,
        "to": parting.to,
    }
    return {"last": call.tx}, event("instrument.endorsed", told)


def _opened(call: Call, view: View) -> Configuration:
    configuration = view.configuration()
    within_window(call, configuration.window)
    return configuration


def _owned(call: Call, parting: Parting, view: View) -> Lot:
    """Return the lot if the caller may part and join it: its holder, or in the vault an operator.

    What comes home in other lots than it left in is fitted to them so; it stays in the vault.
    """
    configuration, caller = _opened(call, view), call.caller.account
    lot = view.free_lot(parting.asset, parting.part)
    vaulted = lot.holder == VAULT and caller in configuration.operators
    if lot.holder != caller and not vaulted:
        raise Refusal(FORBIDDEN, "a lot is split and joined by its holder")
    _is_last(lot, parting)
    return lot


def _is_last(lot: Lot, parting: Parting) -> None:
    if lot.last != parting.last:
        raise Refusal(CONFLICT, "the lot has changed since")


def _parting(body: Mapping[str, Value], count: int) -> Parting:
    return Parting(
        asset=asset(body),
        part=part(body),
        to=part(body, "into"),
        last=text(body, "last"),
        units=count,
    )


def _two_lots(parting: Parting) -> tuple[str, ...]:
    old, new = asset_key(parting.asset, parting.part), asset_key(parting.asset, parting.to)
    if old == new:
        raise Refusal(MALFORMED, "into: it is the same lot")
    return CONFIGURATION, old, new


def _told(name: str, parting: Parting, count: int) -> Event:
    told = {"asset": parting.asset, "part": parting.part, "into": parting.to, "units": str(count)}
    return event(name, told)
