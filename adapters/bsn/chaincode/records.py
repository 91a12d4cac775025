"""What the escrow keeps: records in canonical JSON, one a key, and the view a verb has of them.

No counter and no range: two settlements never touch one key unless they touch one lot.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from adapters.bsn.chaincode.call import CONFLICT, PASSING, UNKNOWN, Call, Refusal
from bridge.core.canonical import Value, canonical, parse

CONFIGURATION: Final = "configuration"
TWINS: Final = "twin/"  # assets at home elsewhere are named so; nobody can issue one
VAULT: Final = "vault"  # holds originals that crossed to another network


def asset_key(asset: str, part: str) -> str:
    """Return the key of a lot: of the whole asset, or of one of its parts."""
    return f"asset/{asset}#{part}" if part else f"asset/{asset}"


def instrument_key(asset: str) -> str:
    """Return the key under which an asset stays known to have been issued."""
    return f"instrument/{asset}"


def account_key(account: str) -> str:
    """Return the key of an account."""
    return f"account/{account}"


def epoch_key(epoch: int) -> str:
    """Return the key of one set of notaries."""
    return f"epoch/{epoch}"


class State(StrEnum):
    """Of one slot; SPENT is the fence that no late lock or mint can pass."""

    NONE = "none"
    OPEN = "open"
    SPENT = "spent"
    DONE = "done"
    ESCAPED = "escaped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """What the organisations agreed on. Units: ms."""

    network: str
    number: int
    escape_after: int
    window: int  # how far a proposal's time may lie from an endorser's clock
    operators: tuple[str, ...]  # who may ask for a lock

    def form(self) -> Value:
        return {
            "network": self.network,
            "number": str(self.number),
            "escape_after": str(self.escape_after),
            "window": str(self.window),
            "operators": list(self.operators),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """The notaries of one epoch, how many must sign, and when. Units: ms, 0 for not retired."""

    keys: tuple[str, ...]
    threshold: int
    since: int
    retired: int = 0

    def form(self) -> Value:
        return {
            "keys": list(self.keys),
            "threshold": str(self.threshold),
            "since": str(self.since),
            "retired": str(self.retired),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A holder's key, and who may lock for a holder whose key the node gateway keeps."""

    kind: str
    key: str
    custodian: str = ""
    last: str  # the transaction that wrote this

    def form(self) -> Value:
        return {
            "kind": self.kind,
            "key": self.key,
            "custodian": self.custodian,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """That an asset was issued here, and at what face: it stays when its lots are gone."""

    units: int
    obligor: str
    profile: str

    def form(self) -> Value:
        return {"units": str(self.units), "obligor": self.obligor, "profile": self.profile}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """Units that move as one. `settlement` has it while it is locked, reserved or being made."""

    units: int
    holder: str  # empty while a twin waits to be assigned
    settlement: str = ""
    last: str  # the transaction that gave it to its holder, or changed its units

    def form(self) -> Value:
        return {
            "units": str(self.units),
            "holder": self.holder,
            "settlement": self.settlement,
            "last": self.last,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a slot was opened for; later verbs must name the very same words."""

    terms: str
    asset: str
    part: str
    units: int
    party: str
    counterpart: str

    def form(self) -> Value:
        return {
            "terms": self.terms,
            "asset": self.asset,
            "part": self.part,
            "units": str(self.units),
            "party": self.party,
            "counterpart": self.counterpart,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One settlement's place on one side of this network. Units: ms."""

    state: State = State.NONE
    ticket: Ticket | None = None
    since: int = 0
    held_until: int = 0
    holds: tuple[str, ...] = ()  # digests of the hold acts seen: an ended hold is not replayed

    def form(self) -> Value:
        form: dict[str, Value] = {
            "state": self.state.value,
            "since": str(self.since),
            "held_until": str(self.held_until),
            "holds": list(self.holds),
        }
        if self.ticket is not None:
            form["ticket"] = self.ticket.form()
        return form


EMPTY: Final = Slot()
Record = Configuration | Epoch | Account | Instrument | Lot | Slot


class View:
    """The state as it was when the call was endorsed, and what the call writes over it.

    Only keys that were named beforehand can be asked for: what is read decides about conflicts.
    """

    def __init__(self, state: Mapping[str, bytes], named: tuple[str, ...]) -> None:
        self._state = state
        self._named = frozenset(named)
        self.writes: dict[str, bytes | None] = {}

    def raw(self, key: str) -> Mapping[str, Value] | None:
        """Return the form of the record under a key."""
        assert key in self._named, f"{key} was not named beforehand"
        raw = self._state.get(key)
        if raw is None:
            return None
        body = parse(raw)
        assert isinstance(body, Mapping), f"{key}: no object"
        return body

    def put(self, key: str, record: Record | None) -> None:
        """Write a record, or delete what stands under the key."""
        assert key in self._named, f"{key} was not named beforehand"
        self.writes[key] = None if record is None else canonical(record.form())

    def configuration(self) -> Configuration:
        """Return the configuration. Errors: Refusal before there is one."""
        found = self.known_configuration()
        if found is None:
            raise Refusal(PASSING, "not configured")
        return found

    def known_configuration(self) -> Configuration | None:
        """Return the configuration, if there is one."""
        body = self.raw(CONFIGURATION)
        if body is None:
            return None
        return Configuration(
            network=_text(body, "network"),
            number=_whole(body, "number"),
            escape_after=_whole(body, "escape_after"),
            window=_whole(body, "window"),
            operators=_texts(body, "operators"),
        )

    def epoch(self, number: int) -> Epoch | None:
        """Return the notaries of an epoch."""
        body = self.raw(epoch_key(number))
        if body is None:
            return None
        return Epoch(
            keys=_texts(body, "keys"),
            threshold=_whole(body, "threshold"),
            since=_whole(body, "since"),
            retired=_whole(body, "retired"),
        )

    def account(self, account: str) -> Account:
        """Return an account. Errors: Refusal for one that nobody enrolled."""
        found = self.known_account(account)
        if found is None:
            raise Refusal(UNKNOWN, f"{account} is not enrolled")
        return found

    def known_account(self, account: str) -> Account | None:
        """Return an account, if it was enrolled."""
        body = self.raw(account_key(account))
        if body is None:
            return None
        words = ("kind", "key", "custodian", "last")
        return Account(**{word: _text(body, word) for word in words})

    def instrument(self, asset: str) -> Instrument | None:
        """Return what is known of an asset's issue here."""
        body = self.raw(instrument_key(asset))
        if body is None:
            return None
        return Instrument(
            units=_whole(body, "units"),
            obligor=_text(body, "obligor"),
            profile=_text(body, "profile"),
        )

    def lot(self, asset: str, part: str) -> Lot:
        """Return a lot. Errors: Refusal where there is none."""
        found = self.known_lot(asset, part)
        if found is None:
            raise Refusal(CONFLICT, "there is no such lot here")
        return found

    def known_lot(self, asset: str, part: str) -> Lot | None:
        """Return a lot, if there is one."""
        body = self.raw(asset_key(asset, part))
        if body is None:
            return None
        return Lot(
            units=_whole(body, "units"),
            holder=_text(body, "holder"),
            settlement=_text(body, "settlement"),
            last=_text(body, "last"),
        )

    def free_lot(self, asset: str, part: str) -> Lot:
        """Return a lot that no settlement has. Errors: Refusal."""
        lot = self.lot(asset, part)
        if lot.settlement:
            raise Refusal(CONFLICT, f"settlement {lot.settlement} has the lot")
        return lot

    def slot(self, key: str) -> Slot:
        """Return a settlement's slot on one side."""
        body = self.raw(key)
        if body is None:
            return EMPTY
        ticket = body.get("ticket")
        return Slot(
            state=State(_text(body, "state")),
            since=_whole(body, "since"),
            held_until=_whole(body, "held_until"),
            holds=_texts(body, "holds"),
            ticket=_ticket(ticket) if isinstance(ticket, Mapping) else None,
        )


def within_window(call: Call, window: int) -> None:
    """Refuse a proposal whose time is not near this endorser's clock. It can be made anew."""
    if abs(call.time - call.clock) > window:
        raise Refusal(PASSING, "the proposal's time is outside the window")


def left_to(lot: Lot, holder: str, tx: str) -> Lot:
    """Return the lot, free, with its next holder."""
    return replace(lot, holder=holder, settlement="", last=tx)


def _ticket(body: Mapping[str, Value]) -> Ticket:
    return Ticket(
        terms=_text(body, "terms"),
        asset=_text(body, "asset"),
        part=_text(body, "part"),
        units=_whole(body, "units"),
        party=_text(body, "party"),
        counterpart=_text(body, "counterpart"),
    )


def _text(body: Mapping[str, Value], name: str) -> str:
    found = body[name]
    assert isinstance(found, str), f"{name}: no text"
    return found


def _texts(body: Mapping[str, Value], name: str) -> tuple[str, ...]:
    found = body[name]
    assert not isinstance(found, str | bool | Mapping), f"{name}: no list"
    return tuple(str(one) for one in found)


def _whole(body: Mapping[str, Value], name: str) -> int:
    return int(_text(body, name))
