"""Faults of addresses, characters, clearing systems, and of our own profile."""

from datetime import date

from schemas.iso20022.findings import Addresses, Agreement
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import AFTER, CUSTOMER, DLT, HVPS, Fault, one
from tests.schemas.iso20022.fragments import (
    BANK_TAKES,
    CREDITOR,
    HELD_UNTIL,
    HYBRID_DAY,
    LINED,
    NAMED,
    OLD,
    PORTO,
    TWO_SYSTEMS,
    TX,
    UETR_TAG,
    YEAR_BEFORE,
    other_agent,
)

ADDRESSES: list[Fault] = [
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
CHARACTERS: list[Fault] = [
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
OTHERS: list[Fault] = [
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
