"""The rail's bank: accounts of money, payments by UETR, recalls, and bookings it signs.

Like the chain it is given the instant with every call. Money never appears or disappears here:
a payment moves it from one account to another, a return moves it back.
"""

import heapq
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.codec import (
    BOOKING_PREFIX,
    FIRST,
    BadWire,
    event_hash,
    public_hex,
    sealed,
    text,
    whole,
)
from bridge.core.canonical import Value, parse
from bridge.core.ids import Instant, NetworkId


class Fate(StrEnum):
    """What the bank does with a payment; anything but SETTLE is a script of test or demo."""

    SETTLE = "settle"
    REJECT = "reject"
    RETURN = "return"  # settles, then gives it back
    PARTIAL = "partial"  # books half of it
    WRONG = "wrong"  # books, and claims, one minor unit more
    SILENT = "silent"  # takes it and says nothing until told to settle
    LOSE = "lose"  # the message never arrives
    TWICE = "twice"  # books once and says so twice


class Word(StrEnum):
    """What the bank answers to a recall."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    SILENT = "silent"


class State(StrEnum):
    PENDING = "pending"
    SETTLED = "settled"
    REJECTED = "rejected"
    RETURNED = "returned"


@dataclass(slots=True, kw_only=True)
class Payment:
    settlement: str
    uetr: str
    minor: int
    currency: str
    debtor: str  # account
    creditor: str
    state: State = State.PENDING
    booked: int = 0  # what really moved


class Bank:
    """One bank that serves the gateway: both accounts of a payment are its own."""

    def __init__(self, rail: NetworkId, key: Ed25519PrivateKey, *, settle_ms: int = 0) -> None:
        self.rail = rail
        self.settle_ms = settle_ms
        self.accounts: dict[tuple[str, str], int] = {}  # account, currency to minor units
        self.fates: dict[str, Fate] = {}  # by settlement, or `*`
        self.words: dict[str, Word] = {}
        self.payments: dict[str, Payment] = {}  # by UETR
        self.recalls: dict[tuple[str, int], Word] = {}  # what was answered to each attempt
        self.bookings: list[bytes] = []
        self._due: list[tuple[Instant, str]] = []  # a heap; what was decided earlier is passed over
        self._heads = [FIRST]
        self._key = key

    @property
    def public_key(self) -> str:
        """The key its bookings are signed by, in hex."""
        return public_hex(self._key)

    def open_account(self, account: str, currency: str, minor: int) -> None:
        """Open an account with money in it, for a test or a demo."""
        place = (account, currency)
        self.accounts[place] = self.accounts.get(place, 0) + minor

    def receive(self, raw: bytes, now: Instant) -> None:
        """Take one message: an instruction or a recall. The same one again changes nothing.

        Errors: BadWire, for a message that is none; the bank has then taken nothing.
        """
        self.turn(now)
        body = parse(raw)
        kind, settlement = text(body, "kind"), text(body, "settlement")
        if whole(body, "expires") < now:
            raise BadWire("expires: the message came too late")
        if kind == "instruct":
            if self._fate(settlement) is not Fate.LOSE:
                self._instruct(body, now)
        elif kind == "recall":
            self._recall(body)
        else:
            raise BadWire(f"kind: {kind[:40]!r}")
        self.turn(now)

    def turn(self, now: Instant) -> None:
        """Let every payment settle that was due until `now`, the earliest first."""
        while self._due and self._due[0][0] <= now:
            _, uetr = heapq.heappop(self._due)
            payment = self.payments[uetr]
            if payment.state is State.PENDING:
                self._decide(payment, self._fate(payment.settlement))

    def due(self) -> Instant | None:
        """Return when a payment is decided next, or None."""
        return self._due[0][0] if self._due else None

    def status(self, uetr: str, recall: int | None, now: Instant) -> str:
        """Return the state of a payment, or the answer to one recall; `unknown` if never seen."""
        self.turn(now)
        if recall is not None:
            return self.recalls.get((uetr, recall), "unknown")
        payment = self.payments.get(uetr)
        return payment.state.value if payment is not None else "unknown"

    def told(self, after: int, limit: int) -> tuple[bytes, ...]:
        """Return the bookings after that number."""
        return tuple(self.bookings[after : after + limit])

    def head(self, number: int) -> str | None:
        """Return the hash of the booking of that number; of 0, what the first one names."""
        return self._heads[number] if 0 <= number < len(self._heads) else None

    def settle(self, uetr: str, now: Instant) -> None:
        """Settle a payment now that was left waiting. Errors: KeyError for an unknown one."""
        self.turn(now)
        payment = self.payments[uetr]
        if payment.state is State.PENDING:
            self._decide(payment, Fate.SETTLE)

    def give_back(self, uetr: str, now: Instant) -> None:
        """Return a settled payment, for whatever reason a bank has.

        Errors: KeyError for an unknown one, BadWire where the creditor has spent it.
        """
        self.turn(now)
        payment = self.payments[uetr]
        if self._is_spent(payment):
            raise BadWire("the money is no longer there")
        self._return(payment)

    def _fate(self, settlement: str) -> Fate:
        return self.fates.get(settlement, self.fates.get("*", Fate.SETTLE))

    def _instruct(self, body: Value, now: Instant) -> None:
        uetr = text(body, "uetr")
        if uetr in self.payments:
            return  # one UETR is one payment, however often it is asked for
        fate = self._fate(text(body, "settlement"))
        payment = Payment(
            settlement=text(body, "settlement"),
            uetr=uetr,
            minor=whole(body, "minor"),
            currency=text(body, "currency"),
            debtor=text(body, "debtor_account"),
            creditor=text(body, "creditor_account"),
        )
        self.payments[uetr] = payment
        if fate is not Fate.SILENT:
            heapq.heappush(self._due, (Instant(now + self.settle_ms), uetr))
        if fate is Fate.SILENT or self.settle_ms:
            self._say("PaymentAccepted", payment, payment.minor)

    def _decide(self, payment: Payment, fate: Fate) -> None:
        place = (payment.debtor, payment.currency)
        known = (payment.creditor, payment.currency) in self.accounts
        if fate is Fate.REJECT or self.accounts.get(place, 0) < payment.minor or not known:
            payment.state = State.REJECTED
            self._say("PaymentRejected", payment, payment.minor)
            return
        if fate is Fate.PARTIAL:
            self._book(payment, payment.minor // 2, payment.minor)
        elif fate is Fate.WRONG:
            more = min(payment.minor + 1, self.accounts[place])
            self._book(payment, more, more)
        else:
            self._book(payment, payment.minor, payment.minor)
        if fate is Fate.TWICE:
            self._say("PaymentSettled", payment, payment.minor)
        if fate is Fate.RETURN:
            self._return(payment)

    def _book(self, payment: Payment, minor: int, instructed: int) -> None:
        self._move(payment.debtor, payment.creditor, payment.currency, minor)
        payment.booked, payment.state = minor, State.SETTLED
        self._say("PaymentSettled", payment, minor, instructed)

    def _return(self, payment: Payment) -> None:
        if payment.state is State.SETTLED:
            self._move(payment.creditor, payment.debtor, payment.currency, payment.booked)
            payment.state = State.RETURNED
            self._say("PaymentReturned", payment, payment.booked)

    def _is_spent(self, payment: Payment) -> bool:
        there = self.accounts.get((payment.creditor, payment.currency), 0)
        return payment.state is State.SETTLED and there < payment.booked

    def _move(self, giver: str, taker: str, currency: str, minor: int) -> None:
        assert self.accounts[giver, currency] >= minor, f"{giver} has less than {minor}"
        self.accounts[giver, currency] -= minor
        self.accounts[taker, currency] += minor

    def _recall(self, body: Value) -> None:
        """Answer one attempt once. A recall of what was never seen fences it: never executed."""
        uetr, number = text(body, "uetr"), whole(body, "recall")
        if self.recalls.get((uetr, number), Word.SILENT) is not Word.SILENT:
            return
        settlement = text(body, "settlement")
        word = self.words.get(settlement, self.words.get("*", Word.ACCEPT))
        payment = self.payments.get(uetr) or Payment(
            settlement=settlement,
            uetr=uetr,
            minor=whole(body, "minor"),
            currency=text(body, "currency"),
            debtor="",
            creditor="",
        )
        if word is Word.ACCEPT and self._is_spent(payment):
            word = Word.REFUSE  # the money is no longer there to be given back
        self.recalls[uetr, number] = word
        if word is Word.REFUSE:
            self._say("RecallRefused", payment, payment.minor, recall=number)
        elif word is Word.ACCEPT and payment.state is State.PENDING:
            self.payments[uetr] = payment
            payment.state = State.REJECTED
            self._say("PaymentRejected", payment, payment.minor)
        elif word is Word.ACCEPT:
            self._return(payment)

    def _say(
        self,
        name: str,
        payment: Payment,
        minor: int,
        instructed: int | None = None,
        *,
        recall: int | None = None,
    ) -> None:
        body: dict[str, Value] = {
            "name": name,
            "network": self.rail,
            "settlement": payment.settlement,
            "uetr": payment.uetr,
            "currency": payment.currency,
            "minor": str(minor),
            "instructed": str(minor if instructed is None else instructed),
            "number": str(len(self.bookings) + 1),
            "before": self._heads[-1],
        }
        if recall is not None:
            body["recall"] = str(recall)
        booking = sealed(BOOKING_PREFIX, body, self._key)
        self.bookings.append(booking)
        self._heads.append(event_hash(booking))
