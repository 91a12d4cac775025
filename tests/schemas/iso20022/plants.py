"""Faults that can be planted in any message that has the place for it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Change = Callable[[str], str | None]
CBPR = ("cbpr+2025", "cbpr+2026")
MARKET = (*CBPR, "hvps+")


@dataclass(frozen=True, slots=True)
class Plant:
    """What is planted, and the rule that must find it; profiles empty: all."""

    name: str
    rule: str
    change: Change
    profiles: tuple[str, ...] = ()


def leaf(
    tag: str, value: Callable[[str], str], *, where: str = ".*", attributes: str = ""
) -> Change:
    """Change the text of the first element of that name whose text fits."""
    pattern = re.compile(rf"(<(?:\w+:)?{tag}\b[^>]*{attributes}[^>]*>)\s*({where}?)\s*(</)")

    def change(text: str) -> str | None:
        found = pattern.search(text)
        if found is None or value(found[2]) == found[2]:
            return None
        return text[: found.start(2)] + value(found[2]) + text[found.end(2) :]

    return change


def currency(code: str) -> Change:
    """Change the currency of every amount to the code."""

    def change(text: str) -> str | None:
        changed = re.sub(r'Ccy="[A-Z]{3}"', f'Ccy="{code}"', text)
        return changed if changed != text else None

    return change


def without(tag: str) -> Change:
    """Take the first element of that name out, with all below it."""
    pattern = re.compile(rf"<((?:\w+:)?{tag})(?: [^>]*)?>.*?</\1>\s*", re.DOTALL)

    def change(text: str) -> str | None:
        return pattern.sub("", text, count=1) if pattern.search(text) else None

    return change


def twice(tag: str) -> Change:
    """Let the first element of that name stand there twice."""
    pattern = re.compile(rf"<((?:\w+:)?{tag})(?: [^>]*)?>.*?</\1>", re.DOTALL)

    def change(text: str) -> str | None:
        found = pattern.search(text)
        return text[: found.end()] + found[0] + text[found.end() :] if found else None

    return change


def before(mark: str, put: str) -> Change:
    """Put something in front of the first mark."""

    def change(text: str) -> str | None:
        return text.replace(mark, put + mark, 1) if mark in text else None

    return change


def flipped(text: str) -> str:
    """The text with its third and fourth digit made others."""
    return text[:2] + f"{(int(text[2:4]) + 1) % 97:02}" + text[4:]


def placed(text: str) -> str | None:
    """An address by lines alone instead of town and country."""
    pattern = re.compile(r"<((?:(\w+):)?PstlAdr)>.*?</\1>", re.DOTALL)
    found = pattern.search(text)
    if found is None:
        return None
    prefix = f"{found[2]}:" if found[2] else ""
    lines = f"<{prefix}AdrLine>Kai 1</{prefix}AdrLine>"
    return text[: found.start()] + f"<{found[1]}>{lines}</{found[1]}>" + text[found.end() :]


def _with(insert: str) -> Callable[[str], str]:
    return lambda value: value[:2] + insert + value[2:]


def _is(value: str) -> Callable[[str], str]:
    return lambda _: value


PLANTS = [
    Plant(
        "DTD",
        "ISO-ENV-000",
        lambda text: "<!DOCTYPE x>" + text if text[:1] == "<" and text[:2] != "<?" else None,
    ),
    Plant("truncated", "ISO-ENV-000", lambda text: text[: len(text) * 2 // 3]),
    Plant("bare ampersand", "ISO-ENV-000", leaf("Nm", _with("&"))),
    Plant(
        "version",
        "ISO-ENV-003",
        lambda text: re.sub(r"((?:pacs|camt|pain|sese)\.\d{3}\.001)\.\d\d", r"\1.99", text),
    ),
    Plant("unknown element", "ISO-ENV-002", before("</Document>", "<Unknown/>")),
    Plant("count in words", "ISO-ENV-002", leaf("NbOfTxs", _is("one"))),
    Plant("amount with a comma", "ISO-ENV-002", leaf("IntrBkSttlmAmt", _is("12,34"))),
    Plant("amount NaN", "ISO-ENV-002", leaf("IntrBkSttlmAmt", _is("NaN"))),
    Plant("amount below zero", "ISO-ENV-002", leaf("IntrBkSttlmAmt", _is("-5"))),
    Plant("exponent", "ISO-ENV-002", leaf("IntrBkSttlmAmt", _is("1.3E5"))),
    Plant("six digits", "ISO-ENV-002", leaf("IntrBkSttlmAmt", _is("1.123456"))),
    Plant("a long id", "ISO-ENV-002", leaf("EndToEndId", _is("E" * 36))),
    Plant(
        "no charge bearer",
        "ISO-ENV-002",
        lambda text: without("ChrgBr")(text) if "FIToFICstmrCdtTrf" in text else None,
    ),
    Plant("currency of nowhere", "ISO-VAL-001", currency("ZZZ")),
    Plant("currency that ended", "ISO-VAL-001", currency("DEM")),
    Plant(
        "currency in lower case",
        "ISO-ENV-002",
        lambda text: text.replace('Ccy="', 'Ccy="x', 1) if 'Ccy="' in text else None,
    ),
    Plant(
        "too fine",
        "ISO-VAL-001",
        leaf("IntrBkSttlmAmt", lambda value: value.partition(".")[0] + ".12345"),
    ),
    Plant("nothing settled", "ISO-VAL-002", leaf("IntrBkSttlmAmt", _is("0"))),
    Plant("nothing returned", "ISO-VAL-002", leaf("RtrdIntrBkSttlmAmt", _is("0.00"))),
    Plant("IBAN check digits", "ISO-VAL-003", leaf("IBAN", flipped)),
    Plant("IBAN too long", "ISO-VAL-003", leaf("IBAN", lambda value: value + "0")),
    Plant(
        "LEI check digits",
        "ISO-VAL-003",
        leaf("LEI", lambda value: value[:-2] + f"{(int(value[-2:]) + 1) % 97:02}"),
    ),
    Plant(
        "BIC of no country",
        "ISO-VAL-003",
        lambda text: (
            re.sub(r"(BICFI>[A-Z0-9]{4})[A-Z]{2}", r"\1QQ", text) if "BICFI>" in text else None
        ),
    ),
    Plant("no such country", "ISO-VAL-003", leaf("Ctry", _is("QQ"))),
    Plant("UETR in capitals", "ISO-VAL-004", leaf("(?:Orgnl)?UETR", lambda value: value.upper())),
    Plant(
        "UETR of version 1",
        "ISO-VAL-004",
        leaf("(?:Orgnl)?UETR", lambda value: value[:14] + "1" + value[15:]),
    ),
    Plant("zero-width space", "ISO-VAL-005", leaf("Nm", _with("\u200b"))),
    Plant("bidi mark in an id", "ISO-VAL-005", leaf("(?:Orgnl)?EndToEndId", _with("\u202e"))),
    Plant("a blank", "ISO-VAL-005", leaf("(?:Orgnl)?EndToEndId", _is(" "))),
    Plant("unknown status", "ISO-VAL-006", leaf("TxSts", _is("XYZT"))),
    Plant("unknown entry status", "ISO-VAL-006", leaf("Cd", _is("BOKD"), where="BOOK")),
    Plant("date with a zone", "ISO-VAL-007", leaf("IntrBkSttlmDt", lambda value: value + "Z")),
    Plant(
        "count too high",
        "ISO-CT-001",
        lambda text: leaf("NbOfTxs", _is("7"))(text) if "CdtTrfTxInf" in text else None,
    ),
    Plant(
        "no settlement date",
        "ISO-CT-003",
        lambda text: (
            without("IntrBkSttlmDt")(text) if "CdtTrfTxInf" in text and "pacs" in text else None
        ),
    ),
    Plant(
        "rate for nothing",
        "ISO-PACS008-001",
        lambda text: (
            re.sub(r"<((?:\w+:)?)ChrgBr>", r"<\1XchgRate>1.1</\1XchgRate><\1ChrgBr>", text, count=1)
            if "FIToFICstmrCdtTrf" in text and "XchgRate" not in text
            else None
        ),
    ),
    Plant(
        "creditor bears, untold",
        "ISO-PACS008-002",
        lambda text: (
            leaf("ChrgBr", _is("CRED"))(text)
            if "FIToFICstmrCdtTrf" in text and "ChrgsInf" not in text
            else None
        ),
    ),
    Plant(
        "intermediary out of order",
        "ISO-CT-009",
        lambda text: (
            text.replace("IntrmyAgt1>", "IntrmyAgt2>")
            if "IntrmyAgt1>" in text and "IntrmyAgt2" not in text and "CdtTrfTxInf" in text
            else None
        ),
    ),
    Plant(
        "cleared with a system missing",
        "ISO-CT-007",
        lambda text: leaf("SttlmMtd", _is("COVE"))(text) if "Rmbrsmnt" not in text else None,
    ),
    Plant(
        "returned more than one",
        "ISO-PACS004-001",
        lambda text: (
            leaf("NbOfTxs", _is("2"))(text)
            if "PmtRtr" in text and "GrpRtr>true" not in text
            else None
        ),
    ),
    Plant("header of another message", "BAH-001", leaf("MsgDefIdr", _is("pacs.003.001.08"))),
    Plant(
        "header of another version", "BAH-001", leaf("MsgDefIdr", lambda value: value[:-1] + "7")
    ),
    Plant("header of another id", "BAH-002", leaf("BizMsgIdr", lambda value: "X" + value[1:])),
    Plant("header without a zone", "BAH-007", leaf("CreDt", lambda value: value[:19])),
    Plant("header in UTC", "BAH-007", leaf("CreDt", lambda value: value[:19] + "Z"), CBPR),
    Plant("no header", "BAH-010", without("AppHdr"), MARKET),
    Plant("service of others", "BAH-008", leaf("BizSvc", _is("swift.other.01")), CBPR),
    Plant(
        "no UETR",
        "CBPR-002",
        lambda text: (
            without("UETR")(text) if "CdtTrfTxInf" in text or "DrctDbtTxInf" in text else None
        ),
        CBPR,
    ),
    Plant("no original UETR", "CBPR-002", without("OrgnlUETR"), CBPR),
    Plant(
        "slash in front", "CBPR-003", leaf("(?:Orgnl)?InstrId", lambda value: "/" + value[1:]), CBPR
    ),
    Plant(
        "slash at the end",
        "CBPR-003",
        leaf("(?:Orgnl)?InstrId", lambda value: value[:-1] + "/"),
        CBPR,
    ),
    Plant(
        "two slashes",
        "CBPR-003",
        leaf("(?:Orgnl)?InstrId", lambda value: value[:1] + "//" + value[3:]),
        CBPR,
    ),
    Plant(
        "gold",
        "CBPR-007",
        lambda text: (
            re.sub(r'(SttlmAmt Ccy=")[A-Z]{3}', r"\1XAU", text) if "SttlmAmt Ccy" in text else None
        ),
        CBPR,
    ),
    Plant("two transactions", "CBPR-001", twice("CdtTrfTxInf"), CBPR),
    Plant("town of nowhere", "ADR-005", leaf("TwnNm", _is("NOTPROVIDED")), MARKET),
    Plant("lines alone", "ADR-001", placed, ("cbpr+2026", "internal-dlt")),
    Plant("Han in an id", "CHR-001", leaf("(?:Orgnl)?EndToEndId", _is("编号")), MARKET),
    Plant("hash in an id", "CHR-001", leaf("(?:Orgnl)?InstrId", _with("#")), MARKET),
    Plant("accent in a name", "CHR-002", leaf("Nm", _with("é")), MARKET),
]


def planted(text: str, profile: str) -> Iterator[tuple[Plant, str]]:
    """Every plant that has a place in the message and a rule in the profile."""
    for plant in PLANTS:
        if plant.profiles and profile not in plant.profiles:
            continue
        changed = plant.change(text)
        if changed is not None and changed != text:
            yield plant, changed
