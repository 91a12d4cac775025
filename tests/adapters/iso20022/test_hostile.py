"""Whatever arrives is answered: taken, held or refused, soon, and a refusal leaves no trace."""

import gc
from collections.abc import Iterator
from random import Random  # noqa: TID251 a seed makes every case repeatable
from time import process_time

import pytest
from lxml import etree

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.bank_words import Fate, Word
from adapters.iso20022.inbox import Answer, Arrival, Taken
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import THEIRS, agreed
from tests.adapters.iso20022.test_bank import instructed
from tests.schemas.iso20022.instances import spoil

ANSWER_S = 0.05  # of processor time: the machine may have other work
SOME, MANY = 1_200, 100_000


def letters() -> list[bytes]:
    """Everything a bank of either kind writes."""
    found: list[bytes] = []
    for instruct in (Instruct.PACS_008, Instruct.PAIN_001):
        for fate in Fate:
            made = instructed(agreed(instruct), fate, Word.ACCEPT)
            found += [letter.signed.raw for letter in made.letters]
    return found


def spoiled(raw: bytes, chance: Random) -> bytes:
    """The bytes with something wrong in them: in the tree, or anywhere."""
    if chance.random() < 0.6:
        root = etree.fromstring(raw)
        for _ in range(chance.randint(1, 3)):
            spoil(root, chance)
        return etree.tostring(root)
    torn = bytearray(raw)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(torn))
        match chance.randrange(4):
            case 0:
                torn[place] = chance.randrange(256)
            case 1:
                del torn[place : place + chance.randint(1, 40)]
            case 2:
                torn[place:place] = chance.randbytes(chance.randint(1, 6))
            case _:
                torn[place:place] = torn[: chance.randint(0, 200)]
        if not torn:
            return b""
    return bytes(torn)


def cases(count: int) -> Iterator[bytes]:
    chance, whole = Random(20022), letters()
    for _ in range(count):
        yield spoiled(chance.choice(whole), chance)


def answered(count: int) -> dict[str, int]:
    """How so many spoiled messages were answered by a rail that waits for other payments."""
    script = Script(agreed(Instruct.PACS_008))
    before = dict(script.ledger.held)
    seen: dict[str, int] = {}
    slowest = 0.0
    gc.collect()
    gc.freeze()  # what other tests left is not this message's to look through
    for raw in cases(count):
        signed = THEIRS.sign(raw)
        began = process_time()
        said = script.rail.inbox._judged(signed)
        slowest = max(slowest, process_time() - began)
        if isinstance(said, Arrival):
            kind = "held" if said.judged.held else "taken"
            script.rail.inbox.waiting.clear()
        else:
            assert isinstance(said, Answer)
            assert said.taken is Taken.REFUSED
            assert said.findings
            kind = "refused"
        seen[kind] = seen.get(kind, 0) + 1
    gc.unfreeze()
    assert script.ledger.held == before
    assert slowest <= ANSWER_S, f"{slowest:.3f} s"
    return seen


async def test_whatever_arrives_is_answered_and_a_refusal_leaves_no_trace() -> None:
    seen = answered(SOME)
    assert seen["refused"] > SOME / 2
    assert seen["taken"] > 0


@pytest.mark.long
async def test_much_more_that_arrives_is_answered() -> None:
    assert sum(answered(MANY).values()) == MANY
