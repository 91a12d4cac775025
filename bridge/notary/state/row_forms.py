"""Rows to and from their canonical bytes: what the stores keep and fsck compares."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from json import JSONEncoder
from typing import Any, Final, cast

from bridge.core.booking import Account
from bridge.core.canonical import NotCanonical, Value, parse
from bridge.core.consent import Consent, Paper
from bridge.core.ids import AccountId
from bridge.core.money import Units
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement
from bridge.notary.forms import consent_of, order_of, paper_of, settlement_form, settlement_of
from bridge.notary.reading import BadForm, Members, flag, integer, text, texts
from bridge.notary.register_forms import READ_REGISTER, Register, register_form
from bridge.notary.state.rows import (
    AccountRow,
    ActRow,
    DecisionRow,
    EpochRow,
    FactRow,
    FreezeRow,
    IdRow,
    ListRow,
    NoteRow,
    OpeningRow,
    PackRow,
    PendingRow,
    PreparedRow,
    ProposalRow,
    RateRow,
    Row,
    SagaRow,
)

# by member name, for all flat rows alike
_NUMBERS: Final = frozenset(
    (
        "units due posted needs expires carried n visit number valid_until count numerator "
        "denominator used since lifted"
    ).split()
)
_LISTS: Final = frozenset({"approvals", "items"})
_VALUES: Final = frozenset({"act", "payload", "signatures", "body"})

_FLAT: Final[Mapping[str, tuple[type[Any], frozenset[str]]]] = {  # kind: row, what may be missing
    "pending": (PendingRow, frozenset({"due"})),
    "proposal": (ProposalRow, frozenset({"carried"})),
    "act": (ActRow, frozenset()),
    "prepared": (PreparedRow, frozenset({"expires", "replaces"})),
    "fact": (FactRow, frozenset()),
    "saga": (SagaRow, frozenset()),
    "decision": (DecisionRow, frozenset()),
    "list": (ListRow, frozenset()),
    "pack": (PackRow, frozenset()),
    "rate": (RateRow, frozenset()),
    "opening": (OpeningRow, frozenset()),
    "freeze": (FreezeRow, frozenset({"lifted"})),
    "id": (IdRow, frozenset()),
    "epoch": (EpochRow, frozenset()),
    "policy": (NoteRow, frozenset()),
    "equivocation": (NoteRow, frozenset()),
}
_TEXTS: Final = frozenset(
    {"uetr", "cursor", "kept", "open", "due", "request", "carried", "tx"}
)  # rows that are one text
KINDS_OF_ROWS: Final = frozenset(
    {*_FLAT, *_TEXTS, *READ_REGISTER, "account", "settlement", "order", "consent", "paper"}
)

_write = JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def row_bytes(row: Row) -> bytes:
    """Return the canonical bytes of a row; its members were checked when they were written."""
    return _write(_form(row)).encode()


def row_of(kind: str, data: bytes, order: Callable[[], SettlementOrder]) -> Row:
    """Return the row of its bytes; `order` gives the order of a settlement's row.

    Errors: BadForm.
    """
    try:
        value = parse(data)
        if kind in _TEXTS:
            if not isinstance(value, str):
                raise BadForm(f"{kind}: text was expected")
            return value
        if not isinstance(value, Mapping):
            raise BadForm(f"{kind}: an object was expected")
        return _row(kind, value, order)
    except NotCanonical as error:
        raise BadForm(f"{kind}: {error}") from error


def _row(kind: str, members: Members, order: Callable[[], SettlementOrder]) -> Row:
    if kind in _FLAT:
        return _flat_of(kind, members)
    if kind in READ_REGISTER:
        return READ_REGISTER[kind](members)
    match kind:
        case "account":
            return _account_of(members)
        case "settlement":
            return settlement_of(members, order())
        case "order":
            return order_of(members)
        case "consent":
            return consent_of(members)
        case "paper":
            return paper_of(members)
        case _:
            raise BadForm(f"{kind!r} is no kind of row")


def _form(row: Row) -> Value:
    match row:
        case str():
            return row
        case Settlement():
            return settlement_form(row)
        case AccountRow():
            return _account_form(row)
        case SettlementOrder() | Consent() | Paper():
            return row.leaf()
        case _ if type(row) in _WRITERS:
            return _WRITERS[type(row)](row)
        case _:
            return register_form(cast("Register", row))


def _writer_of(kind: type[Any]) -> Callable[[Any], dict[str, Value]]:
    names = tuple((field.name, field.name in _NUMBERS) for field in fields(kind))

    def write(row: object) -> dict[str, Value]:
        body: dict[str, Value] = {}
        for name, counts in names:
            value: Any = getattr(row, name)
            if value is not None:
                body[name] = str(value) if counts else value
        return body

    return write


_WRITERS: Final[Mapping[type[Any], Callable[[Any], dict[str, Value]]]] = {
    row: _writer_of(row) for row, _ in _FLAT.values()
}


def _flat_of(kind: str, members: Members) -> Row:
    row, optional = _FLAT[kind]
    names = {field.name for field in fields(row)}
    if not names - optional <= members.keys() <= names:
        raise BadForm(f"{kind}: the members {sorted(members)}")
    values: dict[str, Any] = dict.fromkeys(optional)
    for name in members:
        if name in _NUMBERS:
            values[name] = integer(members, name)
        elif name in _LISTS:
            values[name] = texts(members, name)
        elif name in _VALUES:
            values[name] = members[name]
        else:
            values[name] = text(members, name)
    return cast("Row", row(**values))


def _account_form(row: AccountRow) -> dict[str, Value]:
    account = row.account
    body: dict[str, Value] = {
        "id": account.id,
        "unit": account.unit,
        "code": account.code,
        "covered": account.covered,
        "debits_pending": str(row.debits_pending),
        "debits_posted": str(row.debits_posted),
        "credits_pending": str(row.credits_pending),
        "credits_posted": str(row.credits_posted),
    }
    if account.limit is not None:
        body["limit"] = str(account.limit)
    return body


_COUNTERS: Final = ("debits_pending", "debits_posted", "credits_pending", "credits_posted")


def _account_of(members: Members) -> AccountRow:
    plain = {name: value for name, value in members.items() if name not in _COUNTERS}
    dp, do, cp, co = (integer(members, name) for name in _COUNTERS)
    return AccountRow(
        account=account_of(plain),
        debits_pending=dp,
        debits_posted=do,
        credits_pending=cp,
        credits_posted=co,
    )


def account_form(account: Account) -> dict[str, Value]:
    """Return the body of the entry that opens an account."""
    body: dict[str, Value] = {
        "id": account.id,
        "unit": account.unit,
        "code": account.code,
        "covered": account.covered,
    }
    if account.limit is not None:
        body["limit"] = str(account.limit)
    return body


def account_of(members: Members) -> Account:
    """Return the account an entry opens. Errors: BadForm."""
    if not _ACCOUNT <= members.keys() <= _ACCOUNT | {"limit"}:
        raise BadForm(f"account: the members {sorted(members)}")
    return Account(
        id=AccountId(text(members, "id")),
        unit=text(members, "unit"),
        code=text(members, "code"),
        covered=flag(members, "covered"),
        limit=Units(integer(members, "limit")) if "limit" in members else None,
    )


_ACCOUNT: Final = frozenset({"id", "unit", "code", "covered"})
