"""What is written reads back as it was meant, in the same bytes, valid by the official schema."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from adapters.iso20022 import inquiry, writing
from adapters.iso20022.agreement import Agreement, Instruct
from adapters.iso20022.codec import (
    Instruction,
    Recall,
    amount_of,
    instant,
    instruction_of,
    message_id,
    moment,
    short_id,
)
from adapters.iso20022.reading import RecallAsked, References, message_of
from adapters.iso20022.write import BadMessage, message
from bridge.core.ids import Bic, Instant, SettlementId, new_ulid, uetr_of
from bridge.core.money import Currency, Money, currency
from schemas.iso20022.tree import lone
from tests.adapters.iso20022.teller import agreed

SET_X = "ABCXYZabcxyz0189 /-?:().,'+"
TEXT = st.text(SET_X, min_size=1, max_size=40).map(str.strip).filter(bool)
ACCOUNT = st.one_of(
    st.text("ABC0123456789-", min_size=1, max_size=34).filter(lambda text: text.strip("-")),
    st.sampled_from(("DE89370400440532013000", "GB82WEST12345698765432")),
)
CODES = st.sampled_from(("HKD", "CNY", "USD", "JPY", "BHD", "KZT", "CLF"))


def instructions(instruct: Instruct) -> st.SearchStrategy[Instruction]:
    """Instructions an agreement may be asked for."""
    between = instruct is Instruct.PACS_009

    def build(
        made: tuple[int, bytes],
        amount: Money,
        names: tuple[str, str],
        accounts: tuple[str, str],
        words: tuple[str, str, str],
    ) -> Instruction:
        now, chance = made
        of = SettlementId(new_ulid(Instant(now), chance))
        purpose, bop, remittance = words
        return Instruction(
            settlement=of,
            uetr=uetr_of(of),
            message_id=message_id(of, "P", 1),
            created=Instant(now),
            value_date=moment(Instant(now))[:10],
            amount=amount,
            debtor="" if between else names[0],
            debtor_account=accounts[0],
            debtor_agent=Bic("HSBCHKHH"),
            creditor="" if between else names[1],
            creditor_account=accounts[1],
            creditor_agent=Bic("BKCHCNBJXXX"),
            purpose=purpose,
            bop_code="" if between else bop,
            remittance=remittance,
        )

    return st.builds(
        build,
        st.tuples(
            st.integers(1_795_651_200_000, 1_827_187_200_000),
            st.binary(min_size=10, max_size=10),
        ),
        st.builds(Money, st.integers(1, 10**14), CODES.map(currency)),
        st.tuples(TEXT, TEXT),
        st.tuples(ACCOUNT, ACCOUNT),
        st.tuples(
            st.sampled_from(("", "GDDS")), st.sampled_from(("", "121010")), st.just("") | TEXT
        ),
    )


AGREEMENTS = {
    "customer": agreed(Instruct.PAIN_001),
    "bank": agreed(Instruct.PACS_008),
    "cleared": agreed(Instruct.PACS_008, method="CLRG", clearing_system="HKL", profile="hvps+"),
    "by cover": agreed(Instruct.PACS_008, cover=True, notice=True),
    "for itself": agreed(Instruct.PACS_009, notice=True),
}


@pytest.mark.parametrize("name", AGREEMENTS)
@given(data=st.data())
def test_an_instruction_reads_back_as_it_was_meant_in_the_same_bytes(
    name: str, data: st.DataObject
) -> None:
    agreement = AGREEMENTS[name]
    asked = data.draw(instructions(agreement.instruct))
    written = dict(writing.items(agreement, asked))
    assert written == dict(writing.items(agreement, asked))
    assert instruction_of(written[asked.message_id]) == asked
    letters = [one[26] for one in written]
    assert letters == [*("N" * agreement.notice), "P", *("V" * agreement.cover)]


@given(st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
@example("a&b<c>d\"e'", "\t \r\n ]]> \u4e2d\U00020000")
@example("\x7f\x85", "\ufffe")
@example("a", "\ud800")
def test_a_message_stands_as_a_library_writes_its_tree_or_is_not_written(
    debtor: str, creditor: str
) -> None:
    agreement = replace(AGREEMENTS["customer"], wide_characters=True, header="head.001.001.02")
    asked = replace(one(agreement), debtor=debtor, creditor=creditor)
    root = etree.Element("a")
    try:
        root.text, root.tail = debtor, creditor
        is_writable = bool(debtor.strip() and creditor.strip())
    except ValueError:
        is_writable = False
    if not is_writable:
        with pytest.raises(BadMessage):
            dict(writing.items(agreement, asked))
        return
    ((_, raw),) = writing.items(agreement, asked)
    tree = etree.fromstring(raw)
    assert etree.tostring(tree, encoding="UTF-8", xml_declaration=True) == raw
    assert [node.text for node in tree.iter("{*}Nm")] == [debtor, debtor, creditor]


@given(instructions(Instruct.PACS_008), st.integers(1, 1_200))
def test_a_recall_names_what_it_recalls_and_its_attempt(asked: Instruction, number: int) -> None:
    agreement = AGREEMENTS["bank"]
    name = message_id(asked.settlement, "C", number)
    raw = inquiry.recall(
        agreement,
        Recall(
            number=number, message_id=name, created=asked.created, of=asked,
            of_message="pacs.008.001.08",
        ),
    )  # fmt: skip
    (said,) = message_of(raw).statements
    assert isinstance(said, RecallAsked)
    assert said.case == name
    assert said.about == References(
        uetr=asked.uetr,
        message=asked.message_id,
        message_name="pacs.008.001.08",
        instruction=asked.instr_id,
        transaction=asked.settlement,
    )


def official(data_dir: Path, kind: str) -> etree.XMLSchema:
    (found,) = (data_dir / "iso20022-xsd").rglob(f"{kind}.xsd")
    return etree.XMLSchema(etree.parse(found))


def is_valid_officially(data_dir: Path, raw: bytes) -> bool:
    """Whether header and document are valid by the schemas the registration authority publishes."""
    root = etree.fromstring(raw)
    parts = list(root.iter("{*}AppHdr", "{*}Document"))
    assert parts
    for part in parts:
        kind = str(etree.QName(part).namespace).rpartition(":")[2]
        alone = etree.fromstring(etree.tostring(part))
        schema = official(data_dir, kind)
        if not schema.validate(alone):
            return False
    return True


@pytest.mark.parametrize("name", AGREEMENTS)
def test_every_message_of_ours_is_valid_by_the_official_schema(data_dir: Path, name: str) -> None:
    agreement = AGREEMENTS[name]
    asked = one(agreement)
    raws = list(dict(writing.items(agreement, asked)).values())
    raws.append(inquiry.recall(agreement, recall_of(asked)))
    about = References(uetr=asked.uetr, message="M1", message_name="pacs.008.001.08")
    for code in ("CNCL", "RJCR", "PDCR"):
        raws.append(
            inquiry.answer(
                agreement, "A1", asked.created, about=about, case="C1", code=code,
                reason="AGNT" if code == "RJCR" else "",
            )
        )  # fmt: skip
    raws += [inquiry.status(agreement, "A1", asked.created, about, c) for c in ("ACSC", "RJCT")]
    raws.append(inquiry.question(agreement, asked, "Q1", asked.created))
    findings = ("ISO-ENV-002 Document/FIToFIPmtStsRpt SCHEMAV_ELEMENT_CONTENT",)
    raws.append(
        inquiry.rejection(agreement, "R1", asked.created, reference="M1", findings=findings)
    )
    for raw in raws:
        assert is_valid_officially(data_dir, raw), raw


def one(agreement: Agreement) -> Instruction:
    of = SettlementId(new_ulid(Instant(1_795_651_200_000), b"0123456789"))
    between = agreement.instruct is Instruct.PACS_009
    return Instruction(
        settlement=of,
        uetr=uetr_of(of),
        message_id=message_id(of, "P", 1),
        created=Instant(1_795_651_200_123),
        value_date="2026-11-26",
        amount=Money(123_450, currency("HKD")),
        debtor="" if between else "Buyer Ltd",
        debtor_account="HK00123",
        debtor_agent=Bic("HSBCHKHH"),
        creditor="" if between else "Seller Co",
        creditor_account="DE89370400440532013000",
        creditor_agent=Bic("BKCHCNBJ"),
        purpose="GDDS",
        bop_code="" if between else "121010",
        remittance="contract A-1 invoice B-2",
    )


def recall_of(asked: Instruction) -> Recall:
    return Recall(
        number=3,
        message_id=message_id(asked.settlement, "C", 3),
        created=asked.created,
        of=asked,
        of_message="pacs.008.001.08",
    )


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"debtor": "买方有限公司"}, "debtor"),
        ({"creditor": "Zo\u00eb"}, "creditor"),
        ({"creditor_account": "A" * 35}, "creditor_account"),
        ({"debtor": "A" * 141}, "debtor"),
        ({"debtor": "  "}, "debtor"),
        ({"remittance": "A" * 141}, "remittance"),
        ({"amount": Money(0, Currency("HKD", 2))}, "amount"),
        ({"amount": Money(-5, Currency("HKD", 2))}, "amount"),
    ],
)
def test_what_a_message_cannot_carry_is_refused_by_place_not_by_value(
    changed: dict[str, object], names: str
) -> None:
    agreement = AGREEMENTS["bank"]
    asked = replace(one(agreement), **changed)  # type: ignore[arg-type]
    with pytest.raises(BadMessage) as refused:
        list(writing.items(agreement, asked))
    assert names in str(refused.value)
    for value in changed.values():
        assert not isinstance(value, str) or not value.strip() or value not in str(refused.value)


def test_an_agreement_covers_its_currencies_and_no_other() -> None:
    agreement = agreed(Instruct.PACS_008, currencies=("CNY",))
    with pytest.raises(BadMessage):
        list(writing.items(agreement, one(agreement)))


@pytest.mark.parametrize(
    ("text", "code", "minor"),
    [
        (" 136480 ", "HKD", 13_648_000),
        ("+136480", "HKD", 13_648_000),
        ("000136480.00000", "HKD", 13_648_000),
        ("1364.8", "USD", 136_480),
        ("5", "JPY", 5),
        ("1.234", "BHD", 1_234),
        ("0.5", "CLF", 5_000),
    ],
)
def test_an_amount_is_what_it_says_exactly(text: str, code: str, minor: int) -> None:
    node = lone("Amt", text, code)
    assert amount_of(node) == Money(minor, currency(code))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1364.81", "JPY"),
        ("1.12345", "USD"),
        ("1", "ZZZ"),
        ("NaN", "USD"),
        ("1e5", "USD"),
        ("", "USD"),
        (".5", "USD"),
    ],
)
def test_an_amount_that_is_none_of_its_currency_is_refused(text: str, code: str) -> None:
    node = lone("Amt", text, code)
    with pytest.raises(BadMessage):
        amount_of(node)


@given(st.integers(0, 4_102_444_800_000))
def test_an_instant_survives_its_text(ms: int) -> None:
    assert instant(moment(Instant(ms))) == ms


@pytest.mark.parametrize("text", ["2026-11-26T10:00:00", "yesterday", "", "2026-02-30T00:00:00Z"])
def test_a_time_without_zone_is_none(text: str) -> None:
    with pytest.raises(BadMessage):
        instant(text)


@given(st.lists(st.binary(min_size=10, max_size=10), min_size=2, max_size=50, unique=True))
def test_short_ids_tell_settlements_and_legs_apart(chances: list[bytes]) -> None:
    made = [SettlementId(new_ulid(Instant(1_795_651_200_000), chance)) for chance in chances]
    ids = {short_id(of, leg) for of in made for leg in ("pay", "cover")}
    assert len(ids) == 2 * len(made)
    assert all(len(one) == 16 for one in ids)


def test_an_unknown_element_is_not_written() -> None:
    with pytest.raises(BadMessage):
        message("pacs.028.001.03", {"GrpHdr": {"MsgId": "1", "CreDtTm": "x", "Other": "y"}})
    with pytest.raises(BadMessage):
        message("pacs.028.001.03", {"GrpHdr": {"MsgId": "1" * 36, "CreDtTm": moment(Instant(0))}})
