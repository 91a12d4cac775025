"""Stage to double-entry postings: what a settlement holds back, and when it is posted or given up.

Postings become pending on entering LOCKING, are posted at SETTLED and voided at RELEASED or
REJECTED. They are one more reading of the machine, never a second truth.
"""

from dataclasses import dataclass
from enum import StrEnum

from bridge.core.ids import AccountId, EntryId, derived_id
from bridge.core.money import Units
from bridge.core.place import Place, issue_account
from bridge.core.settlement import Settlement, Stage


class Op(StrEnum):
    """What a transfer does to its two accounts, each with four counters."""

    POST = "post"
    PENDING = "pending"
    POST_PENDING = "post_pending"
    VOID_PENDING = "void_pending"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account to be open. `covered`: it never gives more than it got; `limit`: of debits."""

    id: AccountId
    unit: str  # what it counts: the asset's id, or an ISO 4217 code for a quota
    code: str  # place | issue | quota | use
    covered: bool = False
    limit: Units | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One posting. `of` names the pending it resolves."""

    id: EntryId
    op: Op
    debit: AccountId
    credit: AccountId
    unit: str
    units: Units
    of: EntryId | None = None


@dataclass(frozen=True, slots=True)
class Booking:
    """The accounts a step needs open, then its transfers, in order; all in one group."""

    accounts: tuple[Account, ...] = ()
    transfers: tuple[Transfer, ...] = ()


NO_BOOKING = Booking()
USE = "use/"  # the other side of a quota account


def booking(before: Settlement, after: Settlement, *, issue: Units | None) -> Booking:
    """Return what a step from `before` to `after` books. Pure: the same step, the same postings.

    `issue` is the issued quantity of a paper that the ledger sees for the first time, at its home,
    where it is opened whole; None for a paper it knows.
    """
    if after.booked and not before.booked:
        return _reserve(after, issue)
    if before.booked and not after.booked:
        posted = after.stage is Stage.SETTLED
        return _resolve(before, Op.POST_PENDING if posted else Op.VOID_PENDING)
    return NO_BOOKING


def _legs(settlement: Settlement) -> tuple[tuple[AccountId, AccountId, str, Units], ...]:
    """Return every pair that is reserved together: the place, then each quota by its account."""
    order = settlement.order
    here = Place(order.fingerprint, order.origin.network).account
    there = Place(order.fingerprint, order.destination.network).account
    quotas = sorted(settlement.reservations, key=lambda held: held.account)
    return (
        (here, there, order.instrument.asset, order.units),
        *((held.account, AccountId(USE + held.account), held.unit, held.units) for held in quotas),
    )


def _reserve(settlement: Settlement, issue: Units | None) -> Booking:
    order = settlement.order
    unit, mark = order.instrument.asset, order.fingerprint
    here, there = Place(mark, order.origin.network), Place(mark, order.destination.network)
    accounts = [
        Account(id=here.account, unit=unit, code="place", covered=True),
        Account(id=there.account, unit=unit, code="place", covered=True),
    ]
    transfers: list[Transfer] = []
    if issue is not None:
        source = issue_account(mark)
        accounts.append(Account(id=source, unit=unit, code="issue", limit=issue))
        transfers.append(
            Transfer(
                id=issue_transfer(settlement),
                op=Op.POST,
                debit=source,
                credit=here.account,
                unit=unit,
                units=issue,
            )
        )
    for held in sorted(settlement.reservations, key=lambda held: held.account):
        quota = Account(id=held.account, unit=held.unit, code="quota", limit=held.limit)
        use = Account(id=AccountId(USE + held.account), unit=held.unit, code="use")
        accounts += [quota, use]
    transfers += [
        Transfer(
            id=pending_id(settlement, debit),
            op=Op.PENDING,
            debit=debit,
            credit=credit,
            unit=counted,
            units=units,
        )
        for debit, credit, counted, units in _legs(settlement)
    ]
    return Booking(tuple(accounts), tuple(transfers))


def _resolve(settlement: Settlement, op: Op) -> Booking:
    return Booking(
        (),
        tuple(
            Transfer(
                id=derived_id(settlement.order.id, op.value, debit),
                op=op,
                debit=debit,
                credit=credit,
                unit=counted,
                units=units,
                of=pending_id(settlement, debit),
            )
            for debit, credit, counted, units in _legs(settlement)
        ),
    )


def pending_id(settlement: Settlement, debit: AccountId) -> EntryId:
    """Return the id of a settlement's pending transfer out of an account."""
    return derived_id(settlement.order.id, Op.PENDING.value, debit)


def issue_transfer(settlement: Settlement) -> EntryId:
    """Return the id of the transfer that opens a paper at its home, were this settlement first."""
    return derived_id(settlement.order.id, "issue", settlement.order.fingerprint)
