"""Accounts, limits and transfers in one or two phases: double entry with four counters."""

from dataclasses import replace
from typing import Final

from bridge.core.booking import Account, Op, Transfer
from bridge.core.canonical import Value
from bridge.core.ids import EntryId, Instant
from bridge.core.money import UNITS_MAX, Units
from bridge.notary.entries import Entry
from bridge.notary.reading import BadForm, Members, integer, text
from bridge.notary.state.refusals import REFUSED, Code, Refusal
from bridge.notary.state.row_forms import account_of
from bridge.notary.state.rows import AccountRow, PendingRow
from bridge.notary.state.view import NOTHING_CHANGES, Change, Changes, View

QUOTA: Final = "quota"  # code of accounts whose limit is a policy's, judged at each new pending
_OPS: Final = {op.value: op for op in Op}
_REQUIRED: Final = frozenset({"op", "debit", "credit", "unit", "units"})
_RESOLUTIONS: Final = {
    Op.POST_PENDING: "posted",
    Op.VOID_PENDING: "voided",
    Op.EXPIRE: "expired",
}


def transfer_body(transfer: Transfer, due: Instant | None = None) -> dict[str, Value]:
    """Return the body of a transfer's entry; the entry's id is the transfer's."""
    body: dict[str, Value] = {
        "op": transfer.op.value,
        "debit": transfer.debit,
        "credit": transfer.credit,
        "unit": transfer.unit,
        "units": str(transfer.units),
    }
    if transfer.of is not None:
        body["of"] = transfer.of
    if due is not None:
        body["due"] = str(due)
    return body


def due_key(due: Instant, transfer: str) -> str:
    """Return the key of what falls due: sorted by time."""
    return f"{due:015d}/{transfer}"


def opened(view: View, entry: Entry) -> Changes | Refusal:
    """Open an account. Open with equal members is no change; a quota takes the limit it brings."""
    account = account_of(entry.body)
    known = view.account(account.id)
    if known is None:
        return (("account", account.id, AccountRow(account=account)),)
    if known.account == account:
        return NOTHING_CHANGES
    if account.code == QUOTA and replace(known.account, limit=account.limit) == account:
        return (("account", account.id, replace(known, account=account)),)
    return REFUSED[Code.ACCOUNT_DIFFERS]


def limited(view: View, entry: Entry) -> Changes | Refusal:
    """Set an account's limit. One below what is used refuses new pendings and breaks nothing."""
    if entry.body.keys() ^ {"account", "limit"}:
        raise BadForm("limit: account and limit")
    known = view.account(text(entry.body, "account"))
    limit = Units(integer(entry.body, "limit"))
    if known is None:
        return REFUSED[Code.ACCOUNT_UNKNOWN]
    if not 0 <= limit <= UNITS_MAX:
        return REFUSED[Code.OVERFLOW]
    account: Account = replace(known.account, limit=limit)
    return (("account", account.id, replace(known, account=account)),)


def transferred(view: View, entry: Entry) -> Changes | Refusal:
    """Move units between two accounts, hold them, or resolve what was held."""
    body = entry.body
    op = _OPS.get(text(body, "op"))
    needed = _REQUIRED if op in {Op.POST, Op.PENDING} else _REQUIRED | {"of"}
    allowed = needed | {"due"} if op is Op.PENDING else needed
    if op is None or not needed <= body.keys() <= allowed:
        raise BadForm(f"transfer: op {body.get('op')!r} with {sorted(body)}")
    debit = view.account(text(body, "debit"))
    credit = view.account(text(body, "credit"))
    unit, units = text(body, "unit"), integer(body, "units")
    if debit is None or credit is None:
        return REFUSED[Code.ACCOUNT_UNKNOWN]
    if unit not in (debit.account.unit, credit.account.unit) or (
        debit.account.unit != credit.account.unit
    ):
        return REFUSED[Code.ASSET_MISMATCH]
    if debit.account.id == credit.account.id:
        return REFUSED[Code.SAME_ACCOUNT]
    if units < 0:
        raise BadForm("units: never below zero")
    if units == 0:
        return REFUSED[Code.UNITS_ZERO]
    if op is Op.POST:
        return _posted(debit, credit, units)
    if op is Op.PENDING:
        due = Instant(integer(body, "due")) if "due" in body else None
        return _held(entry, debit, credit, units, due)
    return _resolved(view, entry, (debit, credit), op=op, units=units)


def _too_many(debit: AccountRow, credit: AccountRow, units: int) -> bool:
    return (
        debit.debits_posted + debit.debits_pending + units > UNITS_MAX
        or credit.credits_posted + credit.credits_pending + units > UNITS_MAX
    )


def _short(debit: AccountRow, units: int, *, pending: bool) -> Refusal | None:
    """Say why `units` more cannot leave; what is pending counts as gone."""
    account = debit.account
    wanted = debit.debits_pending + debit.debits_posted + units
    if account.covered and wanted > debit.credits_posted:
        return REFUSED[Code.NOT_COVERED]
    # what was used before we opened is posted to a quota as it was, over its limit or not
    judged = account.limit is not None and (pending or account.code != QUOTA)
    if judged and account.limit is not None and wanted > account.limit:
        return REFUSED[Code.ABOVE_LIMIT]
    return None


def _posted(debit: AccountRow, credit: AccountRow, units: int) -> Changes | Refusal:
    if _too_many(debit, credit, units):
        return REFUSED[Code.OVERFLOW]
    if no := _short(debit, units, pending=False):
        return no
    return (
        _account(replace(debit, debits_posted=debit.debits_posted + units)),
        _account(replace(credit, credits_posted=credit.credits_posted + units)),
    )


def _held(
    entry: Entry, debit: AccountRow, credit: AccountRow, units: int, due: Instant | None
) -> Changes | Refusal:
    if _too_many(debit, credit, units):
        return REFUSED[Code.OVERFLOW]
    if no := _short(debit, units, pending=True):
        return no
    row = PendingRow(
        debit=debit.account.id,
        credit=credit.account.id,
        unit=debit.account.unit,
        units=Units(units),
        due=due,
    )
    changes = (
        _account(replace(debit, debits_pending=debit.debits_pending + units)),
        _account(replace(credit, credits_pending=credit.credits_pending + units)),
        ("pending", entry.id, row),
    )
    return changes if due is None else (*changes, ("due", due_key(due, entry.id), entry.id))


def _resolved(
    view: View, entry: Entry, between: tuple[AccountRow, AccountRow], *, op: Op, units: int
) -> Changes | Refusal:
    debit, credit = between
    of = EntryId(text(entry.body, "of"))
    row = view.pending(of)
    if row is None or (row.debit, row.credit) != (debit.account.id, credit.account.id):
        return REFUSED[Code.PENDING_UNKNOWN]
    if row.resolution in {"posted", "voided"}:
        return REFUSED[Code.PENDING_RESOLVED]
    past = row.due is not None and row.due <= entry.t
    if row.resolution == "expired" or (past and op is not Op.EXPIRE):
        return REFUSED[Code.PENDING_EXPIRED]
    if units > row.units or (op is not Op.POST_PENDING and units != row.units):
        return REFUSED[Code.ABOVE_PENDING]
    if op is Op.EXPIRE and not past:
        return REFUSED[Code.NOT_DUE]
    moved = units if op is Op.POST_PENDING else 0
    changes = (
        _account(
            replace(
                debit,
                debits_pending=debit.debits_pending - row.units,
                debits_posted=debit.debits_posted + moved,
            )
        ),
        _account(
            replace(
                credit,
                credits_pending=credit.credits_pending - row.units,
                credits_posted=credit.credits_posted + moved,
            )
        ),
        ("pending", of, replace(row, resolution=_RESOLUTIONS[op], posted=moved)),
    )
    return changes if row.due is None else (*changes, ("due", due_key(row.due, of), None))


def _account(row: AccountRow) -> Change:
    return ("account", row.account.id, row)


def touched(body: Members) -> tuple[tuple[str, str], ...]:
    """Return the rows a transfer will read, so that a batch loads them in one query."""
    keys = [("account", str(body.get("debit"))), ("account", str(body.get("credit")))]
    if "of" in body:
        keys.append(("pending", str(body["of"])))
    return tuple(keys)
