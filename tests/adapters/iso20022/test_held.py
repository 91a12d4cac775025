"""What a rule holds: it waits for people, whatever happens meanwhile, and does what they say."""

import asyncio
from collections.abc import Mapping

import pytest

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.inbox import Taken
from bridge.core.canonical import parse
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from bridge.ports import DECLINED, RELEASED, Never, Notice, Unknown
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import THEIRS, agreed

BANK = Instruct.PACS_008


def held_by_its_time(script: Script, order: SettlementOrder) -> bytes:
    """A rejection from the future: BAH-007 holds it."""
    early = Instant(script.clock.now() + 3_600_000)
    return script.pen.status(script.name, early, script.about(order), "RJCT", "AC04")[1]


@pytest.mark.parametrize("word", [RELEASED, DECLINED])
async def test_what_is_held_takes_effect_when_people_release_it_and_never_else(word: bytes) -> None:
    script = Script(agreed(BANK, reject=True))
    order, prepared = await script.pay()
    raw = held_by_its_time(script, order)
    (digest,) = (THEIRS.sign(raw).digest,)
    async with script.reading():
        await script.says(raw)
        await asyncio.sleep(0.01)
    said = parse(script.ledger.get(f"held/{digest}") or b"")
    assert isinstance(said, Mapping)
    assert said["what"] == "pacs.002.001.10"
    assert str(said["why"]).startswith("BAH-007 AppHdr/CreDt")
    assert script.told == []
    script.restart()  # what is asked of people outlives the process
    script.ledger.keep(((f"people/{digest}", word),))
    begun = len(script.wire.sent)
    async with script.reading():
        await asyncio.sleep(0.05)
    assert script.told == (["PaymentRejected"] if word == RELEASED else [])
    assert not script.ledger.keys("held/")
    answers = [one.raw for one in script.wire.sent[begun:]]
    assert [b"admi.002" in one for one in answers] == ([] if word == RELEASED else [True])
    assert isinstance(await script.look(prepared), Never if word == RELEASED else Unknown)
    script.restart()
    async with script.reading():
        (again,) = await script.says(raw)
        await asyncio.sleep(0.05)
    assert again.taken == Taken.REPEATED
    assert len(script.told) == (word == RELEASED)


async def test_a_released_answer_without_a_question_waits_for_it_as_any_other() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = held_by_its_time(script, order)
    stray = raw.replace(order.uetr.encode(), b"7a562c67-ca16-48ba-b074-65581be6f001")
    stray = stray.replace(order.id.encode(), b"01ARZ3NDEKTSV4RRFFQ69G5FAV").replace(
        script.asked(order).instr_id.encode(), b"THEIRS"
    )
    digest = THEIRS.sign(stray).digest
    async with script.reading():
        await script.says(stray)
        script.ledger.keep(((f"people/{digest}", RELEASED),))
        script.rail.inbox.say(Notice(network=script.agreement.network, what="x"))
        await asyncio.sleep(0.05)
    assert script.ledger.keys("park/")
    assert script.told == []


async def test_what_waits_for_its_question_is_not_read_with_every_message() -> None:
    """It may be much, and each look reads it all."""
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    looks: list[str] = []
    keys = script.ledger.keys

    def counted(prefix: str) -> tuple[str, ...]:
        looks.append(prefix)
        return keys(prefix)

    script.ledger.keys = counted  # type: ignore[method-assign]
    async with script.reading():
        await script.says(*(script.status(order, "ACSP") for _ in range(20)))
        assert looks.count("park/") == 1
        script.clock.at = Instant(script.clock.at + 60_000)
        await script.says(script.status(order, "ACSP"))
    assert looks.count("park/") == 2
