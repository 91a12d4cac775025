"""One header and one document, found by namespace, each valid by its own schema, or a flaw."""

import re
from pathlib import Path
from random import Random  # noqa: TID251 seeded by the case
from time import process_time

import pytest
from lxml import etree

from schemas.iso20022.definitions import NAMESPACE, shipped
from schemas.iso20022.envelope import Envelope, read
from tests.schemas.iso20022.instances import instance, spoil

DIGIT = re.compile(rb"[0-9]")
ALL = tuple(sorted(shipped().messages))
XS = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
HEADER = f"""<AppHdr xmlns="{NAMESPACE}head.001.001.02">
<Fr><FIId><FinInstnId><BICFI>AAAABEBB</BICFI></FinInstnId></FIId></Fr><To><FIId><FinInstnId><BICFI>BBBBBEBB</BICFI></FinInstnId></FIId></To>
<BizMsgIdr>M1</BizMsgIdr><MsgDefIdr>pacs.009.001.08</MsgDefIdr>
<CreDt>2026-11-14T09:00:00+01:00</CreDt></AppHdr>"""
AGENT = "<FinInstnId><BICFI>AAAABEBB</BICFI></FinInstnId>"
DOCUMENT = f"""<Document xmlns="{NAMESPACE}pacs.009.001.08"><FICdtTrf><GrpHdr><MsgId>M1</MsgId>
<CreDtTm>2026-11-14T09:00:00+01:00</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>INDA</SttlmMtd>
</SttlmInf></GrpHdr><CdtTrfTxInf><PmtId><EndToEndId>E1</EndToEndId>
<UETR>174c245f-2682-4291-ad67-2a41e530cd27</UETR></PmtId>
<IntrBkSttlmAmt Ccy="JPY">136480</IntrBkSttlmAmt><Dbtr>{AGENT}</Dbtr><Cdtr>{AGENT}</Cdtr>
</CdtTrfTxInf></FICdtTrf></Document>"""
AMOUNT = "Document/FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt"
OPEN, CLOSE = '<IntrBkSttlmAmt Ccy="JPY">', "</IntrBkSttlmAmt>"


def envelope(text: str, accepted: tuple[str, ...] = ALL) -> Envelope:
    return read(text.encode(), accepted)


def rules(found: Envelope) -> set[str]:
    return {flaw.rule for flaw in found.flaws}


def test_a_whole_envelope_has_no_flaw_and_types() -> None:
    found = envelope(f"<w>{HEADER}{DOCUMENT}</w>")
    assert found.flaws == ()
    assert (found.message, found.header_id) == ("pacs.009.001.08", "head.001.001.02")
    assert found.document is not None
    assert found.header is not None
    amount = found.document.first("FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt")
    assert amount is not None
    assert (amount.text, amount.currency) == ("136480", "JPY")
    assert (amount.type, amount.path()) == ("ActiveCurrencyAndAmount", AMOUNT)
    assert found.header.value("BizMsgIdr") == "M1"


def test_what_was_found_whole_is_none_where_it_is_not_spoken() -> None:
    text = f"<w>{HEADER}{DOCUMENT}</w>"
    for _ in range(2):  # the second time from memory
        assert rules(envelope(text)) == set()
        for spoken in (("pacs.009.001.08",), ("head.001.001.02",), ()):
            found = envelope(text, spoken)
            assert rules(found) == {"ISO-ENV-003"}
            assert (found.header is None) == ("head.001.001.02" not in spoken)
            assert (found.document is None) == ("pacs.009.001.08" not in spoken)
    assert rules(envelope(DOCUMENT, ("pacs.009.001.08",))) == set()
    assert rules(envelope(DOCUMENT, ("head.001.001.02",))) == {"ISO-ENV-003"}


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (DOCUMENT + DOCUMENT, "ISO-ENV-001"),
        (HEADER + HEADER + DOCUMENT, "ISO-ENV-001"),
        (HEADER, "ISO-ENV-001"),
        ("<Document/>", "ISO-ENV-001"),
        (HEADER + '<Document xmlns="urn:other"/>', "ISO-ENV-001"),
        ('<AppHdr xmlns="urn:other"/>' + DOCUMENT, "ISO-ENV-001"),
        (f'<Document xmlns="urn:other">{DOCUMENT}</Document>', "ISO-ENV-001"),
        (DOCUMENT.replace("pacs.009.001.08", "pacs.009.001.99"), "ISO-ENV-003"),
        (f"<m.pacs.008.001.08>{DOCUMENT}</m.pacs.008.001.08>", "ISO-ENV-004"),
    ],
)
def test_what_is_no_envelope(text: str, rule: str) -> None:
    assert rules(envelope(f"<w>{text}</w>")) == {rule}


@pytest.mark.parametrize("value", ["NaN", "-5", "1.3E5", "12,34", "1.123456", ""])
def test_an_amount_that_is_none_is_named_by_place_and_type_only(value: str) -> None:
    text = DOCUMENT.replace("136480", value)
    found = envelope(text)
    assert rules(found) == {"ISO-ENV-002"}
    assert {flaw.path for flaw in found.flaws} == {AMOUNT}
    assert all(flaw.detail.startswith("SCHEMAV_") for flaw in found.flaws)
    assert found.document is None


@pytest.mark.parametrize("value", [" 136480 ", "+136480", "000136480.00000", "0"])
def test_an_amount_in_another_lexical_form_is_valid(value: str) -> None:
    assert envelope(DOCUMENT.replace("136480", value)).flaws == ()


@pytest.mark.parametrize("value", ["13<!--x-->6480", "13<?x?>6480", "<![CDATA[136480]]>"])
def test_what_is_validated_is_what_is_read(value: str) -> None:
    found = envelope(DOCUMENT.replace("136480", value))
    assert found.document is not None
    assert found.document.value("FICdtTrf/CdtTrfTxInf/IntrBkSttlmAmt") == "136480"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Ccy=", f"{XS} xsi:type='Max35Text' Ccy="),
        ("<PmtId>", f"<PmtId {XS} xsi:nil='true'>"),
        ("<PmtId>", "<Unknown/><PmtId>"),
        ("<NbOfTxs>1</NbOfTxs>", "<NbOfTxs>1</NbOfTxs><NbOfTxs>1</NbOfTxs>"),
        ("<NbOfTxs>1</NbOfTxs>", ""),
        ("JPY", "usd"),
        ("4291-ad67", "1291-ad67"),
        ("<PmtId>", "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='x'/><PmtId>"),
    ],
)
def test_the_schema_refuses(old: str, new: str) -> None:
    changed = DOCUMENT.replace(old, new)
    assert changed != DOCUMENT
    assert rules(envelope(changed)) == {"ISO-ENV-002"}


@pytest.mark.parametrize(("old", "new"), [(">1<", ">0001<"), (">1<", ">0<"), ("+01:00", "")])
def test_what_only_a_rule_may_refuse_is_an_envelope(old: str, new: str) -> None:
    assert envelope(DOCUMENT.replace(old, new)).flaws == ()


def test_what_stands_in_a_wildcard_is_kept_out_of_the_tree() -> None:
    data = "<SplmtryData><Envlp><x xmlns=''><![CDATA[<y/>]]></x></Envlp></SplmtryData></FICdtTrf>"
    found = envelope(DOCUMENT.replace("</FICdtTrf>", data))
    assert found.flaws == ()
    assert [node.children for node in found.index.tagged("Envlp")] == [[]]


def test_a_hint_where_a_schema_lies_is_never_followed() -> None:
    hint = f"<Document {XS} xsi:schemaLocation='{NAMESPACE}pacs.009.001.08 http://0.0.0.0/x' "
    assert envelope(DOCUMENT.replace("<Document ", hint)).flaws == ()


def test_a_version_not_spoken_says_which_are() -> None:
    accepted = ("head.001.001.02", "pacs.008.001.08", "pacs.009.001.11")
    (flaw,) = envelope(DOCUMENT, accepted).flaws
    assert (flaw.rule, flaw.detail) == ("ISO-ENV-003", "spoken here: pacs.009.001.11")


def test_bytes_no_parser_believes_are_a_flaw_too() -> None:
    (flaw,) = read(b"<!DOCTYPE a><a/>", ALL).flaws
    assert flaw.rule == "ISO-ENV-000"


def mutated(raw: bytes, chance: Random) -> bytes:
    """The bytes with a digit changed, which may be valid, or up to three cuts that seldom are."""
    body = bytearray(raw)
    if chance.random() < 0.4 and (digits := [one.start() for one in DIGIT.finditer(body)]):
        body[chance.choice(digits)] = chance.choice(b"0123456789")
        return bytes(body)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(body))
        match chance.randrange(4):
            case 0:
                body[at] = chance.randrange(256)
            case 1:
                del body[at : at + chance.randint(1, 40)]
            case 2:
                body[at:at] = body[at : at + chance.randint(1, 200)]
            case _:
                body[at] = chance.choice(b"<>&\"'/!?\0 09AZ")
        body = body or bytearray(b"<")
    return bytes(body)


def fuzz(sources: list[bytes], rounds: int) -> tuple[int, int]:
    """Read mutations of the sources; how many had a flaw, how many had none."""
    flawed = 0
    for number in range(rounds):
        raw = mutated(sources[number % len(sources)], Random(number))
        began = process_time()
        found = read(raw, ALL)
        assert process_time() - began < 1, f"case {number} takes too long"
        assert (found.document is None) <= bool(found.flaws), f"case {number}"
        flawed += bool(found.flaws)
    return flawed, rounds - flawed


def sources(data_dir: Path) -> list[bytes]:
    folder = data_dir / "iso20022-samples"
    paths = [path for path in sorted(folder.glob("*/*")) if path.parent.name != "LICENSES"]
    return [path.read_bytes() for path in paths if path.suffix in (".xml", ".txt")]


def test_a_mutated_envelope_is_read_or_flawed() -> None:
    assert min(fuzz([f"<w>{HEADER}{DOCUMENT}</w>".encode()], 2000)) > 100


@pytest.mark.slow
def test_mutated_samples_are_read_or_flawed(data_dir: Path) -> None:
    assert min(fuzz(sources(data_dir), 20_000)) > 1000


@pytest.mark.long
def test_mutated_samples_are_read_or_flawed_for_long(data_dir: Path) -> None:
    assert min(fuzz(sources(data_dir), 1_000_000)) > 1000


def test_every_message_spoiled_in_structure_is_read_or_flawed() -> None:
    for message in shipped().messages.values():
        if not message.body:
            continue
        for number in range(5):
            chance = Random(f"{message.id} {number}")
            root = instance(shipped(), message, chance)
            spoil(root, chance)
            found = read(etree.tostring(root), ALL)
            assert (found.document is None) <= bool(found.flaws), f"{message.id} {number}"


def test_an_invalid_part_whose_errors_were_lost_is_flawed_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Threads that share a validator share its log, and one may clear what another wrote."""

    class Forgetful:
        error_log: tuple[object, ...] = ()

        def validate(self, node: etree._Element) -> bool:
            del node
            return False

    monkeypatch.setattr("schemas.iso20022.xsd.compiled", lambda _: Forgetful())
    assert rules(envelope(DOCUMENT)) == {"ISO-ENV-002"}
