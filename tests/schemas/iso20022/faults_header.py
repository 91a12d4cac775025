"""Faults of the header."""

from schemas.iso20022.findings import Agreement
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import BASE, DLT, HOUR_MS, HVPS, NOW_MS, Fault, one
from tests.schemas.iso20022.fragments import CREATED, REPORT, SIGNED

HEADER: list[Fault] = [
    *(
        one(
            "BAH-010",
            of.pacs008(of.BY_CLEARING, head=""),
            path="Document",
            profile=profile,
            also=also,
        )
        for profile, also in ((HVPS, ()), (DLT, ("DLT-001",)))
    ),
    one("BAH-010", of.pacs008(head=""), path="Document"),
    one(
        "BAH-001",
        of.pacs008(),
        ("<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.008.001.09"),
        path="AppHdr/MsgDefIdr",
    ),
    one(
        "BAH-001",
        of.pacs008(),
        ("<MsgDefIdr>pacs.008.001.08", "<MsgDefIdr>pacs.009.001.08"),
        path="AppHdr/MsgDefIdr",
        profile=BASE,
    ),
    *(
        one("BAH-002", text, ("<BizMsgIdr>MSG-1", "<BizMsgIdr>MSG-2"), path="AppHdr/BizMsgIdr")
        for text in (of.pacs008(), of.camt056(), of.camt029(), of.camt054(), of.pacs002())
    ),
    one(
        "BAH-002",
        of.pacs008(),
        ("<BizMsgIdr>MSG-1", "<BizMsgIdr>MSG-2"),
        path="AppHdr/BizMsgIdr",
        profile=BASE,
        weight="warn",
    ),
    one("BAH-003", of.pacs008(), (of.DEBTOR_BANK, "BARCGB22"), path="AppHdr/Fr"),
    one("BAH-003", of.pacs008(), (of.CREDITOR_BANK, of.CREDITOR_BANK + "LIS"), path="AppHdr/To"),
    one("BAH-003", of.ours(), (of.DEBTOR_BANK, "BARCGB22"), path="AppHdr/Fr", profile=DLT),
    one(
        "BAH-003",
        of.pacs008(of.BY_CLEARING),
        (of.DEBTOR_BANK, "BARCGB22"),
        (of.CREDITOR_BANK, "BARCGB22"),
        path="AppHdr/To",
        profile=HVPS,
    ),
    one(
        "BAH-004",
        of.pacs008(),
        path="AppHdr/Fr",
        agreement=Agreement(senders=frozenset(("BARCGB22",))),
    ),
    one(
        "BAH-004",
        of.camt054(),
        path="AppHdr/To",
        agreement=Agreement(receivers=frozenset(("BARCGB22",))),
    ),
    one(
        "BAH-005",
        of.pacs008(),
        ("</CreDt>", "</CreDt><Prty>HIGH</Prty>"),
        ("</PmtId>", "</PmtId><PmtTpInf><InstrPrty>NORM</InstrPrty></PmtTpInf>"),
        path="AppHdr/Prty",
        weight="warn",
    ),
    one(
        "BAH-005",
        REPORT,
        ("</CreDt>", "</CreDt><CpyDplct>COPY</CpyDplct>"),
        ("<Acct>", "<CpyDplctInd>DUPL</CpyDplctInd><Acct>"),
        path="AppHdr/CpyDplct",
        weight="warn",
        also=("BAH-006",),
    ),
    one(
        "BAH-006",
        REPORT,
        ("</CreDt>", "</CreDt><CpyDplct>DUPL</CpyDplct>"),
        path="AppHdr/CpyDplct",
        weight="warn",
    ),
    *(
        one(
            "BAH-007",
            of.pacs008(),
            (CREATED + "+00:00", CREATED),
            path="AppHdr/CreDt",
            profile=profile,
            also=also,
        )
        for profile, also in ((BASE, ()), ("cbpr+2025", ()), (DLT, ("DLT-001",)))
    ),
    one(
        "BAH-007",
        of.pacs008(),
        (CREATED + "+00:00", CREATED + "Z"),
        path="AppHdr/CreDt",
        weight="warn",
    ),
    one(
        "BAH-007",
        of.pacs008(),
        ("<CreDtTm>2026-11-13T09:00:00+00:00", "<CreDtTm>2026-11-13T09:00:00"),
        path="GrpHdr/CreDtTm",
        weight="warn",
    ),
    one("BAH-007", of.pacs008(), path="AppHdr/CreDt", now_ms=NOW_MS - HOUR_MS, weight="hold"),
    one(
        "BAH-007",
        of.pacs008(),
        path="AppHdr/CreDt",
        now_ms=NOW_MS + 2 * HOUR_MS,
        agreement=Agreement(oldest_ms=HOUR_MS),
        weight="hold",
    ),
    one("BAH-008", of.pacs008(), ("swift.cbprplus.02", "swift.other.02"), path="AppHdr/BizSvc"),
    one("BAH-008", of.pacs008(), ("<BizSvc>swift.cbprplus.02</BizSvc>", ""), path="AppHdr"),
    one(
        "BAH-008",
        of.pacs008(),
        path="AppHdr/BizSvc",
        agreement=Agreement(services=r"swift\.cbprplus\.03"),
    ),
    one(
        "BAH-008", of.cover(), ("swift.cbprplus.cov.02", "swift.cbprplus.02"), path="AppHdr/BizSvc"
    ),
    one(
        "BAH-008",
        of.pacs009(),
        ("swift.cbprplus.02", "swift.cbprplus.cov.02"),
        path="AppHdr/BizSvc",
    ),
    one(
        "BAH-008",
        of.pacs008(),
        ("swift.cbprplus.02", "swift.cbprplus.adv.02"),
        path="AppHdr/BizSvc",
    ),
    one("BAH-009", of.pacs008(), ("</CreDt></AppHdr>", SIGNED), path="AppHdr/Sgntr"),
    one(
        "BAH-009",
        of.pacs008(),
        ("</CreDt></AppHdr>", SIGNED),
        path="AppHdr/Sgntr",
        agreement=Agreement(has_verified_signature=False),
    ),
    one(
        "BAH-009",
        of.pacs008(),
        ("</CreDt></AppHdr>", SIGNED),
        path="AppHdr/Sgntr",
        profile=BASE,
        weight="warn",
    ),
]
