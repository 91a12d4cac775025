"""Writing what we ask of a bank: an instruction, its cover, its notice, its recall, its question.

Every message has one form of bytes. What is read back from them equals what was meant, or they do
not leave.
"""

import re
from collections.abc import Iterator

from adapters.iso20022.agreement import Agreement, Instruct
from adapters.iso20022.codec import (
    CAMT_056,
    CAMT_057,
    INSTRUCTIONS,
    PACS_008,
    PACS_009,
    PACS_028,
    PAIN_001,
    Instruction,
    Recall,
    instruction_of,
    is_iban,
    moment,
    short_id,
)
from adapters.iso20022.write import BadMessage, Part, Sum, message
from bridge.core.ids import Bic, Instant
from bridge.core.money import Money

REMITTANCE_MAX, NAME_MAX, ACCOUNT_MAX = 140, 140, 34  # characters of Ustrd, Nm and Othr/Id
_SET_X = re.compile(r"[A-Za-z0-9 /\-?:().,'+]*")


def items(agreement: Agreement, asked: Instruction) -> Iterator[tuple[str, bytes]]:
    """Yield the messages of one instruction in the order they are handed over, by message id.

    Errors: BadMessage, also where what is read back is not what was asked.
    """
    _speakable(agreement, asked)
    if agreement.notice:
        name = _sibling(asked.message_id, "N")
        yield name, _notice(agreement, asked, name)
    write = {
        Instruct.PAIN_001: _pain_001,
        Instruct.PACS_008: _pacs_008,
        Instruct.PACS_009: _pacs_009,
    }[agreement.instruct]
    raw = write(agreement, asked)
    if instruction_of(raw) != asked:
        raise BadMessage("the message does not read back as it was meant")
    yield asked.message_id, raw
    if agreement.cover:
        name = _sibling(asked.message_id, "V")
        yield name, _cover(agreement, asked, name)


def _sibling(message_id: str, letter: str) -> str:
    return message_id[:26] + letter + message_id[27:]


def recall(agreement: Agreement, asked: Recall) -> bytes:
    """Return the camt.056 of one attempt.

    Errors: BadMessage.
    """
    of = asked.of
    case: Part = {"Id": asked.message_id, "Cretr": {"Agt": _agent(agreement.own_bic)}}
    line: Part = {
        "CxlId": asked.message_id,
        "Case": case,
        "OrgnlGrpInf": {"OrgnlMsgId": of.message_id, "OrgnlMsgNmId": asked.of_message},
        "OrgnlInstrId": of.instr_id,
        "OrgnlEndToEndId": of.settlement,
        "OrgnlTxId": None if agreement.is_customer else of.settlement,
        "OrgnlUETR": of.uetr,
        "OrgnlIntrBkSttlmAmt": _sum(of.amount),
        "OrgnlIntrBkSttlmDt": of.value_date,
        "CxlRsnInf": {"Rsn": {"Cd": "CUST"}},
    }
    body: Part = {
        "Assgnmt": {
            "Id": asked.message_id,
            "Assgnr": {"Agt": _agent(agreement.own_bic)},
            "Assgne": {"Agt": _agent(agreement.bank_bic)},
            "CreDtTm": moment(asked.created),
        },
        "Undrlyg": {"TxInf": line},
    }
    return _sent(agreement, CAMT_056, body, asked.message_id, asked.created)


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
        "InstgAgt": _agent(agreement.own_bic),
        "InstdAgt": _agent(agreement.bank_bic),
    }
    body: Part = {"GrpHdr": {"MsgId": name, "CreDtTm": moment(at)}, "TxInf": line}
    return _sent(agreement, PACS_028, body, name, at)


def _pain_001(agreement: Agreement, asked: Instruction) -> bytes:
    line: Part = {
        "PmtId": {
            "InstrId": asked.instr_id,
            "EndToEndId": asked.settlement,
            "UETR": asked.uetr,
        },
        "Amt": {"InstdAmt": _sum(asked.amount)},
        "CdtrAgt": _agent(asked.creditor_agent),
        "Cdtr": {"Nm": asked.creditor},
        "CdtrAcct": _account(asked.creditor_account),
        **_about(asked),
    }
    body: Part = {
        "GrpHdr": {
            "MsgId": asked.message_id,
            "CreDtTm": moment(asked.created),
            "NbOfTxs": "1",
            "CtrlSum": asked.amount.text,
            "InitgPty": {"Nm": agreement.own_name or asked.debtor},
        },
        "PmtInf": {
            "PmtInfId": asked.settlement,
            "PmtMtd": "TRF",
            "BtchBookg": "false",
            "NbOfTxs": "1",
            "ReqdExctnDt": {"Dt": asked.value_date},
            "Dbtr": {"Nm": asked.debtor},
            "DbtrAcct": _account(asked.debtor_account),
            "DbtrAgt": _agent(asked.debtor_agent),
            "ChrgBr": agreement.charge_bearer,
            "CdtTrfTxInf": line,
        },
    }
    return _sent(agreement, PAIN_001, body, asked.message_id, asked.created)


def _pacs_008(agreement: Agreement, asked: Instruction) -> bytes:
    line: Part = {
        **_settled(agreement, asked),
        "ChrgBr": agreement.charge_bearer,
        "Dbtr": {"Nm": asked.debtor},
        "DbtrAcct": _account(asked.debtor_account),
        "DbtrAgt": _agent(asked.debtor_agent),
        "CdtrAgt": _agent(asked.creditor_agent),
        "Cdtr": {"Nm": asked.creditor},
        "CdtrAcct": _account(asked.creditor_account),
        **_about(asked),
    }
    body: Part = {
        "GrpHdr": _group(agreement, asked.message_id, asked.created),
        "CdtTrfTxInf": line,
    }
    return _sent(agreement, PACS_008, body, asked.message_id, asked.created)


def _pacs_009(agreement: Agreement, asked: Instruction) -> bytes:
    about = _about(asked)
    about.pop("RgltryRptg", None)  # not in this message
    line: Part = {
        **_settled(agreement, asked),
        "Dbtr": _agent(asked.debtor_agent),
        "DbtrAcct": _account(asked.debtor_account),
        "Cdtr": _agent(asked.creditor_agent),
        "CdtrAcct": _account(asked.creditor_account),
        **about,
    }
    body: Part = {
        "GrpHdr": _group(agreement, asked.message_id, asked.created),
        "CdtTrfTxInf": line,
    }
    return _sent(agreement, PACS_009, body, asked.message_id, asked.created)


def _cover(agreement: Agreement, asked: Instruction, name: str) -> bytes:
    """The cover of a pacs.008: its UETR, its InstrId as EndToEndId, the customers underneath."""
    through = agreement.reimbursement or agreement.bank_bic
    line: Part = {
        "PmtId": {
            "InstrId": short_id(asked.settlement, "cover"),
            "EndToEndId": asked.instr_id,
            "TxId": asked.settlement,
            "UETR": asked.uetr,
        },
        "IntrBkSttlmAmt": _sum(asked.amount),
        "IntrBkSttlmDt": asked.value_date,
        "InstgAgt": _agent(agreement.own_bic),
        "InstdAgt": _agent(through),
        "Dbtr": _agent(asked.debtor_agent),
        "Cdtr": _agent(asked.creditor_agent),
        "UndrlygCstmrCdtTrf": {
            "Dbtr": {"Nm": asked.debtor},
            "DbtrAcct": _account(asked.debtor_account),
            "DbtrAgt": _agent(asked.debtor_agent),
            "CdtrAgt": _agent(asked.creditor_agent),
            "Cdtr": {"Nm": asked.creditor},
            "CdtrAcct": _account(asked.creditor_account),
            "RmtInf": {"Ustrd": asked.remittance} if asked.remittance else None,
        },
    }
    body: Part = {
        "GrpHdr": {
            "MsgId": name,
            "CreDtTm": moment(asked.created),
            "NbOfTxs": "1",
            "SttlmInf": {"SttlmMtd": "INDA"},
        },
        "CdtTrfTxInf": line,
    }
    return _sent(
        agreement, PACS_009, body, name, asked.created, to=through, service=agreement.cover_service
    )


def _notice(agreement: Agreement, asked: Instruction, name: str) -> bytes:
    """The camt.057 that tells the creditor's side to expect the money."""
    item: Part = {
        "Id": asked.instr_id,
        "EndToEndId": asked.settlement,
        "UETR": asked.uetr,
        "Amt": _sum(asked.amount),
        "XpctdValDt": asked.value_date,
        "DbtrAgt": _agent(asked.debtor_agent),
    }
    body: Part = {
        "GrpHdr": {"MsgId": name, "CreDtTm": moment(asked.created)},
        "Ntfctn": {
            "Id": name,
            "Acct": _account(asked.creditor_account),
            "TtlAmt": _sum(asked.amount),
            "XpctdValDt": asked.value_date,
            "Itm": item,
        },
    }
    return _sent(agreement, CAMT_057, body, name, asked.created)


def _settled(agreement: Agreement, asked: Instruction) -> dict[str, Part]:
    return {
        "PmtId": {
            "InstrId": asked.instr_id,
            "EndToEndId": asked.settlement,
            "TxId": asked.settlement,
            "UETR": asked.uetr,
        },
        "IntrBkSttlmAmt": _sum(asked.amount),
        "IntrBkSttlmDt": asked.value_date,
        "InstgAgt": _agent(agreement.own_bic),
        "InstdAgt": _agent(agreement.bank_bic),
    }


def _group(agreement: Agreement, name: str, at: Instant) -> Part:
    method = "COVE" if agreement.cover else agreement.method
    info: dict[str, Part] = {"SttlmMtd": method}
    if method == "CLRG":
        info["ClrSys"] = {"Cd": agreement.clearing_system}
    if method == "COVE":
        info["InstgRmbrsmntAgt"] = _agent(agreement.reimbursement or agreement.bank_bic)
    return {"MsgId": name, "CreDtTm": moment(at), "NbOfTxs": "1", "SttlmInf": info}


def _about(asked: Instruction) -> dict[str, Part]:
    """What a payment is for, where it was said."""
    about: dict[str, Part] = {}
    if asked.purpose:
        about["Purp"] = {"Cd": asked.purpose}
    if asked.bop_code:
        about["RgltryRptg"] = {"Dtls": {"Cd": asked.bop_code}}
    if asked.remittance:
        about["RmtInf"] = {"Ustrd": asked.remittance}
    return about


def _sum(amount: Money) -> Sum:
    return Sum(amount.text, amount.currency.code)


def _agent(bic: Bic) -> dict[str, Part]:
    return {"FinInstnId": {"BICFI": bic}}


def _account(number: str) -> dict[str, Part]:
    return {"Id": {"IBAN": number} if is_iban(number) else {"Othr": {"Id": number}}}


def _sent(
    agreement: Agreement,
    kind: str,
    body: Part,
    name: str,
    at: Instant,
    *,
    to: Bic | None = None,
    service: str = "",
) -> bytes:
    if not agreement.header:
        return message(kind, body)
    head: Part = {
        "Fr": {"FIId": _agent(agreement.own_bic)},
        "To": {"FIId": _agent(to or agreement.bank_bic)},
        "BizMsgIdr": name,
        "MsgDefIdr": kind,
        "BizSvc": service or agreement.service or None,
        "CreDt": moment(at),
    }
    return message(kind, body, agreement.header, head)


def _speakable(agreement: Agreement, asked: Instruction) -> None:
    """Errors: BadMessage for what the message cannot carry, by place, never by value."""
    texts = {
        "debtor": (asked.debtor, NAME_MAX),
        "creditor": (asked.creditor, NAME_MAX),
        "debtor_account": (asked.debtor_account, ACCOUNT_MAX),
        "creditor_account": (asked.creditor_account, ACCOUNT_MAX),
        "remittance": (asked.remittance, REMITTANCE_MAX),
    }
    for place, (text, most) in texts.items():
        narrow = place.endswith("account") or not agreement.wide_characters
        if narrow and not _SET_X.fullmatch(text):
            raise BadMessage(f"CHR-001 {place}: characters outside the agreed set")
        if len(text) > most:
            raise BadMessage(f"{place}: more than {most} characters")
        if place != "remittance" and not text.strip():
            if agreement.instruct is Instruct.PACS_009 and not place.endswith("account"):
                continue
            raise BadMessage(f"{place}: nothing is said")
    if agreement.currencies and asked.amount.currency.code not in agreement.currencies:
        raise BadMessage("the agreement does not cover this currency")
    if asked.amount.minor <= 0:
        raise BadMessage("ISO-VAL-002 amount: not above zero")
