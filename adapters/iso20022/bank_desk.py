"""What the counterparty bank does with what it is sent: decides, books, answers, or misbehaves.

It is given the instant with every call and takes chance from nobody, so the same tape makes the
same bank. Each payment is known by its UETR: however often it is asked for, it is booked once.
"""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapters.iso20022.bank_ledger import Books
from adapters.iso20022.bank_paper import About, Entry, Paper, Pen, Unreadable, read
from adapters.iso20022.bank_words import (
    Fate,
    Hours,
    Letter,
    Payment,
    State,
    Word,
    banks_payment,
    customers_payment,
    lines,
    verdict,
)
from adapters.iso20022.signed import BadSignature, Signed, Signer, verified
from bridge.core.canonical import canonical
from bridge.core.ids import Instant
from bridge.core.money import Money, currency

# what asks for money, or for it back, must reach the bank in time; a question may be of any age
AGEING = frozenset({"pain.001", "pacs.008", "pacs.009", "camt.056", "camt.057"})


@dataclass(slots=True, kw_only=True)
class Desk:
    """The bank. `partner_account` is where a bank that instructs is debited."""

    signer: Signer
    partner_keys: Mapping[str, str]
    pen: Pen
    customer: bool
    partner_account: str = ""
    settle_ms: int = 0
    life_ms: int = 30_000
    hours: Hours = field(default_factory=Hours)
    books: Books = field(default_factory=Books)
    payments: dict[str, Payment] = field(default_factory=dict)  # by UETR
    doors: dict[str, str] = field(default_factory=dict)  # what was said of each digest
    keys: dict[str, str] = field(default_factory=dict)  # digest by message id and kind
    fates: dict[str, Fate] = field(default_factory=dict)  # by UETR, `*` for all others
    words: dict[str, Word] = field(default_factory=dict)
    delays: dict[str, int] = field(default_factory=dict)  # ms more until letters leave
    lost: dict[str, int] = field(default_factory=dict)  # so many letters never leave
    covers: set[str] = field(default_factory=set)
    cases: dict[str, tuple[str, str]] = field(default_factory=dict)  # answered recalls
    noted: list[str] = field(default_factory=list)  # camt.057, answers to our own questions
    letters: list[Letter] = field(default_factory=list)
    _due: list[tuple[Instant, str]] = field(default_factory=list)

    def receive(self, signed: Signed, now: Instant) -> str:
        """Take a message at the door and return what the door says of it."""
        digest = signed.digest
        if digest in self.doors and self.doors[digest] != "late":
            return self.doors[digest]
        self.turn(now)
        try:
            paper = read(verified(signed, self.partner_keys).raw)
            created = paper.created
        except (Unreadable, BadSignature):
            self.doors[digest] = "refused"
            return "refused"
        key = f"{paper.kind}/{paper.id}"
        if self.keys.get(key, digest) != digest:
            self.doors[digest] = "conflict"
        elif now - created > self.life_ms and paper.kind[:8] in AGEING:
            self.doors[digest] = "late"
        else:
            self.keys[key] = digest
            try:
                self.doors[digest] = self._taken(paper, now)
            except Unreadable:
                self.doors[digest] = "refused"
        return self.doors[digest]

    def receipt(self, digest: str, now: Instant) -> Signed:
        """Return the signed word of the door about a digest."""
        self.turn(now)
        body = {
            "schema": "lianqiao.receipt/1",
            "digest": digest,
            "door": self.doors.get(digest, "unknown"),
            "now": str(now),
        }
        return self.signer.sign(canonical(body))

    def turn(self, now: Instant) -> None:
        """Let every payment be decided that was due until `now`, the earliest first."""
        while self._due and self._due[0][0] <= now:
            at, uetr = heapq.heappop(self._due)
            payment = self.payments[uetr]
            if payment.state is State.PENDING and payment.covered:
                self._decide(payment, self._fate(uetr), at)

    def due(self) -> Instant | None:
        """Return when a payment is decided next, or None."""
        return self._due[0][0] if self._due else None

    def settle(self, uetr: str, now: Instant) -> None:
        """Decide a payment now that was left waiting. Errors: KeyError for an unknown one."""
        self.turn(now)
        payment = self.payments[uetr]
        if payment.state is State.PENDING:
            self._decide(payment, Fate.SETTLE, now)

    def give_back(self, uetr: str, now: Instant, minor: int | None = None) -> None:
        """Return a settled payment, or a part of it, for whatever reason a bank has."""
        payment = self.payments[uetr]
        whole = payment.amount
        amount = whole if minor is None else Money(minor, whole.currency)
        self._return(payment, amount, now, "FOCR")

    def _fate(self, uetr: str) -> Fate:
        return self.fates.get(uetr, self.fates.get("*", Fate.SETTLE))

    def _taken(self, paper: Paper, now: Instant) -> str:
        match paper.kind[:8]:
            case "pain.001":
                return self._instructed(customers_payment(paper), now)
            case "pacs.008" | "pacs.009":
                cover = paper.body.at("CdtTrfTxInf/UndrlygCstmrCdtTrf")
                if cover is not None:
                    return self._covered(paper, now)
                return self._instructed(banks_payment(paper, self.partner_account), now)
            case "camt.056":
                self._recalled(paper, now)
            case "pacs.028":
                self._asked(paper, now)
            case "camt.057" | "camt.029" | "pacs.002" | "admi.002" | "admi.007":
                self.noted.append(f"{paper.kind} {paper.id} {verdict(paper)}".strip())
            case _:
                return "refused"
        return "taken"

    def _instructed(self, payment: Payment, now: Instant) -> str:
        uetr = payment.about.uetr
        if uetr in self.payments:  # one UETR is one payment, however often it is asked for
            self._say(uetr, now, self.pen.status, payment.about, "RJCT", "DU03")
            return "taken"
        self.payments[uetr] = payment
        payment.covered = payment.covered or uetr in self.covers
        fate = self._fate(uetr)
        if fate in {Fate.WAIT, Fate.SILENT}:
            if fate is Fate.WAIT:
                self._state(payment, "ACSP", now)
            return "taken"
        due = Instant(self.hours.opens(now) + self.settle_ms)
        heapq.heappush(self._due, (due, uetr))
        if due > now:
            self._state(payment, "ACSP", now)
        self.turn(now)
        return "taken"

    def _covered(self, paper: Paper, now: Instant) -> str:
        uetr = paper.body.say("CdtTrfTxInf/PmtId/UETR")
        self.covers.add(uetr)
        payment = self.payments.get(uetr)
        if payment is not None and not payment.covered:
            payment.covered = True
            if self._fate(uetr) not in {Fate.WAIT, Fate.SILENT}:
                heapq.heappush(self._due, (now, uetr))
                self.turn(now)
        return "taken"

    def _decide(self, payment: Payment, fate: Fate, at: Instant) -> None:
        if fate is Fate.REJECT or not self._can(payment):
            payment.state, payment.reason = State.REJECTED, "AC04"
            self._state(payment, "RJCT", at, "AC04")
            return
        if fate is Fate.BLOCK:
            payment.state = State.BLOCKED
            self._state(payment, "BLCK", at)
            return
        amount = payment.amount
        if fate is Fate.PARTIAL:
            amount = Money(max(1, amount.minor // 2), amount.currency)
        self.books.move(payment.giver, payment.taker, amount, payment.about.uetr)
        payment.state = State.SETTLED
        payment.status = "ACSC"
        self._reported(payment, amount, fate, at)
        match fate:
            case Fate.RETURN:
                self._return(payment, amount, at, "AC04")
            case Fate.PARTIAL_RETURN:
                half = Money(max(1, amount.minor // 2), amount.currency)
                self._return(payment, half, at, "AC04")
            case Fate.REVERSE:
                self._reversed(payment, amount, at)
            case Fate.REJECT_BOOKED:
                self._state(payment, "RJCT", at, "AC04")
                self._return(payment, amount, at, "AC04")
            case _:
                return

    def _can(self, payment: Payment) -> bool:
        code = payment.amount.currency.code
        return self.books.has(payment.giver, payment.amount) and self.books.holds(
            payment.taker, code
        )

    def _reported(self, payment: Payment, amount: Money, fate: Fate, at: Instant) -> None:
        """Say status and booking, in the order and with the lies the fate asks for."""
        reported = amount
        if fate is Fate.WRONG_AMOUNT:
            reported = Money(amount.minor + 1, amount.currency)
        uetr = ""
        if fate is Fate.WRONG_UETR:
            uetr = "0" * 8 + payment.about.uetr[8:]
        statuses = 0 if fate in {Fate.BOOKING_ONLY, Fate.REJECT_BOOKED} else 1
        bookings = 0 if fate is Fate.STATUS_ONLY else 1
        if fate is Fate.TWICE:
            statuses, bookings = 2, 2
        said = ["status"] * statuses + ["booking"] * bookings
        if fate is Fate.BOOKING_FIRST:
            said.reverse()
        for what in said:
            if what == "status":
                self._state(payment, "ACSC", at)
            else:
                self._entry(payment, reported, at, credit=False, uetr=uetr)

    def _reversed(self, payment: Payment, amount: Money, at: Instant) -> None:
        self.books.move(payment.taker, payment.giver, amount, payment.about.uetr)
        payment.state = State.REJECTED
        self._entry(payment, amount, at, credit=True, reversal=True)

    def _return(self, payment: Payment, amount: Money, at: Instant, reason: str) -> None:
        if payment.state is not State.SETTLED:
            return
        self.books.move(payment.taker, payment.giver, amount, payment.about.uetr)
        payment.state = State.RETURNED
        if not self.customer:
            self._say(payment.about.uetr, at, self.pen.give_back, payment.about, amount, reason)
        self._entry(payment, amount, at, credit=True, returned=reason)

    def _recalled(self, paper: Paper, now: Instant) -> None:
        """Answer one recall once; what this bank never saw it cannot cancel."""
        for line in lines(paper, "Undrlyg", "TxInf"):
            uetr, case = line.say("OrgnlUETR"), line.say("Case/Id") or paper.body.say("Case/Id")
            if case in self.cases:
                continue
            word = self.words.get(uetr, self.words.get("*", Word.ACCEPT))
            payment = self.payments.get(uetr)
            if payment is None:
                about = About(
                    message=line.say("OrgnlGrpInf/OrgnlMsgId"),
                    kind=line.say("OrgnlGrpInf/OrgnlMsgNmId"),
                    batch="",
                    instruction=line.say("OrgnlInstrId"),
                    end_to_end=line.say("OrgnlEndToEndId"),
                    transaction=line.say("OrgnlTxId"),
                    uetr=uetr,
                )
                self._answer(about, case, "RJCR", now, "NOOR")
                continue
            self._recall(payment, case, word, now)

    def _recall(self, payment: Payment, case: str, word: Word, now: Instant) -> None:
        about = payment.about
        gone = payment.state is State.SETTLED and not self.books.has(payment.taker, payment.amount)
        match word:
            case Word.SILENT:
                return
            case Word.PENDING:
                self._answer(about, case, "PDCR", now)
            case Word.PARTIAL:
                self._answer(about, case, "PECR", now)
            case Word.REFUSE:
                self._answer(about, case, "RJCR", now, "CUST")
            case Word.ACCEPT if gone or payment.state is State.BLOCKED:
                self._answer(about, case, "RJCR", now, "NOAS")
            case Word.ACCEPT if payment.state is State.RETURNED:
                self._answer(about, case, "RJCR", now, "ARDT")
            case Word.ACCEPT:
                self._answer(about, case, "CNCL", now)
                if payment.state is State.PENDING:
                    payment.state, payment.reason = State.REJECTED, "CUST"
                if payment.state is State.REJECTED:
                    self._state(payment, "RJCT", now, payment.reason)
                else:
                    self._return(payment, payment.amount, now, "FOCR")

    def _answer(self, about: About, case: str, code: str, now: Instant, reason: str = "") -> None:
        if code not in {"PDCR"}:
            self.cases[case] = (about.uetr, code)
        name = self._name()
        _, raw = self.pen.answer(name, now, about, case=case, code=code, reason=reason)
        self._post(about.uetr, name, raw, now)

    def _asked(self, paper: Paper, now: Instant) -> None:
        for line in lines(paper, "TxInf"):
            payment = self.payments.get(line.say("OrgnlUETR"))
            if payment is not None:
                self._say(
                    payment.about.uetr,
                    now,
                    self.pen.status,
                    payment.about,
                    payment.status,
                    payment.reason,
                )

    def _state(self, payment: Payment, code: str, at: Instant, reason: str = "") -> None:
        payment.status = code
        self._say(payment.about.uetr, at, self.pen.status, payment.about, code, reason)

    def _entry(
        self,
        payment: Payment,
        amount: Money,
        at: Instant,
        *,
        credit: bool,
        reversal: bool = False,
        returned: str = "",
        uetr: str = "",
    ) -> None:
        entry = Entry(
            about=payment.about,
            account=payment.giver,
            amount=amount,
            credit=credit,
            reference=f"L{len(self.books.lines):08}",
            reversal=reversal,
            returned=returned,
            uetr=uetr,
        )
        self._say(payment.about.uetr, at, self.pen.booking, entry)

    def _name(self) -> str:
        return f"{self.pen.bic}{len(self.letters) + 1:08}"

    def _say(
        self, uetr: str, at: Instant, write: Callable[..., tuple[str, bytes]], *words: object
    ) -> None:
        name, raw = write(self._name(), at, *words)
        self._post(uetr, name, raw, at)

    def _post(self, uetr: str, name: str, raw: bytes, at: Instant) -> None:
        """Put a letter into the outgoing mail; a lost one keeps its number and never leaves."""
        due = Instant(at + self.delays.get(uetr, self.delays.get("*", 0)))
        if self.lost.get(uetr, 0) > 0:
            self.lost[uetr] -= 1
            due = Instant(2**62)
        number = len(self.letters) + 1
        self.letters.append(Letter(number, name, self.signer.sign(raw), due, uetr))

    def open_account(self, account: str, code: str, minor: int) -> None:
        """Open an account, with money in it. Errors: ValueError, Overdrawn."""
        self.books.open(account, currency(code), minor)

    def spend(self, account: str, code: str, minor: int) -> None:
        """Take money away from an account, so that it cannot be given back."""
        held = currency(code)
        self.books.open("elsewhere", held)
        self.books.move(account, "elsewhere", Money(minor, held), "spent")

    def recall_it(self, uetr: str, now: Instant) -> None:
        """Ask the partner for the money of a payment, as this bank's own customer might."""
        payment = self.payments[uetr]
        self._say(uetr, now, self.pen.recall, payment.about, payment.amount, "DUPL")

    def ask_it(self, uetr: str, now: Instant) -> None:
        """Ask the partner how far a payment is."""
        self._say(uetr, now, self.pen.ask, self.payments[uetr].about)
