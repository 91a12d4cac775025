"""What is asked for becomes an order: registers and place are checked before it is written."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256

from bridge.core.ids import (
    AssetId,
    Bic,
    Digest,
    Instant,
    LaneId,
    PartyId,
    PersonId,
    SettlementId,
    ulid_time,
)
from bridge.core.instrument import Instrument, fingerprint
from bridge.core.money import Money, Rate, Rounding, Units
from bridge.core.order import Condition, Leg, Payment, References, SettlementOrder
from bridge.core.parties import (
    Agent,
    Beneficiary,
    Commitment,
    Originator,
    Personal,
    personal,
)
from bridge.core.place import Place, Stock, fits
from bridge.core.registers import Asset, Lane, Party
from bridge.core.upkeep import half_life
from bridge.notary.state.view import View

ID_AHEAD_MS = 300_000  # a client's clock may lead ours by five minutes
ID_BEHIND_MS = 24 * 3_600_000  # and an order may be a day old when it is sent


class Declined(Exception):
    """Raised when something asked for cannot be: it names the place, the rule and the remedy.

    Nothing was written. Caught at the API's edge, where it becomes a problem document.
    """

    def __init__(
        self, code: str, sentence: str, *, status: int = 422, loc: str = "", remedy: str
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.status = status
        self.loc = loc
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Who sends or receives: a party of the register, and the account on its network."""

    party: PartyId
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """The payment as the client states it; names and accounts become commitments."""

    amount: Money
    debtor: str
    debtor_account: str
    debtor_agent: Bic
    creditor: str
    creditor_account: str
    creditor_agent: Bic


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """A settlement order as it is asked for. `seed`: 32 bytes its personal values are salted from.

    The client makes and keeps id and seed before sending, so that the same request has the same
    terms, whether simulated, sent, or sent again.
    """

    id: SettlementId
    seed: bytes
    lane: LaneId
    instrument: Instrument
    units: Units
    originator: Side
    beneficiary: Side
    deadline: Instant
    payment: PaymentRequest | None = None
    conditions: tuple[Condition, ...] = ()
    purpose: str = ""
    bop_code: str = ""
    references: References = References()  # noqa: RUF009 frozen and empty


@dataclass(frozen=True, slots=True)
class Admitted:
    """An order that may be written, and the personal values that lie beside it, by their place."""

    order: SettlementOrder
    personal: Mapping[str, Personal]


def admit(
    view: View,
    request: OrderRequest,
    *,
    maker: PersonId,
    now: Instant,
    key: bytes,
    names: Mapping[PartyId, str],
) -> Admitted:
    """Return the order `request` asks for, checked against the registers as they stand.

    `key` is the consortium's fingerprint key; `names` are the parties' names from beside the
    register. Errors: Declined.
    """
    lane = _lane(view, request.lane)
    asset, origin, destination = _asset(view, lane, request.instrument)
    sender = _party(view, request.originator, "originator", origin)
    receiver = _party(view, request.beneficiary, "beneficiary", destination)
    mark = fingerprint(request.instrument, key)
    _frozen(view, lane, asset, (sender, receiver), paid=request.payment is not None)
    _quantity(view, asset, origin, mark, request.units)
    _limit(view, lane, request)
    values = {
        "originator.name": names.get(sender.id, ""),
        "beneficiary.name": names.get(receiver.id, ""),
    }
    if request.payment is not None:
        values |= _payment_values(request.payment)
    kept = {place: personal(text, request.seed, place) for place, text in values.items()}
    order = SettlementOrder(
        id=request.id,
        lane=lane.id,
        maker=maker,
        created=ulid_time(request.id),
        deadline=request.deadline,
        lapse=Instant(ulid_time(request.id) + lane.lapse_ms),
        instrument=request.instrument,
        fingerprint=mark,
        units=request.units,
        origin=origin,
        destination=destination,
        originator=Originator(
            party=sender.id,
            name=kept["originator.name"].commitment,
            account=request.originator.account,
        ),
        beneficiary=Beneficiary(
            party=receiver.id,
            name=kept["beneficiary.name"].commitment,
            account=request.beneficiary.account,
        ),
        salt=Digest(sha256(request.seed).hexdigest()),
        consents=(origin.network,),
        conditions=request.conditions,
        payment=_payment(lane, request.payment, kept),
        purpose=request.purpose,
        bop_code=request.bop_code,
        references=request.references,
    )
    _times(order, now)
    return Admitted(order, kept)


def _lane(view: View, name: LaneId) -> Lane:
    lane = view.lane(name)
    if lane is None:
        raise Declined(
            "LQ-LANE-UNKNOWN", f"there is no lane {name}", loc="lane", remedy="lianqiao ls lanes"
        )
    if lane.paused or not lane.open:
        why = f"paused: {lane.paused}" if lane.paused else "not open yet"
        raise Declined(
            "LQ-LANE-SHUT",
            f"lane {name} is {why}",
            loc="lane",
            remedy=f"lianqiao lane open {name}, which a second person approves",
        )
    return lane


def _asset(view: View, lane: Lane, instrument: Instrument) -> tuple[Asset, Leg, Leg]:
    asset = view.asset(instrument.asset)
    if asset is None or not asset.active or instrument.asset not in lane.assets:
        raise Declined(
            "LQ-ASSET-NOT-ADMITTED",
            f"lane {lane.id} does not admit the asset {instrument.asset}",
            loc="instrument.asset",
            remedy=f"admitted there: {', '.join(lane.assets) or 'none'}",
        )
    if asset.kind is not instrument.kind or asset.profile != instrument.profile:
        raise Declined(
            "LQ-ASSET-MISMATCH",
            f"{asset.id} is registered as {asset.kind.value} on the profile {asset.profile}",
            loc="instrument.kind",
            remedy="send the instrument as its register has it",
        )
    origin, destination = asset.leg(lane.origin), asset.leg(lane.destination)
    if origin is None or destination is None:
        raise Declined(
            "LQ-ASSET-NO-LEG",
            f"{asset.id} has no id on both networks of lane {lane.id}",
            loc="instrument.asset",
            remedy="register the asset's other side; two people do",
        )
    if instrument.part and (origin.part or destination.part):
        raise Declined(
            "LQ-ASSET-PART",
            f"the register says which part of {asset.id} moves; an order names none",
            loc="instrument.part",
            remedy="leave the part out",
        )
    return asset, _with_part(origin, instrument.part), _with_part(destination, instrument.part)


def _with_part(leg: Leg, part: str) -> Leg:
    return replace(leg, part=part) if part else leg


def _party(view: View, side: Side, role: str, leg: Leg) -> Party:
    party = view.party(side.party)
    if party is None or not party.active:
        raise Declined(
            "LQ-PARTY-UNKNOWN",
            f"{side.party} is not an active party of the register",
            loc=f"{role}.party",
            remedy="register the party; two people do",
        )
    if not any(
        wallet.network == leg.network and wallet.account == side.account for wallet in party.wallets
    ):
        raise Declined(
            "LQ-ACCOUNT-UNKNOWN",
            f"the register does not know that account of {side.party} on {leg.network}",
            loc=f"{role}.account",
            remedy="add the wallet to the party's register entry; two people do",
        )
    return party


def scopes_of(
    order_lane: Lane, asset: AssetId, parties: tuple[PartyId, ...], *, paid: bool
) -> tuple[str, ...]:
    """Return every scope whose freeze touches a settlement of this lane, asset and parties."""
    rail = order_lane.rail if paid else None
    return (
        f"lane/{order_lane.id}",
        f"network/{order_lane.origin}",
        f"network/{order_lane.destination}",
        *(() if rail is None else (f"network/{rail}",)),
        f"asset/{asset}",
        *(f"party/{party}" for party in parties),
    )


def _frozen(
    view: View, lane: Lane, asset: Asset, parties: tuple[Party, ...], *, paid: bool
) -> None:
    for scope in scopes_of(lane, asset.id, tuple(party.id for party in parties), paid=paid):
        freeze = view.freeze(scope)
        if freeze is not None and not freeze.lifted:
            raise Declined(
                "LQ-NOT-ADMITTED",
                "this order cannot be taken now",  # no tipping-off: the desk sees the scope
                loc="",
                remedy="ask the operator's compliance desk",
            )


def _quantity(view: View, asset: Asset, origin: Leg, mark: Digest, units: Units) -> None:
    if units == 0 or units > asset.cap:
        raise Declined(
            "LQ-UNITS",
            f"units must be 1 to {asset.cap}, the cap of {asset.id}",
            loc="units",
            remedy="send fewer units, or raise the cap by two people",
        )
    row = view.account(Place(mark, origin.network).account)
    stock = None
    if row is not None:
        there = row.credits_posted - row.debits_posted
        stock = Stock(there=Units(there), leaving=Units(row.debits_pending))
    home = asset.home == origin.network
    if not fits(stock, at_home=home, issued=asset.issued, wanted=units):
        raise Declined(
            "LQ-PLACE",
            f"that much of this instrument is not free on {origin.network}",
            status=409,
            loc="units",
            remedy="it is elsewhere, or another settlement has it: wait for that one to end",
        )


def measured(view: View, amount: Money, limit: Money) -> Money | None:
    """Return `amount` in the limit's currency, rounded up, or None where no rate is known."""
    if amount.currency == limit.currency:
        return amount
    row = view.rate(amount.currency.code, limit.currency.code)
    if row is None:
        return None
    rate = Rate(
        base=amount.currency,
        quote=limit.currency,
        numerator=row.numerator,
        denominator=row.denominator,
    )
    return rate.convert(amount, Rounding.UP)


def _limit(view: View, lane: Lane, request: OrderRequest) -> None:
    amount = request.payment.amount if request.payment is not None else request.instrument.face
    if amount is None:
        return  # a free transfer of a paper without face: nothing to measure, policy looks at it
    worth = measured(view, amount, lane.limit)
    if worth is None:
        raise Declined(
            "LQ-RATE-MISSING",
            f"no rate from {amount.currency.code} to {lane.limit.currency.code} is known",
            loc="payment.amount",
            remedy="lianqiao rates import FILE.csv",
        )
    if not worth <= lane.limit:
        raise Declined(
            "LQ-LIMIT",
            f"more than the limit of lane {lane.id}, {lane.limit.text} {lane.limit.currency.code}",
            loc="payment.amount",
            remedy="split the order, or have two people raise the lane's limit",
        )


def _payment_values(asked: PaymentRequest) -> dict[str, str]:
    return {
        "payment.debtor": asked.debtor,
        "payment.debtor_account": asked.debtor_account,
        "payment.creditor": asked.creditor,
        "payment.creditor_account": asked.creditor_account,
    }


def _payment(
    lane: Lane, asked: PaymentRequest | None, kept: Mapping[str, Personal]
) -> Payment | None:
    if asked is None:
        return None
    if lane.rail is None:
        raise Declined(
            "LQ-NO-RAIL",
            f"lane {lane.id} has no rail: it moves assets free of payment only",
            loc="payment",
            remedy="leave the payment out, or use a lane with a rail",
        )

    def said(name: str) -> Commitment:
        return kept[f"payment.{name}"].commitment

    return Payment(
        rail=lane.rail,
        amount=asked.amount,
        debtor=said("debtor"),
        debtor_account=said("debtor_account"),
        debtor_agent=Agent(asked.debtor_agent),
        creditor=said("creditor"),
        creditor_account=said("creditor_account"),
        creditor_agent=Agent(asked.creditor_agent),
    )


def _times(order: SettlementOrder, now: Instant) -> None:
    if not -ID_BEHIND_MS <= order.created - now <= ID_AHEAD_MS:
        raise Declined(
            "LQ-ID-TIME",
            "the id was not made in the last day: its time is that of the order",
            loc="id",
            remedy="make a new ULID with a right clock, and keep it before sending",
        )
    if order.deadline <= now:
        raise Declined(
            "LQ-DEADLINE-PAST",
            "the deadline has passed already",
            loc="deadline",
            remedy="send a deadline in the future",
        )
    if order.deadline > half_life(order):
        raise Declined(
            "LQ-DEADLINE-FAR",
            "the deadline lies past half of the lock's life on the origin",
            loc="deadline",
            remedy="send an earlier deadline",
        )
