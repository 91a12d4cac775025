"""Leaf forms back to values: orders, acts, consents, papers, settlements.

Every reader is strict: what it returns has exactly the form it was read from, so nothing that
stands in a leaf is overlooked. Events are in `event_forms`, the registers in
`register_forms`.
"""

from typing import Literal, cast

from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.consent import Consent, Paper
from bridge.core.effects import Verb
from bridge.core.ids import (
    AssetId,
    Bic,
    DateText,
    Digest,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    PersonId,
    SettlementId,
)
from bridge.core.instrument import Instrument, InstrumentKind
from bridge.core.money import Units
from bridge.core.order import Condition, Leg, Payment, References, SettlementOrder
from bridge.core.parties import Agent, Beneficiary, Originator
from bridge.core.settlement import Settlement, Stage, Stop
from bridge.notary.event_forms import reservation_form, reservation_of
from bridge.notary.reading import (
    BadForm,
    Members,
    commitment_of,
    flag,
    integer,
    money_of,
    objects,
    part,
    strictly,
    text,
    texts,
)


def leg_of(members: Members) -> Leg:
    """Return one side of an order or asset. Errors: BadForm."""
    return Leg(
        network=NetworkId(text(members, "network")),
        escrow=text(members, "escrow"),
        asset=text(members, "asset"),
        part=text(members, "part"),
    )


def instrument_of(members: Members) -> Instrument:
    """Return the instrument of its leaf form. Errors: BadForm, BadInstrument."""
    face = money_of(part(members, "face")) if "face" in members else None
    return Instrument(
        kind=InstrumentKind(text(members, "kind")),
        asset=AssetId(text(members, "asset")),
        profile=text(members, "profile"),
        issuer=text(members, "issuer"),
        number=text(members, "number"),
        document=Digest(text(members, "document")),
        face=face,
        maturity=DateText(text(members, "maturity")) if "maturity" in members else None,
        part=text(members, "part") if "part" in members else "",
    )


def _payment(members: Members) -> Payment:
    return Payment(
        rail=NetworkId(text(members, "rail")),
        amount=money_of(part(members, "amount")),
        debtor=commitment_of(members, "debtor"),
        debtor_account=commitment_of(members, "debtor_account"),
        debtor_agent=Agent(Bic(text(members, "debtor_agent"))),
        creditor=commitment_of(members, "creditor"),
        creditor_account=commitment_of(members, "creditor_account"),
        creditor_agent=Agent(Bic(text(members, "creditor_agent"))),
    )


def _order(members: Members) -> SettlementOrder:
    sender, receiver = part(members, "originator"), part(members, "beneficiary")
    papers = part(members, "references")
    return SettlementOrder(
        id=SettlementId(text(members, "id")),
        lane=LaneId(text(members, "lane")),
        maker=PersonId(text(members, "maker")),
        created=Instant(integer(members, "created")),
        deadline=Instant(integer(members, "deadline")),
        lapse=Instant(integer(members, "lapse")),
        instrument=instrument_of(part(members, "instrument")),
        fingerprint=Digest(text(members, "fingerprint")),
        units=Units(integer(members, "units")),
        origin=leg_of(part(members, "origin")),
        destination=leg_of(part(members, "destination")),
        originator=Originator(
            party=PartyId(text(sender, "party")),
            name=commitment_of(sender, "name"),
            account=text(sender, "account"),
        ),
        beneficiary=Beneficiary(
            party=PartyId(text(receiver, "party")),
            name=commitment_of(receiver, "name"),
            account=text(receiver, "account"),
        ),
        salt=Digest(text(members, "salt")),
        consents=tuple(NetworkId(network) for network in texts(members, "consents")),
        conditions=tuple(
            Condition(text(c, "kind"), text(c, "key")) for c in objects(members, "conditions")
        ),
        payment=_payment(part(members, "payment")) if "payment" in members else None,
        purpose=text(members, "purpose"),
        bop_code=text(members, "bop_code"),
        references=References(**{name: text(papers, name) for name in papers}),
    )


def order_of(members: Members) -> SettlementOrder:
    """Return the order whose leaf form this is; an agent's LEI is not in it.

    Errors: BadForm.
    """
    if not part(members, "references").keys() <= {"contract", "invoice", "customs", "filing"}:
        raise BadForm("order: a reference of another kind")
    return strictly(members, _order, SettlementOrder.leaf, "order")


def order_form(order: SettlementOrder) -> dict[str, Value]:
    """Return the leaf form of an order."""
    return order.leaf()


def act_of(members: Members) -> Act:
    """Return the act of its body. Errors: BadForm."""
    return strictly(members, _act, Act.body, "act")


def _act(members: Members) -> Act:
    return Act(
        verb=Verb(text(members, "verb")),
        settlement=SettlementId(text(members, "settlement")),
        terms=Digest(text(members, "terms")),
        network=NetworkId(text(members, "network")),
        escrow=text(members, "escrow"),
        asset=text(members, "asset"),
        part=text(members, "part"),
        units=Units(integer(members, "units")),
        party=text(members, "party"),
        counterpart=NetworkId(text(members, "counterpart")),
        evidence=Digest(text(members, "evidence")),
        verdict=Digest(text(members, "verdict")),
        epoch=integer(members, "epoch"),
        not_after=Instant(integer(members, "not_after")),
        until=Instant(integer(members, "until")),
    )


def consent_of(members: Members) -> Consent:
    """Return the consent of its form. Errors: BadForm."""
    return strictly(
        members,
        lambda leaf: Consent(
            settlement=SettlementId(text(leaf, "settlement")),
            terms=Digest(text(leaf, "terms")),
            network=NetworkId(text(leaf, "network")),
            by=text(leaf, "by"),
            kind=text(leaf, "kind"),
            public_key=text(leaf, "public_key"),
            signature=bytes.fromhex(text(leaf, "signature")),
            not_after=Instant(integer(leaf, "not_after")),
        ),
        Consent.leaf,
        "consent",
    )


def paper_of(members: Members) -> Paper:
    """Return the paper of its form. Errors: BadForm."""
    return strictly(members, _paper, Paper.leaf, "paper")


def _paper(members: Members) -> Paper:
    body = part(members, "paper")
    says = text(body, "says")
    if says not in {"given", "refused"}:
        raise BadForm(f"says: {says!r}")
    return Paper(
        settlement=SettlementId(text(body, "settlement")),
        terms=Digest(text(body, "terms")),
        kind=text(body, "kind"),
        digest=Digest(text(body, "digest")),
        issued=Instant(integer(body, "issued")),
        says=cast('Literal["given", "refused"]', says),
        key=text(members, "key"),
        signature=bytes.fromhex(text(members, "signature")),
    )


def settlement_form(settlement: Settlement) -> dict[str, Value]:
    """Return everything of a settlement but its order, which never changes and stands alone."""
    return {
        "stage": settlement.stage.value,
        "stop": "" if settlement.stop is None else settlement.stop.value,
        "visit": str(settlement.visit),
        "history": sorted(settlement.history),
        "seen": sorted(settlement.seen),
        "acts": sorted(settlement.acts),
        "prepared": sorted(settlement.prepared),
        "freezes": list(settlement.freezes),
        "giving_back": settlement.giving_back,
        "decided": settlement.decided,
        "frozen_by": settlement.frozen_by,
        "verdict": settlement.verdict,
        "reservations": [reservation_form(held) for held in settlement.reservations],
        "held_until": str(settlement.held_until),
        "hold_asked": str(settlement.hold_asked),
        "hold_number": str(settlement.hold_number),
        "hold_open": settlement.hold_open,
        "booked": settlement.booked,
    }


def settlement_of(members: Members, order: SettlementOrder) -> Settlement:
    """Return the settlement of its form and its order. Errors: BadForm."""
    stop = text(members, "stop")
    return strictly(
        members,
        lambda row: Settlement(
            order=order,
            stage=Stage(text(row, "stage")),
            stop=Stop(stop) if stop else None,
            visit=integer(row, "visit"),
            history=frozenset(texts(row, "history")),
            seen=frozenset(texts(row, "seen")),
            acts=frozenset(Verb(verb) for verb in texts(row, "acts")),
            prepared=frozenset(Verb(verb) for verb in texts(row, "prepared")),
            freezes=texts(row, "freezes"),
            giving_back=flag(row, "giving_back"),
            decided=flag(row, "decided"),
            frozen_by=text(row, "frozen_by"),
            verdict=Digest(text(row, "verdict")),
            reservations=tuple(map(reservation_of, objects(row, "reservations"))),
            held_until=Instant(integer(row, "held_until")),
            hold_asked=Instant(integer(row, "hold_asked")),
            hold_number=integer(row, "hold_number"),
            hold_open=flag(row, "hold_open"),
            booked=flag(row, "booked"),
        ),
        settlement_form,
        "settlement",
    )
