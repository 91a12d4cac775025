"""A rail without a network: what a bank says is handed to its inbox, what it tells is collected."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count

from adapters.conformance.railbench import RailBench
from adapters.iso20022.agreement import Agreement
from adapters.iso20022.bank_paper import About, Entry, Pen
from adapters.iso20022.client import Door, Receipt
from adapters.iso20022.codec import Instruction
from adapters.iso20022.evidence import verify
from adapters.iso20022.inbox import Answer
from adapters.iso20022.judging import Judge
from adapters.iso20022.rail import IsoRail
from adapters.iso20022.signed import Signed
from bridge.core.effects import InstructPayment, RecallPayment
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor, Instant, SettlementId
from bridge.core.money import Money, money
from bridge.core.order import SettlementOrder
from bridge.core.parties import Personal
from bridge.ports import FinalityBroken, Notice, Observation, Prepared, Sight, Unavailable
from schemas.iso20022.softening import Softening
from tests.adapters.iso20022.teller import ACCOUNTS, NOSTRO, OURS, THEIRS, Ledger

NOW = Instant(1_795_651_200_000)  # 26 November 2026
AMOUNT = money("10.00", "HKD")


@dataclass
class StillClock:
    at: Instant = NOW

    def now(self) -> Instant:
        return self.at


@dataclass
class Wire:
    """A channel that keeps what it is given and says of it what the test wants."""

    clock: StillClock
    sent: list[Signed] = field(default_factory=list)
    door: Door = Door.TAKEN
    doors: dict[str, Door] = field(default_factory=dict)  # of single digests
    is_down: bool = False
    down_after: int = 10**9

    async def put(self, signed: Signed, name: str) -> None:
        del name
        if self.is_down or len(self.sent) >= self.down_after:
            raise Unavailable("down")
        self.sent.append(signed)

    async def receipt(self, digest: str) -> Receipt | None:
        return Receipt(digest, self.doors.get(digest, self.door), self.clock.now())


@dataclass
class Script:
    """One bank's words to one rail, and what came of them."""

    agreement: Agreement
    clock: StillClock = field(default_factory=StillClock)
    ledger: Ledger = field(default_factory=Ledger)
    facts: list[Fact] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    proofs: list[bytes] = field(default_factory=list)
    broken: list[SettlementId | None] = field(default_factory=list)
    cursor: Cursor = BEGINNING
    softenings: tuple[Softening, ...] = ()
    disclosed: dict[SettlementId, dict[str, Personal]] = field(default_factory=dict)
    orders: "count[int]" = field(default_factory=lambda: count(1))
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.wire = Wire(self.clock)
        self.restart()
        self.pen = Pen(
            bic=self.agreement.bank_bic,
            partner=self.agreement.own_bic,
            header=not self.agreement.is_customer,
            service=self.agreement.service,
        )

    def restart(self) -> None:
        """The process was killed: only the ledger is left."""
        judge = Judge(self.agreement, self.clock, self.softenings)
        self.rail = IsoRail(
            self.agreement, self.wire, OURS, self.clock, self.ledger, judge=judge,
            question_ms=60_000,
        )  # fmt: skip

    async def order(self) -> tuple[RailBench, SettlementOrder]:
        bench = replace(self._bench(), _number=count(next(self.orders)), _disclosed=self.disclosed)
        return bench, await bench.new_order()

    def _bench(self) -> RailBench:
        return RailBench(
            rail=self.rail,
            clock=self.clock,
            accounts=ACCOUNTS,
            amount=AMOUNT,
            verify=self.verify,
            bank_will=_nothing,
            bank_answers=_nothing,
            bank_settles=_nothing,
        )

    async def pay(self) -> tuple[SettlementOrder, Prepared]:
        """Prepare, keep and submit an instruction."""
        bench, order = await self.order()
        prepared = await self.kept(bench, InstructPayment(order))
        await self.rail.submit(prepared)
        return order, prepared

    async def recall(self, order: SettlementOrder, number: int) -> Prepared:
        """Prepare, keep and submit a recall; its names are not needed."""
        prepared = await self.rail.prepare(RecallPayment(order, number), {})
        self.ledger.keep(prepared.keep)
        await self.rail.submit(prepared)
        return prepared

    async def kept(self, bench: RailBench, effect: InstructPayment) -> Prepared:
        prepared = await bench.prepare(effect)
        self.ledger.keep(prepared.keep)
        return replace(prepared, keep=())

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, self.agreement.pinned())

    def about(self, order: SettlementOrder) -> About:
        asked = self.asked(order)
        customer = self.agreement.is_customer
        return About(
            message=asked.message_id,
            kind="pain.001.001.09" if customer else f"{self.agreement.instruct}.001.08",
            batch=order.id if customer else "",
            instruction=asked.instr_id,
            end_to_end=order.id,
            transaction="" if customer else order.id,
            uetr=order.uetr,
        )

    def asked(self, order: SettlementOrder) -> Instruction:
        mine = self.rail._memo.ours(order.id)
        assert mine is not None
        return mine.instruction

    @property
    def name(self) -> str:
        return f"BANK{next(self.numbers):06}"

    def status(self, order: SettlementOrder, code: str, reason: str = "") -> bytes:
        return self.pen.status(self.name, self.clock.now(), self.about(order), code, reason)[1]

    def booking(
        self, order: SettlementOrder, amount: Money = AMOUNT, *, credit: bool = False,
        status: str = "BOOK", reversal: bool = False, account: str = "", returned: str = "",
    ) -> bytes:  # fmt: skip
        name = self.name
        own = ACCOUNTS.debtor_account if self.agreement.is_customer else NOSTRO
        entry = Entry(
            about=self.about(order), account=account or own, amount=amount, credit=credit,
            reference=f"REF{name}", status=status, reversal=reversal, returned=returned,
        )  # fmt: skip
        return self.pen.booking(name, self.clock.now(), entry)[1]

    def returned(self, order: SettlementOrder, amount: Money = AMOUNT) -> bytes:
        return self.pen.give_back(self.name, self.clock.now(), self.about(order), amount, "FOCR")[1]

    def answer(self, order: SettlementOrder, case: str, code: str, reason: str = "") -> bytes:
        return self.pen.answer(
            self.name, self.clock.now(), self.about(order), case=case, code=code, reason=reason
        )[1]

    async def says(self, *raws: bytes) -> list[Answer]:
        """Have the bank say these, one after the other, each committed before the next."""
        return [await self.rail.inbox.receive(THEIRS.sign(raw)) for raw in raws]

    @property
    def told(self) -> list[str]:
        return [type(fact).__name__ for fact in self.facts]

    @property
    def noticed(self) -> list[str]:
        return [notice.what for notice in self.notices]

    async def look(self, prepared: Prepared) -> Sight:
        return await self.rail.look(prepared)

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[None]:
        """Read as the engine does, committing each page before the next is asked for."""
        async with asyncio.TaskGroup() as tasks:
            reader = tasks.create_task(self._read())
            yield
            await asyncio.sleep(0)
            reader.cancel()

    async def _read(self) -> None:
        while True:
            try:
                async with aclosing(self.rail.observe(self.cursor)) as pages:
                    async for page in pages:
                        for one in page:
                            self._take(one)
            except FinalityBroken as error:
                self.broken.append(error.settlement)

    def _take(self, one: Observation) -> None:
        self.ledger.keep(one.keep)
        self.cursor = one.cursor
        if isinstance(one.subject, Fact):
            assert one.subject in self.verify(one.evidence)
            self.facts.append(one.subject)
            self.proofs.append(one.evidence)
        else:
            self.notices.append(one.subject)


async def _nothing(order: SettlementOrder, what: str = "") -> None:
    del order, what


Say = Callable[[Script, SettlementOrder], bytes]


def st(code: str, reason: str = "") -> Say:
    return lambda script, order: script.status(order, code, reason)


def debit(text: str = "10.00", **words: object) -> Say:
    amount = money(text, "HKD")
    return lambda script, order: script.booking(order, amount, **words)  # type: ignore[arg-type]


def credit(text: str = "10.00", **words: object) -> Say:
    return debit(text, credit=True, returned="FOCR", **words)


def later(say: Say, seconds: int = 1) -> Say:
    """The same, so much later by the bank's own clock."""

    def said(script: Script, order: SettlementOrder) -> bytes:
        now = script.clock.at
        script.clock.at = Instant(now + seconds * 1_000)
        try:
            return say(script, order)
        finally:
            script.clock.at = now

    return said


def back(text: str = "10.00") -> Say:
    return lambda script, order: script.returned(order, money(text, "HKD"))


async def heard(script: Script, *says: Say) -> SettlementOrder:
    order, _ = await script.pay()
    async with script.reading():
        for answer in await script.says(*(say(script, order) for say in says)):
            assert answer.taken == "committed", answer
    return order
