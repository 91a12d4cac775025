"""What a bank keeps of what it was told, and makes again from it."""

from pathlib import Path

from adapters.iso20022 import writing
from adapters.iso20022.agreement import Instruct
from adapters.iso20022.bank import House
from adapters.iso20022.bank_words import State
from bridge.core.ids import Instant
from tests.adapters.iso20022.script import StillClock
from tests.adapters.iso20022.teller import (
    OURS,
    agreed,
    desk,
)
from tests.adapters.iso20022.test_codec import one


def test_a_tape_makes_the_same_bank(tmp_path: Path) -> None:
    agreement = agreed(Instruct.PAIN_001, life_ms=10**9)
    clock = StillClock(Instant(one(agreement).created))
    tape = tmp_path / "tape.jsonl"
    fresh = desk(agreement)
    house = House(fresh, clock, "", tape)
    house.tell({"do": "open", "account": "HK00123", "currency": "HKD", "minor": "1000000"})
    house.tell({"do": "open", "account": "DE89370400440532013000", "currency": "HKD", "minor": "0"})
    for raw in dict(writing.items(agreement, one(agreement))).values():
        house.receive(OURS.sign(raw))
    house.close()
    with tape.open("ab") as torn:
        torn.write(b'{"at": 1, "do": "rece')  # it was killed while it wrote
    again = House(desk(agreement), clock, "", tape)
    again.tell({"do": "fate", "is": "reject"})
    again.close()
    House(desk(agreement), clock, "", tape).close()  # the line after the torn one is whole
    assert again.books() == house.books()
    assert [one.signed for one in again.desk.letters] == [one.signed for one in fresh.letters]


def test_what_is_told_after_a_payment_was_due_does_not_change_it_on_the_tape(
    tmp_path: Path,
) -> None:
    agreement = agreed(Instruct.PAIN_001, life_ms=10**9)
    order = one(agreement)
    clock = StillClock(Instant(order.created))
    fresh, again = desk(agreement), desk(agreement)
    fresh.settle_ms = again.settle_ms = 100
    house = House(fresh, clock, "", tmp_path / "tape.jsonl")
    house.tell({"do": "open", "account": "HK00123", "currency": "HKD", "minor": "1000000"})
    house.tell({"do": "open", "account": "DE89370400440532013000", "currency": "HKD", "minor": "0"})
    for raw in dict(writing.items(agreement, order)).values():
        house.receive(OURS.sign(raw))
    clock.at = Instant(order.created + 200)
    fresh.turn(clock.now())  # as its mail does, again and again
    assert fresh.payments[order.uetr].state is State.SETTLED
    house.tell({"do": "fate", "is": "reject"})
    house.close()
    House(again, clock, "", tmp_path / "tape.jsonl").close()
    assert again.payments[order.uetr].state is State.SETTLED
    assert again.books == fresh.books
