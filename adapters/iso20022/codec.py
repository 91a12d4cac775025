"""Our words and those of a message: an instruction, a recall, ids, instants, amounts, read exactly.

Everything is pure. What a message of ours asks for is read back from its bytes by the functions
below, here and by every notary that verifies evidence.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.write import BadMessage, checked
from bridge.core.ids import Bic, Instant, SettlementId, Uetr
from bridge.core.money import BadMoney, Money, money
from schemas.iso20022 import values
from schemas.iso20022.tree import Node

PAIN_001, PACS_008, PACS_009 = "pain.001.001.09", "pacs.008.001.08", "pacs.009.001.08"
ADMI_002 = "admi.002.001.01"
PACS_002, CAMT_029 = "pacs.002.001.10", "camt.029.001.09"
CAMT_056, CAMT_057, PACS_028 = "camt.056.001.08", "camt.057.001.06", "pacs.028.001.03"
HEADERS = ("head.001.001.02", "head.001.001.01", "head.001.001.03", "head.001.001.04")
INSTRUCTIONS = {
    Instruct.PAIN_001: PAIN_001,
    Instruct.PACS_008: PACS_008,
    Instruct.PACS_009: PACS_009,
}
_BASE_32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One payment in our words, as it stands in the message that asks for it."""

    settlement: SettlementId
    uetr: Uetr
    message_id: str
    created: Instant
    value_date: str  # YYYY-MM-DD
    amount: Money
    debtor: str
    debtor_account: str
    debtor_agent: Bic
    creditor: str
    creditor_account: str
    creditor_agent: Bic
    purpose: str = ""
    bop_code: str = ""
    remittance: str = ""

    @property
    def instr_id(self) -> str:
        """Our InstrId: sixteen characters where whole ids do not fit."""
        return short_id(self.settlement, "pay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """One attempt to have a payment cancelled."""

    number: int
    message_id: str  # of the attempt; its case bears the same id
    created: Instant
    of: Instruction  # what is to be cancelled
    of_message: str  # pacs.008.001.08


def short_id(settlement: SettlementId, leg: str) -> str:
    """Return sixteen base 32 characters that stand for one leg of a settlement: 80 bits of hash."""
    number = int.from_bytes(sha256(f"{settlement}\n{leg}".encode()).digest()[:10], "big")
    return "".join(_BASE_32[number >> shift & 31] for shift in range(75, -5, -5))


def message_id(settlement: SettlementId, letter: str, count: int, part: int = 1) -> str:
    """Return the id of a message: the settlement, what kind, the how-manieth, and its n-th anew."""
    assert 0 < len(letter) < 3
    text = f"{settlement}{letter}{count:03}"
    return text if part == 1 else f"{text}.{part}"


def moment(at: Instant) -> str:
    """Return an instant as ISO 8601 with a numeric offset, to the millisecond."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def instant(text: str) -> Instant:
    """Return the instant a date and time with zone stands for.

    Errors: BadMessage, also for one without a zone.
    """
    at = values.instant_ms(text)
    if at is None:
        raise BadMessage("no date and time with a zone")
    return Instant(at)


def amount_of(node: Node) -> Money:
    """Return the amount of an element, exactly.

    Errors: BadMessage where it is no amount of its currency.
    """
    text = node.text.strip().removeprefix("+")
    whole, _, fraction = text.partition(".")
    fraction = fraction.rstrip("0")
    plain = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
    if not whole:
        raise BadMessage("an amount without digits")
    try:
        return money(plain, node.currency.strip())
    except BadMoney as error:
        raise BadMessage("ISO-VAL-001 an amount that is none of its currency") from error


def instruction_of(raw: bytes) -> Instruction:
    """Return what an instruction of ours asks for, read from its bytes.

    Errors: BadMessage.
    """
    found = checked(raw, (*HEADERS, PAIN_001, PACS_008, PACS_009))
    assert found.document is not None
    body = found.document.children[0]
    if found.message == PAIN_001:
        return _of_pain(body)
    line = body.first("CdtTrfTxInf")
    assert line is not None, "its schema has one"
    customers = found.message == PACS_008
    text = line.value("IntrBkSttlmDt")
    return Instruction(
        settlement=SettlementId(line.value("PmtId/TxId")),
        uetr=Uetr(line.value("PmtId/UETR")),
        message_id=body.value("GrpHdr/MsgId"),
        created=instant(body.value("GrpHdr/CreDtTm")),
        value_date=text,
        amount=_amount_at(line, "IntrBkSttlmAmt"),
        debtor=line.value("Dbtr/Nm") if customers else "",
        debtor_account=account_of(line.first("DbtrAcct")),
        debtor_agent=Bic(line.value(f"{'DbtrAgt' if customers else 'Dbtr'}/FinInstnId/BICFI")),
        creditor=line.value("Cdtr/Nm") if customers else "",
        creditor_account=account_of(line.first("CdtrAcct")),
        creditor_agent=Bic(line.value(f"{'CdtrAgt' if customers else 'Cdtr'}/FinInstnId/BICFI")),
        purpose=line.value("Purp/Cd"),
        bop_code=line.value("RgltryRptg/Dtls/Cd"),
        remittance=line.value("RmtInf/Ustrd"),
    )


def _of_pain(body: Node) -> Instruction:
    group = body.first("PmtInf")
    line = group.first("CdtTrfTxInf") if group is not None else None
    assert group is not None, "its schema has one"
    assert line is not None, "its schema has one"
    return Instruction(
        settlement=SettlementId(line.value("PmtId/EndToEndId")),
        uetr=Uetr(line.value("PmtId/UETR")),
        message_id=body.value("GrpHdr/MsgId"),
        created=instant(body.value("GrpHdr/CreDtTm")),
        value_date=group.value("ReqdExctnDt/Dt"),
        amount=_amount_at(line, "Amt/InstdAmt"),
        debtor=group.value("Dbtr/Nm"),
        debtor_account=account_of(group.first("DbtrAcct")),
        debtor_agent=Bic(group.value("DbtrAgt/FinInstnId/BICFI")),
        creditor=line.value("Cdtr/Nm"),
        creditor_account=account_of(line.first("CdtrAcct")),
        creditor_agent=Bic(line.value("CdtrAgt/FinInstnId/BICFI")),
        purpose=line.value("Purp/Cd"),
        bop_code=line.value("RgltryRptg/Dtls/Cd"),
        remittance=line.value("RmtInf/Ustrd"),
    )


def _amount_at(line: Node, path: str) -> Money:
    node = line.first(path)
    if node is None:
        raise BadMessage(f"{path}: no amount")
    return amount_of(node)


def account_of(node: Node | None) -> str:
    """Return the number of an account, whichever way it is written; empty where none is."""
    return "" if node is None else node.value("Id/IBAN") or node.value("Id/Othr/Id")
