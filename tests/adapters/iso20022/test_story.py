"""Every status of table 7.1 and every recall and return of table 7.2, as a bank would say them.

Each row is real messages through the whole rail: signature, schema, rules, correlation, story,
ledger, and evidence a notary verifies.
"""

import pytest

from adapters.iso20022.agreement import Instruct, Proof
from adapters.iso20022.client import Door
from adapters.iso20022.story import OUR_REPEAT
from bridge.core.effects import InstructPayment
from bridge.core.events import PaymentDisputed, RecallRefused
from bridge.core.money import money
from bridge.ports import Again, Landed, Never, Refused, Unavailable, Uncertain, Unknown
from tests.adapters.iso20022.script import Say, Script, back, credit, debit, heard, later, st
from tests.adapters.iso20022.teller import LIFE_MS, agreed

BANK, CUSTOMER = Instruct.PACS_008, Instruct.PAIN_001
S, R, B, D = "PaymentSettled", "PaymentRejected", "PaymentReturned", "PaymentDisputed"

NOT_FINAL = ("RCVD", "ACTC", "ACCP", "ACFC", "ACFW", "PATC", "PRES", "ACSP", "ACPD", "ACWC",
             "ACWP", "PDNG")  # fmt: skip


@pytest.mark.parametrize("instruct", [BANK, CUSTOMER])
@pytest.mark.parametrize("code", NOT_FINAL)
async def test_an_acceptance_is_recorded_and_moves_nothing(instruct: Instruct, code: str) -> None:
    script = Script(agreed(instruct))
    order, prepared = await script.pay()
    async with script.reading():
        await script.says(script.status(order, code))
    assert script.told == []
    assert script.rail._told(order.id).status == code
    assert isinstance(await script.look(prepared), Unknown)


ROWS: dict[str, tuple[tuple[Say, ...], list[str]]] = {
    "settled status alone is half of the proof": ((st("ACSC"),), []),
    "creditor's account settled is half of it too": ((st("ACCC"),), []),
    "a booking alone is half of it": ((debit(),), []),
    "status, then booking": ((st("ACSC"), debit()), [S]),
    "booking, then status": ((debit(), st("ACCC")), [S]),
    "a status that is not final does not prove": ((st("ACSP"), debit()), []),
    "a lower rank later changes nothing": ((st("ACSC"), st("ACSP"), debit()), [S]),
    "a pending entry never counts": ((st("ACSC"), debit(status="PDNG")), []),
    "an entry for information never counts": ((st("ACSC"), debit(status="INFO")), []),
    "a future entry never counts": ((st("ACSC"), debit(status="FUTR")), []),
    "another account proves nothing": ((st("ACSC"), debit(account="OTHER")), []),
    "everything twice is one payment": ((st("ACSC"), debit(), st("ACSC"), debit()), [S]),
    "another amount is a dispute": ((st("ACSC"), debit("9.00")), [D]),
    "rejected before any debit": ((st("RJCT", "AC04"),), [R]),
    "cancelled is as rejected": ((st("CANC"),), [R]),
    "rejected twice is one fact": ((st("RJCT", "AC04"), st("RJCT", "AC04")), [R]),
    "debit, then rejected: the money is waited for": ((debit(), st("RJCT", "AC04")), []),
    "debit, rejected, and the money is back": (
        (debit(), st("RJCT", "AC04"), back(), credit()), [R]),
    "debit, rejected, and the booking reversed": (
        (debit(), st("RJCT", "AC04"), debit(credit=True, reversal=True)), [R]),
    "a debit of after the rejection is for people": (
        (st("RJCT", "AC04"), later(debit())), [R, D]),
    "returned in full before it settled": ((debit(), back(), credit()), [R]),
    "the return's booking first": ((debit(), credit(), back()), [R]),
    "a return without its booking waits": ((st("ACSC"), debit(), back()), [S]),
    "a booking of a return without the return waits": ((st("ACSC"), debit(), credit()), [S]),
    "returned in full after it settled": ((st("ACSC"), debit(), back(), credit()), [S, B]),
    "returned in part": ((st("ACSC"), debit(), back("4.00")), [S, D]),
    "returned in part before it settled": ((debit(), back("4.00"), credit("4.00")), [D]),
    "blocked: neither credited nor returned": ((st("BLCK"),), []),
    "an unknown status changes nothing": ((st("ZZZZ"), debit()), []),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
async def test_a_bank_is_believed_as_far_as_it_proves(row: str) -> None:
    says, told = ROWS[row]
    script = Script(agreed(BANK))
    await heard(script, *says)
    assert script.told == told
    assert script.broken == []


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ((debit(),), [S]),
        ((st("ACSC"),), []),
        ((debit(), credit()), [S, B]),
        ((debit(), credit("4.00")), [S, D]),
        ((st("RJCT", "AM04"),), [R]),
    ],
)
async def test_a_customer_is_settled_by_the_booking(says: tuple[Say, ...], told: list[str]) -> None:
    script = Script(agreed(CUSTOMER, proof=Proof.BOOKING))
    await heard(script, *says)
    assert script.told == told


@pytest.mark.parametrize("say", [st("ACSC"), debit()])
async def test_a_systems_own_notice_proves_by_itself(say: Say) -> None:
    script = Script(agreed(BANK, proof=Proof.SETTLEMENT_NOTICE))
    await heard(script, say)
    assert script.told == [S]


@pytest.mark.parametrize("reason", sorted(OUR_REPEAT))
async def test_a_rejection_as_our_own_repeat_is_no_rejection(reason: str) -> None:
    script = Script(agreed(BANK))
    order, prepared = await script.pay()
    async with script.reading():
        await script.says(script.status(order, "RJCT", reason))
    assert script.told == []
    assert "payment.repeat" in script.noticed
    script.clock.at += 61_000  # type: ignore[assignment]
    assert isinstance(await script.look(prepared), Unknown)
    assert b"pacs.028.001.03" in script.wire.sent[-1].raw


@pytest.mark.parametrize(
    "after", [st("RJCT", "AC04"), debit(credit=True, reversal=True)], ids=["rejected", "reversed"]
)
async def test_what_undoes_a_settled_payment_breaks_it_in_the_open(after: Say) -> None:
    script = Script(agreed(BANK))
    order = await heard(script, st("ACSC"), debit())
    async with script.reading():
        await script.says(after(script, order))
        await script.says(script.status(order, "ACSC"))  # the reader goes on
    assert script.told == [S]
    assert script.broken == [order.id]


async def test_a_broken_fact_is_reported_after_a_crash_too() -> None:
    script = Script(agreed(BANK))
    order = await heard(script, st("ACSC"), debit(), st("RJCT", "AC04"))
    script.broken.clear()
    script.ledger.held[f"broken/{order.id}"] = b"RJCT after the payment was settled"
    script.restart()
    async with script.reading():
        await script.says(script.status(order, "ACSC"))
    assert script.broken == [order.id]
    assert f"broken/{order.id}" not in script.ledger.held


async def test_a_blocked_payment_calls_people_and_stays() -> None:
    script = Script(agreed(BANK))
    order, prepared = await script.pay()
    async with script.reading():
        await script.says(script.status(order, "BLCK"))
    assert "payment.blocked" in script.noticed
    assert isinstance(await script.look(prepared), Unknown)


async def test_a_change_by_the_bank_is_for_people() -> None:
    script = Script(agreed(BANK))
    await heard(script, st("ACWC"), st("PDNG"))
    assert {"payment.changed", "payment.pending"} <= set(script.noticed)


CASES: dict[str, tuple[tuple[str, ...], tuple[Say, ...], list[str]]] = {
    "pending: nothing is decided": (("PDCR",), (), []),
    "handed on: nothing is decided": (("FTNA",), (), []),
    "granted, and rejected": (("CNCL",), (st("RJCT", "CUST"),), [R]),
    "will follow, and rejected": (("CWFW",), (st("RJCT", "CUST"),), [R]),
    "granted without a word of the payment is no proof": (("CNCL",), (), []),
    "refused": (("RJCR",), (), ["RecallRefused"]),
    "refused twice is one fact": (("RJCR", "RJCR"), (), ["RecallRefused"]),
    "refused, and then paid": (("RJCR",), (st("ACSC"), debit()), ["RecallRefused", S]),
    "granted in part is for people": (("PECR",), (), []),
}


@pytest.mark.parametrize("row", CASES)
async def test_a_recall_is_answered(row: str) -> None:
    codes, then, told = CASES[row]
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    recall = await script.recall(order, 7)
    async with script.reading():
        for code in codes:
            await script.says(script.answer(order, recall.tx, code))
        await script.says(*(say(script, order) for say in then))
    assert script.told == told
    for fact in script.facts:
        assert not isinstance(fact, RecallRefused) or fact.number == 7
    if row == "granted in part is for people":
        assert "recall.partial" in script.noticed


async def test_a_recall_granted_after_the_debit_waits_for_the_money() -> None:
    script = Script(agreed(BANK))
    order, prepared = await script.pay()
    async with script.reading():
        await script.says(script.status(order, "ACSC"), script.booking(order))
        recall = await script.recall(order, 2)
        await script.says(script.answer(order, recall.tx, "CNCL"))
        assert isinstance(await script.look(recall), Unknown)
        await script.says(script.returned(order))
        assert isinstance(await script.look(recall), Unknown)
        await script.says(credit()(script, order))
    assert isinstance(await script.look(recall), Landed)
    assert isinstance(await script.look(prepared), Landed)
    assert script.told == [S, B]


async def test_each_attempt_has_its_own_answer() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    async with script.reading():
        for number in (3, 5):
            recall = await script.recall(order, number)
            assert isinstance(await script.look(recall), Unknown)
            await script.says(script.answer(order, recall.tx, "RJCR", "CUST"))
            assert isinstance(await script.look(recall), Landed)
    assert [fact.number for fact in script.facts if isinstance(fact, RecallRefused)] == [3, 5]


async def test_a_customer_who_agreed_on_no_recall_is_refused_one() -> None:
    script = Script(agreed(CUSTOMER, recall=False))
    order, _ = await script.pay()
    sent = len(script.wire.sent)
    with pytest.raises(Refused):
        await script.recall(order, 1)
    assert len(script.wire.sent) == sent


async def test_what_was_never_instructed_is_not_recalled() -> None:
    script = Script(agreed(BANK))
    _, order = await script.order()
    with pytest.raises(Refused):
        await script.recall(order, 1)
    assert script.wire.sent == []


@pytest.mark.parametrize(
    ("door", "after_ms", "sight"),
    [
        (Door.TAKEN, 0, Unknown),
        (Door.TAKEN, 10**9, Unknown),
        (Door.UNKNOWN, 0, Unknown),
        (Door.UNKNOWN, LIFE_MS + 500, Again),
        (Door.LATE, 0, Again),
        (Door.REFUSED, 0, Never),
        (Door.CONFLICT, 10**9, Unknown),
    ],
)
async def test_silence_is_no_answer(door: Door, after_ms: int, sight: type) -> None:
    """Only the bank's signed word that it has not, and takes no more, lets us ask anew."""
    script = Script(agreed(CUSTOMER))
    _, prepared = await script.pay()
    script.wire.door = door
    script.clock.at += after_ms  # type: ignore[assignment]
    assert isinstance(await script.look(prepared), sight)


async def test_a_refusal_at_the_door_says_nothing_of_what_it_replaced() -> None:
    script = Script(agreed(CUSTOMER))
    bench, order = await script.order()
    one = await script.kept(bench, InstructPayment(order))
    two = await bench.prepare(InstructPayment(order), replaces=one.tx)
    script.wire.door = Door.REFUSED
    assert not isinstance(await script.look(two), Never)


async def test_a_bank_is_asked_once_a_turn_of_the_timer() -> None:
    script = Script(agreed(BANK))
    order, prepared = await script.pay()
    async with script.reading():
        await script.says(script.status(order, "ACSP"))
    begun = len(script.wire.sent)
    for ms in (1_000, 60_000, 1_000, 1_000, 60_000):
        script.clock.at += ms  # type: ignore[assignment]
        await script.look(prepared)
    assert [b"pacs.028" in one.raw for one in script.wire.sent[begun:]] == [True, True]


async def test_a_partial_booking_tells_what_was_booked() -> None:
    script = Script(agreed(BANK))
    await heard(script, st("ACSC"), debit("9.99"))
    (fact,) = script.facts
    assert isinstance(fact, PaymentDisputed)
    assert fact.amount == money("9.99", "HKD")


async def test_a_rejection_of_what_was_replaced_is_none_of_the_payment() -> None:
    """The bank rejects the first message, late; the one that replaced it may still be paid."""
    script = Script(agreed(BANK))
    bench, order = await script.order()
    one = await script.kept(bench, InstructPayment(order))
    first = script.status(order, "RJCT", "AC04")
    two = await bench.prepare(InstructPayment(order), replaces=one.tx)
    script.ledger.keep(two.keep)
    async with script.reading():
        await script.says(first)
        assert script.told == []
        await script.says(script.status(order, "RJCT", "AC04"))
    assert script.told == [R]


@pytest.mark.parametrize(
    ("cover", "doors", "sight"),
    [
        (False, (Door.TAKEN, Door.REFUSED), Never),  # the notice was taken, the payment was not
        (False, (Door.REFUSED, Door.TAKEN), Unknown),
        (True, (Door.TAKEN, Door.REFUSED, Door.TAKEN), Unknown),  # its cover may be paid
        (True, (Door.REFUSED, Door.REFUSED, Door.REFUSED), Never),
    ],
)
async def test_the_door_is_asked_about_the_payment_itself(
    cover: bool, doors: tuple[Door, ...], sight: type
) -> None:
    script = Script(agreed(BANK, notice=True, cover=cover, cover_service="swift.cbprplus.cov.03"))
    _, prepared = await script.pay()
    assert len(prepared.items) == len(doors)
    script.wire.doors = {
        one.digest: door for one, door in zip(script.wire.sent, doors, strict=True)
    }
    assert isinstance(await script.look(prepared), sight)


@pytest.mark.parametrize("door", [Door.LATE, Door.UNKNOWN, Door.REFUSED])
async def test_what_the_bank_has_spoken_of_is_never_asked_for_anew(door: Door) -> None:
    script = Script(agreed(BANK))
    order, prepared = await script.pay()
    recall = await script.recall(order, 4)
    async with script.reading():
        await script.says(script.status(order, "ACSP"), script.answer(order, recall.tx, "CNCL"))
    script.wire.door = door
    script.clock.at += 10**9  # type: ignore[assignment]
    assert isinstance(await script.look(prepared), Unknown)
    assert isinstance(await script.look(recall), Unknown)


async def test_a_payment_half_sent_is_uncertain_and_carried_on() -> None:
    script = Script(agreed(BANK, notice=True))
    bench, order = await script.order()
    prepared = await script.kept(bench, InstructPayment(order))
    script.wire.down_after = 1
    with pytest.raises(Uncertain):
        await script.rail.submit(prepared)
    assert len(script.wire.sent) == 1
    script.wire.down_after = 99
    script.wire.doors = {script.wire.sent[0].digest: Door.TAKEN}
    script.wire.door = Door.UNKNOWN
    assert isinstance(await script.look(prepared), Unknown)
    assert [b"pacs.008" in one.raw for one in script.wire.sent] == [False, False, True]


async def test_a_payment_not_sent_at_all_is_told_so() -> None:
    script = Script(agreed(BANK))
    bench, order = await script.order()
    prepared = await script.kept(bench, InstructPayment(order))
    script.wire.is_down = True
    with pytest.raises(Unavailable):
        await script.rail.submit(prepared)
