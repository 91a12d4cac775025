"""Every answer of the sample flows finds its question and no other; keys that disagree are seen."""

import csv
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.iso20022.correlation import Asked, Disagreement, find
from adapters.iso20022.reading import References, said
from schemas.iso20022.definitions import shipped
from schemas.iso20022.envelope import Envelope, read

ASKING = ("pacs.008", "pacs.009", "pacs.010")
ANSWERING = ("pacs.002", "pacs.004", "camt.029", "camt.056", "pacs.028", "pain.002")


@dataclass
class Book:
    """Questions, found by any key."""

    asked: list[Asked] = field(default_factory=list)

    def by_uetr(self, uetr: str) -> tuple[Asked, ...]:
        return tuple(one for one in self.asked if one.uetr == uetr)

    def by_message(self, message: str) -> tuple[Asked, ...]:
        return tuple(one for one in self.asked if one.message == message)

    def by_instruction(self, instruction: str) -> tuple[Asked, ...]:
        return tuple(one for one in self.asked if one.instruction == instruction)

    def by_transaction(self, transaction: str) -> tuple[Asked, ...]:
        return tuple(one for one in self.asked if one.transaction == transaction)


def questions(found: Envelope) -> list[Asked]:
    assert found.document is not None
    body = found.document.children[0]
    message = body.value("GrpHdr/MsgId")
    return [
        Asked(
            message=message,
            kind=found.message,
            uetr=line.value("PmtId/UETR"),
            instruction=line.value("PmtId/InstrId"),
            transaction=line.value("PmtId/TxId"),
        )
        for line in (*body.all("CdtTrfTxInf"), *body.all("CdtInstr/DrctDbtTxInf"))
    ]


def flows(data_dir: Path) -> dict[str, list[Envelope]]:
    """Every message of every flow that our dictionary has, valid by its own schema."""
    folder = data_dir / "iso20022-samples"
    found: dict[str, list[Envelope]] = defaultdict(list)
    for row in csv.DictReader((folder / "FLOWS.csv").read_text("utf-8").splitlines()):
        envelope = read((folder / row["file"]).read_bytes(), tuple(shipped().messages))
        if not envelope.flaws and envelope.document is not None:
            found[row["flow"]].append(envelope)
    return found


def test_every_answer_of_the_sample_flows_finds_its_question_and_no_other(data_dir: Path) -> None:
    """The flows share UETRs: only all keys together tell one flow's question from another's."""
    held = flows(data_dir)
    book = Book()
    asked_in: dict[str, list[Asked]] = {}
    for flow, messages in held.items():
        asked_in[flow] = [
            one for found in messages if found.message[:8] in ASKING for one in questions(found)
        ]
        book.asked += asked_in[flow]
    assert book.asked
    answered = lone = 0
    for flow, messages in held.items():
        for found in messages:
            if found.message[:8] not in ANSWERING:
                continue
            for statement in said(found).statements:
                about = statement.about
                own = {one.message for one in asked_in[flow]}
                if about.message not in own:
                    lone += 1  # its question is not among the samples: it must find none
                    with suppress(Disagreement):
                        assert find(about, book) == ()
                    continue
                (question,) = set(find(about, book))
                assert question in asked_in[flow]
                assert question.message == about.message
                answered += 1
    assert answered >= 5
    assert lone >= 3


ONE = Asked(message="M1", kind="pacs.008.001.08", uetr="u1", instruction="I1", transaction="T1")
COVER = Asked(message="M2", kind="pacs.009.001.08", uetr="u1", instruction="I2", transaction="T1")
OTHER = Asked(message="M3", kind="pacs.008.001.08", uetr="u3", instruction="I3", transaction="T3")
BOOK = Book([ONE, COVER, OTHER])


@pytest.mark.parametrize(
    ("about", "found"),
    [
        (References(uetr="u3"), (OTHER,)),
        (References(uetr="u1"), (ONE, COVER)),
        (References(uetr="u1", message="M2"), (COVER,)),
        (References(uetr="u1", message_name="pacs.009.001.08"), (COVER,)),
        (References(message="M1", instruction="I1"), (ONE,)),
        (References(message="M1", transaction="T1"), (ONE,)),
        (References(message="M1"), (ONE,)),
        (References(instruction="I2"), (COVER,)),
        (References(transaction="T3"), (OTHER,)),
        (References(uetr="u9"), ()),
        (References(message="M9", instruction="I9"), ()),
        (References(), ()),
    ],
)
def test_keys_find_their_question(about: References, found: tuple[Asked, ...]) -> None:
    assert find(about, BOOK) == found


@pytest.mark.parametrize(
    "about",
    [
        References(uetr="u1", message="M3"),
        References(uetr="u9", message="M1"),
        References(uetr="u1", instruction="I3"),
        References(message="M1", instruction="I3"),
        References(message="M1", transaction="T3"),
        References(uetr="u3", message_name="pacs.009.001.08"),
    ],
)
def test_keys_that_lead_to_different_questions_are_an_alarm(about: References) -> None:
    with pytest.raises(Disagreement):
        find(about, BOOK)


def test_a_message_of_several_payments_says_not_which() -> None:
    book = Book([ONE, Asked(message="M1", kind="pacs.008.001.08", uetr="u4", instruction="I4")])
    assert find(References(message="M1"), book) == ()
