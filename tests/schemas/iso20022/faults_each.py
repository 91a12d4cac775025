"""Faults of each member of a list a rule reads, so that none of them can be forgotten."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.edges import right
from tests.schemas.iso20022.faults import BASE, CUSTOMER, HVPS, NOW_MS, Fault, one
from tests.schemas.iso20022.fragments import LINED, OLD, PORTO, REASON


def doubled(text: str, tag: str) -> tuple[str, str]:
    """The swap that lets an element stand there twice."""
    start = text.index(f"<{tag}>")
    whole = text[start : text.rindex(f"</{tag}>") + len(tag) + 3]
    return whole, whole + whole


P2, P4, P8, P9, P10, P28 = (
    of.pacs002(),
    of.pacs004(),
    of.pacs008(),
    of.pacs009(),
    of.pacs010(),
    of.pacs028(),
)
SERVICE = "</PmtId><PmtTpInf><SvcLvl><Cd>{}</Cd></SvcLvl></PmtTpInf>"
ONLY = "CBPR-001"
EACH: list[Fault] = [
    one(
        "CBPR-014",
        P8,
        (
            "<Dbtr>",
            (
                "<UltmtDbtr><Nm>X</Nm><Id><OrgId><AnyBIC>DEUTDEFF</AnyBIC></OrgId></Id></UltmtDbtr>"
                "<Dbtr>"
            ),
        ),
        path="UltmtDbtr",
        weight="warn",
    ),
    one("BAH-007", P8, path="AppHdr/CreDt", now_ms=NOW_MS - 300_001, weight="hold"),
    *(
        one(ONLY, text, doubled(text, tag), path=f"{tag}[2]", also=also)
        for text, tag, also in (
            (P9, "CdtTrfTxInf", ("ISO-CT-001",)),
            (P10, "DrctDbtTxInf", ()),
            (P2, "TxInfAndSts", ()),
            (P28, "TxInf", ()),
            (P4, "TxInf", ("ISO-PACS004-001",)),
            (of.camt056(), "TxInf", ()),
        )
    ),
    *(
        one(
            "CBPR-012",
            P8,
            ("</PmtId>", SERVICE.format(code)),
            path="SvcLvl/Cd",
            weight="warn",
        )
        for code in ("G002", "G003", "G005", "G006", "G007", "G009")
    ),
    *(
        one("CBPR-004", P9, ("E2E-1", said), path="EndToEndId", weight="warn")
        for said in ("NOT-PROVIDED", "NOREF")
    ),
    one(
        "ISO-VAL-002",
        P4,
        ('<RtrdIntrBkSttlmAmt Ccy="USD">1000.50', '<RtrdIntrBkSttlmAmt Ccy="USD">0'),
        path="RtrdIntrBkSttlmAmt",
        profile=BASE,
    ),
    one(
        "ISO-VAL-002",
        of.camt056(),
        ("1000.50", "0"),
        path="OrgnlIntrBkSttlmAmt",
        profile=BASE,
    ),
    one(
        "ISO-VAL-002",
        P8,
        ("</NbOfTxs>", '</NbOfTxs><TtlIntrBkSttlmAmt Ccy="USD">0</TtlIntrBkSttlmAmt>'),
        path="TtlIntrBkSttlmAmt",
        also=("ISO-CT-002",),
    ),
    one(
        "ISO-VAL-002",
        of.pain001(),
        ('"EUR">10.00', '"EUR">0'),
        path="Amt/InstdAmt",
        profile=BASE,
        also=("ISO-CT-002",),
    ),
    one(
        "ISO-VAL-003",
        P2,
        ("<TxSts>ACSC</TxSts>", "<TxSts>RJCT</TxSts>"),
        (
            "</TxSts>",
            (
                "</TxSts><StsRsnInf><Orgtr><Id><OrgId><AnyBIC>DEUTQQFF</AnyBIC></OrgId></Id></Orgtr>"
                "<Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
            ),
        ),
        path="OrgId/AnyBIC",
    ),
    one(
        "ISO-VAL-007",
        of.pain001(),
        ("<ReqdExctnDt><Dt>2026-11-16", "<ReqdExctnDt><Dt>2026-11-16Z"),
        path="ReqdExctnDt/Dt",
        profile=CUSTOMER,
    ),
    one(
        "ISO-PACS004-001",
        of.whole_group_returned(),
        ("<GrpRtr>true", "<GrpRtr>0"),
        path="GrpHdr/NbOfTxs",
    ),
    one(
        "ADR-003",
        P8,
        (PORTO, "<TwnNm>Ulm</TwnNm><Ctry>DE</Ctry><AdrLine>89073 Ulm</AdrLine>"),
        path="Cdtr/PstlAdr/AdrLine",
        weight="warn",
    ),
    one(
        "CHR-002",
        of.pacs008(of.BY_CLEARING),
        ("Ana Reis", "安娜"),
        path="Cdtr/Nm",
        profile=HVPS,
        weight="warn",
    ),
    one(
        "CBPR-014",
        P2,
        ("<TxSts>ACSC</TxSts>", "<TxSts>RJCT</TxSts>"),
        (
            "</TxSts>",
            (
                "</TxSts><StsRsnInf><Orgtr><CtryOfRes>DE</CtryOfRes></Orgtr>"
                "<Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
            ),
        ),
        path="StsRsnInf/Orgtr",
        weight="warn",
    ),
]
for number in ("003", "004", "009", "010"):
    right(
        f"a rejection of pacs.{number}",
        of.pacs002("RJCT", REASON),
        ("<OrgnlMsgNmId>pacs.008", f"<OrgnlMsgNmId>pacs.{number}"),
    )
right(
    "a group returned whole, in digits",
    of.whole_group_returned(),
    ("<GrpRtr>true", "<GrpRtr>1"),
)
right(
    "a return that names its original by end-to-end id",
    P4,
    ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", "<OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>"),
)
right(
    "a return that names its original by transaction",
    P4,
    ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", "<OrgnlTxId>TX-1</OrgnlTxId>"),
)
right("lines of a typed address", P8, (OLD[0], "<AdrTp><Cd>ADDR</Cd></AdrTp>" + OLD[1]))
right(
    "a remittance's place told elsewhere, extended",
    P8,
    ("<RmtInf><Ustrd>Invoice 7 #1</Ustrd></RmtInf>", "<RltdRmtInf><RmtId>R#1</RmtId></RltdRmtInf>"),
)
right("hybrid, in a typed address", P8, (LINED[0], "<AdrTp><Cd>ADDR</Cd></AdrTp>" + LINED[1]))
