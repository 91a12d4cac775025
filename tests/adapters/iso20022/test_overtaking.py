"""Messages of one payment that overtake each other, as a bank's own clock tells them apart."""

import asyncio

import pytest

from adapters.iso20022.agreement import Instruct
from bridge.ports import Never, Unknown
from tests.adapters.iso20022.script import Say, Script, back, credit, debit, heard, later, st
from tests.adapters.iso20022.teller import agreed

S, R, D = "PaymentSettled", "PaymentRejected", "PaymentDisputed"

ROWS: dict[str, tuple[tuple[Say, ...], list[str]]] = {
    "rejected, and the debit of before comes late: the money is waited for": (
        (later(st("RJCT", "AC04")), debit()), [R]),
    "rejected, and then the debit of before and its money back": (
        (later(st("RJCT", "AC04")), debit(), back(), later(credit())), [R]),
    "a debit between a rejection and its repeat is for people": (
        (later(st("RJCT", "AC04"), 2), later(debit()), st("RJCT", "AC04")), [R, D]),
    "a reversal overtakes what it reverses": (
        (st("ACSC"), later(debit(credit=True, reversal=True)), debit()), []),
    "booked anew after a reversal": (
        (st("ACSC"), debit(credit=True, reversal=True), later(debit())), [S]),
    "a return's reversal overtakes the return": (
        (st("ACSC"), debit(), back(), later(debit(reversal=True)), credit()), [S]),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
async def test_what_comes_late_is_taken_for_when_it_was_written(row: str) -> None:
    says, told = ROWS[row]
    script = Script(agreed(Instruct.PACS_008))
    await heard(script, *says)
    assert script.told == told
    assert script.broken == []


async def test_a_rejection_that_waits_for_the_ledger_is_told_as_a_fact_and_not_by_looking() -> None:
    """Else the payment would be given up twice: by what we looked at, and by the fact after it."""
    script = Script(agreed(Instruct.PACS_008))
    order, prepared = await script.pay()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(script.says(script.status(order, "RJCT", "AC04")))
        await asyncio.sleep(0)
        assert script.rail.inbox.waiting
        assert isinstance(await script.look(prepared), Unknown)
        async with script.reading():
            await asyncio.sleep(0.05)
    assert script.told == [R]
    assert isinstance(await script.look(prepared), Never)


async def test_money_that_is_to_come_back_is_spoken_of_once() -> None:
    script = Script(agreed(Instruct.PACS_008))
    await heard(script, later(st("RJCT", "AC04")), debit(), debit())
    assert script.noticed.count("payment.return_due") == 1
