"""Writing about a payment under way: a recall, a question, and our answers to those of others."""

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.codec import (
    ADMI_002,
    CAMT_029,
    CAMT_056,
    INSTRUCTIONS,
    PACS_002,
    PACS_028,
    Instruction,
    Recall,
    moment,
)
from adapters.iso20022.parts import agent, sent, total
from adapters.iso20022.reading import References
from adapters.iso20022.write import Part
from bridge.core.ids import Instant, SettlementId


class Turns:
    """In which turn of its timer each payment was last asked of: of those under way, not of all."""

    MOST = 4_096

    def __init__(self) -> None:
        self._last: dict[SettlementId, int] = {}

    def is_new(self, of: SettlementId, turn: int) -> bool:
        """Whether a payment was not asked of in this turn, nor in a later one."""
        return self._last.get(of, 0) < turn

    def asked(self, of: SettlementId, turn: int) -> None:
        """Remember it; what was asked of longest ago is forgotten first."""
        self._last.pop(of, None)
        self._last[of] = turn
        if len(self._last) > self.MOST:
            del self._last[next(iter(self._last))]


def recall(agreement: Agreement, asked: Recall) -> bytes:
    """Return the camt.056 of one attempt.

    Errors: BadMessage.
    """
    of = asked.of
    case: Part = {"Id": asked.message_id, "Cretr": {"Agt": agent(agreement.own_bic)}}
    line: Part = {
        "CxlId": asked.message_id,
        "Case": case,
        "OrgnlGrpInf": {"OrgnlMsgId": of.message_id, "OrgnlMsgNmId": asked.of_message},
        "OrgnlInstrId": of.instr_id,
        "OrgnlEndToEndId": of.settlement,
        "OrgnlTxId": None if agreement.is_customer else of.settlement,
        "OrgnlUETR": of.uetr,
        "OrgnlIntrBkSttlmAmt": total(of.amount),
        "OrgnlIntrBkSttlmDt": of.value_date,
        "CxlRsnInf": {"Rsn": {"Cd": "CUST"}},
    }
    body: Part = {
        "Assgnmt": {
            "Id": asked.message_id,
            "Assgnr": {"Agt": agent(agreement.own_bic)},
            "Assgne": {"Agt": agent(agreement.bank_bic)},
            "CreDtTm": moment(asked.created),
        },
        "Undrlyg": {"TxInf": line},
    }
    return sent(agreement, CAMT_056, body, asked.message_id, asked.created)


def question(agreement: Agreement, of: Instruction, name: str, at: Instant) -> bytes:
    """Return the pacs.028 that asks what became of an instruction.

    Errors: BadMessage.
    """
    line: Part = {
        "StsReqId": name,
        "OrgnlGrpInf": {
            "OrgnlMsgId": of.message_id,
            "OrgnlMsgNmId": INSTRUCTIONS[agreement.instruct],
        },
        "OrgnlInstrId": of.instr_id,
        "OrgnlEndToEndId": of.settlement,
        "OrgnlTxId": of.settlement,
        "OrgnlUETR": of.uetr,
        "InstgAgt": agent(agreement.own_bic),
        "InstdAgt": agent(agreement.bank_bic),
    }
    body: Part = {"GrpHdr": {"MsgId": name, "CreDtTm": moment(at)}, "TxInf": line}
    return sent(agreement, PACS_028, body, name, at)


def answer(
    agreement: Agreement,
    name: str,
    at: Instant,
    *,
    about: References,
    case: str,
    code: str,
    reason: str,
) -> bytes:
    """Return our camt.029 to a recall of others.

    Errors: BadMessage.
    """
    one = {"CNCL": "ACCR", "RJCR": "RJCR", "PDCR": "PDCR"}[code]
    resolved: Part = {"Id": case, "Cretr": {"Agt": agent(agreement.bank_bic)}} if case else None
    line: Part = {
        "CxlStsId": name,
        "RslvdCase": resolved,
        **_original(about),
        "TxCxlSts": one,
        "CxlStsRsnInf": {"Rsn": {"Cd": reason}} if reason else None,
    }
    body: Part = {
        "Assgnmt": {
            "Id": name,
            "Assgnr": {"Agt": agent(agreement.own_bic)},
            "Assgne": {"Agt": agent(agreement.bank_bic)},
            "CreDtTm": moment(at),
        },
        "Sts": {"Conf": code},
        "CxlDtls": {"TxInfAndSts": line},
    }
    return sent(agreement, CAMT_029, body, name, at)


def status(agreement: Agreement, name: str, at: Instant, about: References, code: str) -> bytes:
    """Return our pacs.002 to who asks how far a payment is.

    Errors: BadMessage.
    """
    line: Part = {
        "StsId": name,
        **_original(about),
        "TxSts": code,
        "StsRsnInf": {"Rsn": {"Cd": "NARR"}} if code == "RJCT" else None,
        "InstgAgt": agent(agreement.own_bic),
        "InstdAgt": agent(agreement.bank_bic),
    }
    body: Part = {"GrpHdr": {"MsgId": name, "CreDtTm": moment(at)}, "TxInfAndSts": line}
    return sent(agreement, PACS_002, body, name, at)


def rejection(
    agreement: Agreement, name: str, at: Instant, *, reference: str, findings: tuple[str, ...]
) -> bytes:
    """Return our admi.002 to a message that was refused: rule and place, never a value.

    Errors: BadMessage.
    """
    rule, _, place = findings[0].partition(" ")
    body: Part = {
        "RltdRef": {"Ref": reference[:35]},
        "Rsn": {
            "RjctgPtyRsn": rule[:35],
            "RjctnDtTm": moment(at),
            "ErrLctn": place[:350] or None,
            "RsnDesc": "; ".join(findings)[:350],
        },
    }
    return sent(agreement, ADMI_002, body, name, at)


def _original(about: References) -> dict[str, Part]:
    group: Part = None
    if about.message and about.message_name:
        group = {"OrgnlMsgId": about.message, "OrgnlMsgNmId": about.message_name}
    return {
        "OrgnlGrpInf": group,
        "OrgnlInstrId": about.instruction or None,
        "OrgnlTxId": about.transaction or None,
        "OrgnlUETR": about.uetr or None,
    }
