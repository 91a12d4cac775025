"""Messages that are right under the profiles they are made for; tests change one thing in each."""

from schemas.iso20022.definitions import NAMESPACE
from schemas.iso20022.shape import EVIDENCE

UETR = "174c245f-2682-4291-ad67-2a41e530cd27"
SETTLEMENT = "01JCN9Z0Q4M8V5T2K7R3X6B1DH"
DEBTOR_BANK, CREDITOR_BANK = "DEUTDEFF", "BCOMPTPL"
IBAN_DE, IBAN_PT = "DE89370400440532013000", "PT50000201231234567890154"
NOW = "2026-11-13T09:00:00+00:00"


def agent(bic: str) -> str:
    """An agent known by its BIC."""
    return f"<FinInstnId><BICFI>{bic}</BICFI></FinInstnId>"


def header(message: str, *, service: str = "swift.cbprplus.02") -> str:
    """A header from the debtor's bank to the creditor's."""
    return (
        f'<AppHdr xmlns="{NAMESPACE}head.001.001.02">'
        f"<Fr><FIId>{agent(DEBTOR_BANK)}</FIId></Fr><To><FIId>{agent(CREDITOR_BANK)}</FIId></To>"
        f"<BizMsgIdr>MSG-1</BizMsgIdr><MsgDefIdr>{message}</MsgDefIdr>"
        f"<BizSvc>{service}</BizSvc><CreDt>{NOW}</CreDt></AppHdr>"
    )


def envelope(message: str, document: str, *, head: str | None = None) -> str:
    """Header and document under one root."""
    above = header(message) if head is None else head
    return (
        f'<Envelope>{above}<Document xmlns="{NAMESPACE}{message}">{document}</Document></Envelope>'
    )


AGENTS = f"<InstgAgt>{agent(DEBTOR_BANK)}</InstgAgt><InstdAgt>{agent(CREDITOR_BANK)}</InstdAgt>"
DEBTOR = (
    "<Dbtr><Nm>Hafen Handel GmbH</Nm><PstlAdr><StrtNm>Kai</StrtNm><TwnNm>Hamburg</TwnNm>"
    f"<Ctry>DE</Ctry></PstlAdr></Dbtr><DbtrAcct><Id><IBAN>{IBAN_DE}</IBAN></Id></DbtrAcct>"
    f"<DbtrAgt>{agent(DEBTOR_BANK)}</DbtrAgt>"
)
CREDITOR = (
    f"<CdtrAgt>{agent(CREDITOR_BANK)}</CdtrAgt><Cdtr><Nm>Ana Reis</Nm><PstlAdr>"
    "<TwnNm>Porto</TwnNm><Ctry>PT</Ctry></PstlAdr></Cdtr>"
    f"<CdtrAcct><Id><IBAN>{IBAN_PT}</IBAN></Id></CdtrAcct>"
)
BY_ACCOUNT = "<SttlmMtd>INDA</SttlmMtd>"
BY_CLEARING = "<SttlmMtd>CLRG</SttlmMtd><ClrSys><Cd>TGT</Cd></ClrSys>"
BY_COVER = (
    "<SttlmMtd>COVE</SttlmMtd>"
    f"<InstgRmbrsmntAgt>{agent('CHASUS33')}</InstgRmbrsmntAgt>"
    f"<InstdRmbrsmntAgt>{agent('CITIUS33')}</InstdRmbrsmntAgt>"
)


def group(settled: str = BY_ACCOUNT, more: str = "") -> str:
    """The group header of a message with one transaction."""
    how = f"<SttlmInf>{settled}</SttlmInf>" if settled else ""
    return (
        f"<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>{NOW}</CreDtTm><NbOfTxs>1</NbOfTxs>{more}{how}"
        "</GrpHdr>"
    )


def bare_group(more: str = "") -> str:
    """The group header of a message that counts nothing."""
    return f"<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>{NOW}</CreDtTm>{more}</GrpHdr>"


def payment_id(transaction: str = "") -> str:
    """The ids of a transaction."""
    own = f"<TxId>{transaction}</TxId>" if transaction else ""
    return (
        f"<PmtId><InstrId>INSTR-1</InstrId><EndToEndId>E2E-1</EndToEndId>{own}"
        f"<UETR>{UETR}</UETR></PmtId>"
    )


def supplement(inside: str) -> str:
    """Supplementary data with one envelope."""
    return f"<SplmtryData><Envlp>{inside}</Envlp></SplmtryData>"


def evidence(settlement: str = SETTLEMENT) -> str:
    """Our evidence, as far as a rule reads it."""
    return f'<Evdnc xmlns="{EVIDENCE}"><SttlmId>{settlement}</SttlmId></Evdnc>'


def pacs008(
    settled: str = BY_ACCOUNT, *, head: str | None = None, transaction: str = "", more: str = ""
) -> str:
    """A customer's transfer, settled on an account of one of the two banks."""
    return envelope(
        "pacs.008.001.08",
        f"<FIToFICstmrCdtTrf>{group(settled)}<CdtTrfTxInf>{payment_id(transaction)}"
        '<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt>'
        "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>"
        '<InstdAmt Ccy="USD">1000.50</InstdAmt><ChrgBr>DEBT</ChrgBr>'
        f"{AGENTS}{DEBTOR}{CREDITOR}<Purp><Cd>SUPP</Cd></Purp>"
        f"<RmtInf><Ustrd>Invoice 7 #1</Ustrd></RmtInf>{more}</CdtTrfTxInf></FIToFICstmrCdtTrf>",
        head=head,
    )


def two_transfers() -> str:
    """Two customers' transfers under one group header, with their sums."""
    whole = pacs008()
    start, end = whole.index("<CdtTrfTxInf>"), whole.index("</FIToFICstmrCdtTrf>")
    first = whole[start:end]
    second = first.replace("1000.50", "99").replace(UETR, UETR.replace("174c", "274c"))
    sums = (
        "<NbOfTxs>2</NbOfTxs><CtrlSum>1099.5</CtrlSum>"
        '<TtlIntrBkSttlmAmt Ccy="USD">1099.50</TtlIntrBkSttlmAmt>'
    )
    return whole[:end].replace("<NbOfTxs>1</NbOfTxs>", sums) + second + whole[end:]


def pacs009(settled: str = BY_ACCOUNT, *, head: str | None = None) -> str:
    """A bank's own transfer."""
    return envelope(
        "pacs.009.001.08",
        f"<FICdtTrf>{group(settled)}<CdtTrfTxInf>{payment_id()}"
        '<IntrBkSttlmAmt Ccy="JPY">45000000</IntrBkSttlmAmt>'
        f"<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>{AGENTS}"
        f"<IntrmyAgt1>{agent('BNPAFRPP')}</IntrmyAgt1>"
        f"<Dbtr>{agent(DEBTOR_BANK)}</Dbtr><CdtrAgt>{agent('BESCPTPL')}</CdtrAgt>"
        f"<Cdtr>{agent(CREDITOR_BANK)}</Cdtr></CdtTrfTxInf></FICdtTrf>",
        head=head,
    )


def cover() -> str:
    """The cover of a customer's transfer."""
    made = pacs009(head=header("pacs.009.001.08", service="swift.cbprplus.cov.02"))
    inside = (
        f"<UndrlygCstmrCdtTrf>{DEBTOR}{CREDITOR}<RmtInf><Ustrd>Invoice 7</Ustrd></RmtInf>"
        "</UndrlygCstmrCdtTrf>"
    )
    return made.replace("</CdtTrfTxInf>", f"{inside}</CdtTrfTxInf>")


def pacs010() -> str:
    """A bank collects from another."""
    return envelope(
        "pacs.010.001.03",
        f"<FIDrctDbt>{group('')}<CdtInstr><CdtId>C-1</CdtId>{AGENTS}"
        f"<Cdtr>{agent(DEBTOR_BANK)}</Cdtr><DrctDbtTxInf>{payment_id()}"
        '<IntrBkSttlmAmt Ccy="EUR">10.00</IntrBkSttlmAmt>'
        f"<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><Dbtr>{agent(CREDITOR_BANK)}</Dbtr>"
        "</DrctDbtTxInf></CdtInstr></FIDrctDbt>",
    )


ORIGINAL = "<OrgnlMsgId>MSG-0</OrgnlMsgId><OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId>"


def pacs002(status: str = "ACSC", more: str = "") -> str:
    """A status of one transaction."""
    return envelope(
        "pacs.002.001.10",
        f"<FIToFIPmtStsRpt>{bare_group()}<TxInfAndSts><OrgnlGrpInf>{ORIGINAL}</OrgnlGrpInf>"
        f"<OrgnlInstrId>INSTR-1</OrgnlInstrId><OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>"
        f"<OrgnlUETR>{UETR}</OrgnlUETR><TxSts>{status}</TxSts>{more}{AGENTS}</TxInfAndSts>"
        "</FIToFIPmtStsRpt>",
    )


def pacs002_of_a_group(status: str = "ACSP", each: str = "ACSC", more: str = "") -> str:
    """A status of a group and of one transaction of it."""
    return envelope(
        "pacs.002.001.10",
        f"<FIToFIPmtStsRpt>{bare_group()}<OrgnlGrpInfAndSts>{ORIGINAL}<GrpSts>{status}</GrpSts>"
        f"{more}</OrgnlGrpInfAndSts><TxInfAndSts><OrgnlUETR>{UETR}</OrgnlUETR>"
        f"<TxSts>{each}</TxSts></TxInfAndSts></FIToFIPmtStsRpt>",
    )


def pacs028() -> str:
    """The question for a status."""
    return envelope(
        "pacs.028.001.03",
        f"<FIToFIPmtStsReq>{bare_group()}<OrgnlGrpInf>{ORIGINAL}</OrgnlGrpInf>"
        f"<TxInf><OrgnlUETR>{UETR}</OrgnlUETR>{AGENTS}</TxInf></FIToFIPmtStsReq>",
    )


def pacs004() -> str:
    """A full return of settled money."""
    return envelope(
        "pacs.004.001.09",
        f"<PmtRtr>{group()}<TxInf><RtrId>R-1</RtrId><OrgnlGrpInf>{ORIGINAL}</OrgnlGrpInf>"
        f"<OrgnlInstrId>INSTR-1</OrgnlInstrId><OrgnlUETR>{UETR}</OrgnlUETR>"
        '<OrgnlIntrBkSttlmAmt Ccy="USD">1000.50</OrgnlIntrBkSttlmAmt>'
        "<OrgnlIntrBkSttlmDt>2026-11-12</OrgnlIntrBkSttlmDt>"
        '<RtrdIntrBkSttlmAmt Ccy="USD">1000.50</RtrdIntrBkSttlmAmt>'
        f"<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt>{AGENTS}"
        f"<RtrChain><Dbtr><Agt>{agent(DEBTOR_BANK)}</Agt></Dbtr><Cdtr><Pty><Nm>Ana Reis</Nm>"
        "</Pty></Cdtr></RtrChain><RtrRsnInf><Rsn><Cd>AC04</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr>",
    )


def whole_group_returned() -> str:
    """A group returned as a whole, by no transaction of its own."""
    made = pacs004()
    start, end = made.index("<TxInf>"), made.index("</PmtRtr>")
    why = "<RtrRsnInf><Rsn><Cd>FOCR</Cd></Rsn></RtrRsnInf>"
    said = f"<OrgnlGrpInf>{ORIGINAL}{why}</OrgnlGrpInf>"
    whole = made[:start] + said + made[end:]
    return whole.replace("</NbOfTxs>", "</NbOfTxs><GrpRtr>true</GrpRtr>")


_ENDS = f"<Agt>{agent(DEBTOR_BANK)}</Agt>", f"<Agt>{agent(CREDITOR_BANK)}</Agt>"
ASSIGNMENT = (
    f"<Assgnmt><Id>MSG-1</Id><Assgnr>{_ENDS[0]}</Assgnr><Assgne>{_ENDS[1]}</Assgne>"
    f"<CreDtTm>{NOW}</CreDtTm></Assgnmt>"
)
CASE = f"<Id>CASE-1</Id><Cretr>{_ENDS[0]}</Cretr>"


def camt056() -> str:
    """A recall."""
    return envelope(
        "camt.056.001.08",
        f"<FIToFIPmtCxlReq>{ASSIGNMENT}<Case>{CASE}</Case><Undrlyg><TxInf><CxlId>X-1</CxlId>"
        f"<OrgnlGrpInf>{ORIGINAL}</OrgnlGrpInf><OrgnlInstrId>INSTR-1</OrgnlInstrId>"
        f'<OrgnlUETR>{UETR}</OrgnlUETR><OrgnlIntrBkSttlmAmt Ccy="USD">1000.50'
        "</OrgnlIntrBkSttlmAmt><OrgnlIntrBkSttlmDt>2026-11-12</OrgnlIntrBkSttlmDt>"
        "<CxlRsnInf><Rsn><Cd>DUPL</Cd></Rsn></CxlRsnInf></TxInf></Undrlyg></FIToFIPmtCxlReq>",
    )


def camt029() -> str:
    """A recall refused."""
    return envelope(
        "camt.029.001.09",
        f"<RsltnOfInvstgtn>{ASSIGNMENT}<RslvdCase>{CASE}</RslvdCase><Sts><Conf>RJCR</Conf></Sts>"
        f"<CxlDtls><TxInfAndSts><OrgnlGrpInf>{ORIGINAL}</OrgnlGrpInf>"
        f"<OrgnlUETR>{UETR}</OrgnlUETR><TxCxlSts>RJCR</TxCxlSts></TxInfAndSts></CxlDtls>"
        "</RsltnOfInvstgtn>",
    )


def camt057() -> str:
    """Notice of money to come."""
    return envelope(
        "camt.057.001.06",
        f"<NtfctnToRcv>{bare_group()}<Ntfctn><Id>N-1</Id><Itm><Id>I-1</Id>"
        f'<UETR>{UETR}</UETR><Amt Ccy="USD">1000.50</Amt></Itm></Ntfctn></NtfctnToRcv>',
    )


def camt054(*, head: str | None = None) -> str:
    """Notice of a booking, with interest."""
    return envelope(
        "camt.054.001.08",
        f"<BkToCstmrDbtCdtNtfctn>{bare_group()}<Ntfctn><Id>N-1</Id>"
        "<NtfctnPgntn><PgNb>1</PgNb><LastPgInd>true</LastPgInd></NtfctnPgntn>"
        f"<Acct><Id><IBAN>{IBAN_DE}</IBAN></Id></Acct>"
        '<Ntry><Amt Ccy="USD">1000.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        "<BookgDt><Dt>2026-11-13</Dt></BookgDt><BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd>"
        '<Intrst><TtlIntrstAndTaxAmt Ccy="USD">3</TtlIntrstAndTaxAmt>'
        '<Rcrd><Amt Ccy="USD">5</Amt><CdtDbtInd>CRDT</CdtDbtInd></Rcrd>'
        '<Rcrd><Amt Ccy="USD">2</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Intrst>'
        f"<NtryDtls><TxDtls><Refs><InstrId>INSTR-1</InstrId><UETR>{UETR}</UETR></Refs>"
        "</TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn>",
        head=head,
    )


def camt110() -> str:
    """An enquiry between two banks."""
    return envelope(
        "camt.110.001.01",
        "<InvstgtnReq><InvstgtnReq><MsgId>MSG-1</MsgId>"
        "<InvstgtnTp><Cd>UTAP</Cd></InvstgtnTp><Undrlyg><IntrBk/></Undrlyg>"
        f"<Rqstr>{_ENDS[0]}</Rqstr><Rspndr>{_ENDS[1]}</Rspndr></InvstgtnReq>"
        "<InvstgtnData><Rsn><Cd>INCA</Cd></Rsn></InvstgtnData></InvstgtnReq>",
    )


def pain001() -> str:
    """A company instructs its bank to pay two suppliers."""
    one = (
        "<CdtTrfTxInf><PmtId><EndToEndId>{id}</EndToEndId></PmtId>"
        '<Amt><InstdAmt Ccy="EUR">{amount}</InstdAmt></Amt>' + CREDITOR + "</CdtTrfTxInf>"
    )
    return envelope(
        "pain.001.001.09",
        "<CstmrCdtTrfInitn><GrpHdr><MsgId>MSG-1</MsgId>"
        f"<CreDtTm>{NOW}</CreDtTm><NbOfTxs>2</NbOfTxs><CtrlSum>30.5</CtrlSum>"
        "<InitgPty><Nm>Hafen Handel GmbH</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>P-1</PmtInfId>"
        "<PmtMtd>TRF</PmtMtd><NbOfTxs>2</NbOfTxs><CtrlSum>30.5</CtrlSum>"
        f"<ReqdExctnDt><Dt>2026-11-16</Dt></ReqdExctnDt>{DEBTOR}"
        + one.format(id="E2E-1", amount="10.00")
        + one.format(id="E2E-2", amount="20.5")
        + "</PmtInf></CstmrCdtTrfInitn>",
        head="",
    )


_TRADED = (
    "<FinInstrmId><ISIN>XS0000000009</ISIN></FinInstrmId><QtyAndAcctDtls>{quantity}"
    "</QtyAndAcctDtls><SttlmParams><SctiesTxTp><Cd>TRAD</Cd></SctiesTxTp></SttlmParams>"
)
_QUANTITY = "<Qty><Unit>100</Unit></Qty>"
_PARTIES = (
    "<{side}><Dpstry><Id><AnyBIC>MGTCBEBE</AnyBIC></Id></Dpstry>"
    "<Pty1><Id><AnyBIC>DEUTDEFF</AnyBIC></Id></Pty1></{side}>"
)
PAID = '<{tag}><Amt Ccy="USD">1000.50</Amt><CdtDbtInd>CRDT</CdtDbtInd></{tag}>'


def sese023(moves: str = "DELI", side: str = "RcvgSttlmPties") -> str:
    """An instruction to deliver against payment, or to receive."""
    return envelope(
        "sese.023.001.11",
        f"<SctiesSttlmTxInstr><TxId>T-1</TxId><SttlmTpAndAddtlParams>"
        f"<SctiesMvmntTp>{moves}</SctiesMvmntTp><Pmt>APMT</Pmt></SttlmTpAndAddtlParams>"
        "<TradDtls><SttlmDt><Dt><Dt>2026-11-13</Dt></Dt></SttlmDt></TradDtls>"
        + _TRADED.format(quantity=f"<SttlmQty>{_QUANTITY}</SttlmQty>")
        + _PARTIES.format(side=side)
        + PAID.format(tag="SttlmAmt")
        + "</SctiesSttlmTxInstr>",
    )


def sese024() -> str:
    """The status of an instruction to deliver."""
    return envelope(
        "sese.024.001.12",
        "<SctiesSttlmTxStsAdvc><TxId><AcctOwnrTxId>T-1</AcctOwnrTxId></TxId>"
        "<MtchgSts><Mtchd/></MtchgSts></SctiesSttlmTxStsAdvc>",
    )


def sese025() -> str:
    """The confirmation of a delivery against payment."""
    return envelope(
        "sese.025.001.11",
        "<SctiesSttlmTxConf><TxIdDtls><AcctOwnrTxId>T-1</AcctOwnrTxId>"
        "<SctiesMvmntTp>DELI</SctiesMvmntTp><Pmt>APMT</Pmt></TxIdDtls>"
        "<TradDtls><FctvSttlmDt><Dt><Dt>2026-11-13</Dt></Dt></FctvSttlmDt></TradDtls>"
        + _TRADED.format(quantity=f"<SttldQty>{_QUANTITY}</SttldQty>")
        + PAID.format(tag="SttldAmt")
        + "</SctiesSttlmTxConf>",
    )


def ours() -> str:
    """A customer's transfer between operators of ledgers, with our evidence."""
    return pacs008(
        BY_CLEARING,
        head=header("pacs.008.001.08", service="lianqiao.dlt.01"),
        transaction=SETTLEMENT,
        more=supplement(evidence()),
    )
