"""At our door: repeats, conflicts, strangers, what is held, what waits for its question."""

import asyncio

import pytest

from adapters.iso20022 import inquiry
from adapters.iso20022.agreement import Instruct
from adapters.iso20022.bank_paper import About
from adapters.iso20022.inbox import PENDING_MAX, Answer, Taken
from adapters.iso20022.signed import signer
from bridge.core.effects import InstructPayment
from bridge.core.ids import Cursor, Instant, uetr_of
from tests.adapters.iso20022.script import NOW, Script
from tests.adapters.iso20022.teller import THEIRS, agreed, ed25519

BANK = Instruct.PACS_008


async def test_a_repeat_is_acknowledged_again_and_does_nothing() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04")
    async with script.reading():
        first, second = await script.says(raw, raw)
    assert (first.taken, second.taken) == (Taken.COMMITTED, Taken.REPEATED)
    assert script.told == ["PaymentRejected"]
    script.restart()
    async with script.reading():
        (third,) = await script.says(raw)
    assert third.taken == Taken.REPEATED
    assert script.told == ["PaymentRejected"]


async def test_the_same_key_with_other_bytes_is_refused_and_an_alarm() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "ACSP")
    other = raw.replace(b">ACSP<", b">ACSC<")
    async with script.reading():
        await script.says(raw)
        (answer,) = await script.says(other)
        await asyncio.sleep(0.01)
    assert answer.taken == Taken.CONFLICT
    assert "message.conflict" in script.noticed
    assert script.told == []


async def test_a_conflict_between_two_that_wait_is_seen_too() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "ACSP")
    async with asyncio.TaskGroup() as tasks:
        one = tasks.create_task(script.rail.inbox.receive(THEIRS.sign(raw)))
        await asyncio.sleep(0)
        two = tasks.create_task(
            script.rail.inbox.receive(THEIRS.sign(raw.replace(b">ACSP<", b">ACSC<")))
        )
        await asyncio.sleep(0)
        async with script.reading():
            await one
    assert (one.result().taken, two.result().taken) == (Taken.COMMITTED, Taken.CONFLICT)


@pytest.mark.parametrize("spoil", ["key", "bytes"])
async def test_what_the_bank_did_not_sign_is_not_read(spoil: str) -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04")
    signed = THEIRS.sign(raw)
    if spoil == "key":
        signed = signer(THEIRS.name, ed25519("stranger")).sign(raw)
    else:
        signed = type(signed)(raw + b" ", signed.algorithm, signed.key, signed.signature)
    async with script.reading():
        answer = await script.rail.inbox.receive(signed)
        await asyncio.sleep(0.01)
    assert answer.taken == Taken.UNSIGNED
    assert script.told == []
    assert not script.ledger.keys("in/")
    assert "message.unsigned" in script.noticed


async def test_a_refused_message_leaves_no_trace() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04")
    before = dict(script.ledger.held)
    async with script.reading():
        for bad in (
            raw.replace(b"pacs.002.001.10", b"pacs.002.001.99"),
            raw.replace(script.agreement.bank_bic.encode(), b"EVILHKHH"),
            raw.replace(b"<TxSts>", b"<TxSts x='1'>"),
            b"not xml at all",
        ):
            (answer,) = await script.says(bad)
            assert answer.taken == Taken.REFUSED
            assert answer.findings
        await asyncio.sleep(0.01)
    assert script.ledger.held == before
    assert script.told == []
    said = " ".join(notice.detail for notice in script.notices)
    assert "EVILHKHH" not in said


async def test_an_answer_waits_for_its_question() -> None:
    """A ledger restored from before the question hears the answer first."""
    script = Script(agreed(BANK))
    bench, order = await script.order()
    prepared = await bench.prepare(InstructPayment(order))
    script.ledger.keep(prepared.keep)
    raw = script.status(order, "RJCT", "AC04")
    for key, _ in prepared.keep:
        del script.ledger.held[key]
    async with script.reading():
        (answer,) = await script.says(raw)
        assert answer.taken == Taken.COMMITTED
        assert script.told == []
        assert "message.parked" in script.noticed
        script.ledger.keep(prepared.keep)
        await script.rail.submit(prepared)
        for _ in range(20):
            await asyncio.sleep(0)
        await script.says(script.status(order, "RJCT", "AC04"))
    assert script.told == ["PaymentRejected"]
    assert not script.ledger.keys("park/")
    assert not script.ledger.keys("wait/")
    script.facts.clear()
    script.cursor = Cursor("")  # read again from the beginning: told once, where it was told
    async with script.reading():
        await asyncio.sleep(0.01)
    assert script.told == ["PaymentRejected"]


async def test_what_waits_too_long_is_an_alarm() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    stray = _stray(script)
    async with script.reading():
        await script.says(stray)
    script.clock.at += 10 * 86_400_000  # type: ignore[assignment]
    async with script.reading():
        await script.says(script.status(order, "ACSP"))
        await asyncio.sleep(0.01)
    assert script.noticed.count("message.unmatched") == 1


def _stray(script: Script) -> bytes:
    about = About(
        message="SOMEBODYELSES",
        kind="pacs.008.001.08",
        batch="",
        instruction="THEIRS",
        end_to_end="THEIRS",
        transaction="THEIRS",
        uetr="7a562c67-ca16-48ba-b074-65581be6f001",
    )
    return script.pen.status(script.name, NOW, about, "RJCT", "AC04")[1]


async def test_an_answer_to_another_is_ours_to_nobody() -> None:
    script = Script(agreed(BANK))
    await script.pay()
    async with script.reading():
        await script.says(_stray(script))
    assert script.told == []


async def test_keys_of_two_payments_are_an_alarm_and_move_nothing() -> None:
    script = Script(agreed(BANK))
    one, _ = await script.pay()
    two, _ = await script.pay()
    raw = script.status(one, "RJCT", "AC04")
    mixed = raw.replace(uetr_of(one.id).encode(), uetr_of(two.id).encode())
    async with script.reading():
        await script.says(mixed)
    assert script.told == []
    assert "message.disagrees" in script.noticed


async def test_a_copy_is_information_and_never_acted_on() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04").replace(
        b"</CreDt></AppHdr>", b"</CreDt><CpyDplct>COPY</CpyDplct></AppHdr>"
    )
    assert b"CpyDplct" in raw
    async with script.reading():
        (answer,) = await script.says(raw)
    assert answer.taken == Taken.COMMITTED
    assert script.told == []


async def test_a_possible_repeat_under_a_new_key_is_one_payment() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    again = script.booking(order).replace(
        b"</CreDt></AppHdr>", b"</CreDt><PssblDplct>true</PssblDplct></AppHdr>"
    )
    async with script.reading():
        await script.says(script.status(order, "ACSC"), script.booking(order), again)
    assert script.told == ["PaymentSettled"]


async def test_nothing_is_acknowledged_before_the_ledger_has_it() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "ACSP")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(script.rail.inbox.receive(THEIRS.sign(raw)))
        pages = script.rail.observe(script.cursor)
        page = await anext(pages)
        await asyncio.sleep(0.01)
        assert not waiting.done()
        for one in page:
            script.ledger.keep(one.keep)
        asked = tasks.create_task(anext(pages))  # asking for the next acknowledges this one
        assert (await waiting).taken == Taken.COMMITTED
        asked.cancel()


async def test_a_crash_before_the_commit_hears_the_message_again() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(script.rail.inbox.receive(THEIRS.sign(raw)))
        pages = script.rail.observe(script.cursor)
        await anext(pages)
        await pages.aclose()  # the process was killed here: nothing was committed
        waiting.cancel()
    script.restart()
    async with script.reading():
        (answer,) = await script.says(raw)
    assert answer.taken == Taken.COMMITTED
    assert script.told == ["PaymentRejected"]


async def test_more_than_the_ledger_takes_is_told_to_come_again() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    for _ in range(PENDING_MAX):
        arrival = script.rail.inbox._judged(THEIRS.sign(script.status(order, "ACSP")))
        assert not hasattr(arrival, "taken")
    answer = script.rail.inbox._judged(THEIRS.sign(script.status(order, "ACSP")))
    assert isinstance(answer, Answer)
    assert answer.taken == Taken.BUSY


async def test_who_asks_us_to_pay_is_held() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    mirrored = script.wire.sent[0].raw
    own, bank = script.agreement.own_bic.encode(), script.agreement.bank_bic.encode()
    turned = mirrored.replace(own, b"\0").replace(bank, own).replace(b"\0", bank)
    async with script.reading():
        await script.says(turned)
    assert script.told == []
    assert "message.held" in script.noticed
    assert order.uetr


async def test_who_recalls_before_the_proof_of_cash_is_told_to_wait_and_then_the_outcome() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    asked = script.pen.recall(
        script.name, script.clock.now(), script.about(order), script.asked(order).amount, "DUPL"
    )[1]
    begun = len(script.wire.sent)
    async with script.reading():
        await script.says(asked)
        await script.says(script.status(order, "ACSC"), script.booking(order))
        await asyncio.sleep(0.01)
    replies = [one.raw for one in script.wire.sent[begun:]]
    assert [b"camt.029.001.09" in raw for raw in replies] == [True, True]
    assert b"<Conf>PDCR</Conf>" in replies[0]
    assert b"<Conf>RJCR</Conf>" in replies[1]
    assert not script.ledger.keys("owe/")
    assert not script.ledger.keys("call/")


async def test_who_recalls_after_it_is_refused_and_nothing_is_undone() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    begun = len(script.wire.sent)
    async with script.reading():
        await script.says(script.status(order, "ACSC"), script.booking(order))
        asked = script.pen.recall(
            script.name, script.clock.now(), script.about(order), script.asked(order).amount,
            "DUPL",
        )[1]  # fmt: skip
        await script.says(asked)
        await asyncio.sleep(0.01)
    (reply,) = [one.raw for one in script.wire.sent[begun:]]
    assert b"<Conf>RJCR</Conf>" in reply
    assert script.told == ["PaymentSettled"]


async def test_who_asks_hears_no_more_than_is_proved() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    begun = len(script.wire.sent)
    async with script.reading():
        await script.says(script.status(order, "ACSC"))
        await script.says(script.pen.ask(script.name, script.clock.now(), script.about(order))[1])
        await script.says(script.booking(order))
        await script.says(script.pen.ask(script.name, script.clock.now(), script.about(order))[1])
        await asyncio.sleep(0.01)
    first, second = [one.raw for one in script.wire.sent[begun:]]
    assert b"<TxSts>PDNG</TxSts>" in first
    assert b"<TxSts>ACSC</TxSts>" in second


async def test_an_answer_that_was_not_delivered_is_sent_again_after_a_crash() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    asked = script.pen.recall(
        script.name, script.clock.now(), script.about(order), script.asked(order).amount, "DUPL"
    )[1]
    begun = len(script.wire.sent)
    script.wire.is_down = True
    async with script.reading():
        await script.says(asked)
        await asyncio.sleep(0.01)
    assert len(script.wire.sent) == begun
    assert script.ledger.keys("owe/")
    script.wire.is_down = False
    script.restart()
    async with script.reading():
        await script.says(script.status(order, "ACSP"))
        await asyncio.sleep(0.01)
    assert len(script.wire.sent) == begun + 1
    assert not script.ledger.keys("owe/")


@pytest.mark.parametrize("agreed_on", [True, False])
async def test_what_is_refused_is_answered_where_that_was_agreed(agreed_on: bool) -> None:
    script = Script(agreed(BANK, reject=agreed_on))
    order, _ = await script.pay()
    bad = script.status(order, "ACSP").replace(b"swift.cbprplus.03", b"somebody.else.01")
    rejection = inquiry.rejection(
        script.agreement, "R1", NOW, reference="x", findings=("ISO-ENV-001 place",)
    )  # it names us as its sender, so it is refused, and must not be answered in turn
    begun, before = len(script.wire.sent), dict(script.ledger.held)
    async with script.reading():
        (answer,) = await script.says(bad)
        await script.says(b"<unreadable", rejection)
        await asyncio.sleep(0.01)
    assert answer.taken == Taken.REFUSED
    replies = [one.raw for one in script.wire.sent[begun:]]
    assert len(replies) == 2 * agreed_on
    if agreed_on:
        assert b"<Ref>BANK000001</Ref>" in replies[0]
        assert b"BAH-008" in replies[0]
        assert b"ISO-ENV" in replies[1]
        assert b"somebody.else" not in replies[0]
    assert script.ledger.held == before


async def test_what_is_held_is_not_answered_either() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    early = Instant(script.clock.now() + 3_600_000)  # from the future: BAH-007 holds it
    asked = script.pen.recall(
        script.name, early, script.about(order), script.asked(order).amount, "DUPL"
    )[1]
    begun = len(script.wire.sent)
    async with script.reading():
        await script.says(asked)
        await asyncio.sleep(0.01)
    assert "message.held" in script.noticed
    assert len(script.wire.sent) == begun
    assert not script.ledger.keys("owe/")


async def test_a_notice_of_ours_and_of_others_business_is_ours_and_does_not_wait() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.booking(order)
    entry = raw[raw.index(b"<Ntry>") : raw.index(b"</Ntfctn>")]
    stray = entry.replace(order.uetr.encode(), b"7a562c67-ca16-48ba-b074-65581be6f001")
    stray = stray.replace(order.id.encode(), b"SOMEBODYELSES").replace(
        script.asked(order).instr_id.encode(), b"THEIRS"
    )
    both = raw.replace(entry, stray + entry)
    async with script.reading():
        await script.says(script.status(order, "ACSC"), both)
    assert script.told == ["PaymentSettled"]
    assert not script.ledger.keys("wait/")
    assert not script.ledger.keys("park/")
