"""On the right side of the rules of the markets."""

from datetime import date

from schemas.iso20022.definitions import NAMESPACE
from schemas.iso20022.findings import Addresses, Agreement
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.edges import right
from tests.schemas.iso20022.faults import (
    AFTER,
    BASE,
    BEFORE,
    CUSTOMER,
    HOUR_MS,
    HVPS,
    NOW_MS,
)
from tests.schemas.iso20022.fragments import (
    BORNE,
    DEBTOR_ACCOUNT,
    HELD_UNTIL,
    INSTRUCTED,
    LINED,
    LOCAL,
    NAMED,
    OLD,
    PLACED,
    PORTO,
    SIGNED,
    charged,
    other_agent,
    told_agent,
)

P8, P9 = of.pacs008(), of.pacs009()
BARC = of.agent("BARCGB22")
right(
    "a branch said and not said",
    P8,
    ("<Fr><FIId><FinInstnId><BICFI>DEUTDEFF", "<Fr><FIId><FinInstnId><BICFI>DEUTDEFF" + "X" * 3),
)
RELATED = (
    f"<Rltd><Fr><FIId>{BARC}</FIId></Fr><To><FIId>{BARC}</FIId></To><BizMsgIdr>B</BizMsgIdr>"
    f"<MsgDefIdr>pacs.008.001.08</MsgDefIdr><CreDt>{of.NOW}</CreDt></Rltd>"
)
right(
    "a copy to somebody else",
    P8,
    (of.CREDITOR_BANK, "BARCGB22"),
    ("</CreDt></AppHdr>", f"</CreDt><CpyDplct>COPY</CpyDplct>{RELATED}</AppHdr>"),
)
right("from the system", of.pacs008(of.BY_CLEARING), (of.DEBTOR_BANK, "TRGTXEPM"), profile=HVPS)
right("to the system", of.pacs008(of.BY_CLEARING), (of.CREDITOR_BANK, "TRGTXEPM"), profile=HVPS)
right(
    "a report's mark",
    of.camt054(),
    ("</CreDt></AppHdr>", f"</CreDt><CpyDplct>COPY</CpyDplct>{RELATED}</AppHdr>"),
    ("<Acct>", "<CpyDplctInd>COPY</CpyDplctInd><Acct>"),
)
FIRST_HEADER = (NAMESPACE + "head.001.001.02", NAMESPACE + "head.001.001.01")
right(
    "a header that must end in Z",
    P8,
    FIRST_HEADER,
    ("<CreDt>2026-11-13T09:00:00+00:00", "<CreDt>2026-11-13T09:00:00Z"),
)
right(
    "Z outside CBPR+",
    of.pacs008(of.BY_CLEARING),
    ("<CreDt>2026-11-13T09:00:00+00:00", "<CreDt>2026-11-13T09:00:00Z"),
    profile=HVPS,
)
right("five minutes ahead", P8, now_ms=NOW_MS - 300_000)
right("as old as may be", P8, now_ms=NOW_MS + HOUR_MS, agreement=Agreement(oldest_ms=HOUR_MS))
right("old where no limit was agreed", P8, now_ms=NOW_MS + 99 * HOUR_MS)
right("a service agreed", P8, agreement=Agreement(services=r"swift\.cbprplus\.02"))
ADVICE = of.pacs009(of.BY_COVER, head=of.header("pacs.009.001.08", service="swift.cbprplus.adv.02"))
right("an advice", ADVICE)
right(
    "an advice with its mark last",
    ADVICE,
    (
        "</CdtTrfTxInf>",
        (
            "<InstrForNxtAgt><InstrInf>one"
            "</InstrInf></InstrForNxtAgt><InstrForNxtAgt><InstrInf>/UDLC/1</InstrInf></InstrForNxtAgt>"
            "</CdtTrfTxInf>"
        ),
    ),
)
right(
    "a verified signature",
    P8,
    ("</CreDt></AppHdr>", SIGNED),
    agreement=Agreement(has_verified_signature=True),
)
right("sixteen characters, slashes inside", P8, ("INSTR-1", "INSTR/123456/89A"))
right("no end-to-end id", P8, ("E2E-1", "NOTPROVIDED"))
right("a cover's id with slashes where they may be", of.cover(), ("E2E-1", "E/2E-012345678/A//"))
right(
    "debtor bears, once",
    P8,
    (INSTRUCTED, '<InstdAmt Ccy="USD">990.50</InstdAmt>'),
    (BORNE, charged("DEBT", "10")),
)
right("debtor bears nothing", P8, (INSTRUCTED, '<InstdAmt Ccy="USD">1000.5</InstdAmt>'))
right(
    "shared, and told",
    P8,
    (INSTRUCTED, '<InstdAmt Ccy="USD">1010</InstdAmt>'),
    (BORNE, charged("SHAR", "9.5")),
)
right("shared, and nothing taken", P8, (BORNE, charged("SHAR")))
right(
    "structured remittance",
    P8,
    (
        "<Ustrd>Invoice 7 #1</Ustrd>",
        ("<Strd><AddtlRmtInf>" + "x" * 100 + "</AddtlRmtInf></Strd>") * 90,
    ),
)
right(
    "remittance told elsewhere",
    P8,
    ("<RmtInf><Ustrd>Invoice 7 #1</Ustrd></RmtInf>", "<RltdRmtInf><RmtId>R</RmtId></RltdRmtInf>"),
)
right("two instructions that agree", P8, told_agent("PHOB", "HOLD"))
right(
    "tracked between banks",
    P9,
    ("</PmtId>", "</PmtId><PmtTpInf><SvcLvl><Cd>G004</Cd></SvcLvl></PmtTpInf>"),
)
right("an agent by name and address", P9, other_agent(NAMED + PLACED))
right(
    "an agent by all",
    P9,
    other_agent(
        "<BICFI>BNPAFRPP</BICFI>"
        + LOCAL.format("FRXXX").replace("<Cd>FRXXX</Cd>", "<Prtry>x</Prtry>")
        + NAMED
        + PLACED
    ),
)
GERMAN = [
    ("BNPAFRPP", "COBADEFF"),
    ("BESCPTPL", "HYVEDEMM"),
    (of.CREDITOR_BANK, "DRESDEFF"),
    (of.CREDITOR_BANK, "DRESDEFF"),
    (of.CREDITOR_BANK, "DRESDEFF"),
]
right(
    "a clearing code within one country",
    P9,
    *GERMAN,
    ("<BICFI>COBADEFF</BICFI>", LOCAL.format("DEBLZ")),
)
right(
    "a debtor by BIC alone",
    P8,
    (
        (
            "<Nm>Hafen Handel GmbH</Nm><PstlAdr><StrtNm>Kai</StrtNm>"
            "<TwnNm>Hamburg</TwnNm><Ctry>DE</Ctry></PstlAdr>"
        ),
        "<Id><OrgId><AnyBIC>DEUTDEFF</AnyBIC></OrgId></Id>",
    ),
)
for number, identity in enumerate(
    (
        "<OrgId><LEI>V459EV5XD3WK5MR0HW37</LEI></OrgId>",
        "<OrgId><Othr><Id>1</Id></Othr></OrgId>",
        "<PrvtId><Othr><Id>1</Id></Othr></PrvtId>",
    )
):
    right(
        f"a debtor by id {number}",
        P8,
        (DEBTOR_ACCOUNT, ""),
        ("</PstlAdr></Dbtr>", f"</PstlAdr><Id>{identity}</Id></Dbtr>"),
    )
right("booked with a value date", of.camt054(), ("BookgDt", "ValDt"), ("BookgDt", "ValDt"))
right(
    "pending without a date",
    of.camt054(),
    ("<BookgDt><Dt>2026-11-13</Dt></BookgDt>", ""),
    ("<Cd>BOOK", "<Cd>PDNG"),
)
right(
    "interest without records",
    of.camt054(),
    (
        (
            '<Rcrd><Amt Ccy="USD">5</Amt><CdtDbtInd>CRDT'
            '</CdtDbtInd></Rcrd><Rcrd><Amt Ccy="USD">2</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd>'
        ),
        "",
    ),
)
right(
    "interest owed",
    of.camt054(),
    ("<CdtDbtInd>CRDT</CdtDbtInd></Rcrd>", "<CdtDbtInd>DBIT</CdtDbtInd></Rcrd>"),
    ('"USD">3<', '"USD">7<'),
)
right("no entry at all", of.camt054(), ("<Ntry>", "<!--<Ntry>"), ("</Ntry>", "</Ntry>-->"))
right("lines before the cut-over", P8, OLD)
right("lines before hybrid", P8, OLD, on=date(2025, 11, 21), profile="cbpr+2025")
right("hybrid on its first day", P8, LINED, on=date(2025, 11, 22), profile="cbpr+2025")
right("hybrid after the cut-over", P8, LINED, on=AFTER)
right("two lines of seventy", P8, (PORTO, PORTO + f"<AdrLine>{'a' * 70}</AdrLine>" * 2), on=AFTER)
right(
    "lines in a report",
    of.camt054(),
    (
        "</Refs>",
        (
            "</Refs><RltdPties><Dbtr><Pty><Nm>A</Nm>"
            "<PstlAdr><AdrLine>Rua 1</AdrLine></PstlAdr></Pty></Dbtr></RltdPties>"
        ),
    ),
    on=AFTER,
)
right(
    "a bank that takes lines still",
    of.pacs008(of.BY_CLEARING),
    OLD,
    on=AFTER,
    profile=HVPS,
    agreement=Agreement(addresses=Addresses.OLD, addresses_until=AFTER),
)
right(
    "what was agreed until yesterday",
    P8,
    OLD,
    on=BEFORE,
    agreement=Agreement(addresses=Addresses.STRUCTURED, addresses_until=date(2026, 11, 12)),
)
right("hybrid as agreed", P8, LINED, agreement=HELD_UNTIL)
right("lines as agreed", P8, OLD, agreement=Agreement(addresses=Addresses.OLD))
right("a line that repeats a part of a word", P8, (PORTO, PORTO + "<AdrLine>Portos PT</AdrLine>"))
right("lines in the base standard", P8, OLD, profile=BASE, on=AFTER)
for number, (old, new) in enumerate(
    (
        ("Ana Reis", "Ana & Reis".replace("&", "&amp;")),
        ("Hamburg", "Hamburg_1"),
        ("Kai", "Kai {7}"),
        ("Invoice 7", "Invoice 7|~"),
        (
            "</IBAN></Id></DbtrAcct>",
            "</IBAN></Id><Prxy><Tp><Cd>EMAL</Cd></Tp><Id>a@b.de</Id></Prxy></DbtrAcct>",
        ),
        (
            "</PstlAdr></Dbtr>",
            (
                "</PstlAdr><Id><PrvtId>"
                "<DtAndPlcOfBirth><BirthDt>1990-01-01</BirthDt><CityOfBirth>X#</CityOfBirth><CtryOfBirth>DE"
                "</CtryOfBirth></DtAndPlcOfBirth></PrvtId></Id></Dbtr>"
            ),
        ),
        ("</PstlAdr></Dbtr>", "</PstlAdr><CtctDtls><EmailAdr>a@b.de</EmailAdr></CtctDtls></Dbtr>"),
        ("<Ustrd>Invoice 7 #1</Ustrd>", "<Strd><CdtrRefInf><Ref>RF#1</Ref></CdtrRefInf></Strd>"),
    )
):
    right(f"an extended character {number}", P8, (old, new), is_outbound=True)
right(
    "any character, as agreed",
    P8,
    ("Ana Reis", "安娜"),
    ("E2E-1", "E2É#1"),
    agreement=Agreement(any_characters=True),
)
right(
    "any character to one's bank, as agreed",
    of.pain001(),
    ("Ana Reis", "安娜"),
    profile=CUSTOMER,
    agreement=Agreement(any_characters=True),
)
right(
    "the agreed system", of.pacs009(of.BY_CLEARING), profile=HVPS, agreement=Agreement(system="TGT")
)
