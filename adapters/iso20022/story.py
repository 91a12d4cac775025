"""The story of one payment: what the bank said, in order, and what that proves.

One pure function, used by the rail when it hears something and by every notary that checks: from
an instruction and the bank's own statements to facts. A status is never money, silence is never
an answer, and a statement that contradicts a proved fact breaks it in the open. Messages may
overtake each other, so what contradicts what is told by the bank's own clock, not by their order.
Source: notes on ISO 20022, tables 7.1 and 7.2.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from adapters.iso20022.agreement import Proof
from adapters.iso20022.codec import Instruction
from adapters.iso20022.reading import (
    Booked,
    RecallAsked,
    Refusal,
    Resolved,
    Returned,
    Statement,
    Status,
    StatusAsked,
)
from bridge.core.events import (
    Fact,
    PaymentDisputed,
    PaymentFact,
    PaymentRejected,
    PaymentReturned,
    PaymentSettled,
    RecallRefused,
)
from bridge.core.ids import Instant, NetworkId
from bridge.core.money import Money

RANKS = {
    code: rank
    for rank, codes in enumerate(
        ("RCVD", "ACTC ACFC ACFW PATC PRES", "ACCP", "ACSP ACPD ACWC ACWP PDNG", "ACSC", "ACCC")
    )
    for code in codes.split()
}
FINAL = frozenset({"ACSC", "ACCC"})
REJECTED = frozenset({"RJCT", "CANC"})
OUR_REPEAT = frozenset({"AM05", "DU01", "DU02", "DU03", "DU04", "DU05"})
GRANTED = frozenset({"CNCL", "CWFW"})
PENDING = frozenset({"PDCR", "FTNA"})
UNTOLD = Instant(-1)  # before all that was ever written


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a story is read by: the rail, what proves cash, whose account, which recalls."""

    network: NetworkId
    proof: Proof
    customer: bool
    account: str  # whose entries count
    recalls: Mapping[str, int] = field(default_factory=dict)  # attempt by message id


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Where a payment stands. `facts` only grow; `remarks` are what people should know."""

    rank: int = -1
    status: str = ""
    settled_status: bool = False
    rejected: str = ""  # the reason, or `unsaid`
    rejected_at: Instant = UNTOLD  # when the bank first wrote so
    repeat: bool = False  # the bank took a message of ours for a repeat
    debited: bool = False
    debited_at: Instant = UNTOLD
    debit_undone_at: Instant = UNTOLD  # what was written until then of a debit is reversed
    credited: Money | None = None
    credit_undone_at: Instant = UNTOLD
    returned: Money | None = None
    granted: bool = False  # a recall was
    answered: frozenset[int] = frozenset()  # attempts at a recall that have their answer
    facts: tuple[Fact, ...] = ()
    remarks: tuple[str, ...] = ()
    broken: str = ""  # why a proved fact no longer holds

    def has(self, *kinds: type[Fact]) -> bool:
        """Whether a fact of one of these kinds was proved."""
        return any(isinstance(fact, kinds) for fact in self.facts)


def begin() -> Told:
    """Return the story of which nothing is told."""
    return Told()


def hear(
    told: Told, terms: Terms, asked: Instruction, statements: Iterable[Statement], at: Instant
) -> Told:
    """Return the story after what one more message, written then, says. Total: it never raises."""
    for statement in statements:
        told = _stated(told, terms, asked, statement, at)
    return _concluded(told, terms, asked)


def _stated(
    told: Told, terms: Terms, asked: Instruction, statement: Statement, at: Instant
) -> Told:
    match statement:
        case Status():
            return _status(told, statement, at)
        case Booked():
            return _booked(told, terms, asked, statement, at)
        case Returned():
            return _returned(told, terms, asked, statement)
        case Resolved():
            return _resolved(told, terms, asked, statement)
        case Refusal():
            return _remark(told, "message.unreadable")
        case RecallAsked() | StatusAsked():
            return told


def _remark(told: Told, what: str) -> Told:
    return replace(told, remarks=(*told.remarks, what))


def _with(told: Told, fact: Fact) -> Told:
    if fact.key in {one.key for one in told.facts}:
        return told
    return replace(told, facts=(*told.facts, fact))


def _status(told: Told, said: Status, at: Instant) -> Told:
    """Ranks only rise; what is unknown is held and changes nothing."""
    code = said.code
    if code in REJECTED:
        if said.reason in OUR_REPEAT:
            return _remark(replace(told, repeat=True), "payment.repeat")
        if told.has(PaymentSettled) and not told.has(PaymentReturned):
            return replace(told, broken=f"{code} after the payment was settled")
        first = min(at, told.rejected_at) if told.rejected else at
        return replace(told, rejected=said.reason or "unsaid", rejected_at=first, status=code)
    if code == "BLCK":
        return _remark(replace(told, status=code), "payment.blocked")
    if code == "PART":
        return told
    rank = RANKS.get(code)
    if rank is None:
        return _remark(told, "status.unknown")
    if code == "ACWC":
        told = _remark(told, "payment.changed")
    if code == "PDNG":
        told = _remark(told, "payment.pending")
    if rank > told.rank:
        told = replace(told, rank=rank, status=code)
    return replace(told, settled_status=told.settled_status or code in FINAL)


def _booked(told: Told, terms: Terms, asked: Instruction, said: Booked, at: Instant) -> Told:
    """An entry counts when it is BOOK and account and currency are those of the payment."""
    if said.status != "BOOK":
        return told
    account = terms.account or asked.debtor_account
    if said.account != account or said.amount.currency != asked.amount.currency:
        return _remark(told, "booking.elsewhere")
    if said.reversal:
        return _reversed(told, said, at)
    if at <= (told.credit_undone_at if said.credit else told.debit_undone_at):
        return told  # its reversal overtook it
    if said.credit:
        return replace(told, credited=said.amount)
    if said.amount != asked.amount:
        return _disputed(told, terms, asked, said.amount)
    first = min(at, told.debited_at) if told.debited else at
    return replace(told, debited=True, debited_at=first)


def _reversed(told: Told, said: Booked, at: Instant) -> Told:
    """A reversal undoes the entry of the other side; after a proved fact it breaks it."""
    undone = PaymentSettled if said.credit else PaymentReturned
    if told.has(undone):
        return replace(told, broken="a booking was reversed after it had proved a fact")
    if said.credit:
        return replace(told, debited=False, debit_undone_at=max(at, told.debit_undone_at))
    return replace(told, credited=None, credit_undone_at=max(at, told.credit_undone_at))


def _returned(told: Told, terms: Terms, asked: Instruction, said: Returned) -> Told:
    if said.amount != asked.amount:
        return _disputed(told, terms, asked, said.amount)
    return replace(told, returned=said.amount)


def _resolved(told: Told, terms: Terms, asked: Instruction, said: Resolved) -> Told:
    number = terms.recalls.get(said.case)
    if number is None and terms.recalls:
        number = max(terms.recalls.values())  # it names no case of ours: the last attempt
    if number is None:
        return _remark(told, "recall.unasked")
    if said.code == "RJCR":
        fact = RecallRefused(settlement=asked.settlement, network=terms.network, number=number)
        return _with(replace(told, answered=told.answered | {number}), fact)
    if said.code in GRANTED:
        return replace(told, granted=True)
    if said.code in PENDING:
        return _remark(told, "recall.pending")
    return _remark(told, "recall.partial" if said.code == "PECR" else "recall.unclear")


def _disputed(told: Told, terms: Terms, asked: Instruction, amount: Money) -> Told:
    fact = PaymentDisputed(settlement=asked.settlement, network=terms.network, amount=amount)
    return _with(told, fact)


def _concluded(told: Told, terms: Terms, asked: Instruction) -> Told:
    """Add the facts that hold now."""
    if told.broken:
        return told

    def fact(kind: type[PaymentFact]) -> Fact:
        return kind(settlement=asked.settlement, network=terms.network, amount=asked.amount)

    back = told.credited is not None and (terms.customer or told.returned is not None)
    if back and told.credited != asked.amount:
        assert told.credited is not None
        return _disputed(told, terms, asked, told.credited)
    if back and told.has(PaymentSettled):
        return _with(told, fact(PaymentReturned))
    if told.has(PaymentRejected):
        return told if back or not told.debited else _debited_too(told, terms, asked)
    if back:
        return _with(told, fact(PaymentRejected))
    if told.has(PaymentDisputed, PaymentSettled):
        return told
    if _proves_cash(told, terms):
        return _with(told, fact(PaymentSettled))
    if told.rejected and not told.debited:
        return _with(told, fact(PaymentRejected))
    return told


def _debited_too(told: Told, terms: Terms, asked: Instruction) -> Told:
    """Rejected and debited: a debit of before is to come back, as where it was told in order."""
    if told.debited_at > told.rejected_at:
        if told.has(PaymentDisputed):
            return told
        return _disputed(told, terms, asked, asked.amount)
    if "payment.return_due" in told.remarks:
        return told
    return _remark(told, "payment.return_due")


def _proves_cash(told: Told, terms: Terms) -> bool:
    if told.rejected:
        return False  # a debit beside a rejection: the money is waited for
    match terms.proof:
        case Proof.STATUS_AND_BOOKING:
            return told.debited and told.settled_status
        case Proof.BOOKING:
            return told.debited
        case Proof.SETTLEMENT_NOTICE:
            return told.debited or told.settled_status
