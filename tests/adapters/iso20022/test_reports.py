"""An entry proves the same in a notice, an intraday report and a statement; told thrice, once."""

import pytest

from adapters.iso20022.agreement import Instruct, Proof
from bridge.core.ids import Instant
from bridge.core.money import money
from bridge.core.order import SettlementOrder
from tests.adapters.iso20022.script import AMOUNT, Script
from tests.adapters.iso20022.teller import agreed

BALANCE = (
    "<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>"
    '<Amt Ccy="HKD">0</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-26</Dt></Dt></Bal>'
)
FORMS = {
    "camt.052.001.08": ("BkToCstmrAcctRpt", "Rpt", ""),
    "camt.053.001.08": ("BkToCstmrStmt", "Stmt", BALANCE),
    "camt.054.001.08": ("BkToCstmrDbtCdtNtfctn", "Ntfctn", ""),
}


def told_in(kind: str, notice: bytes) -> bytes:
    """The entry of a notice as another report has it."""
    body, part, balance = FORMS[kind]
    text = notice.decode()
    for old, new in (
        ("camt.054.001.08", kind),
        ("BkToCstmrDbtCdtNtfctn>", f"{body}>"),
        ("Ntfctn>", f"{part}>"),
        ("<Ntry>", f"{balance}<Ntry>"),
    ):
        assert old in text
        text = text.replace(old, new)
    return text.encode()


async def said(script: Script, *raws: bytes) -> list[str]:
    async with script.reading():
        for answer in await script.says(*raws):
            assert answer.taken == "committed", answer
    return script.told


async def opened(instruct: Instruct) -> tuple[Script, SettlementOrder]:
    is_customer = instruct is Instruct.PAIN_001
    proof = Proof.BOOKING if is_customer else Proof.STATUS_AND_BOOKING
    script = Script(agreed(instruct, proof=proof))
    order, _ = await script.pay()
    if not is_customer:
        assert await said(script, script.status(order, "ACSC")) == []
    return script, order


@pytest.mark.parametrize("instruct", [Instruct.PAIN_001, Instruct.PACS_008])
@pytest.mark.parametrize("kind", FORMS)
async def test_a_booked_entry_proves_cash_in_every_report(instruct: Instruct, kind: str) -> None:
    script, order = await opened(instruct)
    pending = script.booking(order, status="PDNG")
    other = script.booking(order, account="NOSTRO-2")
    assert await said(script, told_in(kind, pending), told_in(kind, other)) == []
    assert await said(script, told_in(kind, script.booking(order))) == ["PaymentSettled"]
    assert [one.settlement for one in script.verify(script.proofs[-1])] == [order.id]


@pytest.mark.parametrize("instruct", [Instruct.PAIN_001, Instruct.PACS_008])
async def test_one_entry_told_in_every_report_is_one_payment(instruct: Instruct) -> None:
    script, order = await opened(instruct)
    reports = [told_in(kind, script.booking(order, AMOUNT)) for kind in FORMS]
    assert await said(script, *reports) == ["PaymentSettled"]


async def test_another_amount_in_the_statement_is_a_dispute() -> None:
    script, order = await opened(Instruct.PACS_008)
    wrong = script.booking(order, money("9.99", "HKD"))
    assert await said(script, told_in("camt.053.001.08", wrong)) == ["PaymentDisputed"]


async def test_a_statement_that_tells_a_debit_and_its_reversal_again_is_no_dispute() -> None:
    script, order = await opened(Instruct.PACS_008)
    debit, reversal = script.booking(order), script.booking(order, credit=True, reversal=True)
    rejection = script.status(order, "RJCT", "AC04")
    script.clock.at = Instant(script.clock.at + 1_000)
    day = told_in("camt.053.001.08", script.booking(order)).decode()
    start, end = reversal.index(b"<Ntry>"), reversal.index(b"</Ntfctn>")
    both = day.replace("</Stmt>", f"{reversal[start:end].decode()}</Stmt>").encode()
    assert await said(script, reversal, debit, rejection, both) == ["PaymentRejected"]
