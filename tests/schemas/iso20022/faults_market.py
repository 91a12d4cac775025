"""Faults of header, CBPR+, addresses, characters, and of our own profile."""

from datetime import date

from schemas.iso20022.findings import Addresses, Agreement
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import (
    AFTER,
    BASE,
    CUSTOMER,
    DLT,
    FI,
    HOUR_MS,
    HVPS,
    INSTRUCTED,
    NOW_MS,
    TX,
    Fault,
    one,
)

SIGNED = "</CreDt><Sgntr><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></Sgntr></AppHdr>"
CREATED = "<CreDt>2026-11-13T09:00:00"
PARTNERS = Agreement(senders=frozenset((of.DEBTOR_BANK,)), receivers=frozenset((of.CREDITOR_BANK,)))
REPORT = of.camt054()
HEADER = [
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
UETR_TAG = f"<UETR>{of.UETR}</UETR>"
ORIGINAL_UETR = f"<OrgnlUETR>{of.UETR}</OrgnlUETR>"
CHARGE = f'<ChrgsInf><Amt Ccy="USD">{{}}</Amt><Agt>{of.agent("BARCGB22")}</Agt></ChrgsInf>'
MORE = '<InstdAmt Ccy="USD">990.50</InstdAmt>'
BORNE = "<ChrgBr>DEBT</ChrgBr>"


def charged(bearer: str, *amounts: str) -> str:
    """Who bears the charges, and the charges."""
    return BORNE.replace("DEBT", bearer) + "".join(CHARGE.format(one) for one in amounts)


def told_agent(*codes: str) -> tuple[str, str]:
    """Codes for the creditor's agent, before the purpose."""
    given = "".join(f"<InstrForCdtrAgt><Cd>{one}</Cd></InstrForCdtrAgt>" for one in codes)
    return "<Purp>", given + "<Purp>"


def other_agent(inside: str) -> tuple[str, str]:
    """The intermediary of a pacs.009, known by something else."""
    return of.agent("BNPAFRPP"), f"<FinInstnId>{inside}</FinInstnId>"


NAMED = "<Nm>BNP</Nm>"
PLACED = "<PstlAdr><TwnNm>Paris</TwnNm><Ctry>FR</Ctry></PstlAdr>"
LOCAL = "<ClrSysMmbId><ClrSysId><Cd>{}</Cd></ClrSysId><MmbId>200000</MmbId></ClrSysMmbId>"
DEBTOR_ACCOUNT = f"<DbtrAcct><Id><IBAN>{of.IBAN_DE}</IBAN></Id></DbtrAcct>"
TRANSFERS = [
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
            "<InstrForNxtAgt><InstrInf>/UDLC/1</InstrInf>"
            "</InstrForNxtAgt><InstrForNxtAgt><InstrInf>two</InstrInf></InstrForNxtAgt>"
            "</CdtTrfTxInf>",
        ),
        path="InstrForNxtAgt[1]/InstrInf",
        weight="warn",
    ),
]
REASON = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
SETTLED_ON = "<FctvIntrBkSttlmDt><Dt>2026-11-13</Dt></FctvIntrBkSttlmDt>"
LESS = ('<RtrdIntrBkSttlmAmt Ccy="USD">1000.50', '<RtrdIntrBkSttlmAmt Ccy="USD">900')
AGAIN = "<OrgnlTxRef>{}</OrgnlTxRef></TxInf>"
ANSWERS = [
    one("CBPR-017", of.pacs002("RJCT"), path="TxSts"),
    one("CBPR-017", of.pacs002("RJCT", REASON + SETTLED_ON), path="FctvIntrBkSttlmDt"),
    *(
        one(
            "CBPR-017",
            text,
            ("<OrgnlMsgNmId>pacs.008", "<OrgnlMsgNmId>camt.056"),
            path="OrgnlMsgNmId",
        )
        for text in (of.pacs002(), of.pacs002_of_a_group())
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("</TxInf>", AGAIN.format('<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt>')),
        path="OrgnlTxRef/IntrBkSttlmAmt",
        weight="warn",
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("</TxInf>", AGAIN.format("<IntrBkSttlmDt>2026-11-12</IntrBkSttlmDt>")),
        path="OrgnlTxRef/IntrBkSttlmDt",
        weight="warn",
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", ""),
        path="TxInf",
        weight="warn",
    ),
    one("CBPR-019", of.pacs004(), LESS, path="RtrdIntrBkSttlmAmt", weight="warn"),
    one(
        "CBPR-019",
        of.pacs004(),
        LESS,
        ("<Rsn><Cd>AC04</Cd></Rsn>", "<AddtlInf>PART</AddtlInf>"),
        path="RtrdIntrBkSttlmAmt",
        weight="warn",
    ),
    one(
        "CBPR-019",
        of.pacs004(),
        ("<InstgAgt>", '<RtrdInstdAmt Ccy="USD">1010</RtrdInstdAmt><InstgAgt>'),
        path="RtrdInstdAmt",
        weight="warn",
    ),
    one(
        "CBPR-020",
        of.camt054(),
        ("<BookgDt><Dt>2026-11-13</Dt></BookgDt>", ""),
        path="Ntry",
        weight="warn",
    ),
    one("CBPR-020", of.camt054(), ("<PgNb>1", "<PgNb>0"), path="PgNb", weight="warn"),
    one(
        "CBPR-020", of.camt054(), ('"USD">3<', '"USD">7<'), path="TtlIntrstAndTaxAmt", weight="warn"
    ),
    one(
        "CBPR-021",
        of.pacs008(more=of.supplement("<x xmlns='urn:x'/>")),
        path="SplmtryData",
        weight="warn",
    ),
    one(
        "CBPR-021",
        of.pacs008(more=of.supplement("<x xmlns='urn:x'/>")),
        path="SplmtryData",
        is_outbound=True,
    ),
    one("CBPR-022", of.camt110(), path="Document/InvstgtnReq"),
    one("CBPR-022", of.camt110(), path="Document/InvstgtnReq", profile="cbpr+2025"),
]
PORTO = "<TwnNm>Porto</TwnNm><Ctry>PT</Ctry>"
OLD = (PORTO, "<AdrLine>Rua 1</AdrLine><AdrLine>Porto</AdrLine>")
LINED = (PORTO, PORTO + "<AdrLine>Rua 1</AdrLine>")
YEAR_BEFORE = date(2025, 11, 21)
HYBRID_DAY = date(2025, 11, 22)
BANK_TAKES = Agreement(addresses=Addresses.STRUCTURED)
HELD_UNTIL = Agreement(addresses=Addresses.HYBRID, addresses_until=AFTER)
CREDITOR = f"{TX}/Cdtr/PstlAdr"
ADDRESSES = [
    *(
        one(
            "ADR-001",
            of.pacs008(of.BY_CLEARING if profile == HVPS else of.BY_ACCOUNT),
            swap,
            path=CREDITOR,
            on=AFTER,
            profile=profile,
        )
        for profile in ("cbpr+2025", "cbpr+2026", HVPS)
        for swap in (
            OLD,
            (PORTO, "<TwnNm>Porto</TwnNm>"),
            (PORTO, "<Ctry>PT</Ctry>"),
            (PORTO, PORTO + "<AdrLine>a</AdrLine>" * 3),
        )
    ),
    one(
        "ADR-001", of.pain001(), OLD, path="CdtTrfTxInf[1]/Cdtr/PstlAdr", on=AFTER, profile=CUSTOMER
    ),
    one(
        "ADR-001",
        of.pacs008(),
        OLD,
        path=CREDITOR,
        on=AFTER,
        agreement=Agreement(addresses=Addresses.OLD),
    ),
    one(
        "ADR-001",
        of.pacs009(),
        other_agent(NAMED + "<PstlAdr><AdrLine>Paris</AdrLine></PstlAdr>"),
        path="IntrmyAgt1/FinInstnId/PstlAdr",
        on=AFTER,
    ),
    *(
        one("ADR-001", of.ours(), swap, path=CREDITOR, profile=DLT)
        for swap in (OLD, LINED, (PORTO, "<TwnNm>Porto</TwnNm>"))
    ),
    one(
        "ADR-002",
        of.pacs008(),
        LINED,
        path=CREDITOR,
        on=YEAR_BEFORE,
        profile="cbpr+2025",
        weight="warn",
    ),
    *(
        one(
            "ADR-002",
            of.pacs008(),
            (PORTO, "<TwnNm>Porto</TwnNm><AdrLine>Rua 1</AdrLine>"),
            path=CREDITOR,
            on=on,
            weight="warn",
        )
        for on in (HYBRID_DAY, date(2026, 11, 13))
    ),
    *(
        one(
            "ADR-003",
            of.pacs008(),
            (PORTO, PORTO + f"<AdrLine>{line}</AdrLine>"),
            path=f"{CREDITOR}/AdrLine",
            weight="warn",
        )
        for line in ("4000 Porto", "PORTO", "Rua,Porto")
    ),
    *(
        one("ADR-004", of.pacs008(), swap, path=CREDITOR, agreement=agreement)
        for swap, agreement in (
            (OLD, BANK_TAKES),
            (LINED, BANK_TAKES),
            (OLD, HELD_UNTIL),
            ((PORTO, "<TwnNm>Porto</TwnNm>"), Agreement(addresses=Addresses.OLD)),
        )
    ),
    *(
        one(
            "ADR-005", of.pacs008(), ("<TwnNm>Porto", f"<TwnNm>{town}"), path="TwnNm", weight="hold"
        )
        for town in ("CUTOVER2026", "NOTPROVIDED", ".")
    ),
]
CHARACTERS = [
    *(
        one("CHR-001", of.pacs008(), ("E2E-1", wrong), path="EndToEndId", weight="warn")
        for wrong in ("E2E#1", "E2E_1", "É2E", "编号", "E2E\n1")
    ),
    one("CHR-001", of.pacs008(), ("E2E-1", "E2E#1"), path="EndToEndId", is_outbound=True),
    one(
        "CHR-001",
        of.pain001(),
        ("E2E-1", "E2E#1"),
        path="EndToEndId",
        profile=CUSTOMER,
        weight="warn",
    ),
    one(
        "CHR-001",
        of.pacs008(),
        ("<BizMsgIdr>MSG-1", "<BizMsgIdr>MSG#1"),
        ("<MsgId>MSG-1", "<MsgId>MSG#1"),
        path="GrpHdr/MsgId",
        weight="warn",
    ),
    one(
        "CHR-001",
        of.pacs008(),
        (
            "</IBAN></Id></DbtrAcct>",
            "</IBAN></Id><Prxy><Tp><Cd>MBNO</Cd></Tp><Id>#5</Id></Prxy></DbtrAcct>",
        ),
        path="Prxy/Id",
        weight="warn",
    ),
    *(
        one("CHR-002", of.pacs008(), ("Ana Reis", wrong), path="Cdtr/Nm", weight="warn")
        for wrong in ("Ana Ré", "安娜", "Ana–Reis", "Ana €")
    ),
    one(
        "CHR-002", of.pacs008(), ("Invoice", "Nº"), path="Ustrd", weight="refuse", is_outbound=True
    ),
    one("CHR-002", of.pacs008(), ("Hamburg", "Köln"), path="TwnNm", weight="warn"),
]
TWO_SYSTEMS = Agreement(system="STG")
OTHERS = [
    one("HVPS-001", of.pacs008(), path="SttlmInf", profile=HVPS, weight="warn"),
    one(
        "HVPS-001",
        of.pacs009(of.BY_CLEARING),
        ("<Cd>TGT</Cd>", "<Prtry>X</Prtry>"),
        path="SttlmInf",
        profile=HVPS,
        weight="warn",
    ),
    one(
        "HVPS-001",
        of.pacs009(of.BY_CLEARING),
        path="SttlmInf",
        profile=HVPS,
        weight="warn",
        agreement=TWO_SYSTEMS,
    ),
    *(
        one("DLT-001", of.ours(), swap, path=TX, profile=DLT, weight="warn")
        for swap in (
            (UETR_TAG, ""),
            (f"<TxId>{of.SETTLEMENT}</TxId>", ""),
            (of.supplement(of.evidence()), ""),
            (of.evidence(), of.evidence("01JCN9Z0Q4M8V5T2K7R3X6B1DX")),
        )
    ),
]
FAULTS: list[Fault] = [*HEADER, *TRANSFERS, *ANSWERS, *ADDRESSES, *CHARACTERS, *OTHERS]
