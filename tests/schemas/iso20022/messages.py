"""Messages that are right under the profiles they are made for; tests change one thing in each."""

from schemas.iso20022.definitions import NAMESPACE

UETR = "174c245f-2682-4291-ad67-2a41e530cd27"
DEBTOR_BANK, CREDITOR_BANK = "DEUTDEFF", "BCOMPTPL"
IBAN_DE, IBAN_PT = "DE89370400440532013000", "PT50000201231234567890154"


def agent(bic: str) -> str:
    """An agent known by its BIC."""
    return f"<FinInstnId><BICFI>{bic}</BICFI></FinInstnId>"


def header(
    message: str,
    business_id: str = "MSG-1",
    *,
    service: str = "swift.cbprplus.02",
    more: str = "",
) -> str:
    """A header from the debtor's bank to the creditor's."""
    return (
        f'<AppHdr xmlns="{NAMESPACE}head.001.001.02">'
        f"<Fr><FIId>{agent(DEBTOR_BANK)}</FIId></Fr><To><FIId>{agent(CREDITOR_BANK)}</FIId></To>"
        f"<BizMsgIdr>{business_id}</BizMsgIdr><MsgDefIdr>{message}</MsgDefIdr>"
        f"<BizSvc>{service}</BizSvc><CreDt>2026-11-13T09:00:00+00:00</CreDt>{more}</AppHdr>"
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


def group(settled: str = "<SttlmMtd>INDA</SttlmMtd>", more: str = "") -> str:
    """The group header of a transfer with one transaction."""
    return (
        "<GrpHdr><MsgId>MSG-1</MsgId><CreDtTm>2026-11-13T09:00:00+00:00</CreDtTm>"
        f"<NbOfTxs>1</NbOfTxs>{more}<SttlmInf>{settled}</SttlmInf></GrpHdr>"
    )


def payment_id(end_to_end: str = "E2E-1", transaction: str = "") -> str:
    """The ids of a transaction."""
    own = f"<TxId>{transaction}</TxId>" if transaction else ""
    return (
        f"<PmtId><InstrId>INSTR-1</InstrId><EndToEndId>{end_to_end}</EndToEndId>{own}"
        f"<UETR>{UETR}</UETR></PmtId>"
    )


def pacs008(*, head: str | None = None) -> str:
    """A customer's transfer, settled on an account of one of the two banks."""
    return envelope(
        "pacs.008.001.08",
        f"<FIToFICstmrCdtTrf>{group()}<CdtTrfTxInf>{payment_id()}"
        '<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt>'
        "<IntrBkSttlmDt>2026-11-13</IntrBkSttlmDt><ChrgBr>DEBT</ChrgBr>"
        f"{AGENTS}{DEBTOR}{CREDITOR}<RmtInf><Ustrd>Invoice 7</Ustrd></RmtInf>"
        "</CdtTrfTxInf></FIToFICstmrCdtTrf>",
        head=head,
    )
