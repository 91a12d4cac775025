"""On the right side of the rules of the base standard."""

from datetime import date

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.edges import right
from tests.schemas.iso20022.faults import BASE, DLT
from tests.schemas.iso20022.fragments import (
    AMOUNT,
    BORNE,
    INSTRUCTED,
    LESS,
    OWN,
    charged,
    other_agent,
    told_agent,
)

P8, P9 = of.pacs008(), of.pacs009()
BARC = of.agent("BARCGB22")
OTHER_CURRENCY = '<InstdAmt Ccy="EUR">900</InstdAmt><XchgRate>1.1</XchgRate>'
right("digits that mean nothing", P9, ("45000000", "0045000000.00000"))
right("a sign and spaces", P8, (AMOUNT, AMOUNT.replace("1000.50", " +1000.50 ")), profile=BASE)
right("gold in the base standard", P9, ('"JPY">45000000', '"XAU">1.12345'), profile=BASE)
right("a currency's last day", of.pacs010(), ("EUR", "BGN"), on=date(2025, 12, 31))
right("a currency's first day", of.pacs010(), ("EUR", "XCG"), on=date(2025, 3, 31))
right("no charge is a charge", P8, (INSTRUCTED, OTHER_CURRENCY), (BORNE, charged("CRED", "0")))
right(
    "three digits",
    P8,
    (AMOUNT, '<IntrBkSttlmAmt Ccy="KWD">1.005</IntrBkSttlmAmt>'),
    (INSTRUCTED, '<InstdAmt Ccy="KWD">1.005</InstdAmt>'),
)
right("Kosovo", P8, (of.IBAN_DE, "XK051212012345678906"))
right(
    "a LEI",
    P8,
    (
        "</PstlAdr></Dbtr>",
        "</PstlAdr><Id><OrgId><LEI>V459EV5XD3WK5MR0HW37</LEI></OrgId></Id></Dbtr>",
    ),
)
right("tab and line feed", P8, ("Invoice 7", "Invoice\t7\n"), profile=BASE)
right("Han in the base standard", P8, ("Ana Reis", "安娜"), profile=BASE)
right(
    "midnight at the end of a day",
    P8,
    ("<CreDtTm>2026-11-13T09:00:00+00:00", "<CreDtTm>2026-11-13T24:00:00+00:00"),
)
right(
    "a routing number",
    P9,
    other_agent(
        "<BICFI>BNPAFRPP</BICFI><ClrSysMmbId><ClrSysId><Cd>USABA"
        "</Cd></ClrSysId><MmbId>021000089</MmbId></ClrSysMmbId>"
    ),
)
right("a count with zeros", P8, ("<NbOfTxs>1", "<NbOfTxs>0001"))
right(
    "sums of one",
    P8,
    (
        "</NbOfTxs>",
        (
            "</NbOfTxs><CtrlSum>1000.5</CtrlSum>"
            '<TtlIntrBkSttlmAmt Ccy="USD">1000.5</TtlIntrBkSttlmAmt>'
        ),
    ),
)
right(
    "a date in the header",
    P8,
    ("<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>", ""),
    ("<SttlmInf>", "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><SttlmInf>"),
)
right(
    "agents in the header",
    P8,
    (of.AGENTS, ""),
    ("</SttlmInf>", f"</SttlmInf>{of.AGENTS}"),
    profile=BASE,
)
right(
    "a type in the transaction",
    P8,
    (
        "</PmtId>",
        "</PmtId><PmtTpInf><InstrPrty>HIGH</InstrPrty><SvcLvl><Cd>G001</Cd></SvcLvl></PmtTpInf>",
    ),
    ("</CreDt>", "</CreDt><Prty>HIGH</Prty>"),
)
right("their account", P8, ("INDA</SttlmMtd>", f"INGA</SttlmMtd><SttlmAcct>{OWN}</SttlmAcct>"))
right(
    "three reimbursement agents",
    of.pacs008(of.BY_COVER),
    (
        "</InstdRmbrsmntAgt>",
        (
            f"</InstdRmbrsmntAgt><InstdRmbrsmntAgtAcct>{OWN}</InstdRmbrsmntAgtAcct>"
            f"<ThrdRmbrsmntAgt>{BARC}</ThrdRmbrsmntAgt>"
        ),
    ),
)
right(
    "one reimbursement agent",
    of.pacs008(of.BY_COVER),
    (f"<InstgRmbrsmntAgt>{of.agent('CHASUS33')}</InstgRmbrsmntAgt>", ""),
)
right(
    "chains",
    P8,
    (
        "<InstgAgt>",
        f"<PrvsInstgAgt1>{BARC}</PrvsInstgAgt1><PrvsInstgAgt2>{BARC}</PrvsInstgAgt2><InstgAgt>",
    ),
    (
        "<Dbtr>",
        (
            f"<IntrmyAgt1>{BARC}"
            f"</IntrmyAgt1><IntrmyAgt1Acct>{OWN}</IntrmyAgt1Acct><IntrmyAgt2>{BARC}</IntrmyAgt2>"
            f"<IntrmyAgt3>{BARC}</IntrmyAgt3><Dbtr>"
        ),
    ),
)
right("an instructed amount in another currency", P8, (INSTRUCTED, OTHER_CURRENCY))
right("no instructed amount", P8, (INSTRUCTED, ""))
right(
    "a cheque",
    P8,
    told_agent("CHQB"),
    (f"<CdtrAcct><Id><IBAN>{of.IBAN_PT}</IBAN></Id></CdtrAcct>", ""),
    profile=BASE,
)
right(
    "an ultimate debtor",
    P8,
    (
        "<Dbtr>",
        (
            "<UltmtDbtr><Nm>Hafen Handel GmbH</Nm><PstlAdr>"
            "<StrtNm>Kai</StrtNm><TwnNm>Kiel</TwnNm><Ctry>DE</Ctry></PstlAdr></UltmtDbtr><Dbtr>"
        ),
    ),
)
right(
    "an ultimate creditor by name",
    P8,
    ("</CdtrAcct>", "</CdtrAcct><UltmtCdtr><Nm>Ana Reis</Nm></UltmtCdtr>"),
)
GROUPED = of.pacs002_of_a_group("PART", "RJCT", "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>")
right("a mixed group", GROUPED, profile=BASE)
right(
    "a group rejected whole",
    of.pacs002_of_a_group("RJCT", "RJCT", "<StsRsnInf><AddtlInf>late</AddtlInf></StsRsnInf>"),
    profile=BASE,
)
right(
    "a group pending, with words",
    of.pacs002_of_a_group("PDNG", "ACSP", "<StsRsnInf><AddtlInf>late</AddtlInf></StsRsnInf>"),
    profile=BASE,
)
ANOTHER = of.ORIGINAL.replace("MSG-0", "MSG-9")
right(
    "two groups",
    of.pacs002_of_a_group("ACSP", "ACSC"),
    (
        "</OrgnlGrpInfAndSts>",
        f"</OrgnlGrpInfAndSts><OrgnlGrpInfAndSts>{ANOTHER}<GrpSts>RJCT</GrpSts></OrgnlGrpInfAndSts>",
    ),
    ("<TxInfAndSts>", f"<TxInfAndSts><OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>"),
)
right(
    "a return with its total",
    of.pacs004(),
    ("</NbOfTxs>", '</NbOfTxs><TtlRtrdIntrBkSttlmAmt Ccy="USD">1000.5</TtlRtrdIntrBkSttlmAmt>'),
)
right(
    "a group of one, not returned whole",
    of.pacs004(),
    ("</NbOfTxs>", "</NbOfTxs><GrpRtr>false</GrpRtr>"),
)
right(
    "a return with a date in the header",
    of.pacs004(),
    ("<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>", ""),
    ("<SttlmInf>", "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><SttlmInf>"),
)
right(
    "a return exchanged",
    of.pacs004(),
    ("<InstgAgt>", '<RtrdInstdAmt Ccy="EUR">9</RtrdInstdAmt><XchgRate>1.1</XchgRate><InstgAgt>'),
)
right(
    "a partial return",
    of.pacs004(),
    LESS,
    ("</Rsn></RtrRsnInf>", "</Rsn><AddtlInf>PART</AddtlInf></RtrRsnInf>"),
)
right(
    "a return less charges",
    of.pacs004(),
    (
        "<InstgAgt>",
        f'<RtrdInstdAmt Ccy="USD">1010</RtrdInstdAmt>{charged("SHAR", "9.50")}<InstgAgt>',
    ),
)
right(
    "a return as instructed",
    of.pacs004(),
    ("<InstgAgt>", '<RtrdInstdAmt Ccy="USD">1000.5</RtrdInstdAmt><InstgAgt>'),
)
right(
    "a case in the transaction",
    of.camt056(),
    (f"<Case>{of.CASE}</Case>", ""),
    ("</CxlId>", f"</CxlId><Case>{of.CASE}</Case>"),
)
right(
    "a case in the group",
    of.camt056(),
    (f"<Case>{of.CASE}</Case>", ""),
    (
        "<Undrlyg>",
        f"<Undrlyg><OrgnlGrpInfAndCxl><Case>{of.CASE}</Case>{of.ORIGINAL}</OrgnlGrpInfAndCxl>",
    ),
)
right(
    "a resolved case in the transaction",
    of.camt029(),
    (f"<RslvdCase>{of.CASE}</RslvdCase>", ""),
    ("<TxInfAndSts>", f"<TxInfAndSts><RslvdCase>{of.CASE}</RslvdCase>"),
)
right(
    "a recall granted",
    of.camt029(),
    ("<CxlDtls>", "<!--<CxlDtls>"),
    ("</CxlDtls>", "</CxlDtls>-->"),
    ("RJCR", "CNCL"),
)
right(
    "pages of the message",
    of.camt054(),
    ("<NtfctnPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></NtfctnPgntn>", ""),
    ("</CreDtTm>", "</CreDtTm><MsgPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></MsgPgntn>"),
)
right(
    "a delivery free of payment",
    of.sese023(),
    ("APMT", "FREE"),
    (of.PAID.format(tag="SttlmAmt"), ""),
    profile=DLT,
)
right(
    "a confirmation free of payment",
    of.sese025(),
    ("APMT", "FREE"),
    (of.PAID.format(tag="SttldAmt"), ""),
    profile=DLT,
)
right(
    "a standing instruction",
    of.sese023(side="DlvrgSttlmPties"),
    (
        "<DlvrgSttlmPties>",
        (
            "<StgSttlmInstrDtls><SttlmStgInstrDB><Cd>INTE</Cd></SttlmStgInstrDB><CtrPty><Buyr><Id>"
            "<AnyBIC>DEUTDEFF</AnyBIC></Id></Buyr></CtrPty></StgSttlmInstrDtls><DlvrgSttlmPties>"
        ),
    ),
    profile=DLT,
)
right(
    "a stranger's data beside the message",
    P8,
    ("</FIToFICstmrCdtTrf>", of.supplement("<x xmlns='urn:x'/>") + "</FIToFICstmrCdtTrf>"),
    profile=BASE,
)
