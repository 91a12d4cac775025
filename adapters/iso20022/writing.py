"""Writing what we ask of a bank: an instruction, its cover, its notice.

Every message has one form of bytes. What is read back from them equals what was meant, or they do
not leave.
"""

import re
from collections.abc import Iterator

from adapters.iso20022.agreement import Agreement, Instruct
from adapters.iso20022.codec import (
    CAMT_057,
    PACS_008,
    PACS_009,
    PAIN_001,
    Instruction,
    instruction_of,
    moment,
    short_id,
)
from adapters.iso20022.parts import account, agent, sent, total
from adapters.iso20022.write import BadMessage, Part
from bridge.core.ids import Instant

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


def _pain_001(agreement: Agreement, asked: Instruction) -> bytes:
    line: Part = {
        "PmtId": {
            "InstrId": asked.instr_id,
            "EndToEndId": asked.settlement,
            "UETR": asked.uetr,
        },
        "Amt": {"InstdAmt": total(asked.amount)},
        "CdtrAgt": agent(asked.creditor_agent),
        "Cdtr": {"Nm": asked.creditor},
        "CdtrAcct": account(asked.creditor_account),
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
            "DbtrAcct": account(asked.debtor_account),
            "DbtrAgt": agent(asked.debtor_agent),
            "ChrgBr": agreement.charge_bearer,
            "CdtTrfTxInf": line,
        },
    }
    return sent(agreement, PAIN_001, body, asked.message_id, asked.created)


def _pacs_008(agreement: Agreement, asked: Instruction) -> bytes:
    line: Part = {
        **_settled(agreement, asked),
        "ChrgBr": agreement.charge_bearer,
        "Dbtr": {"Nm": asked.debtor},
        "DbtrAcct": account(asked.debtor_account),
        "DbtrAgt": agent(asked.debtor_agent),
        "CdtrAgt": agent(asked.creditor_agent),
        "Cdtr": {"Nm": asked.creditor},
        "CdtrAcct": account(asked.creditor_account),
        **_about(asked),
    }
    body: Part = {
        "GrpHdr": _group(agreement, asked.message_id, asked.created),
        "CdtTrfTxInf": line,
    }
    return sent(agreement, PACS_008, body, asked.message_id, asked.created)


def _pacs_009(agreement: Agreement, asked: Instruction) -> bytes:
    about = _about(asked)
    about.pop("RgltryRptg", None)  # not in this message
    line: Part = {
        **_settled(agreement, asked),
        "Dbtr": agent(asked.debtor_agent),
        "DbtrAcct": account(asked.debtor_account),
        "Cdtr": agent(asked.creditor_agent),
        "CdtrAcct": account(asked.creditor_account),
        **about,
    }
    body: Part = {
        "GrpHdr": _group(agreement, asked.message_id, asked.created),
        "CdtTrfTxInf": line,
    }
    return sent(agreement, PACS_009, body, asked.message_id, asked.created)


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
        "IntrBkSttlmAmt": total(asked.amount),
        "IntrBkSttlmDt": asked.value_date,
        "InstgAgt": agent(agreement.own_bic),
        "InstdAgt": agent(through),
        "Dbtr": agent(asked.debtor_agent),
        "Cdtr": agent(asked.creditor_agent),
        "UndrlygCstmrCdtTrf": {
            "Dbtr": {"Nm": asked.debtor},
            "DbtrAcct": account(asked.debtor_account),
            "DbtrAgt": agent(asked.debtor_agent),
            "CdtrAgt": agent(asked.creditor_agent),
            "Cdtr": {"Nm": asked.creditor},
            "CdtrAcct": account(asked.creditor_account),
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
    return sent(
        agreement, PACS_009, body, name, asked.created, to=through, service=agreement.cover_service
    )


def _notice(agreement: Agreement, asked: Instruction, name: str) -> bytes:
    """The camt.057 that tells the creditor's side to expect the money."""
    item: Part = {
        "Id": asked.instr_id,
        "EndToEndId": asked.settlement,
        "UETR": asked.uetr,
        "Amt": total(asked.amount),
        "XpctdValDt": asked.value_date,
        "DbtrAgt": agent(asked.debtor_agent),
    }
    body: Part = {
        "GrpHdr": {"MsgId": name, "CreDtTm": moment(asked.created)},
        "Ntfctn": {
            "Id": name,
            "Acct": account(asked.creditor_account),
            "TtlAmt": total(asked.amount),
            "XpctdValDt": asked.value_date,
            "Itm": item,
        },
    }
    return sent(agreement, CAMT_057, body, name, asked.created)


def _settled(agreement: Agreement, asked: Instruction) -> dict[str, Part]:
    return {
        "PmtId": {
            "InstrId": asked.instr_id,
            "EndToEndId": asked.settlement,
            "TxId": asked.settlement,
            "UETR": asked.uetr,
        },
        "IntrBkSttlmAmt": total(asked.amount),
        "IntrBkSttlmDt": asked.value_date,
        "InstgAgt": agent(agreement.own_bic),
        "InstdAgt": agent(agreement.bank_bic),
    }


def _group(agreement: Agreement, name: str, at: Instant) -> Part:
    method = "COVE" if agreement.cover else agreement.method
    info: dict[str, Part] = {"SttlmMtd": method}
    if method == "CLRG":
        info["ClrSys"] = {"Cd": agreement.clearing_system}
    if method == "COVE":
        info["InstgRmbrsmntAgt"] = agent(agreement.reimbursement or agreement.bank_bic)
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
