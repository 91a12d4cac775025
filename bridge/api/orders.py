"""Orders, consents and papers as they arrive on our wire, in core words."""

from collections.abc import Callable
from typing import TypeVar

from bridge.api.problems import Trouble
from bridge.api.times import instant
from bridge.core.canonical import NotCanonical
from bridge.core.consent import Consent, Paper
from bridge.core.ids import (
    AssetId,
    BadId,
    Bic,
    Digest,
    LaneId,
    NetworkId,
    PartyId,
    SettlementId,
    bic,
    date_text,
)
from bridge.core.instrument import BadInstrument, Instrument, InstrumentKind
from bridge.core.money import BadMoney, Money, money, units
from bridge.core.order import Condition, References
from bridge.engine.admission import OrderRequest, PaymentRequest, Side
from schemas.api import (
    Amount,
    ConsentBody,
    InstrumentBody,
    OrderBody,
    PaperBody,
    PayerBody,
    PaymentBody,
    SideBody,
)

T = TypeVar("T")


def order_request(body: OrderBody) -> OrderRequest:
    """Return what an order asks for. Errors: Trouble, 422, naming the member."""
    return OrderRequest(
        id=SettlementId(body.id),
        seed=bytes.fromhex(body.seed),
        lane=LaneId(body.lane),
        instrument=_instrument(body.instrument),
        units=_read(lambda: units(body.units), "units"),
        originator=_side(body.originator),
        beneficiary=_side(body.beneficiary),
        deadline=instant(body.deadline, "deadline"),
        payment=None if body.payment is None else _payment(body.payment),
        conditions=tuple(Condition(one.kind, one.key) for one in body.conditions),
        purpose=body.purpose,
        bop_code=body.bop_code,
        references=References(
            contract=body.references.contract,
            invoice=body.references.invoice,
            customs=body.references.customs,
            filing=body.references.filing,
        ),
    )


def consent_of(settlement: str, body: ConsentBody) -> Consent:
    """Return a holder's consent. Errors: Trouble."""
    return Consent(
        settlement=SettlementId(settlement),
        terms=Digest(body.terms),
        network=NetworkId(body.network),
        by=body.by,
        kind=body.kind,
        public_key=body.public_key,
        signature=bytes.fromhex(body.signature),
        not_after=instant(body.not_after, "not_after"),
    )


def paper_of(settlement: str, body: PaperBody) -> Paper:
    """Return a signed statement. Errors: Trouble."""
    return Paper(
        settlement=SettlementId(settlement),
        terms=Digest(body.terms),
        kind=body.kind,
        digest=Digest(body.digest),
        issued=instant(body.issued, "issued"),
        says=body.says,
        key=body.key,
        signature=bytes.fromhex(body.signature),
    )


def _instrument(body: InstrumentBody) -> Instrument:
    return _read(
        lambda: Instrument(
            kind=InstrumentKind(body.kind),
            asset=AssetId(body.asset),
            profile=body.profile,
            issuer=body.issuer,
            number=body.number,
            document=Digest(body.document),
            face=None if body.face is None else _money(body.face, "instrument", "face"),
            maturity=None if body.maturity is None else date_text(body.maturity),
            part=body.part,
        ),
        "instrument",
    )


def _side(body: SideBody) -> Side:
    return Side(party=PartyId(body.party), account=body.account)


def _payment(body: PaymentBody) -> PaymentRequest:
    amount = _money(body.amount, "payment", "amount")
    if amount.minor <= 0:
        raise _bad("a payment is more than nothing", "payment", "amount")
    return PaymentRequest(
        amount=amount,
        debtor=body.debtor.name,
        debtor_account=body.debtor.account,
        debtor_agent=_agent(body.debtor, "debtor"),
        creditor=body.creditor.name,
        creditor_account=body.creditor.account,
        creditor_agent=_agent(body.creditor, "creditor"),
    )


def _agent(body: PayerBody, who: str) -> Bic:
    return _read(lambda: bic(body.agent), "payment", who, "agent")


def _money(body: Amount, *loc: str) -> Money:
    return _read(lambda: money(body.amount, body.currency), *loc)


def _read(make: Callable[[], T], *loc: str) -> T:
    try:
        return make()
    except (BadId, BadInstrument, BadMoney, NotCanonical) as error:
        raise _bad(str(error), *loc) from None


def _bad(why: str, *loc: str) -> Trouble:
    return Trouble(
        422,
        "LQ-BODY",
        f"{'.'.join(loc)}: {why}"[:300],
        remedy="GET /openapi.json describes the body",
        flaws=((("body", *loc), "value"),),
    )
