"""Who takes part: the organisations' configuration, the epochs of notaries, accounts.

A configuration is admitted by each endorser whose own process was started with its digest, so the
endorsement policy of the channel decides on it. After the first, notaries change only by a
rotation that the notaries in force sign, two days ahead, and most of them stay.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from hashlib import sha256
from typing import Final

from adapters.bsn.chaincode.attested import DAY, MOST_KEYS, attested, in_force, signatures_of
from adapters.bsn.chaincode.call import (
    ACCOUNT,
    CONFLICT,
    FORBIDDEN,
    KEY,
    MALFORMED,
    Call,
    Refusal,
    account,
    argument_of,
    members,
    sorted_texts,
    text,
    whole,
)
from adapters.bsn.chaincode.plan import Plan, Told, event
from adapters.bsn.chaincode.records import (
    CONFIGURATION,
    Account,
    Configuration,
    Epoch,
    View,
    account_key,
    epoch_key,
    within_window,
)
from bridge.core.act import Signature
from bridge.core.canonical import Value, canonical
from bridge.core.ids import BadId, network_id

ROTATION_PREFIX: Final = b"lianqiao epoch v1\n"
SHORTEST_ESCAPE: Final = 30 * DAY
NOTICE: Final = 2 * DAY
WIDEST_WINDOW: Final = 10 * 60_000
MOST_OPERATORS: Final = 64
_ROTATION: Final = ("network", "escrow", "epoch", "keys", "threshold", "since")


def configure_planned(call: Call) -> Plan:
    """Return the plan of the first configuration, or of the next one of operators and window."""
    body = argument_of(
        call,
        *("network", "escrow", "number", "escape_after", "window", "operators"),
        *("notaries", "threshold"),
    )
    made = Configuration(
        network=text(body, "network"),
        number=whole(body, "number"),
        escape_after=whole(body, "escape_after"),
        window=whole(body, "window"),
        operators=sorted_texts(body, "operators", MOST_OPERATORS, ACCOUNT),
    )
    try:
        network_id(made.network)
    except BadId as error:
        raise Refusal(MALFORMED, f"network: {error}") from None
    if made.escape_after < SHORTEST_ESCAPE:
        raise Refusal(MALFORMED, "escape_after: at least 30 days")
    if not 1_000 <= made.window <= WIDEST_WINDOW:
        raise Refusal(MALFORMED, "window: from a second to ten minutes")
    first = _set_of(body, "notaries", since=call.time)
    place = text(body, "escrow")
    keys = (CONFIGURATION, epoch_key(1))
    return Plan(keys, partial(_configured, call, place, made, first))


def _configured(call: Call, place: str, made: Configuration, first: Epoch, view: View) -> Told:
    within_window(call, made.window)
    if call.admits != sha256(call.argument).hexdigest():
        raise Refusal(FORBIDDEN, "this organisation has not admitted the configuration")
    if place != call.escrow:
        raise Refusal(FORBIDDEN, "the configuration is for another escrow")
    former, epoch = view.known_configuration(), view.epoch(1)
    if former == made:
        return {"number": str(made.number), "repeated": True}, None
    if former is None:
        if made.number != 1:
            raise Refusal(CONFLICT, "the first configuration has number 1")
        view.put(epoch_key(1), first)
    else:
        assert epoch is not None, "configured without notaries"
        fixed = replace(made, number=former.number + 1, escape_after=former.escape_after)
        if made != replace(fixed, network=former.network):
            raise Refusal(CONFLICT, "number, network or escape: not the next configuration")
        if (first.keys, first.threshold) != (epoch.keys, epoch.threshold):
            raise Refusal(CONFLICT, "notaries change by a rotation")
    view.put(CONFIGURATION, made)
    told = {"number": str(made.number), "digest": call.admits}
    return {"number": str(made.number), "repeated": False}, event("quorum.configured", told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """The next set of notaries, and the bytes that those in force sign."""

    place: tuple[str, str]  # network and escrow
    number: int
    made: Epoch
    message: bytes
    signatures: tuple[Signature, ...]


def rotate_planned(call: Call) -> Plan:
    """Return the plan of the next set of notaries, named by the one in force."""
    body = argument_of(call, "rotation", "signatures")
    words = members(body["rotation"], *_ROTATION)
    rotation = Rotation(
        place=(text(words, "network"), text(words, "escrow")),
        number=whole(words, "epoch"),
        made=_set_of(words, "keys", since=whole(words, "since")),
        message=ROTATION_PREFIX + canonical(body["rotation"]),
        signatures=signatures_of(body),
    )
    if rotation.number < 2:
        raise Refusal(MALFORMED, "epoch: the first is configured")
    keys = (CONFIGURATION, epoch_key(rotation.number - 1), epoch_key(rotation.number))
    return Plan(keys, partial(_rotated, call, rotation))


def _rotated(call: Call, rotation: Rotation, view: View) -> Told:
    number, made = rotation.number, rotation.made
    configuration = view.configuration()
    within_window(call, configuration.window)
    if rotation.place != (configuration.network, call.escrow):
        raise Refusal(FORBIDDEN, "the rotation is for another network or escrow")
    if (known := view.epoch(number)) is not None:
        if replace(known, retired=0) == made:
            return {"epoch": str(number), "repeated": True}, None
        raise Refusal(CONFLICT, "that epoch has its notaries")
    former = in_force(view.epoch(number - 1), call.time, makes_value=True)
    attested(rotation.message, rotation.signatures, former)
    if made.since < call.time + NOTICE:
        raise Refusal(CONFLICT, "a rotation is named two days ahead")
    stay = len(set(former.keys) & set(made.keys))
    if 3 * (len(former.keys) - stay) > len(former.keys):
        raise Refusal(CONFLICT, "at most a third of the notaries leave")
    if 3 * (len(made.keys) - stay) > len(made.keys):
        raise Refusal(CONFLICT, "at most a third of the notaries join")
    view.put(epoch_key(number - 1), replace(former, retired=made.since))
    view.put(epoch_key(number), made)
    told = {"epoch": str(number), "since": str(made.since), "threshold": str(made.threshold)}
    return {"epoch": str(number), "repeated": False}, event("quorum.rotated", told)


def enrol_planned(call: Call) -> Plan:
    """Return the plan of making the caller's key known as an account."""
    argument_of(call)
    keys = (CONFIGURATION, account_key(call.caller.account))
    return Plan(keys, partial(_enrolled, call))


def _enrolled(call: Call, view: View) -> Told:
    within_window(call, view.configuration().window)
    if not call.caller.kind:
        raise Refusal(FORBIDDEN, "the escrow verifies keys of P-256 and of SM2")
    name = call.caller.account
    if view.known_account(name) is not None:
        return {"account": name, "repeated": True}, None
    kind, key = call.caller.kind, call.caller.key
    view.put(account_key(name), Account(kind=kind, key=key, last=call.tx))
    told = {"account": name, "kind": kind}
    return {"account": name, "repeated": False}, event("account.enrolled", told)


def entrust_planned(call: Call) -> Plan:
    """Return the plan of naming who may lock for the caller; nobody, with an empty name."""
    body = argument_of(call, "to", "last")
    to = account(body, "to") if text(body, "to") else ""
    keys = (CONFIGURATION, account_key(call.caller.account))
    return Plan(keys, partial(_entrusted, call, to, text(body, "last")))


def _entrusted(call: Call, to: str, last: str, view: View) -> Told:
    configuration = view.configuration()
    within_window(call, configuration.window)
    known = view.account(call.caller.account)
    if known.last != last:
        raise Refusal(CONFLICT, "the account has changed since")
    if to and to not in configuration.operators:
        raise Refusal(CONFLICT, "a custodian is one of the operators")
    view.put(account_key(call.caller.account), replace(known, custodian=to, last=call.tx))
    told = {"account": call.caller.account, "to": to}
    return {"last": call.tx}, event("account.entrusted", told)


def _set_of(body: Mapping[str, Value], name: str, *, since: int) -> Epoch:
    """Return a set of notaries with a strict majority of at least two. Errors: Refusal."""
    keys = sorted_texts(body, name, MOST_KEYS, KEY)
    threshold = whole(body, "threshold")
    if threshold < 2 or threshold > len(keys) or 2 * threshold <= len(keys):
        raise Refusal(MALFORMED, "threshold: two at least, and a majority")
    return Epoch(keys=keys, threshold=threshold, since=since)
