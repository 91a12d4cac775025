"""A bank by ISO 20022 messages, as a PaymentRail.

Nothing of consequence is held here: what was sent and what was said lies in the ledger, and where
a payment stands is told anew from it each time. Once bytes may have left, no answer of the bank's
door counts as a refusal: only what the bank signed about the payment, or about the bytes, does.
"""

from collections.abc import AsyncGenerator

from adapters.iso20022 import codec, inquiry, writing
from adapters.iso20022.agreement import Agreement, Instruct
from adapters.iso20022.calendars import CALENDARS
from adapters.iso20022.client import Channel, Door, Receipt
from adapters.iso20022.codec import Instruction, Recall
from adapters.iso20022.correlation import Disagreement
from adapters.iso20022.evidence import (
    PAY,
    QUESTION,
    RECALL,
    Ours,
    concerning,
    letter_of,
    message_in,
    own_id,
    retell,
    terms_of,
)
from adapters.iso20022.inbox import Inbox
from adapters.iso20022.judging import Judge, Judged
from adapters.iso20022.memo import Memo, keeping_out
from adapters.iso20022.observing import Reader
from adapters.iso20022.signed import Signer, unframe
from adapters.iso20022.story import Told
from adapters.iso20022.write import BadMessage
from bridge.core.effects import (
    InstructPayment,
    PaymentEffect,
    RecallPayment,
    Verb,
    attempt_of,
    verb_of,
)
from bridge.core.events import (
    PaymentDisputed,
    PaymentRejected,
    PaymentReturned,
    PaymentSettled,
)
from bridge.core.ids import Cursor, Instant, NetworkId, SettlementId, TxRef
from bridge.core.order import SettlementOrder
from bridge.ports import (
    Again,
    Answered,
    Check,
    Clock,
    Disclosed,
    Kept,
    Key,
    Landed,
    Never,
    Page,
    Prepared,
    Refused,
    Sight,
    Unavailable,
    Uncertain,
    Unknown,
)


class IsoRail:
    """The door of one bank."""

    def __init__(
        self,
        agreement: Agreement,
        channel: Channel,
        signer: Signer,
        clock: Clock,
        kept: Kept,
        *,
        judge: Judge,
        finality_ms: int = 0,
        question_ms: int = 60_000,
        answer_limit_ms: int = 86_400_000,
    ) -> None:
        self._agreement = agreement
        self._channel = channel
        self._signer = signer
        self._clock = clock
        self._memo = Memo(kept, agreement)
        self._judge = judge
        self._finality_ms = finality_ms
        self._question_ms = question_ms
        self._turns = inquiry.Turns()
        self.inbox = Inbox(agreement.network, self._memo, agreement, judge)
        self._reader = Reader(
            self._memo,
            agreement,
            self.inbox,
            channel=channel,
            signer=signer,
            clock=clock,
            answer_limit_ms=answer_limit_ms,
        )

    @property
    def id(self) -> NetworkId:
        """The rail's id, `rail:` and its name."""
        return self._agreement.network

    @property
    def finality_ms(self) -> int:
        """How long the bank takes to book a payment, as the settings say."""
        return self._finality_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the agreement covers the payment and its messages render without flaw."""
        payment = order.payment
        if payment is None or payment.rail != self.id:
            return (Check("payment is on this rail", Answered.NO, self.id),)
        try:
            asked = self._instruction(InstructPayment(order), disclosed, 1)
        except Refused as error:
            return (Check("payment is disclosed", Answered.UNKNOWN, str(error)),)
        try:
            names = dict(writing.items(self._agreement, asked))
            for raw in names.values():
                self._judge.outbound(raw)
        except BadMessage as error:
            return (Check("the message renders without findings", Answered.NO, str(error)),)
        return (
            Check("the agreement covers the payment", Answered.YES, self._agreement.profile),
            Check("the message renders without findings", Answered.YES, f"{len(names)} items"),
            self._in_time(order, payment.amount.currency.code),
        )

    async def prepare(
        self, effect: PaymentEffect, disclosed: Disclosed, replaces: TxRef | None = None
    ) -> Prepared:
        """Return the signed messages of an instruction or a recall; nothing has left.

        Errors: Refused where the agreement, the order or what is disclosed does not allow it.
        """
        order = effect.order
        if order.payment is None or order.payment.rail != self.id:
            raise Refused(f"{order.id} has no payment on {self.id}")
        try:
            asked: Instruction | Recall
            if isinstance(effect, InstructPayment):
                count = self._count(order.id, PAY, replaces)
                asked = self._instruction(effect, disclosed, count)
                written = dict(writing.items(self._agreement, asked))
            else:
                asked = self._recall(effect, replaces)
                written = {asked.message_id: inquiry.recall(self._agreement, asked)}
            for raw in written.values():
                self._judge.outbound(raw)
        except BadMessage as error:
            raise Refused(f"the message cannot be written: {error}") from error
        sent = {name: self._signer.sign(raw) for name, raw in written.items()}
        return Prepared(
            key=Key(order.id, verb_of(effect), attempt_of(effect)),
            network=self.id,
            tx=TxRef(asked.message_id),
            items=tuple(one.frame for one in sent.values()),
            expires=Instant(asked.created + self._agreement.life_ms),
            replaces=replaces,
            keep=keeping_out(order.id, order.uetr, sent),
        )

    def _count(self, of: SettlementId, letter: str, replaces: TxRef | None) -> int:
        """The how-manieth instruction this is: one more than every one before it."""
        names = [*self._memo.own(of), *([replaces] if replaces else [])]
        counts = [int(name[27:30]) for name in names if letter_of(name) == letter]
        return max(counts, default=0) + 1

    def _instruction(
        self, effect: InstructPayment, disclosed: Disclosed, count: int
    ) -> Instruction:
        order, payment = effect.order, effect.order.payment
        assert payment is not None, "asked only of an order with a payment here"
        said = _opened(order, disclosed)
        now = self._clock.now()
        between_banks = self._agreement.instruct is Instruct.PACS_009
        return Instruction(
            settlement=order.id,
            uetr=order.uetr,
            message_id=codec.message_id(order.id, PAY, count),
            created=now,
            value_date=self._value_date(now, payment.amount.currency.code),
            amount=payment.amount,
            debtor="" if between_banks else said["debtor"],
            debtor_account=said["debtor_account"],
            debtor_agent=payment.debtor_agent.bic,
            creditor="" if between_banks else said["creditor"],
            creditor_account=said["creditor_account"],
            creditor_agent=payment.creditor_agent.bic,
            purpose=order.purpose,
            bop_code="" if between_banks else order.bop_code,
            remittance=_remittance(order),
        )

    def _value_date(self, at: Instant, code: str) -> str:
        """The day the money is asked for: a business day of the currency's place, where known."""
        calendar = CALENDARS.get(code)
        if calendar is None:
            return codec.moment(at)[:10]
        return calendar.value_date(at, self._agreement.cut_off).isoformat()

    def _in_time(self, order: SettlementOrder, code: str) -> Check:
        """Whether the money is final before the lock may lapse, however late it is asked for."""
        what, calendar = "the payment is final before the lock can lapse", CALENDARS.get(code)
        if calendar is None:
            return Check(what, Answered.UNKNOWN, f"no calendar of {code}")
        last = calendar.value_date(order.deadline, self._agreement.cut_off)
        if not calendar.knows(last):
            return Check(what, Answered.UNKNOWN, f"nothing is known after {calendar.until}")
        final = calendar.end_of(last) + self._finality_ms
        return Check(
            what, Answered.YES if final < order.lapse else Answered.NO, f"value date {last}"
        )

    def _recall(self, effect: RecallPayment, replaces: TxRef | None) -> Recall:
        if not self._agreement.recall:
            raise Refused("the agreement takes no recall by message")
        of = effect.order.id
        mine = self._memo.ours(of)
        if mine is None:
            raise Refused(f"no instruction of {of} was kept, so there is nothing to recall")
        part = 1
        if replaces is not None:
            part = int(replaces.partition(".")[2] or "1") + 1
        return Recall(
            number=effect.number,
            message_id=codec.message_id(of, RECALL, effect.number, part),
            created=self._clock.now(),
            of=mine.instruction,
            of_message=codec.INSTRUCTIONS[self._agreement.instruct],
        )

    async def submit(self, prepared: Prepared) -> None:
        """Carry the messages, in order; twice is once, because the bytes are the same.

        What the bank's door says of them is not heard here: `look` asks for its signed word.
        Errors: Unavailable, where the first was surely not sent; Uncertain.
        """
        await self._carry(prepared.items, begun=False)
        for number in self._memo.waiting_for(prepared.key.settlement):
            self.inbox.stir(number)

    async def _carry(self, items: tuple[bytes, ...], *, begun: bool) -> None:
        for item in items:
            signed = unframe(item)
            try:
                await self._channel.put(signed, signed.digest)
            except Unavailable as error:
                if begun:
                    raise Uncertain(f"begun, and then: {error}") from error
                raise
            begun = True

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: from the bank's statements, else from its door's signed word.

        Errors: Unavailable.
        """
        of = prepared.key.settlement
        told = self._told(of)
        sight = _of_payment(told) if prepared.key.verb is Verb.PAY else _of_recall(told, prepared)
        written = self._told(of, has_waiting=False)
        if isinstance(sight, Never) and not written.has(PaymentRejected):
            return Unknown("the bank's rejection waits for the ledger")  # observe tells it
        if sight is not None:
            return sight
        signed = [unframe(item) for item in prepared.items]
        receipts = [await self._channel.receipt(one.digest) for one in signed]
        if any(one is None for one in receipts):
            return Unknown("the bank has not acknowledged it yet")
        known = [one for one in receipts if one is not None]
        if prepared.key.verb is Verb.PAY and Door.TAKEN in {one.door for one in known}:
            await self._question(prepared)
        if _is_seen(told) and prepared.key.verb is Verb.PAY:
            return Unknown(f"the bank has it: {told.status or 'no decision yet'}")
        return await self._by_receipts(prepared, known)

    async def _by_receipts(self, prepared: Prepared, receipts: list[Receipt]) -> Sight:
        doors = {one.door for one in receipts}
        main = next(
            receipt
            for receipt, item in zip(receipts, prepared.items, strict=True)
            if own_id(unframe(item).raw) == prepared.tx
        )
        if Door.CONFLICT in doors:
            self.inbox.alarm("message.conflict", f"the bank has other bytes under {prepared.tx}")
            return Unknown("the bank has other bytes under this id")
        covered = self._agreement.cover and Door.TAKEN in doors  # its money may move all the same
        if main.door is Door.REFUSED and not covered and prepared.replaces is None:
            return Never("the bank's door refused the message for what it is")
        if Door.LATE in doors:
            return Again("it came too late and is taken no more")
        if Door.UNKNOWN in doors:
            assert prepared.expires is not None, "every message of ours expires"
            if min(one.now for one in receipts) > prepared.expires:
                return Again("the bank never saw it, and takes it no more")
            if Door.TAKEN in doors:
                await self._carry(prepared.items, begun=True)
            return Unknown("the bank has not seen it yet")
        return Unknown("the bank has it and has not decided")

    async def _question(self, prepared: Prepared) -> None:
        """Ask between banks what became of it: at most one pacs.028 a question timer."""
        mine = self._memo.ours(prepared.key.settlement)
        if self._agreement.is_customer or mine is None:
            return
        turn = (self._clock.now() - mine.instruction.created) // self._question_ms
        if not self._turns.is_new(prepared.key.settlement, turn):
            return
        name = codec.message_id(prepared.key.settlement, QUESTION, turn)
        try:
            raw = inquiry.question(self._agreement, mine.instruction, name, self._clock.now())
            signed = self._signer.sign(raw)
            await self._channel.put(signed, signed.digest)
        except (BadMessage, Unavailable, Uncertain):
            return
        self._turns.asked(prepared.key.settlement, turn)

    def _told(self, of: SettlementId, *, has_waiting: bool = True) -> Told:
        """Where a payment stands by all that was said, also by what waits for the ledger."""
        mine = self._memo.ours(of)
        if mine is None:
            return Told()
        kept = [message_in(self._memo.taken(number).raw) for number in self._memo.said(of)]
        arrived = self.inbox.waiting.values() if has_waiting else ()
        waiting = [one.judged.message for one in arrived if _concerns(one.judged, mine)]
        return retell(terms_of(self._agreement.pinned(), mine), mine, [*kept, *waiting])

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of what the bank said after `since`, for ever."""
        return self._reader.pages(since)


def _concerns(judged: Judged, mine: Ours) -> bool:
    try:
        return not judged.held and bool(concerning(judged.message, mine))
    except Disagreement:
        return False


def _is_seen(told: Told) -> bool:
    """Whether the bank has said anything that shows it knows the payment."""
    return told.rank >= 0 or told.debited or told.repeat or bool(told.rejected)


def _of_payment(told: Told) -> Sight | None:
    if told.has(PaymentSettled, PaymentReturned, PaymentDisputed):
        return Landed()
    if told.has(PaymentRejected):
        return Never("the bank rejected it")
    if told.debited or told.settled_status:
        return Unknown("one half of the proof of cash is there")
    return None


def _of_recall(told: Told, prepared: Prepared) -> Sight | None:
    if prepared.key.attempt in told.answered:
        return Landed()
    if told.has(PaymentRejected, PaymentReturned, PaymentDisputed):
        return Landed()
    if told.granted:
        return Unknown("the recall is granted: the rejection or the money is awaited")
    return None


def _remittance(order: SettlementOrder) -> str:
    stated = order.references
    said = {"contract": stated.contract, "invoice": stated.invoice, "customs": stated.customs}
    return " ".join(f"{name} {text}" for name, text in said.items() if text)


def _opened(order: SettlementOrder, disclosed: Disclosed) -> dict[str, str]:
    """Return names and accounts in the clear, each the one its commitment in the order is of.

    Errors: Refused.
    """
    payment = order.payment
    assert payment is not None, "asked only of an order with a payment"
    promised = {
        "debtor": payment.debtor,
        "debtor_account": payment.debtor_account,
        "creditor": payment.creditor,
        "creditor_account": payment.creditor_account,
    }
    said: dict[str, str] = {}
    for name, commitment in promised.items():
        found = disclosed.get(f"payment.{name}")
        if found is None or found.commitment != commitment:
            raise Refused(f"payment.{name} is not disclosed")
        said[name] = found.value
    return said
