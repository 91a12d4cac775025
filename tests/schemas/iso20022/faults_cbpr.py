"""Faults of transfers under CBPR+."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import Fault, one
from tests.schemas.iso20022.fragments import (
    BORNE,
    DEBTOR_ACCOUNT,
    FI,
    INSTRUCTED,
    LOCAL,
    MORE,
    NAMED,
    ORIGINAL_UETR,
    PLACED,
    TX,
    UETR_TAG,
    charged,
    other_agent,
    told_agent,
)

CBPR_TRANSFERS: list[Fault] = [
    one(
        "CBPR-001",
        of.pacs008(),
        ("<NbOfTxs>1", "<NbOfTxs>2"),
        path="GrpHdr/NbOfTxs",
        also=("ISO-CT-001",),
    ),
    one("CBPR-001", of.two_transfers(), path=f"{TX}[2]"),
    *(
        one("CBPR-002", text, (tag, ""), path=path)
        for text, tag, path in (
            (of.pacs008(), UETR_TAG, TX),
            (of.pacs009(), UETR_TAG, FI),
            (of.pacs010(), UETR_TAG, "DrctDbtTxInf"),
            (of.pacs002(), ORIGINAL_UETR, "TxInfAndSts"),
            (of.pacs004(), ORIGINAL_UETR, "TxInf"),
            (of.pacs028(), ORIGINAL_UETR, "TxInf"),
            (of.camt056(), ORIGINAL_UETR, "TxInf"),
            (of.camt029(), ORIGINAL_UETR, "TxInfAndSts"),
        )
    ),
    one("CBPR-003", of.pacs008(), ("<InstrId>INSTR-1</InstrId>", ""), path=TX, weight="warn"),
    one("CBPR-003", of.pacs009(), ("INSTR-1", "INSTR-0123456789A"), path="InstrId", weight="warn"),
    *(
        one("CBPR-003", text, ("INSTR-1", wrong), path="InstrId")
        for text, wrong in (
            (of.pacs008(), "/NSTR"),
            (of.pacs009(), "INSTR/"),
            (of.pacs008(), "IN//TR"),
            (of.pacs002(), "/NSTR"),
            (of.camt054(), "IN//TR"),
            (of.pacs004(), "INSTR/"),
        )
    ),
    *(
        one("CBPR-004", of.pacs008(), ("E2E-1", wrong), path="EndToEndId", weight="warn")
        for wrong in ("NOT PROVIDED", "notprovided", "NONE", "N/A")
    ),
    one("CBPR-005", of.pacs008(of.BY_CLEARING), path="SttlmMtd", weight="warn"),
    one("CBPR-005", of.pacs009(of.BY_COVER), path="SttlmMtd", weight="warn"),
    one("CBPR-006", of.pacs008(), (of.AGENTS, ""), path=TX, weight="warn"),
    one(
        "CBPR-006",
        of.pacs009(),
        (f"<InstdAgt>{of.agent(of.CREDITOR_BANK)}</InstdAgt>", ""),
        path=FI,
        weight="warn",
    ),
    *(
        one("CBPR-007", of.pacs009(), ('"JPY"', f'"{metal}"'), path="IntrBkSttlmAmt")
        for metal in ("XAU", "XAG", "XPD", "XPT")
    ),
    one(
        "CBPR-007",
        of.pacs004(),
        ('OrgnlIntrBkSttlmAmt Ccy="USD"', 'OrgnlIntrBkSttlmAmt Ccy="XAU"'),
        path="OrgnlIntrBkSttlmAmt",
    ),
    one(
        "CBPR-008",
        of.pacs008(),
        (BORNE, charged("DEBT", "1", "2")),
        path="ChrgsInf[2]",
        weight="warn",
    ),
    one("CBPR-008", of.pacs008(), (INSTRUCTED, MORE), path=TX, weight="warn"),
    one(
        "CBPR-008",
        of.pacs008(),
        (INSTRUCTED, MORE),
        (BORNE, charged("DEBT", "0")),
        path="ChrgsInf",
        weight="warn",
    ),
    one(
        "CBPR-009",
        of.pacs008(),
        (INSTRUCTED, '<InstdAmt Ccy="USD">1010</InstdAmt>'),
        (BORNE, charged("SHAR")),
        path=TX,
        weight="warn",
    ),
    one("CBPR-009", of.pacs008(), (BORNE, charged("SLEV")), path="ChrgBr", weight="warn"),
    one(
        "CBPR-010",
        of.pacs008(),
        ("</Ustrd>", "</Ustrd><Ustrd>more</Ustrd>"),
        path="RmtInf",
        weight="warn",
    ),
    one(
        "CBPR-010",
        of.pacs008(),
        ("</Ustrd>", "</Ustrd><Strd><AddtlRmtInf>x</AddtlRmtInf></Strd>"),
        path="RmtInf",
        weight="warn",
    ),
    one(
        "CBPR-010",
        of.pacs008(),
        ("<RmtInf>", "<RltdRmtInf><RmtId>R</RmtId></RltdRmtInf><RmtInf>"),
        path="RmtInf",
        weight="warn",
    ),
    one(
        "CBPR-010",
        of.pacs008(),
        (
            "<Ustrd>Invoice 7 #1</Ustrd>",
            ("<Strd><AddtlRmtInf>" + "x" * 140 + "</AddtlRmtInf></Strd>") * 65,
        ),
        path="RmtInf",
        weight="warn",
    ),
    *(
        one(
            "CBPR-011",
            of.pacs008(),
            told_agent(*codes),
            path="InstrForCdtrAgt[2]/Cd",
            weight="warn",
        )
        for codes in (("PHOB", "TELB"), ("HOLD", "HOLD"))
    ),
    one(
        "CBPR-011",
        of.pacs008(),
        told_agent("CHQB", "HOLD"),
        (f"<CdtrAcct><Id><IBAN>{of.IBAN_PT}</IBAN></Id></CdtrAcct>", ""),
        path="InstrForCdtrAgt[2]/Cd",
        weight="warn",
        also=("CBPR-015",),
    ),
    *(
        one(
            "CBPR-012",
            text,
            ("</PmtId>", "</PmtId><PmtTpInf><SvcLvl><Cd>G004</Cd></SvcLvl></PmtTpInf>"),
            path="SvcLvl/Cd",
            weight="warn",
        )
        for text in (of.pacs008(), of.cover())
    ),
    *(
        one(
            "CBPR-013",
            of.pacs009(),
            other_agent(inside),
            path="IntrmyAgt1/FinInstnId",
            weight="warn",
        )
        for inside in (
            NAMED,
            PLACED,
            LOCAL.format("GBDSC"),
            "<BICFI>BNPAFRPP</BICFI>" + NAMED,
            "<LEI>R0MUWSFPU8MPRO8K5P83</LEI>",
        )
    ),
    one(
        "CBPR-014",
        of.pacs008(),
        ("<Nm>Ana Reis</Nm>", ""),
        path="Cdtr",
        weight="warn",
        also=("CBPR-015",),
    ),
    one(
        "CBPR-014",
        of.pacs008(),
        ("</PstlAdr></Dbtr>", "</PstlAdr><Id><OrgId><AnyBIC>DEUTDEFF</AnyBIC></OrgId></Id></Dbtr>"),
        path="Dbtr",
        weight="warn",
    ),
    one(
        "CBPR-014",
        of.pacs008(),
        (
            "<Dbtr>",
            "<UltmtDbtr><PstlAdr><TwnNm>Kiel</TwnNm><Ctry>DE</Ctry></PstlAdr></UltmtDbtr><Dbtr>",
        ),
        path="UltmtDbtr",
        weight="warn",
    ),
    one(
        "CBPR-014",
        of.pacs004(),
        ("<Nm>Ana Reis</Nm>", "<CtryOfRes>PT</CtryOfRes>"),
        path="Cdtr/Pty",
        weight="warn",
    ),
    *(
        one("CBPR-015", text, (DEBTOR_ACCOUNT, ""), path="Dbtr", weight="warn")
        for text in (of.pacs008(), of.cover())
    ),
    one(
        "CBPR-015",
        of.pacs008(),
        ("<PstlAdr><TwnNm>Porto</TwnNm><Ctry>PT</Ctry></PstlAdr>", ""),
        path="Cdtr",
        weight="warn",
    ),
    *(
        one("CBPR-016", of.cover(), ("E2E-1", wrong), path="EndToEndId", weight="warn")
        for wrong in ("/E2E", "E2E-0123456789A/", "E2//")
    ),
    one(
        "CBPR-016",
        of.pacs009(),
        (
            "</CdtTrfTxInf>",
            (
                "<InstrForNxtAgt><InstrInf>/UDLC/1</InstrInf>"
                "</InstrForNxtAgt><InstrForNxtAgt><InstrInf>two</InstrInf></InstrForNxtAgt>"
                "</CdtTrfTxInf>"
            ),
        ),
        path="InstrForNxtAgt[1]/InstrInf",
        weight="warn",
    ),
]
