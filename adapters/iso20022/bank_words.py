"""The words of the counterparty bank: what it may do with a payment, when it is open, a payment."""

from dataclasses import dataclass
from enum import StrEnum

from adapters.iso20022.bank_paper import About, Leaf, Paper, Unreadable
from adapters.iso20022.signed import Signed
from bridge.core.ids import Instant
from bridge.core.money import Money

DAY_MS = 86_400_000


class Fate(StrEnum):
    """What the bank does with a payment; anything but SETTLE is a script of test or demo."""

    SETTLE = "settle"
    REJECT = "reject"
    WAIT = "wait"  # takes it, says so, and decides when told to
    SILENT = "silent"  # takes it and says nothing until told to settle
    PARTIAL = "partial"  # books half of it
    WRONG_AMOUNT = "wrong_amount"  # books all of it and reports another amount
    WRONG_UETR = "wrong_uetr"  # reports the booking under another payment's UETR
    STATUS_ONLY = "status_only"
    BOOKING_ONLY = "booking_only"
    BOOKING_FIRST = "booking_first"  # out of order
    TWICE = "twice"  # says everything twice
    REVERSE = "reverse"  # books, reports, and reverses the booking
    RETURN = "return"  # settles, then gives it back
    PARTIAL_RETURN = "partial_return"
    BLOCK = "block"  # neither credited nor returned
    REJECT_BOOKED = "reject_booked"  # debits, rejects, then gives the money back


class Word(StrEnum):
    """What the bank answers to a recall."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    PENDING = "pending"
    PARTIAL = "partial"
    SILENT = "silent"


class State(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"
    BLOCKED = "blocked"


@dataclass(slots=True, kw_only=True)
class Payment:
    """One payment in this bank's eyes."""

    about: About
    amount: Money
    giver: str  # account
    taker: str
    state: State = State.PENDING
    covered: bool = True
    status: str = "RCVD"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message of this bank's about a payment, on its way out, and from when on."""

    number: int
    name: str
    signed: Signed
    due: Instant
    uetr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When this bank settles: until a cut-off on business days, else on the next one.

    Units: `cut_off_ms` of a day in the bank's own zone, `zone_ms` east of UTC.
    """

    cut_off_ms: int = DAY_MS
    zone_ms: int = 0
    holidays: frozenset[int] = frozenset()  # days since the epoch
    weekend: bool = True  # whether it works at weekends too

    def opens(self, at: Instant) -> Instant:
        """Return the earliest instant at which a payment of `at` is settled."""
        local = at + self.zone_ms
        day, within = divmod(local, DAY_MS)
        if within < self.cut_off_ms and self._is_open(day):
            return at
        day += 1 if within >= self.cut_off_ms or not self._is_open(day) else 0
        while not self._is_open(day):
            day += 1
        return Instant(day * DAY_MS - self.zone_ms)

    def _is_open(self, day: int) -> bool:
        return day not in self.holidays and (self.weekend or (day + 3) % 7 < 5)


def lines(paper: Paper, *path: str) -> list[Leaf]:
    """Return every element of a paper at a path."""
    found = [paper.body]
    for step in path:
        found = [child for one in found for child in one.children if child.name == step]
    return found


def verdict(paper: Paper) -> str:
    """Return what a paper says of a case or a payment, if it does."""
    found = paper.body.find("Conf") or paper.body.find("TxSts")
    return found.text if found is not None else ""


def customers_payment(paper: Paper) -> Payment:
    """Return the payment of a pain.001. Errors: Unreadable."""
    batch = paper.body.at("PmtInf")
    line = paper.body.at("PmtInf/CdtTrfTxInf")
    if batch is None or line is None:
        raise Unreadable("PmtInf: none")
    return Payment(
        about=About(
            message=paper.id,
            kind=paper.kind,
            batch=batch.say("PmtInfId"),
            instruction=line.say("PmtId/InstrId"),
            end_to_end=line.say("PmtId/EndToEndId"),
            transaction="",
            uetr=line.say("PmtId/UETR"),
        ),
        amount=line.sum("Amt/InstdAmt"),
        giver=batch.say("DbtrAcct/Id/IBAN", "DbtrAcct/Id/Othr/Id"),
        taker=line.say("CdtrAcct/Id/IBAN", "CdtrAcct/Id/Othr/Id"),
    )


def banks_payment(paper: Paper, partner_account: str) -> Payment:
    """Return the payment of a pacs.008 or pacs.009. Errors: Unreadable."""
    line = paper.body.at("CdtTrfTxInf")
    if line is None:
        raise Unreadable("CdtTrfTxInf: none")
    return Payment(
        about=About(
            message=paper.id,
            kind=paper.kind,
            batch="",
            instruction=line.say("PmtId/InstrId"),
            end_to_end=line.say("PmtId/EndToEndId"),
            transaction=line.say("PmtId/TxId"),
            uetr=line.say("PmtId/UETR"),
        ),
        amount=line.sum("IntrBkSttlmAmt"),
        giver=partner_account,
        taker=line.say("CdtrAcct/Id/IBAN", "CdtrAcct/Id/Othr/Id"),
        covered=paper.body.say("GrpHdr/SttlmInf/SttlmMtd") != "COVE",
    )
