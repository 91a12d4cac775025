"""Pieces of messages that faults and edges are made with."""

from datetime import date

from schemas.iso20022.definitions import NAMESPACE
from schemas.iso20022.findings import Addresses, Agreement
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import AFTER

TX = "Document/FIToFICstmrCdtTrf/CdtTrfTxInf"
FI = "Document/FICdtTrf/CdtTrfTxInf"
GROUP = "Document/FIToFICstmrCdtTrf/GrpHdr"
NS = f'xmlns="{NAMESPACE}pacs.008.001.08"'
AMOUNT = '<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt>'
INSTRUCTED = '<InstdAmt Ccy="USD">1000.50</InstdAmt>'

DOC = "</FIToFICstmrCdtTrf></Document>"
COVER = of.pacs008(of.BY_COVER)
THIRD = f"</InstdRmbrsmntAgt><ThrdRmbrsmntAgt>{of.agent('BARCGB22')}</ThrdRmbrsmntAgt>"
ACCOUNT = "<SttlmAcct><Id><Othr><Id>1</Id></Othr></Id></SttlmAcct>"
SECOND = f"<IntrmyAgt2>{of.agent('BARCGB22')}</IntrmyAgt2>"
PREVIOUS = f"<PrvsInstgAgt2>{of.agent('BARCGB22')}</PrvsInstgAgt2><InstgAgt>"
OWN = "<Id><Othr><Id>1</Id></Othr></Id>"
CHARGES = f'<ChrgsInf><Amt Ccy="USD">1</Amt><Agt>{of.agent("BARCGB22")}</Agt></ChrgsInf>'
STATUS, RETURN = "Document/FIToFIPmtStsRpt", "Document/PmtRtr"
WHOLE = of.whole_group_returned()
SIGNED = "</CreDt><Sgntr><Signature xmlns='http://www.w3.org/2000/09/xmldsig#'/></Sgntr></AppHdr>"
CREATED = "<CreDt>2026-11-13T09:00:00"
PARTNERS = Agreement(senders=frozenset((of.DEBTOR_BANK,)), receivers=frozenset((of.CREDITOR_BANK,)))
REPORT = of.camt054()
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
REASON = "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn></StsRsnInf>"
SETTLED_ON = "<FctvIntrBkSttlmDt><Dt>2026-11-13</Dt></FctvIntrBkSttlmDt>"
LESS = ('<RtrdIntrBkSttlmAmt Ccy="USD">1000.50', '<RtrdIntrBkSttlmAmt Ccy="USD">900')
AGAIN = "<OrgnlTxRef>{}</OrgnlTxRef></TxInf>"
PORTO = "<TwnNm>Porto</TwnNm><Ctry>PT</Ctry>"
OLD = (PORTO, "<AdrLine>Rua 1</AdrLine><AdrLine>Porto</AdrLine>")
LINED = (PORTO, PORTO + "<AdrLine>Rua 1</AdrLine>")
YEAR_BEFORE = date(2025, 11, 21)
HYBRID_DAY = date(2025, 11, 22)
BANK_TAKES = Agreement(addresses=Addresses.STRUCTURED)
HELD_UNTIL = Agreement(addresses=Addresses.HYBRID, addresses_until=AFTER)
CREDITOR = f"{TX}/Cdtr/PstlAdr"
TWO_SYSTEMS = Agreement(system="STG")
