"""What must be refused or normalised, kind by kind, by the judge and under a profile for money."""

from collections.abc import Iterator
from time import process_time

import pytest

from schemas.iso20022.definitions import NAMESPACE
from schemas.iso20022.findings import Outcome, Verdict
from schemas.iso20022.judge import judge
from schemas.iso20022.profiles import PROFILES
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import AFTER, swapped
from tests.schemas.iso20022.fragments import AMOUNT, INSTRUCTED, NS

RAW = of.pacs008()
XSI = "xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"
XI = "<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='file:///etc/passwd'/>"
PAID = "<IntrBkSttlmAmt"


def judged(raw: str | bytes, profile: str = "cbpr+2026") -> Verdict:
    encoded = raw if isinstance(raw, bytes) else raw.encode()
    return judge(encoded, PROFILES[profile], AFTER)


def amounts(text: str, currency: str = "USD") -> str:
    """The message with both amounts written so."""
    paid = f'<IntrBkSttlmAmt Ccy="{currency}">{text}</IntrBkSttlmAmt>'
    asked = f'<InstdAmt Ccy="{currency}">{text}</InstdAmt>'
    return swapped(RAW, (AMOUNT, paid), (INSTRUCTED, asked))


def nested(depth: int) -> str:
    return swapped(RAW, ("<PmtId>", "<x>" * depth + "</x>" * depth + "<PmtId>"))


PARSER = {
    "mismatched tag": swapped(RAW, ("</Nm>", "</Name>")),
    "bare ampersand": swapped(RAW, ("Ana Reis", "R & D")),
    "duplicate attribute": swapped(RAW, ('Ccy="USD"', 'Ccy="USD" Ccy="USD"')),
    "truncation": RAW[: len(RAW) // 2],
    "text after the root": RAW + "x",
    "a DTD": "<!DOCTYPE Envelope>" + RAW,
    "an entity": '<!DOCTYPE Envelope [<!ENTITY e "1">]>' + RAW.replace("1000.50", "&e;"),
    "an entity from outside": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + RAW,
    "entities that grow": '<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;">]>' + RAW,
    "UTF-16": RAW.encode("utf-16"),
    "UTF-16 without a mark": RAW.encode("utf-16-le"),
    "Latin-1": RAW.replace("Ana", "Aná").encode("latin-1"),
    "declared Latin-1": '<?xml version="1.0" encoding="ISO-8859-1"?>' + RAW,
    "declared utf-7": '<?xml version="1.0" encoding="utf-7"?>' + RAW,
    "NUL": RAW.encode().replace(b"Ana", b"A\0a"),
    "bad UTF-8": RAW.encode().replace(b"Ana", b"A\xc3("),
    "300,000 nested elements": nested(300_000),
    "11 MB of text": swapped(RAW, ("Ana Reis", "x" * 11_000_000)),
    "white space before a declaration": ' <?xml version="1.0"?>' + RAW,
    "nothing": b"",
    "a control character": swapped(RAW, ("Ana Reis", "Ana\x07Reis")),
}


@pytest.mark.parametrize("raw", PARSER.values(), ids=PARSER)
def test_the_parser_refuses(raw: str | bytes) -> None:
    verdict = judged(raw)
    assert verdict.outcome is Outcome.REFUSED
    assert {one.rule for one in verdict.findings} == {"ISO-ENV-000"}


ENVELOPE = {
    "two Documents": (swapped(RAW, ("</Document>", f"</Document><Document {NS}/>")), "001"),
    "a Document in a foreign namespace": (swapped(RAW, (NS, 'xmlns="urn:cnaps:std"')), "001"),
    "a Document in no namespace": (swapped(RAW, (NS, "")), "001"),
    "an unknown version": (RAW.replace("pacs.008.001.08", "pacs.008.001.99"), "003"),
    "an unknown message": (RAW.replace("pacs.008.001.08", "abcd.008.001.08"), "003"),
    "a future header": (RAW.replace("head.001.001.02", "head.001.001.09"), "003"),
}


@pytest.mark.parametrize(("raw", "number"), ENVELOPE.values(), ids=ENVELOPE)
def test_the_envelope_refuses(raw: str, number: str) -> None:
    verdict = judged(raw)
    assert verdict.outcome is Outcome.REFUSED
    assert {one.rule for one in verdict.findings} == {f"ISO-ENV-{number}"}


SCHEMA = {
    "xsi:type": swapped(RAW, (PAID, f"<IntrBkSttlmAmt {XSI} xsi:type='Max35Text'")),
    "xsi:nil": swapped(RAW, ("<PmtId>", f"<PmtId {XSI} xsi:nil='true'>")),
    "XInclude": swapped(RAW, ("<PmtId>", f"{XI}<PmtId>")),
    "an unknown element": swapped(RAW, ("<PmtId>", "<Unknown/><PmtId>")),
    "reordered elements": swapped(
        RAW, ("<NbOfTxs>1</NbOfTxs>", ""), ("<GrpHdr>", "<GrpHdr><NbOfTxs>1</NbOfTxs>")
    ),
    "a currency in lower case": amounts("1", "usd"),
    "UETR of version 1": swapped(RAW, ("4291-ad67", "1291-ad67")),
    "200 nested elements": nested(200),
    "200,000 attributes": swapped(
        RAW, ("<PmtId>", "<PmtId " + " ".join(f'a{at}="1"' for at in range(200_000)) + ">")
    ),
    **{text: amounts(text) for text in ("NaN", "-5", "1.3E5", "12,34", "1.123456", "INF", "")},
}


@pytest.mark.parametrize("raw", SCHEMA.values(), ids=SCHEMA)
def test_the_schema_refuses(raw: str) -> None:
    verdict = judged(raw)
    assert verdict.outcome is Outcome.REFUSED
    rules = {one.rule for one in verdict.findings} - {"ISO-VAL-004"}
    assert rules == {"ISO-ENV-002"}


VALUES = {
    "amount 0": (amounts("0"), "002"),
    "amount 0.00": (amounts("0.00"), "002"),
    "JPY 1364.80": (amounts("1364.80", "JPY"), "001"),
    "USD 1.12345": (amounts("1.12345"), "001"),
    "currency ZZZ": (amounts("1", "ZZZ"), "001"),
    "a zero-width space in a name": (swapped(RAW, ("Ana", "An\u200ba")), "005"),
    "bidi marks": (swapped(RAW, ("Ana", "\u202eAna")), "005"),
    "bidi isolates": (swapped(RAW, ("Ana", "\u2067Ana\u2069")), "005"),
    "a date with a zone": (
        swapped(RAW, ("<IntrBkSttlmDt>2026-11-13", "<IntrBkSttlmDt>2026-11-13Z")),
        "007",
    ),
}


@pytest.mark.parametrize(("raw", "number"), VALUES.values(), ids=VALUES)
def test_a_value_a_schema_lets_pass_is_refused(raw: str, number: str) -> None:
    verdict = judged(raw, "iso-base")
    assert verdict.outcome is Outcome.REFUSED
    assert {one.rule for one in verdict.findings} == {f"ISO-VAL-{number}"}


def test_a_homoglyph_in_a_bic_is_no_bic() -> None:
    verdict = judged(RAW.replace("DEUTDEFF", "DEUT\u0415\u0415FF"))
    assert verdict.outcome is Outcome.REFUSED
    assert {one.rule for one in verdict.findings} == {"ISO-ENV-002"}


def test_a_header_without_a_zone_is_refused() -> None:
    verdict = judged(
        swapped(RAW, ("<CreDt>2026-11-13T09:00:00+00:00", "<CreDt>2026-11-13T09:00:00"))
    )
    assert [one.rule for one in verdict.findings] == ["BAH-007"]
    assert verdict.outcome is Outcome.REFUSED


ACCEPTED = {
    "a comment inside a value": amounts("10<!-- x -->00.5"),
    "an instruction inside a value": amounts("10<?x y?>00.5"),
    "CDATA": amounts("<![CDATA[1000.5]]>"),
    "spaces": amounts(" 136480 "),
    "a plus sign": amounts("+136480"),
    "zeros that mean nothing": amounts("000136480.00000"),
    "24:00:00": swapped(RAW, ("<CreDt>2026-11-13T09", "<CreDt>2026-11-13T24")).replace(
        "T24:00:00+00:00", "T24:00:00+00:00"
    ),
    "NbOfTxs 0001": swapped(RAW, ("<NbOfTxs>1<", "<NbOfTxs>0001<")),
    "a BOM": b"\xef\xbb\xbf" + RAW.encode(),
    "a declaration": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + RAW,
    "white space before the root": "\r\n \t" + RAW,
    "CR LF": RAW.replace("><", ">\r\n<"),
    "a schema location": swapped(
        RAW, ("<Document ", f"<Document {XSI} xsi:schemaLocation='urn:x file:///etc/passwd' ")
    ),
    "prefixes": RAW.replace("<Document xmlns=", "<Document xmlns:un='urn:unused' xmlns="),
    "another wrapper": RAW.replace("Envelope>", "BusinessMessage>"),
    "many wrappers": f"<a><b>{RAW}</b></a>",
}


@pytest.mark.parametrize("raw", ACCEPTED.values(), ids=ACCEPTED)
def test_what_is_only_unusual_is_accepted(raw: str | bytes) -> None:
    verdict = judged(raw)
    assert [(one.rule, one.path) for one in verdict.findings] == []


def prefixed() -> str:
    """Every element of the document under a prefix."""
    head, document = RAW.split("<Document ", 1)
    inner = ("<Document " + document).removesuffix("</Envelope>")
    named = inner.replace("</", "\0").replace("<", "<p:").replace("\0", "</p:")
    return head + named.replace(" xmlns=", " xmlns:p=") + "</Envelope>"


def test_a_prefix_changes_nothing_but_the_look() -> None:
    assert judged(prefixed()).findings == ()
    wrong = judged(prefixed().replace("1000.50", "1,50"))
    assert {one.path for one in wrong.findings} == {
        "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/IntrBkSttlmAmt",
        "Document/FIToFICstmrCdtTrf/CdtTrfTxInf/InstdAmt",
    }


@pytest.mark.parametrize(
    "inside", ["<x xmlns='urn:x'><![CDATA[<y/>]]></x>", "<x xmlns=''/>", f"<x {NS}>1</x>"]
)
def test_supplementary_data_is_kept_and_not_read(inside: str) -> None:
    verdict = judged(of.pacs008(more=of.supplement(inside)), "iso-base")
    assert verdict.findings == ()


def hostile() -> Iterator[tuple[str, str]]:
    tx = RAW[RAW.index("<CdtTrfTxInf>") : RAW.index("</FIToFICstmrCdtTrf>")]
    lines = "<Ustrd></Ustrd>" * 500_000
    yield "a swarm of errors", swapped(RAW, ("<Ustrd>Invoice 7 #1</Ustrd>", lines))
    yield "a swarm of findings", swapped(RAW, ("</CdtTrfTxInf>", "</CdtTrfTxInf>" + tx * 5_000))
    yield "a swarm of documents", "<w>" + "<Document/>" * 700_000 + "</w>"
    yield (
        "a swarm of headers",
        "<w>" + f'<AppHdr xmlns="{NAMESPACE}head.001.001.02"/>' * 90_000 + "</w>",
    )


@pytest.mark.parametrize(("name", "raw"), list(hostile()), ids=lambda one: one[:30])
def test_ten_megabytes_of_malice_are_answered_in_bounded_time(name: str, raw: str) -> None:
    began = process_time()
    verdict = judged(raw)
    assert verdict.outcome is Outcome.REFUSED, name
    assert len(verdict.findings) < 2_000
    assert process_time() - began < 30


@pytest.mark.parametrize(
    "secret", ["Jane Roe " * 30, "Jane\u200bRoe", "Jane Roe \u00e9", "Jane & Roe"]
)
def test_no_finding_says_a_value(secret: str) -> None:
    verdict = judged(swapped(RAW, ("Ana Reis", secret)))
    assert verdict.findings
    assert all("Jane" not in one.path + one.title for one in verdict.findings)
