"""Payments by ISO 20022 through the whole ring, which dies between any two of its steps.

The bank lives on: it has decided, booked and written while nobody listened, and delivers until it
is acknowledged. However it went, the asset and the money rest where the story says, and the books
of both sides agree to the cent.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from adapters.iso20022.agreement import Agreement, Instruct, Proof
from adapters.iso20022.bank_desk import Desk
from adapters.iso20022.bank_paper import Pen
from adapters.iso20022.bank_words import Fate, State, Word
from adapters.iso20022.client import Door, Receipt
from adapters.iso20022.evidence import verify
from adapters.iso20022.inbox import Taken
from adapters.iso20022.judging import Judge
from adapters.iso20022.rail import IsoRail
from adapters.iso20022.signed import Signed
from bridge.core.ids import Bic, Cursor, Instant, uetr_of
from bridge.core.settlement import Stage
from bridge.engine.held import KeptValues
from bridge.notary.fsck import fsck
from bridge.notary.journal import Journal
from bridge.notary.store.memory import MemoryStore
from bridge.ports import Page, PaymentRail, Unavailable
from tests.adapters.iso20022.teller import NOSTRO, OURS, THEIRS
from tests.engine.railing import Verify
from tests.engine.river import River, Wires
from tests.recovery.mortal import World, happened, installed
from tests.strategies import DAY_MS, NOW, RAIL, make_id

WITHIN_S = 600  # of told time
OPENING = 10**12
BACK = (Stage.UNMINTING, Stage.RECHECKING, Stage.RELEASING, Stage.RELEASED)
PASSED = (Stage.PAYING, Stage.RECALLING, Stage.BURNING, Stage.ASSIGNING, Stage.SETTLED, *BACK)


@dataclass
class Courier:
    """The line from one life of the ring to the bank, both ways; cut when that life ends."""

    desk: Desk
    clock: Any
    delivered: set[int]
    is_cut: bool = False

    async def put(self, signed: Signed, name: str) -> None:
        del name
        await asyncio.sleep(0)
        if self.is_cut:
            raise Unavailable("the line is cut")
        self.desk.receive(signed, self.clock.now())

    async def receipt(self, digest: str) -> Receipt | None:
        await asyncio.sleep(0)
        self.desk.turn(self.clock.now())
        return Receipt(digest, Door(self.desk.doors.get(digest, "unknown")), self.clock.now())

    async def deliver(self, rail: IsoRail) -> None:
        """Bring the bank's letters, each until it is acknowledged."""
        while True:
            self.desk.turn(self.clock.now())
            for letter in list(self.desk.letters):
                if letter.number in self.delivered or self.is_cut:
                    continue
                answer = await rail.inbox.receive(letter.signed)
                if answer.taken is not Taken.BUSY and not self.is_cut:
                    assert answer.taken in {Taken.COMMITTED, Taken.REPEATED}, answer
                    self.delivered.add(letter.number)
            await asyncio.sleep(0.05)


class Fed(IsoRail):
    """A rail whose bank is brought to it while it is read."""

    courier: Courier

    @override
    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        async with asyncio.TaskGroup() as tasks:
            bringing = tasks.create_task(self.courier.deliver(self))
            try:
                async with aclosing(super().observe(since)) as pages:
                    async for page in pages:
                        yield page
            finally:
                bringing.cancel()


def agreed(instruct: Instruct) -> Agreement:
    customer = instruct is Instruct.PAIN_001
    return Agreement(
        network=RAIL,
        instruct=instruct,
        proof=Proof.BOOKING if customer else Proof.STATUS_AND_BOOKING,
        profile="customer" if customer else "cbpr+2025",
        own_bic=Bic("LIANHKHH"),
        bank_bic=Bic("HSBCHKHH"),
        header="" if customer else "head.001.001.02",
        service="" if customer else "swift.cbprplus.03",
        account="" if customer else NOSTRO,
        own_keys={OURS.name: OURS.public},
        bank_keys={THEIRS.name: THEIRS.public},
    )


@dataclass
class IsoWorld(World):
    """A world whose bank speaks ISO 20022."""

    agreement: Agreement = field(default_factory=lambda: agreed(Instruct.PACS_008))

    @override
    def __post_init__(self) -> None:
        held = self.agreement
        self.payer = "HK00123" if held.is_customer else NOSTRO
        self.desk = Desk(
            signer=THEIRS,
            partner_keys={OURS.name: OURS.public},
            pen=Pen(
                bic=held.bank_bic,
                partner=held.own_bic,
                header=not held.is_customer,
                service=held.service,
            ),
            customer=held.is_customer,
            partner_account=held.account,
            life_ms=held.life_ms,
        )
        self.desk.open_account(self.payer, "HKD", OPENING)
        self.desk.open_account("CN00456", "HKD", 0)
        self.delivered: set[int] = set()
        self.rail = self._rail
        super().__post_init__()

    def _rail(self, journal: Journal, wired: Wires) -> tuple[PaymentRail, Verify]:
        courier = self.courier(wired.clock)

        def cut() -> None:
            courier.is_cut = True

        self.cuts.append(cut)
        rail = Fed(
            self.agreement, courier, OURS, wired.clock, KeptValues(journal, RAIL),
            judge=Judge(self.agreement, wired.clock),
        )  # fmt: skip
        rail.courier = courier
        pinned = self.agreement.pinned()
        return rail, lambda evidence: verify(evidence, pinned)

    def courier(self, clock: Any) -> Courier:
        """The line of one life."""
        return Courier(self.desk, clock, self.delivered)

    @override
    def outside(self) -> tuple[object, ...]:
        desk = self.desk
        return (
            *super().outside(),
            len(desk.doors),
            len(desk.letters),
            len(self.delivered),
            len(desk.books.lines),
            tuple(one.state for one in desk.payments.values()),
        )

    @property
    @override
    def held(self) -> dict[str, int]:
        balances = self.desk.books.balances
        return {
            **super().held,
            "paid": balances["CN00456", "HKD"],
            "debited": OPENING - balances[self.payer, "HKD"],
        }


@dataclass(frozen=True)
class Told:
    """One story: what the bank does, how people tell it, where it rests, who then holds what."""

    fate: Fate
    tell: Callable[[IsoWorld, River], Coroutine[Any, Any, None]]
    rest: Stage
    facts: frozenset[str]
    word: Word = Word.ACCEPT

    @property
    def moved(self) -> bool:
        return self.rest is Stage.SETTLED


async def sent(world: IsoWorld, water: River) -> None:
    """Sent, consented, and left to run."""
    del world
    order = water.order(id=make_id(), deadline=Instant(NOW + DAY_MS))
    of = await water.send(order)
    await water.until(of, Stage.SETTLED, Stage.RELEASED, within=WITHIN_S)


async def recalled(world: IsoWorld, water: River) -> None:
    """Recalled by two while the bank has not decided; settled by hand where it would not."""
    order = water.order(id=make_id(), deadline=Instant(NOW + DAY_MS))
    of = await water.send(order)
    await water.until(of, *PASSED, within=WITHIN_S)
    await happened(lambda: world.desk.payments)
    await water.decide("settlement.recall", of, {})
    if world.desk.words["*"] is Word.REFUSE:
        await happened(lambda: world.desk.cases)
        await water.until(of, Stage.PAYING, Stage.SETTLED, within=WITHIN_S)
        world.desk.settle(water.now(of).order.uetr, world.line.now())
        await water.until(of, Stage.SETTLED, within=WITHIN_S)
    await water.until(of, Stage.SETTLED, Stage.RELEASED, within=WITHIN_S)


HOME = frozenset({"PaymentRejected"})
AWAY = frozenset({"PaymentSettled"})
STORIES = {
    "status, then booking": Told(Fate.SETTLE, sent, Stage.SETTLED, AWAY),
    "booking, then status": Told(Fate.BOOKING_FIRST, sent, Stage.SETTLED, AWAY),
    "everything twice": Told(Fate.TWICE, sent, Stage.SETTLED, AWAY),
    "rejected": Told(Fate.REJECT, sent, Stage.RELEASED, HOME),
    "debited, rejected, given back": Told(Fate.REJECT_BOOKED, sent, Stage.RELEASED, HOME),
    "recalled in time": Told(Fate.WAIT, recalled, Stage.RELEASED, HOME),
    "recalled in vain": Told(
        Fate.WAIT, recalled, Stage.SETTLED, AWAY | {"RecallRefused"}, Word.REFUSE
    ),
}
CASES = [
    (name, instruct)
    for name in STORIES
    for instruct in (Instruct.PACS_008, Instruct.PAIN_001)
    # where the booking alone is the proof, a rejection after it breaks a fact: no rest, but people
    if (name, instruct) != ("debited, rejected, given back", Instruct.PAIN_001)
]


def begun(folder: Path, told: Told, instruct: Instruct) -> IsoWorld:
    folder.mkdir(exist_ok=True)
    world = IsoWorld(folder, agreement=agreed(instruct))
    world.desk.fates["*"], world.desk.words["*"] = told.fate, told.word
    return world


def at_rest(world: IsoWorld, told: Told) -> None:
    """It ended as told, once; and the bank's books and ours agree."""
    assert fsck(MemoryStore(world.disk)) == ()
    facts: Counter[str] = Counter()

    async def look(water: River) -> None:
        settlement = water.now(make_id())
        assert settlement.stage is told.rest
        assert settlement.stop is None
        facts.update(str(one).partition("/")[0] for one in settlement.history)

    world.live(look)
    assert {name: facts[name] for name in told.facts} == dict.fromkeys(told.facts, 1)
    amount = 100_000 if told.moved else 0
    units = 10 if told.moved else 0
    assert world.held == {"seller": -units, "twin": units, "paid": amount, "debited": amount}
    assert world.desk.books.total == 0
    (payment,) = world.desk.payments.values()
    assert payment.about.uetr == uetr_of(make_id())
    assert (payment.state is State.SETTLED) is told.moved


@pytest.fixture(autouse=True)
def _stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)


def moments(folder: Path, name: str, instruct: Instruct) -> list[int]:
    """The steps before which the outside is another than before the step before."""
    told = STORIES[name]
    world = begun(folder, told, instruct)
    seen: list[tuple[int, tuple[object, ...]]] = []

    def look(step: int) -> None:
        now = world.outside()
        if not seen or seen[-1][1] != now:
            seen.append((step, now))

    world.live(lambda water: told.tell(world, water), seen=look)
    at_rest(world, told)
    return [step for step, _ in seen]


@pytest.mark.parametrize(("name", "instruct"), CASES)
def test_a_payment_through_the_ring_ends_as_told(
    tmp_path: Path, name: str, instruct: Instruct
) -> None:
    assert len(moments(tmp_path / "w", name, instruct)) > 20


@pytest.mark.slow
@pytest.mark.parametrize(("name", "instruct"), CASES)
def test_a_crash_at_every_moment_of_a_payment_is_recovered(
    tmp_path: Path, name: str, instruct: Instruct
) -> None:
    told = STORIES[name]
    for step in moments(tmp_path / "w", name, instruct):
        world = begun(tmp_path / f"w{step}", told, instruct)
        if not world.live(lambda water: told.tell(world, water), die_at=step):  # noqa: B023
            assert world.live(lambda water: told.tell(world, water))  # noqa: B023
        at_rest(world, told)
