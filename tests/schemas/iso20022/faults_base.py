"""Faults of envelope and values, and those under the base standard."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import (
    AMOUNT,
    BASE,
    DLT,
    FI,
    GROUP,
    INSTRUCTED,
    NS,
    TX,
    Fault,
    one,
)

DOC = "</FIToFICstmrCdtTrf></Document>"
ENVELOPE = [
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
VALUES = [
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
            "<BICFI>BNPAFRPP</BICFI>"
            "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>021000088</MmbId></ClrSysMmbId>",
        ),
        path="ClrSysMmbId/MmbId",
        weight="warn",
    ),
    one(
        "ISO-VAL-008",
        of.pacs009(),
        (
            "<BICFI>BNPAFRPP</BICFI>",
            "<BICFI>BNPAFRPP</BICFI>"
            "<ClrSysMmbId><ClrSysId><Cd>USABA</Cd></ClrSysId><MmbId>21000089</MmbId></ClrSysMmbId>",
        ),
        path="ClrSysMmbId/MmbId",
        weight="warn",
    ),
]
COVER = of.pacs008(of.BY_COVER)
THIRD = f"</InstdRmbrsmntAgt><ThrdRmbrsmntAgt>{of.agent('BARCGB22')}</ThrdRmbrsmntAgt>"
ACCOUNT = "<SttlmAcct><Id><Othr><Id>1</Id></Othr></Id></SttlmAcct>"
SECOND = f"<IntrmyAgt2>{of.agent('BARCGB22')}</IntrmyAgt2>"
PREVIOUS = f"<PrvsInstgAgt2>{of.agent('BARCGB22')}</PrvsInstgAgt2><InstgAgt>"
OWN = "<Id><Othr><Id>1</Id></Othr></Id>"
CHARGES = f'<ChrgsInf><Amt Ccy="USD">1</Amt><Agt>{of.agent("BARCGB22")}</Agt></ChrgsInf>'
TRANSFERS = [
    one(
        "ISO-CT-001",
        of.two_transfers(),
        ("<NbOfTxs>2", "<NbOfTxs>3"),
        path=f"{GROUP}/NbOfTxs",
        profile=BASE,
    ),
    one(
        "ISO-CT-001",
        of.pacs009(),
        ("<NbOfTxs>1", "<NbOfTxs>0"),
        path="GrpHdr/NbOfTxs",
        profile=BASE,
    ),
    one(
        "ISO-CT-001",
        of.pain001(),
        ("<PmtMtd>TRF</PmtMtd><NbOfTxs>2", "<PmtMtd>TRF</PmtMtd><NbOfTxs>1"),
        path="PmtInf/NbOfTxs",
        profile=BASE,
    ),
    one(
        "ISO-CT-002",
        of.two_transfers(),
        ('Ccy="USD">1099.50', 'Ccy="USD">1099.51'),
        path="TtlIntrBkSttlmAmt",
        profile=BASE,
    ),
    one(
        "ISO-CT-002",
        of.two_transfers(),
        ('"USD">1099.50', '"EUR">1099.50'),
        path="TtlIntrBkSttlmAmt",
        profile=BASE,
    ),
    one(
        "ISO-CT-002",
        of.two_transfers(),
        ("<CtrlSum>1099.5<", "<CtrlSum>1099<"),
        path="CtrlSum",
        profile=BASE,
    ),
    one(
        "ISO-CT-002",
        of.pain001(),
        ("<CtrlSum>30.5", "<CtrlSum>30"),
        path="GrpHdr/CtrlSum",
        profile=BASE,
    ),
    one(
        "ISO-CT-002",
        of.pain001(),
        (
            "<PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>30.5",
            "<PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>31",
        ),
        path="PmtInf/CtrlSum",
        profile=BASE,
    ),
    one("ISO-CT-003", of.pacs008(), ("<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>", ""), path=TX),
    one(
        "ISO-CT-003",
        of.pacs009(),
        ("<SttlmInf>", "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><SttlmInf>"),
        path=f"{FI}/IntrBkSttlmDt",
    ),
    one(
        "ISO-CT-004",
        of.pacs008(),
        ("</SttlmInf>", f"</SttlmInf>{of.AGENTS}"),
        path=f"{TX}/InstgAgt",
    ),
    one(
        "ISO-CT-004",
        of.pacs008(),
        ("</SttlmInf>", "</SttlmInf><PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>"),
        ("</PmtId>", "</PmtId><PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>"),
        path=f"{TX}/PmtTpInf",
    ),
    one(
        "ISO-CT-005",
        of.pacs008(),
        (of.BY_ACCOUNT, of.BY_COVER.replace("COVE", "INDA")),
        path="SttlmInf/InstgRmbrsmntAgt",
    ),
    one(
        "ISO-CT-005",
        of.pacs009(),
        (of.BY_ACCOUNT, of.BY_CLEARING.replace("CLRG", "INGA")),
        path="SttlmInf/ClrSys",
    ),
    one(
        "ISO-CT-006",
        of.pacs008(of.BY_CLEARING),
        ("</SttlmMtd>", f"</SttlmMtd>{ACCOUNT}"),
        path="SttlmInf/SttlmAcct",
        profile=BASE,
    ),
    one("ISO-CT-006", COVER, ("COVE", "CLRG"), path="SttlmInf/InstdRmbrsmntAgt", profile=BASE),
    one("ISO-CT-007", of.pacs008(), ("INDA", "COVE"), path="GrpHdr/SttlmInf"),
    one("ISO-CT-007", COVER, ("</SttlmMtd>", f"</SttlmMtd>{ACCOUNT}"), path="SttlmInf/SttlmAcct"),
    one(
        "ISO-CT-007",
        COVER,
        ("</SttlmMtd>", "</SttlmMtd><ClrSys><Cd>TGT</Cd></ClrSys>"),
        path="SttlmInf/ClrSys",
    ),
    one(
        "ISO-CT-008",
        COVER,
        ("</InstdRmbrsmntAgt>", THIRD),
        ("<InstgRmbrsmntAgt>" + of.agent("CHASUS33") + "</InstgRmbrsmntAgt>", ""),
        path="ThrdRmbrsmntAgt",
    ),
    one(
        "ISO-CT-008",
        of.pacs009(),
        ("<Dbtr>", f"<IntrmyAgt2Acct>{OWN}</IntrmyAgt2Acct><Dbtr>"),
        path=f"{FI}/IntrmyAgt2Acct",
    ),
    one(
        "ISO-CT-008",
        of.pacs008(),
        ("<Dbtr>", f"<IntrmyAgt1Acct>{OWN}</IntrmyAgt1Acct><Dbtr>"),
        path=f"{TX}/IntrmyAgt1Acct",
    ),
    one("ISO-CT-009", of.pacs008(), ("<Dbtr>", f"{SECOND}<Dbtr>"), path=f"{TX}/IntrmyAgt2"),
    one("ISO-CT-009", of.pacs008(), ("<InstgAgt>", PREVIOUS), path=f"{TX}/PrvsInstgAgt2"),
    one(
        "ISO-CT-009",
        of.pacs009(),
        ("</IntrmyAgt1>", f"</IntrmyAgt1><IntrmyAgt3>{of.agent('BARCGB22')}</IntrmyAgt3>"),
        path=f"{FI}/IntrmyAgt3",
    ),
    one(
        "ISO-CT-009",
        of.pacs009(),
        ("<CdtrAgt>" + of.agent("BESCPTPL") + "</CdtrAgt>", ""),
        path=f"{FI}/IntrmyAgt1",
    ),
    one(
        "ISO-PACS008-001",
        of.pacs008(),
        (INSTRUCTED, '<InstdAmt Ccy="EUR">900</InstdAmt>'),
        path=f"{TX}/InstdAmt",
    ),
    one(
        "ISO-PACS008-001",
        of.pacs008(),
        (INSTRUCTED, INSTRUCTED + "<XchgRate>1</XchgRate>"),
        path=f"{TX}/XchgRate",
    ),
    one(
        "ISO-PACS008-001",
        of.pacs008(),
        (INSTRUCTED, "<XchgRate>1</XchgRate>"),
        path=f"{TX}/XchgRate",
    ),
    one(
        "ISO-PACS008-002",
        of.pacs008(),
        (INSTRUCTED, ""),
        ("</ChrgBr>", f"</ChrgBr>{CHARGES}"),
        path=f"{TX}/ChrgsInf",
    ),
    one("ISO-PACS008-002", of.pacs008(), ("DEBT", "CRED"), path=f"{TX}/ChrgBr"),
    one(
        "ISO-PACS008-003",
        of.pacs008(),
        ("<Purp>", "<InstrForCdtrAgt><Cd>CHQB</Cd></InstrForCdtrAgt><Purp>"),
        path=f"{TX}/CdtrAcct",
    ),
    one(
        "ISO-PACS008-004",
        of.pacs008(),
        (
            "<Dbtr>",
            "<UltmtDbtr><Nm>Hafen Handel GmbH</Nm>"
            "<PstlAdr><StrtNm>Kai</StrtNm><TwnNm>Hamburg</TwnNm><Ctry>DE</Ctry></PstlAdr></UltmtDbtr>"
            "<Dbtr>",
        ),
        path=f"{TX}/UltmtDbtr",
        weight="warn",
    ),
    one(
        "ISO-PACS008-004",
        of.pacs008(),
        (
            "</CdtrAcct>",
            "</CdtrAcct><UltmtCdtr><Nm>Ana Reis</Nm>"
            "<PstlAdr><TwnNm>Porto</TwnNm><Ctry>PT</Ctry></PstlAdr></UltmtCdtr>",
        ),
        path=f"{TX}/UltmtCdtr",
        weight="warn",
    ),
]
STATUS, RETURN = "Document/FIToFIPmtStsRpt", "Document/PmtRtr"
WHOLE = of.whole_group_returned()
ANSWERS = [
    *(
        one("ISO-PACS002-001", of.pacs002_of_a_group(status, "RJCT"), path="TxSts", profile=BASE)
        for status in ("ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "PDNG")
    ),
    one("ISO-PACS002-001", of.pacs002_of_a_group("RJCT", "ACSC"), path="TxSts", profile=BASE),
    one("ISO-PACS002-001", of.pacs002_of_a_group("RCVD", "ACSC"), path="TxSts", profile=BASE),
    one(
        "ISO-PACS002-002",
        of.pacs002_of_a_group(),
        ("<TxInfAndSts>", f"<TxInfAndSts><OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>"),
        path=f"{STATUS}/TxInfAndSts/OrgnlGrpInf",
    ),
    one(
        "ISO-PACS002-002",
        of.pacs002(),
        (f"<OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>", ""),
        path=f"{STATUS}/TxInfAndSts",
    ),
    one(
        "ISO-PACS002-002",
        of.pacs028(),
        (f"<OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>", ""),
        path="FIToFIPmtStsReq/TxInf",
    ),
    one(
        "ISO-PACS002-002",
        of.pacs028(),
        ("<TxInf>", f"<TxInf><OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>"),
        path="TxInf/OrgnlGrpInf",
    ),
    one(
        "ISO-PACS002-003",
        of.pacs002_of_a_group(more="<StsRsnInf><AddtlInf>late</AddtlInf></StsRsnInf>"),
        path="StsRsnInf/AddtlInf",
    ),
    one(
        "ISO-PACS004-001",
        of.pacs004(),
        ("<NbOfTxs>1", "<NbOfTxs>2"),
        path="GrpHdr/NbOfTxs",
        profile=BASE,
    ),
    one("ISO-PACS004-001", WHOLE, ("<GrpRtr>true", "<GrpRtr>false"), path="GrpHdr/NbOfTxs"),
    one(
        "ISO-PACS004-001",
        WHOLE,
        ("<RtrRsnInf><Rsn><Cd>FOCR</Cd></Rsn></RtrRsnInf>", ""),
        path=f"{RETURN}/GrpHdr",
    ),
    one(
        "ISO-PACS004-001",
        WHOLE,
        (
            "</PmtRtr>",
            "<TxInf><OrgnlInstrId>I</OrgnlInstrId><OrgnlUETR>"
            f"{of.UETR}</OrgnlUETR><RtrdIntrBkSttlmAmt Ccy='USD'>1</RtrdIntrBkSttlmAmt></TxInf>"
            "</PmtRtr>",
        ),
        path=f"{RETURN}/TxInf",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        (
            "</NbOfTxs>",
            '</NbOfTxs><TtlRtrdIntrBkSttlmAmt Ccy="USD">1000.49</TtlRtrdIntrBkSttlmAmt>',
        ),
        path="TtlRtrdIntrBkSttlmAmt",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        (
            "</NbOfTxs>",
            '</NbOfTxs><TtlRtrdIntrBkSttlmAmt Ccy="EUR">1000.50</TtlRtrdIntrBkSttlmAmt>',
        ),
        path="TtlRtrdIntrBkSttlmAmt",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("<SttlmInf>", "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><SttlmInf>"),
        path="TxInf/IntrBkSttlmDt",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("</SttlmInf>", f"</SttlmInf>{of.AGENTS}"),
        path="TxInf/InstgAgt",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("</GrpHdr>", f"</GrpHdr><OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>"),
        path="TxInf/OrgnlGrpInf",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("<InstgAgt>", f"{CHARGES}<InstgAgt>"),
        path="TxInf/ChrgsInf",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("<InstgAgt>", "<XchgRate>1</XchgRate><InstgAgt>"),
        path="TxInf/XchgRate",
    ),
    one(
        "ISO-PACS004-002",
        of.pacs004(),
        ("<InstgAgt>", '<RtrdInstdAmt Ccy="EUR">9</RtrdInstdAmt><InstgAgt>'),
        path="TxInf/RtrdInstdAmt",
    ),
    one(
        "ISO-CAMT056-001",
        of.camt056(),
        ("</CxlId>", f"</CxlId><Case>{of.CASE}</Case>"),
        path="TxInf/Case",
    ),
    one(
        "ISO-CAMT056-001",
        of.camt056(),
        (
            "<Undrlyg>",
            f"<Undrlyg><OrgnlGrpInfAndCxl><Case>{of.CASE}</Case>{of.ORIGINAL}</OrgnlGrpInfAndCxl>",
        ),
        path="OrgnlGrpInfAndCxl/Case",
    ),
    one(
        "ISO-CAMT056-001",
        of.camt056(),
        (f"<Case>{of.CASE}</Case>", ""),
        (
            "<Undrlyg>",
            f"<Undrlyg><OrgnlGrpInfAndCxl><Case>{of.CASE}</Case>{of.ORIGINAL}</OrgnlGrpInfAndCxl>",
        ),
        ("</CxlId>", f"</CxlId><Case>{of.CASE}</Case>"),
        path="TxInf/Case",
    ),
    one(
        "ISO-CAMT029-001",
        of.camt029(),
        ("<TxInfAndSts>", f"<TxInfAndSts><RslvdCase>{of.CASE}</RslvdCase>"),
        path="TxInfAndSts/RslvdCase",
    ),
    one(
        "ISO-CAMT029-001",
        of.camt029(),
        (
            "<CxlDtls>",
            "<CxlDtls><OrgnlGrpInfAndSts><RslvdCase>"
            f"{of.CASE}</RslvdCase>{of.ORIGINAL}</OrgnlGrpInfAndSts>",
        ),
        path="OrgnlGrpInfAndSts/RslvdCase",
    ),
    *(
        one(
            "ISO-CAMT029-001",
            of.camt029(),
            ("<CxlDtls>", "<!--<CxlDtls>"),
            ("</CxlDtls>", "</CxlDtls>-->"),
            ("RJCR", said),
            path="Sts/Conf",
        )
        for said in ("PECR", "RJCR")
    ),
    one(
        "ISO-CAMT05X-001",
        of.camt054(),
        ("</CreDtTm>", "</CreDtTm><MsgPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></MsgPgntn>"),
        path="Ntfctn/NtfctnPgntn",
        weight="warn",
    ),
    one(
        "ISO-SESE023-001",
        of.sese023(),
        (of.PAID.format(tag="SttlmAmt"), ""),
        path="SttlmTpAndAddtlParams/Pmt",
        profile=DLT,
    ),
    one(
        "ISO-SESE023-001",
        of.sese025(),
        (of.PAID.format(tag="SttldAmt"), ""),
        path="TxIdDtls/Pmt",
        profile=DLT,
    ),
    one("ISO-SESE023-002", of.sese023(side="DlvrgSttlmPties"), path="SctiesMvmntTp", profile=DLT),
    one("ISO-SESE023-002", of.sese023("RECE"), path="SctiesMvmntTp", profile=DLT),
    one(
        "ISO-SESE023-002",
        of.sese023(),
        ("<Pty1>", "<Pty2>"),
        ("</Pty1>", "</Pty2>"),
        path="SctiesMvmntTp",
        profile=DLT,
    ),
    one(
        "ISO-SESE024-001",
        of.sese024(),
        ("<MtchgSts><Mtchd/></MtchgSts>", ""),
        path="Document/SctiesSttlmTxStsAdvc",
        profile=DLT,
    ),
    one(
        "ISO-SPL-001",
        of.ours(),
        ("</FIToFICstmrCdtTrf>", of.supplement(of.evidence()) + "</FIToFICstmrCdtTrf>"),
        path="Document/FIToFICstmrCdtTrf/SplmtryData",
        profile=DLT,
    ),
]
FAULTS: list[Fault] = [*ENVELOPE, *VALUES, *TRANSFERS, *ANSWERS]
