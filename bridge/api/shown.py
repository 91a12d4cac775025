"""Rows of the ledger as our wire shows them."""

from collections.abc import Mapping
from typing import cast

from pydantic import JsonValue

from bridge.api.times import time_text
from bridge.core.canonical import Value, canonical, parse
from bridge.core.effects import Screen, network_of
from bridge.core.money import Money
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement, Stage, due
from bridge.engine.decisions import held_by
from bridge.engine.desk import Sent as SentWords
from bridge.engine.held import HeldThing
from bridge.engine.ring import Ring
from bridge.engine.waiting import Waiting, ahead, missing_papers, waiting
from bridge.notary.entries import Entry
from bridge.notary.register_forms import Register, register_form
from bridge.notary.state.proposals import SUBJECTS, approval_message
from bridge.notary.state.rows import AccountRow, FreezeRow, ListRow, ProposalRow
from bridge.ports import ConsentOwed
from schemas.answers import (
    AccountView,
    EntryView,
    FreezeView,
    HeldView,
    ListView,
    Owed,
    ProposalView,
    RegisterView,
    Sent,
    SettlementLine,
    SettlementView,
    Step,
)
from schemas.api import Amount


def json_of(value: Value) -> JsonValue:
    """Return a canonical value as JSON's own types."""
    return cast("JsonValue", parse(canonical(value)))


def amount_view(money: Money) -> Amount:
    """Return money as the wire writes it."""
    return Amount(currency=money.currency.code, amount=money.text)


def owed_view(owed: ConsentOwed) -> Owed:
    """Return whose consent is owed, with the exact bytes."""
    return Owed(
        network=owed.network,
        by=owed.by,
        kind=owed.kind,
        message=owed.message.hex(),
        calls=owed.calls,
    )


def sent_view(sent: SentWords) -> Sent:
    """Return what answers an order."""
    return Sent(
        settlement=sent.settlement,
        uetr=sent.uetr,
        terms=sent.terms,
        consents=tuple(map(owed_view, sent.consents)),
    )


def line_view(settlement: Settlement) -> SettlementLine:
    """Return a settlement as a line of a list."""
    order = settlement.order
    return SettlementLine(
        id=order.id,
        uetr=order.uetr,
        lane=order.lane,
        stage=settlement.stage.value,
        stop=settlement.stop.value if settlement.stop else "",
        asset=order.instrument.asset,
        units=str(order.units),
        created=time_text(order.created),
    )


def settlement_view(
    ring: Ring, settlement: Settlement, proposals: tuple[str, ...], *, findings: bool
) -> SettlementView:
    """Return where a settlement stands, what it waits for, and when it came through each stage.

    `findings`: whoever asks may read what policy found.
    """
    order, waits = settlement.order, _waiting(ring, settlement, findings=findings)
    return SettlementView(
        id=order.id,
        uetr=order.uetr,
        lane=order.lane,
        stage=settlement.stage.value,
        stop=settlement.stop.value if settlement.stop else "",
        ahead=tuple(stage.value for stage in ahead(settlement)),
        visit=str(settlement.visit),
        maker=order.maker,
        created=time_text(order.created),
        deadline=time_text(order.deadline),
        terms=order.terms,
        asset=order.instrument.asset,
        kind=order.instrument.kind.value,
        units=str(order.units),
        origin=order.origin.network,
        destination=order.destination.network,
        originator=order.originator.party,
        beneficiary=order.beneficiary.party,
        payment=None if order.payment is None else amount_view(order.payment.amount),
        waiting="" if waits is None else waits.why,
        cause="" if waits is None else waits.cause.value,
        remedy="" if waits is None else waits.remedy,
        papers=missing_papers(settlement),
        custody=_custody(ring, order),
        proposals=proposals,
        steps=_steps(ring, settlement),
    )


def _custody(ring: Ring, order: SettlementOrder) -> tuple[str, ...]:
    """Return where a custodian's word stands for the holder's, and by which agreement."""
    view = ring.journal.view
    party = view.party(order.originator.party)
    agreements = dict(party.custody) if party is not None else {}
    given = ((network, view.consent(order.id, network)) for network in order.consents)
    return tuple(
        f"{network} {agreements.get(network, 'none any more')}"
        for network, word in given
        if word is not None and word.kind == "custody"
    )


def _waiting(ring: Ring, settlement: Settlement, *, findings: bool) -> Waiting | None:
    notice, effect = ring.trouble.notices.get(settlement.order.id), due(settlement)
    owed = None if effect is None or isinstance(effect, Screen) else network_of(effect)
    return waiting(
        settlement,
        ring.errands.met(settlement),
        noticed=notice.detail if notice is not None and notice.network == owed else "",
        held_by=held_by(ring.journal, settlement) if findings else (),
    )


def _steps(ring: Ring, settlement: Settlement) -> tuple[Step, ...]:
    found: list[tuple[int, Step]] = []
    for stage in Stage:
        row = ring.journal.view.saga(settlement.order.id, stage.value)
        entry = ring.journal.entry(row.n) if row is not None else None
        if entry is not None:
            by = event_name(entry)
            step = Step(stage=stage.value, at=time_text(entry.t), n=str(entry.n), event=by)
            found.append((entry.n, step))
    return tuple(step for _, step in sorted(found, key=lambda one: one[0]))


def event_name(entry: Entry) -> str:
    """Return which event a step of a settlement took; nothing where the entry is no such step."""
    event = entry.body.get("event")
    name = event.get("name") if isinstance(event, Mapping) else None
    return name if isinstance(name, str) else ""


def proposal_view(row: ProposalRow, state: str) -> ProposalView:
    """Return a proposal with the exact bytes its checkers sign."""
    return ProposalView(
        id=row.id,
        subject=row.subject,
        target=row.target,
        payload=json_of(row.payload),
        bytes_sha256=row.bytes_sha256,
        message=approval_message(row, "approve").hex(),
        refusal=approval_message(row, "refuse").hex(),
        maker=row.maker,
        reason=row.reason,
        role=SUBJECTS.get(row.subject, ""),
        needs=str(row.needs),
        approvals=row.approvals,
        state=state,
        expires=time_text(row.expires),
    )


def held_view(thing: HeldThing) -> HeldView:
    """Return what a door holds, in the door's own words."""
    said = {name: json_of(value) for name, value in thing.says.items()}
    return HeldView(network=thing.network, name=thing.name, says=said)


def freeze_view(scope: str, row: FreezeRow) -> FreezeView:
    """Return a freeze that lies on a scope."""
    return FreezeView(
        id=row.id, scope=scope, reason=row.reason, by=row.by, since=time_text(row.since)
    )


def register_view(kind: str, row: Register) -> RegisterView:
    """Return a register's row; what is personal stands in it as a commitment."""
    return RegisterView(kind=kind, id=row.id, row=json_of(register_form(row)))


def list_view(name: str, row: ListRow) -> ListView:
    """Return a screening list in force; its entries stay beside the ledger."""
    return ListView(
        name=name,
        root=row.root,
        count=str(row.count),
        digest=row.digest,
        source=row.source,
        as_of=time_text(int(row.as_of)) if row.as_of.isdecimal() else row.as_of,
    )


def account_view(row: AccountRow) -> AccountView:
    """Return an account with its four counters."""
    return AccountView(
        id=row.account.id,
        unit=row.account.unit,
        code=row.account.code,
        covered=row.account.covered,
        limit=None if row.account.limit is None else str(row.account.limit),
        debits_pending=str(row.debits_pending),
        debits_posted=str(row.debits_posted),
        credits_pending=str(row.credits_pending),
        credits_posted=str(row.credits_posted),
    )


def entry_view(entry: Entry) -> EntryView:
    """Return an entry of the ledger."""
    return EntryView(
        n=str(entry.n),
        t=time_text(entry.t),
        id=entry.id,
        kind=entry.kind,
        leaf=entry.leaf,
        body=json_of(entry.body),
    )
