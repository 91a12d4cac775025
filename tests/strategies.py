"""Core values for tests: an order with everything in it, and strategies for events."""

from dataclasses import replace
from hashlib import sha256

from hypothesis import strategies as st

from bridge.core import events
from bridge.core.events import Answer, Event, Fact, Reservation
from bridge.core.ids import (
    AccountId,
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
    new_ulid,
)
from bridge.core.instrument import Instrument, InstrumentKind, fingerprint
from bridge.core.money import Units, money
from bridge.core.order import Condition, Leg, Payment, References, SettlementOrder
from bridge.core.parties import Agent, Beneficiary, Originator, personal
from bridge.core.settlement import Stage

ORIGIN = NetworkId("memory:shenzhen")
DESTINATION = NetworkId("memory:hongkong")
RAIL = NetworkId("rail:bank-a")
NOW = Instant(1_767_225_600_000)
DAY_MS = 86_400_000
PAPER_KEY = "ab" * 32
SEED = bytes(range(32))


def make_id(number: int = 1, now: Instant = NOW) -> SettlementId:
    """The id of the test's n-th settlement."""
    return SettlementId(new_ulid(now, number.to_bytes(10, "big")))


def make_order(
    number: int = 1, *, paid: bool = True, conditions: int = 0, consents: bool = True
) -> SettlementOrder:
    """An order with every member there; free of payment, of papers or of consents on demand."""
    instrument = Instrument(
        kind=InstrumentKind.RECEIVABLE,
        asset=AssetId("receivable-a"),
        profile="receivable/1",
        issuer="529900T8BM49AURSDO55",
        number=f"INV{number}",
        document=Digest(sha256(b"document").hexdigest()),
        face=money("1234567.89", "CNY"),
        maturity=DateText("2026-06-30"),
    )

    def said(value: str, place: str) -> Digest:
        return personal(value, SEED, place).commitment.h

    payment = Payment(
        rail=RAIL,
        amount=money("1000.00", "HKD"),
        debtor=personal("Buyer Ltd", SEED, "payment.debtor").commitment,
        debtor_account=personal("HK00123", SEED, "payment.debtor_account").commitment,
        debtor_agent=Agent(Bic("HSBCHKHH")),
        creditor=personal("Seller Co", SEED, "payment.creditor").commitment,
        creditor_account=personal("CN00456", SEED, "payment.creditor_account").commitment,
        creditor_agent=Agent(Bic("BKCHCNBJ")),
    )
    return SettlementOrder(
        id=make_id(number),
        lane=LaneId("sz-hk"),
        maker=PersonId("li.wei"),
        created=NOW,
        deadline=Instant(NOW + DAY_MS),
        lapse=Instant(NOW + 400 * DAY_MS),
        instrument=instrument,
        fingerprint=fingerprint(instrument, b"k" * 32),
        units=Units(100),
        origin=Leg(network=ORIGIN, escrow="escrow-o", asset="token-o"),
        destination=Leg(network=DESTINATION, escrow="escrow-d", asset="token-d"),
        originator=Originator(
            party=PartyId("seller"),
            name=personal("Seller Co", SEED, "originator.name").commitment,
            account="seller-wallet",
        ),
        beneficiary=Beneficiary(
            party=PartyId("buyer"),
            name=personal("Buyer Ltd", SEED, "beneficiary.name").commitment,
            account="buyer-wallet",
        ),
        salt=Digest(sha256(SEED).hexdigest()),
        consents=(ORIGIN,) if consents else (),
        conditions=tuple(Condition(f"paper-{n}", PAPER_KEY) for n in range(conditions)),
        payment=payment if paid else None,
        purpose="GDDS",
        bop_code="121010",
        references=References(contract="C-1", invoice="I-1"),
    )


def asset_fact(kind: type[Fact], order: SettlementOrder, units: int | None = None) -> Fact:
    """What an escrow says of this order when all goes as asked."""
    origin = kind.__name__ in {"AssetLocked", "LockReleased", "AssetBurned"}
    leg = order.origin if origin else order.destination
    member = {
        "settlement": order.id,
        "network": leg.network,
        "escrow": leg.escrow,
        "asset": leg.asset,
        "part": leg.part,
        "units": order.units if units is None else Units(units),
    }
    if kind is events.AssetDisputed:
        return events.AssetDisputed(**member, kind="AssetMinted", why="units")  # type: ignore[arg-type]  # one literal for six kinds
    return kind(**member)  # type: ignore[arg-type]  # one literal for six kinds


def make_event(name: str, order: SettlementOrder, visit: int, argument: str = "") -> Event:
    """The event of that name, about this order, in this visit."""
    kind: type[Event] = getattr(events, name)
    of, rail = order.id, RAIL
    if issubclass(kind, events.AssetFact):
        return asset_fact(kind, order)
    match name:
        case "PaymentSettled" | "PaymentRejected" | "PaymentReturned" | "PaymentDisputed":
            amount = money("1000.00", "HKD")
            return kind(settlement=of, network=rail, amount=amount)  # type: ignore[call-arg]  # of PaymentFact
        case "RecallRefused":
            return events.RecallRefused(settlement=of, network=rail, number=int(argument or visit))
        case "LockHeld":
            until = Instant(int(argument or NOW + 200 * DAY_MS))
            return events.LockHeld(settlement=of, network=ORIGIN, until=until, evidence=Digest(""))
        case "ConsentGiven":
            return events.ConsentGiven(settlement=of, network=ORIGIN, by="seller-wallet")
        case "PaperGiven" | "PaperRefused":
            return kind(settlement=of, network=ORIGIN, kind=argument or "paper-0")  # type: ignore[call-arg]  # of papers
        case "FreezeOrdered":
            return events.FreezeOrdered(settlement=of, network=ORIGIN, order=argument or "freeze-1")
        case "PolicyCleared":
            held = (Reservation(AccountId("quota/q/k/2026"), Units(5), "USD", Units(50)),)
            return events.PolicyCleared(visit=visit, verdict=Digest("ab" * 32), reservations=held)
        case "PolicyHeld" | "PolicyRejected" | "PolicyBlocked":
            return kind(visit=visit, verdict=Digest("ab" * 32))  # type: ignore[call-arg]  # of Decided
        case "Resolved":
            to, _, freezes = argument.partition("+")
            named = tuple(freezes.split("+")) if freezes else ()
            return events.Resolved(visit=visit, to=to or "unminting", freezes=named)
        case _:
            return kind(visit=visit)  # type: ignore[call-arg]  # every other answer


def named(kind: type[Event], *but: type[Event]) -> tuple[str, ...]:
    """The names of every concrete event of a kind."""
    found = [one for one in vars(events).values() if isinstance(one, type)]
    return tuple(sorted(o.__name__ for o in found if issubclass(o, kind) and o not in but))


FACTS = named(Fact, Fact, events.AssetFact, events.PaymentFact)
ANSWERS = named(Answer, Answer, events.Decided)


@st.composite
def event_words(draw: st.DrawFn) -> tuple[str, str, int]:
    """An event by name, its argument, and how stale it is (0: answers the visit we are in)."""
    name = draw(st.sampled_from(FACTS + ANSWERS))
    argument = ""
    if name == "Resolved":
        argument = draw(st.sampled_from([stage.value for stage in Stage]))
        argument += draw(st.sampled_from(["", "+freeze-1", "+policy", "+policy+freeze-1"]))
    elif name == "FreezeOrdered":
        argument = draw(st.sampled_from(["freeze-1", "freeze-2"]))
    elif name in {"PaperGiven", "PaperRefused"}:
        argument = draw(st.sampled_from(["paper-0", "paper-1"]))
    return name, argument, draw(st.sampled_from([0, 0, 0, 0, 1]))


def without_payment(order: SettlementOrder) -> SettlementOrder:
    """The same order, free of payment."""
    return replace(order, payment=None)
