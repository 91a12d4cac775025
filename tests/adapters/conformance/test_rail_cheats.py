"""The exam of rails finds banks and adapters that pay twice, forget, or say what is not so."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from typing_extensions import override

from adapters.conformance.rail import RailConformance
from adapters.memory import rail as rails
from adapters.memory.bank import Bank, Payment, State, Word
from adapters.memory.codec import BadWire, booking_fact, text, unsealed, whole
from adapters.memory.rail import MemoryRail
from bridge.core.canonical import Value, canonical, parse
from bridge.core.events import Fact, PaymentDisputed, PaymentSettled
from bridge.core.ids import Cursor, Instant
from bridge.ports import (
    AdapterError,
    Again,
    Answered,
    Landed,
    Never,
    Page,
    Prepared,
    Sight,
    Unknown,
)
from bridge.ports import Unproved as NotProved
from tests.adapters.memory.grounds import Counter


class PaysAgain(Bank):
    """Pays for every message, whatever its UETR."""

    @override
    def _instruct(self, body: Value, now: Instant) -> None:
        known = self.payments.get(text(body, "uetr"))
        super()._instruct(body, now)
        if known is not None:
            self._book(known, known.minor, known.minor)
            known.state = State.PENDING


class ForgetsRecalls(Bank):
    """Says that a payment is rejected, and pays it when it comes."""

    @override
    def _recall(self, body: Value) -> None:
        known = text(body, "uetr") in self.payments
        super()._recall(body)
        if not known:
            self.payments.pop(text(body, "uetr"), None)

    @override
    def _instruct(self, body: Value, now: Instant) -> None:
        held = self.payments.get(text(body, "uetr"))
        if held is not None and held.state is State.REJECTED:
            del self.payments[held.uetr]
        super()._instruct(body, now)


class AnswersAgain(Bank):
    """Answers a recall as often as it is asked."""

    @override
    def _recall(self, body: Value) -> None:
        self.recalls.pop((text(body, "uetr"), whole(body, "recall")), None)
        super()._recall(body)


class OneRecall(Bank):
    """Answers the first recall of a payment and no other."""

    @override
    def _recall(self, body: Value) -> None:
        uetr = text(body, "uetr")
        first = [number for of, number in self.recalls if of == uetr]
        if first:
            self.recalls[uetr, whole(body, "recall")] = Word.REFUSE
        else:
            super()._recall(body)


class AttemptOne(Bank):
    """Tells every refused recall as the first attempt."""

    @override
    def _say(self, name: str, payment: Payment, minor: int, *rest: Any, **named: Any) -> None:
        if named.get("recall") is not None:
            named["recall"] = 1
        super()._say(name, payment, minor, *rest, **named)


class RejectsLate(Bank):
    """Calls a return a rejection."""

    @override
    def _say(self, name: str, payment: Payment, minor: int, *rest: Any, **named: Any) -> None:
        name = "PaymentRejected" if name == "PaymentReturned" else name
        super()._say(name, payment, minor, *rest, **named)


class SettlesFirst(Bank):
    """Books a payment when it takes it."""

    @override
    def _say(self, name: str, payment: Payment, minor: int, *rest: Any, **named: Any) -> None:
        name = "PaymentSettled" if name == "PaymentAccepted" else name
        super()._say(name, payment, minor, *rest, **named)


class TakesLate(Bank):
    """Takes a message however late it comes."""

    @override
    def receive(self, raw: bytes, now: Instant) -> None:
        body = parse(raw)
        assert not isinstance(body, str | bool | list | tuple)
        super().receive(canonical({**dict(body), "expires": "9" * 15}), now)  # type: ignore[arg-type]  # an object


class RejectedLanded(MemoryRail):
    @override
    async def look(self, prepared: Prepared) -> Sight:
        sight = await super().look(prepared)
        return Landed() if isinstance(sight, Never) else sight


class AgainAtOnce(MemoryRail):
    @override
    async def look(self, prepared: Prepared) -> Sight:
        sight = await super().look(prepared)
        return Again("not there") if isinstance(sight, Unknown | Landed) else sight


class SkipsOne(MemoryRail):
    @override
    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        skipping = bool(since)
        async for page in super().observe(since):
            facts = [one for one in page if isinstance(one.subject, Fact)]
            left = tuple(one for one in page if not (skipping and facts[:1] == [one]))
            skipping = skipping and not facts
            if left:
                yield left


class SendsAtPrepare(MemoryRail):
    @override
    async def prepare(self, *arguments: Any, **named: Any) -> Prepared:
        prepared = await super().prepare(*arguments, **named)
        await self.submit(prepared)
        return prepared


class Leaks(MemoryRail):
    busy = False

    @override
    async def submit(self, prepared: Prepared) -> None:
        assert not self.busy, "somebody is inside"
        self.busy = True
        await asyncio.sleep(0)
        await super().submit(prepared)
        self.busy = False


class Optimist(MemoryRail):
    @override
    async def preflight(self, order: Any, disclosed: Any) -> Any:
        checks = await super().preflight(order, disclosed)
        return tuple(replace(check, answer=Answered.YES) for check in checks)


Plant = Callable[[Counter, pytest.MonkeyPatch], None]


def bank_is(kind: type[Bank]) -> Plant:
    def plant(made: Counter, _: pytest.MonkeyPatch) -> None:
        made.bank.__class__ = kind

    return plant


def rail_is(kind: type[MemoryRail]) -> Plant:
    def plant(made: Counter, _: pytest.MonkeyPatch) -> None:
        made.rail.__class__ = kind

    return plant


def believes_all(made: Counter, _: pytest.MonkeyPatch) -> None:
    def verify(evidence: bytes) -> tuple[Fact, ...]:
        try:
            fact = booking_fact(unsealed(evidence))
        except BadWire as error:
            raise NotProved(str(error)) from error
        return (fact,) if fact is not None else ()

    made.verify = verify  # type: ignore[method-assign]  # planted


def partial_is_paid(made: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(body: Value) -> Fact | None:
        fact = booking_fact(body)
        if isinstance(fact, PaymentDisputed):
            of = fact.settlement
            return PaymentSettled(settlement=of, network=fact.network, amount=fact.amount)
        return fact

    monkeypatch.setattr(rails, "booking_fact", told)
    made.verify = lambda evidence: tuple(  # type: ignore[method-assign]  # planted
        fact for fact in [told(unsealed(evidence))] if fact is not None
    )


def opens_nothing(_: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes whatever it is given for the order's names."""

    def opened(payment: Any, disclosed: Any) -> dict[str, str]:
        del payment
        names = ("debtor", "debtor_account", "creditor", "creditor_account")
        return {
            name: disclosed[f"payment.{name}"].value if disclosed else "nobody" for name in names
        }

    monkeypatch.setattr(rails, "_opened", opened)


@dataclass(frozen=True)
class Cheat:
    says: str
    plant: Plant
    cards: str


CHEATS = (
    Cheat("pays for every message", bank_is(PaysAgain), "pr02 pr03"),
    Cheat("a recalled payment is paid", bank_is(ForgetsRecalls), "pr05 pr11"),
    Cheat("a recall is answered again", bank_is(AnswersAgain), "pr12"),
    Cheat("one recall a payment", bank_is(OneRecall), "pr07"),
    Cheat("every recall is the first", bank_is(AttemptOne), "pr06"),
    Cheat("a return is called a rejection", bank_is(RejectsLate), "pr08"),
    Cheat("settled when taken", bank_is(SettlesFirst), "pr21"),
    Cheat("messages never expire", bank_is(TakesLate), "pr33"),
    Cheat("rejected is called landed", rail_is(RejectedLanded), "pr04"),
    Cheat("look says Again", rail_is(AgainAtOnce), "pr30 pr31"),
    Cheat("a cursor that skips", rail_is(SkipsOne), "pr20"),
    Cheat("prepare sends", rail_is(SendsAtPrepare), "pr52"),
    Cheat("a cancelled call leaks", rail_is(Leaks), "pr50"),
    Cheat("preflight sees no trouble", rail_is(Optimist), "pr40"),
    Cheat("evidence unread", believes_all, "pr01"),
    Cheat("a part is the whole", partial_is_paid, "pr09"),
    Cheat("any name will do", opens_nothing, "pr10"),
)
PLANTED = [
    pytest.param(cheat, card, id=f"{card}-{cheat.says.replace(' ', '-')}")
    for cheat in CHEATS
    for card in cheat.cards.split()
]


async def sit(card: str, counter: Counter) -> None:
    exam: Any = RailConformance()
    (name,) = [name for name in dir(exam) if name.startswith(f"test_{card}_")]
    await getattr(exam, name)(counter.bench())


@pytest.mark.parametrize(("cheat", "card"), PLANTED)
async def test_a_cheat_is_found(cheat: Cheat, card: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await sit(card, Counter())
    cheating = Counter()
    cheat.plant(cheating, monkeypatch)
    found = (AssertionError, AdapterError, TimeoutError, KeyError, pytest.fail.Exception)
    with pytest.raises(found):
        await sit(card, cheating)


def test_every_card_is_known_to_find_something() -> None:
    cards = {name[5:9] for name in dir(RailConformance) if name.startswith("test_")}
    proved = {card for cheat in CHEATS for card in cheat.cards.split()}
    assert cards == proved, f"plant a bug for {sorted(cards - proved)}"
