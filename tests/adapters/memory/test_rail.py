"""The memory rail sits the exam, and its bank does what a bank does."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.conformance.rail import RailConformance
from adapters.conformance.railbench import RailBench
from adapters.memory.bank import Bank, Fate, Word
from adapters.memory.codec import booking_fact, unsealed
from bridge.core.canonical import Value, canonical
from bridge.core.effects import InstructPayment
from bridge.core.events import PaymentSettled
from bridge.core.ids import Instant, NetworkId
from tests.adapters.memory.grounds import Counter, key

RAIL = NetworkId("rail:here")


class TestMemoryRail(RailConformance):
    @pytest.fixture
    async def bench(self) -> RailBench:
        return Counter().bench()


async def test_a_bank_that_says_it_twice_says_one_fact() -> None:
    counter = Counter()
    bench = counter.bench()
    order = await bench.new_order()
    counter.do("fate", settlement=order.id, **{"is": "twice"})
    await bench.pay(order)
    facts = await bench.facts(order)
    assert len(facts) == 2
    assert len({fact.key for fact in facts}) == 1


async def test_a_wrong_amount_is_told_as_it_was_booked() -> None:
    """The bank claims that it was asked for more: only the order tells that it was not."""
    counter = Counter()
    bench = counter.bench()
    order = await bench.new_order()
    counter.do("fate", settlement=order.id, **{"is": "wrong"})
    await bench.pay(order)
    (fact,) = await bench.facts(order)
    assert isinstance(fact, PaymentSettled)
    assert order.payment is not None
    assert fact.amount.minor == order.payment.amount.minor + 1


async def test_a_payment_that_is_not_covered_is_rejected() -> None:
    counter = Counter(minor=0)
    bench = counter.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(InstructPayment(order))
    await bench.rail.submit(prepared)
    await bench.decided(prepared)
    told = [booking_fact(unsealed(one)) for one in counter.bank.bookings]
    assert [type(fact).__name__ for fact in told if fact] == ["PaymentRejected"]


MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["instruct", "recall"]),
        st.integers(0, 2),  # which payment
        st.integers(1, 3),  # which attempt
        st.sampled_from(
            ["settle", "reject", "return", "partial", "wrong", "silent", "lose", "twice"]
        ),
        st.sampled_from([word.value for word in Word]),
        st.integers(0, 40),  # ms until the next
        st.booleans(),  # somebody settles by hand
    ),
    max_size=20,
)


@given(MESSAGES)
def test_money_is_conserved_and_a_rejected_payment_is_never_paid(
    messages: list[tuple[str, int, int, str, str, int, bool]],
) -> None:
    bank = Bank(RAIL, key("bank"), settle_ms=20)
    bank.open_account("debtor", "HKD", 250)
    bank.open_account("creditor", "HKD", 10)
    now = 1_000
    for kind, number, attempt, fate, word, ms, by_hand in messages:
        settlement = f"settlement-{number}"
        bank.fates[settlement], bank.words[settlement] = Fate(fate), Word(word)
        body: Mapping[str, Value] = {
            "kind": kind,
            "settlement": settlement,
            "uetr": f"uetr-{number}",
            "minor": "100",
            "currency": "HKD",
            "expires": "9999",
            "debtor_account": "debtor",
            "creditor_account": "creditor",
            "recall": str(attempt),
        }
        bank.receive(canonical(body), Instant(now))
        if by_hand and f"uetr-{number}" in bank.payments:
            bank.settle(f"uetr-{number}", Instant(now))
        now += ms
        assert sum(bank.accounts.values()) == 260
        assert min(bank.accounts.values()) >= 0
    bank.turn(Instant(now + 100))
    told: dict[str, list[str]] = {}
    for booking in bank.bookings:
        body = unsealed(booking)
        told.setdefault(str(body["uetr"]), []).append(str(body["name"]))
    for names in told.values():
        assert not {"PaymentRejected", "PaymentSettled"} <= set(names)
        assert names.count("PaymentReturned") <= 1
        assert "PaymentReturned" not in names or "PaymentSettled" in names
