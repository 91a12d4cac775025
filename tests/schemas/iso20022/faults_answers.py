"""Faults of statuses, returns, recalls and deliveries under the base standard."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import BASE, DLT, Fault, one
from tests.schemas.iso20022.fragments import CHARGES, RETURN, STATUS, WHOLE

ANSWERS: list[Fault] = [
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
            (
                "<TxInf><OrgnlInstrId>I</OrgnlInstrId><OrgnlUETR>"
                f"{of.UETR}</OrgnlUETR><RtrdIntrBkSttlmAmt Ccy='USD'>1</RtrdIntrBkSttlmAmt></TxInf>"
                "</PmtRtr>"
            ),
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
            (
                "<CxlDtls><OrgnlGrpInfAndSts><RslvdCase>"
                f"{of.CASE}</RslvdCase>{of.ORIGINAL}</OrgnlGrpInfAndSts>"
            ),
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
