"""Faults of transfers under the base standard."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import BASE, Fault, one
from tests.schemas.iso20022.fragments import (
    ACCOUNT,
    CHARGES,
    COVER,
    FI,
    GROUP,
    INSTRUCTED,
    OWN,
    PREVIOUS,
    SECOND,
    THIRD,
    TX,
)

TRANSFERS: list[Fault] = [
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
            (
                "<UltmtDbtr><Nm>Hafen Handel GmbH</Nm>"
                "<PstlAdr><StrtNm>Kai</StrtNm><TwnNm>Hamburg</TwnNm><Ctry>DE</Ctry></PstlAdr></UltmtDbtr>"
                "<Dbtr>"
            ),
        ),
        path=f"{TX}/UltmtDbtr",
        weight="warn",
    ),
    one(
        "ISO-PACS008-004",
        of.pacs008(),
        (
            "</CdtrAcct>",
            (
                "</CdtrAcct><UltmtCdtr><Nm>Ana Reis</Nm>"
                "<PstlAdr><TwnNm>Porto</TwnNm><Ctry>PT</Ctry></PstlAdr></UltmtCdtr>"
            ),
        ),
        path=f"{TX}/UltmtCdtr",
        weight="warn",
    ),
]
