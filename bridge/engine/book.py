"""One event's entries: the saga step and what it books, drawn from the committed state alone."""

from dataclasses import dataclass

from bridge.core.booking import booking
from bridge.core.canonical import Value
from bridge.core.events import Answer, Decided, Event
from bridge.core.ids import derived_id
from bridge.core.money import Units
from bridge.core.place import Place, issue_account
from bridge.core.settlement import MACHINE, Settlement, Stage, advance
from bridge.notary.entries import Draft
from bridge.notary.event_forms import event_form
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.row_forms import account_form
from bridge.notary.state.view import View


@dataclass(frozen=True, slots=True)
class Step:
    """What an event makes of a settlement, and the entries that say so."""

    before: Settlement
    after: Settlement
    drafts: tuple[Draft, ...]


def step(view: View, settlement: Settlement, event: Event, because: str = "") -> Step | None:
    """Return the step `event` takes, or None where it changes nothing.

    `because` is the proposal that an answer of people carries out.
    """
    after = advance(settlement, event)
    if after == settlement:
        return None
    drafts = [_saga(settlement, after, event, because)]
    drafts += _booked(view, settlement, after, because)
    return Step(settlement, after, tuple(drafts))


def _saga(before: Settlement, after: Settlement, event: Event, because: str) -> Draft:
    """One entry a step: all a notary needs to see what is owed now."""
    told = f"{event.visit}/{type(event).__name__}" if isinstance(event, Answer) else event.key
    reason = event.verdict if isinstance(event, Decided) else because
    body: dict[str, Value] = {
        "settlement": before.order.id,
        "machine": MACHINE,
        "from": before.stage.value,
        "event": event_form(event),
        "to": after.stage.value,
        "visit": str(after.visit),
        "stop": after.stop.value if after.stop is not None else "",
    }
    return Draft(id=derived_id(before.order.id, "saga", told, reason), kind="saga", body=body)


def _booked(view: View, before: Settlement, after: Settlement, because: str) -> list[Draft]:
    """The accounts to open and the postings of a step; what is open already is left alone."""
    booked = booking(before, after, issue=issue_of(view, after))
    of = after.order.id
    again = after.verdict if after.booked else because
    drafts: list[Draft] = []
    for account in booked.accounts:
        row = view.account(account.id)
        if row is None:
            opened = derived_id(of, "account", account.id, again)
            drafts.append(Draft(id=opened, kind="account", body=account_form(account)))
        elif account.limit is not None and row.account.limit != account.limit:
            moved: dict[str, Value] = {"account": account.id, "limit": str(account.limit)}
            changed = derived_id(of, "limit", account.id, again)
            drafts.append(Draft(id=changed, kind="limit", body=moved))
    drafts += [
        Draft(id=transfer.id, kind="transfer", body=transfer_body(transfer))
        for transfer in booked.transfers
    ]
    return drafts


def issue_of(view: View, settlement: Settlement) -> Units | None:
    """Return the quantity to open a paper with: only at its home, and only the first time."""
    order = settlement.order
    if settlement.stage is not Stage.LOCKING:
        return None
    asset = view.asset(order.instrument.asset)
    known = view.account(issue_account(order.fingerprint)) is not None
    known = (
        known or view.account(Place(order.fingerprint, order.origin.network).account) is not None
    )
    if asset is None or known or asset.home != order.origin.network:
        return None
    return asset.issued
