"""What a bank says of one payment, in every order it can arrive in, and the ring dies between.

The bank has decided, booked, been asked back and has given back before anything of it arrives. In
whatever order it then does, both books agree to the cent; where the order shows a rejection before
the debit it takes back, people are called, and nothing else is different.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.bank_words import Fate, State
from adapters.iso20022.inbox import Taken
from adapters.iso20022.rail import IsoRail
from bridge.core.ids import Instant, uetr_of
from bridge.core.settlement import Stage, Stop
from bridge.notary.fsck import fsck
from bridge.notary.store.memory import MemoryStore
from tests.engine.river import River
from tests.recovery.mortal import happened, installed
from tests.recovery.test_iso_rail import Courier, IsoWorld, agreed
from tests.strategies import DAY_MS, NOW, make_id

Order = tuple[int, ...]
CUSTOMER, BANK = Instruct.PAIN_001, Instruct.PACS_008


@dataclass
class Gated(IsoWorld):
    """A world whose post is kept until all of it is written, and then comes in one order."""

    order: Order = ()
    letters: int = 0

    @override
    def courier(self, clock: object) -> Courier:
        return Postman(self.desk, clock, self.delivered, world=self)


@dataclass
class Postman(Courier):
    """Brings nothing until all is there, then what was written in the order he was told."""

    world: Gated = field(kw_only=True)

    @override
    async def deliver(self, rail: IsoRail) -> None:
        while True:
            self.desk.turn(self.clock.now())
            if len(self.desk.letters) >= self.world.letters:
                await self._bring(rail)
            await asyncio.sleep(0.05)

    async def _bring(self, rail: IsoRail) -> None:
        ranks = dict(zip((number + 1 for number in self.world.order), range(99), strict=False))
        for letter in sorted(self.desk.letters, key=lambda one: ranks.get(one.number, one.number)):
            if letter.number in self.delivered or self.is_cut:
                continue
            answer = await rail.inbox.receive(letter.signed)
            if answer.taken is Taken.BUSY or self.is_cut:
                return  # the next must not pass it
            assert answer.taken in {Taken.COMMITTED, Taken.REPEATED}, answer
            self.delivered.add(letter.number)


@dataclass(frozen=True)
class Case:
    """What the bank does, how many letters it writes of it, and where it then rests."""

    fate: Fate
    recalled: bool
    letters: dict[Instruct, int]
    rest: Stage
    state: State


CASES = {
    "settled": Case(Fate.SETTLE, False, {BANK: 2, CUSTOMER: 2}, Stage.SETTLED, State.SETTLED),
    "settled, told twice": Case(Fate.TWICE, False, {BANK: 4}, Stage.SETTLED, State.SETTLED),
    "debited, rejected, given back": Case(
        Fate.REJECT_BOOKED, False, {BANK: 4}, Stage.RELEASED, State.RETURNED
    ),
    "settled, recalled, returned": Case(
        Fate.SILENT, True, {BANK: 5, CUSTOMER: 4}, Stage.RELEASED, State.RETURNED
    ),
}
CHOSEN = [(name, instruct) for name, case in CASES.items() for instruct in case.letters]


async def told(case: Case, world: Gated, water: River) -> None:
    """Sent; settled and asked back by two where the case says so; left until it rests."""
    order = water.order(id=make_id(), deadline=Instant(NOW + DAY_MS))
    of = await water.send(order)
    await happened(lambda: world.desk.payments)
    if case.recalled:
        world.desk.settle(uetr_of(make_id()), world.line.now())
        if not world.desk.cases:
            await water.decide("settlement.recall", of, {})
        await happened(lambda: world.desk.cases)
    await happened(lambda: len(world.desk.letters) >= world.letters)
    await happened(lambda: len(world.delivered) >= world.letters)
    await asyncio.sleep(1)  # what was said last is heard
    while water.now(of).stage not in {Stage.SETTLED, Stage.RELEASED}:
        now = water.now(of)
        if now.stop is Stop.SUSPENDED:  # people read the evidence: the money is home
            back = Stage.UNMINTING if now.stage is Stage.UNMINTING else Stage.RECHECKING
            await water.decide("settlement.resume", of, {"to": back.value, "freezes": []})
        await asyncio.sleep(0.5)


def begun(folder: Path, case: Case, instruct: Instruct, order: Order) -> Gated:
    folder.mkdir(parents=True, exist_ok=True)
    world = Gated(folder, agreement=agreed(instruct), order=order, letters=case.letters[instruct])
    world.desk.fates["*"] = case.fate
    return world


def at_rest(world: Gated, case: Case) -> None:
    """Both books say the same of the money, and the asset is where the money is not."""
    assert fsck(MemoryStore(world.disk)) == ()
    seen: Counter[str] = Counter()

    async def look(water: River) -> None:
        settlement = water.now(make_id())
        seen.update(str(one).partition("/")[0] for one in settlement.history)
        assert settlement.stage is case.rest, (settlement.stage, settlement.stop, seen)
        assert settlement.stop is None or seen["PaymentDisputed"], seen

    world.live(look)
    if case.fate is not Fate.REJECT_BOOKED:
        assert not seen["PaymentDisputed"]
    moved = case.rest is Stage.SETTLED
    assert all(count == 1 for kind, count in seen.items() if kind.startswith("Payment")), seen
    assert seen["PaymentSettled"] or not moved
    assert seen["PaymentRejected"] + seen["PaymentReturned"] == (not moved)
    amount, units = (100_000, 10) if moved else (0, 0)
    assert world.held == {"seller": -units, "twin": units, "paid": amount, "debited": amount}
    assert world.desk.books.total == 0
    (payment,) = world.desk.payments.values()
    assert (payment.about.uetr, payment.state) == (uetr_of(make_id()), case.state)


@pytest.fixture(autouse=True)
def _stepped(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch)


def lived(folder: Path, case: Case, instruct: Instruct, order: Order, die_at: int = 0) -> Gated:
    """The case told to its end, by a second life where the first died."""
    world = begun(folder, case, instruct, order)
    if not world.live(lambda water: told(case, world, water), die_at=die_at):
        assert world.live(lambda water: told(case, world, water))
    at_rest(world, case)
    return world


def orders(case: Case, instruct: Instruct) -> list[Order]:
    return list(permutations(range(case.letters[instruct])))


@pytest.mark.parametrize(("name", "instruct"), CHOSEN)
def test_in_whatever_order_a_bank_is_heard_the_books_agree(
    tmp_path: Path, name: str, instruct: Instruct
) -> None:
    """In CI every order of up to four letters, and of five each seventh."""
    case = CASES[name]
    every = orders(case, instruct)
    for number, order in enumerate(every[:: 7 if len(every) > 24 else 1]):
        lived(tmp_path / str(number), case, instruct, order)


def moments(folder: Path, case: Case, instruct: Instruct, order: Order) -> list[int]:
    """The steps before which the outside is another than before the step before."""
    world = begun(folder, case, instruct, order)
    seen: list[tuple[int, tuple[object, ...]]] = []

    def look(step: int) -> None:
        now = world.outside()
        if not seen or seen[-1][1] != now:
            seen.append((step, now))

    assert world.live(lambda water: told(case, world, water), seen=look)
    at_rest(world, case)
    return [step for step, _ in seen]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "instruct"), CHOSEN)
def test_a_crash_at_every_moment_of_one_order_is_recovered(
    tmp_path: Path, name: str, instruct: Instruct
) -> None:
    """The order is the one that turns all round; each third moment, the others in `--long`."""
    case = CASES[name]
    order = orders(case, instruct)[-1]
    for step in moments(tmp_path / "w", case, instruct, order)[::3]:
        lived(tmp_path / str(step), case, instruct, order, die_at=step)


@pytest.mark.long
@pytest.mark.parametrize(("name", "instruct"), CHOSEN)
def test_a_crash_at_every_moment_of_every_order_is_recovered(
    tmp_path: Path, name: str, instruct: Instruct
) -> None:
    case = CASES[name]
    for number, order in enumerate(orders(case, instruct)):
        for step in moments(tmp_path / f"{number}", case, instruct, order):
            lived(tmp_path / f"{number}-{step}", case, instruct, order, die_at=step)
