"""Faults of envelope and values."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import BASE, DLT, Fault, one
from tests.schemas.iso20022.fragments import AMOUNT, DOC, FI, INSTRUCTED, NS, TX

ENVELOPE: list[Fault] = [
    one("ISO-ENV-000", of.pacs008(), ("<Envelope>", "<Envelope"), path=""),
    one("ISO-ENV-000", of.pacs008(), ("<Envelope>", "<!DOCTYPE x><Envelope>"), path=""),
    one("ISO-ENV-000", of.pacs008(), ("Ana Reis", "R & D"), path=""),
    one("ISO-ENV-001", of.pacs008(), (DOC, f"{DOC}<Document {NS}/>"), path="Document[2]"),
    one("ISO-ENV-001", of.pacs008(), (NS, 'xmlns="urn:other"'), path="Document"),
    one(
        "ISO-ENV-001",
        of.pacs008(),
        ("<Envelope>", '<Envelope><AppHdr xmlns="urn:x"/>'),
        path="Envelope/AppHdr",
    ),
    one("ISO-ENV-002", of.pacs008(), ("1000.50", "1,50"), path=f"{TX}/IntrBkSttlmAmt"),
    one("ISO-ENV-002", of.pacs008(), ("<ChrgBr>DEBT</ChrgBr>", ""), path=f"{TX}/InstgAgt"),
    one("ISO-ENV-002", of.pacs008(), ("<BizMsgIdr>MSG-1</BizMsgIdr>", ""), path="AppHdr/MsgDefIdr"),
    one(
        "ISO-ENV-003",
        of.pacs008(),
        (NS, NS.replace("001.08", "001.02")),
        ("<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.008.001.02"),
        path="Document",
    ),
    one("ISO-ENV-003", of.sese023(), path="Document"),
    one(
        "ISO-ENV-004",
        of.pacs008(),
        ("<Envelope>", "<pacs.009.001.08>"),
        ("</Envelope>", "</pacs.009.001.08>"),
        path="pacs.009.001.08",
    ),
]
VALUES: list[Fault] = [
    one(
        "ISO-VAL-001",
        of.camt054(),
        ('"USD">1000.50', '"DEM">1000.50'),
        path="Ntry/Amt",
    ),
    one(
        "ISO-VAL-001",
        of.pacs008(),
        (AMOUNT, AMOUNT.replace("USD", "ZZZ")),
        (INSTRUCTED, INSTRUCTED.replace("USD", "ZZZ")),
        path="InstdAmt",
        profile=BASE,
    ),
    one("ISO-VAL-001", of.pacs009(), ("45000000", "45000000.5"), path=f"{FI}/IntrBkSttlmAmt"),
    one(
        "ISO-VAL-001",
        of.pacs008(),
        (AMOUNT, AMOUNT.replace("1000.50", "1000.505")),
        (INSTRUCTED, INSTRUCTED.replace("1000.50", "1000.505")),
        path="InstdAmt",
    ),
    one(
        "ISO-VAL-001",
        of.camt054(),
        ("DE89370400440532013000</IBAN></Id>", "DE89370400440532013000</IBAN></Id><Ccy>ABC</Ccy>"),
        path="Acct/Ccy",
    ),
    one("ISO-VAL-001", of.pacs010(), ("EUR", "BGN"), path="IntrBkSttlmAmt"),
    one(
        "ISO-VAL-002",
        of.pacs008(),
        (AMOUNT, AMOUNT.replace("1000.50", "0")),
        (INSTRUCTED, INSTRUCTED.replace("1000.50", "0.00")),
        path="IntrBkSttlmAmt",
    ),
    one("ISO-VAL-002", of.sese023(), ("1000.50", "0"), path="SttlmAmt/Amt", profile=DLT),
    one("ISO-VAL-002", of.sese025(), ("1000.50", "0"), path="SttldAmt/Amt", profile=DLT),
    one("ISO-VAL-003", of.pacs008(), ("DE89", "DE88"), path=f"{TX}/DbtrAcct/Id/IBAN"),
    one("ISO-VAL-003", of.pacs008(), (of.IBAN_DE, of.IBAN_DE + "0"), path=f"{TX}/DbtrAcct/Id/IBAN"),
    one(
        "ISO-VAL-003",
        of.pacs008(),
        (of.IBAN_DE, "QQ" + of.IBAN_DE[2:]),
        path=f"{TX}/DbtrAcct/Id/IBAN",
    ),
    one("ISO-VAL-003", of.pacs008(), ("<Ctry>PT", "<Ctry>QQ"), path=f"{TX}/Cdtr/PstlAdr/Ctry"),
    one(
        "ISO-VAL-003",
        of.pacs009(),
        ("BNPAFRPP", "BNPAQQPP"),
        path=f"{FI}/IntrmyAgt1/FinInstnId/BICFI",
    ),
    one(
        "ISO-VAL-003",
        of.pacs008(),
        (
            "</PstlAdr></Dbtr>",
            "</PstlAdr><Id><OrgId><LEI>V459EV5XD3WK5MR0HW38</LEI></OrgId></Id></Dbtr>",
        ),
        path="Dbtr/Id/OrgId/LEI",
    ),
    one(
        "ISO-VAL-004",
        of.pacs008(),
        ("4291-ad67", "1291-ad67"),
        path="PmtId/UETR",
        also=("ISO-ENV-002",),
    ),
    one(
        "ISO-VAL-004",
        of.pacs002(),
        (of.UETR, of.UETR.upper()),
        path="OrgnlUETR",
        also=("ISO-ENV-002",),
    ),
    one("ISO-VAL-005", of.pacs008(), ("Ana Reis", " "), path=f"{TX}/Cdtr/Nm", profile=BASE),
    one("ISO-VAL-005", of.pacs008(), ("Ana", "An\u200ba"), path=f"{TX}/Cdtr/Nm", profile=BASE),
    one("ISO-VAL-005", of.pacs008(), ("E2E-1", "E2E\u202e-1"), path="EndToEndId", profile=BASE),
    one("ISO-VAL-005", of.pacs008(), ("Invoice", "\ufeffInvoice"), path="Ustrd", profile=BASE),
    one("ISO-VAL-005", of.pacs008(), ("Invoice", "\ue000Invoice"), path="Ustrd", profile=BASE),
    one("ISO-VAL-005", of.pacs008(), ("Invoice", "\u0378Invoice"), path="Ustrd", profile=BASE),
    one("ISO-VAL-006", of.pacs002(), ("ACSC", "XYZT"), path="TxSts", weight="hold"),
    one("ISO-VAL-006", of.camt054(), ("<Cd>BOOK", "<Cd>BOKD"), path="Sts/Cd", weight="hold"),
    one(
        "ISO-VAL-006",
        of.pacs002_of_a_group(),
        ("<GrpSts>ACSP", "<GrpSts>ACXX"),
        path="GrpSts",
        weight="hold",
    ),
    one("ISO-VAL-006", of.pacs008(), ("SUPP", "XYZT"), path="Purp/Cd", weight="warn"),
    one("ISO-VAL-006", of.pacs004(), ("AC04", "QX04"), path="Rsn/Cd", weight="warn"),
    one(
        "ISO-VAL-007",
        of.pacs008(),
        ("<IntrBkSttlmDt>2026-11-13", "<IntrBkSttlmDt>2026-11-13Z"),
        path="IntrBkSttlmDt",
    ),
    one("ISO-VAL-007", of.camt054(), ("<Dt>2026-11-13", "<Dt>2026-11-13+01:00"), path="BookgDt/Dt"),
    one(
        "ISO-VAL-007",
        of.pacs008(),
        ("<IntrBkSttlmDt>2026-11-13", "<IntrBkSttlmDt>12026-11-13"),
        path="IntrBkSttlmDt",
    ),
    one(
        "ISO-VAL-008",
        of.pacs009(),
        (
            "<BICFI>BNPAFRPP</BICFI>",
            (
                "<BICFI>BNPAFRPP</BICFI>"
                "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021000088</MmbId></ClrSysMmbId>"
            ),
        ),
        path="ClrSysMmbId/MmbId",
        weight="warn",
    ),
    one(
        "ISO-VAL-008",
        of.pacs009(),
        (
            "<BICFI>BNPAFRPP</BICFI>",
            (
                "<BICFI>BNPAFRPP</BICFI>"
                "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>21000089</MmbId></ClrSysMmbId>"
            ),
        ),
        path="ClrSysMmbId/MmbId",
        weight="warn",
    ),
]
