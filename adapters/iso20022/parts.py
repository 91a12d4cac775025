"""The parts every message of ours is made of: amounts, banks, accounts, the header around it."""

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.codec import moment
from adapters.iso20022.write import Part, Sum, message
from bridge.core.ids import Bic, Instant
from bridge.core.money import Money
from schemas.iso20022 import values


def total(amount: Money) -> Sum:
    """Return an amount as a message has it."""
    return Sum(amount.text, amount.currency.code)


def agent(bic: Bic) -> dict[str, Part]:
    """Return a bank by its BIC."""
    return {"FinInstnId": {"BICFI": bic}}


def account(number: str) -> dict[str, Part]:
    """Return an account by its IBAN, or by its number where it is none."""
    return {"Id": {"IBAN": number} if values.is_iban(number) else {"Othr": {"Id": number}}}


def sent(
    agreement: Agreement,
    kind: str,
    body: Part,
    name: str,
    at: Instant,
    *,
    to: Bic | None = None,
    service: str = "",
) -> bytes:
    """Return a message of ours, under a header where one was agreed.

    Errors: BadMessage.
    """
    if not agreement.header:
        return message(kind, body)
    head: Part = {
        "Fr": {"FIId": agent(agreement.own_bic)},
        "To": {"FIId": agent(to or agreement.bank_bic)},
        "BizMsgIdr": name,
        "MsgDefIdr": kind,
        "BizSvc": service or agreement.service or None,
        "CreDt": moment(at),
    }
    return message(kind, body, agreement.header, head)
