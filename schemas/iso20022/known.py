"""What was sent and taken before, as far as a new message can be about it.

The caller keeps it; here it is only asked. A payment is found by its UETR, else by the ids of its
message and instruction, never by an end-to-end id or an amount alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.iso20022.tree import Node
from schemas.iso20022.values import same_bic


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One transaction of a transfer that was sent or taken."""

    uetr: str
    message: str  # GrpHdr/MsgId
    instruction: str = ""
    transaction: str = ""
    partner: str = ""  # BIC of the other side
    is_outbound: bool = False
    is_alone: bool = True  # its message had one transaction
    is_cover: bool = False  # it repeats the UETR of the transfer it covers


@dataclass(frozen=True, slots=True)
class Key:
    """What a message is known by: who sent it, under which id, of which definition."""

    sender: str
    id: str
    definition: str


class Known:
    """Payments and messages of before, by every key an answer may use."""

    def __init__(
        self, payments: Iterable[Payment] = (), taken: Mapping[Key, str] | None = None
    ) -> None:
        self.taken = dict(taken or {})  # the SHA-256 of the raw bytes, in hex
        self._by_uetr: dict[str, list[Payment]] = {}
        self._by_instruction: dict[tuple[str, str], Payment] = {}
        self._by_transaction: dict[tuple[str, str], Payment] = {}
        self._alone: dict[str, Payment] = {}
        for one in payments:
            if one.uetr:
                self._by_uetr.setdefault(one.uetr, []).append(one)
            if one.instruction:
                self._by_instruction[one.message, one.instruction] = one
            if one.transaction:
                self._by_transaction[one.message, one.transaction] = one
            if one.is_alone:
                self._alone[one.message] = one

    def of_uetr(self, uetr: str) -> tuple[Payment, ...]:
        """The payments that bear the UETR: a transfer, those it was sent on as, and covers."""
        return tuple(self._by_uetr.get(uetr, ()))

    def original(self, answer: Node, message: str, sender: str = "") -> Payment | None:
        """The payment an answer's transaction is about.

        `message` is the id of its message; `sender` the BIC of who answers, who must have been
        the other side where the UETR finds nothing: ids of messages are unique to a sender only.
        The first key that finds one decides; keys that disagree are `disagrees`' to say.
        """
        found = self._by_uetr.get(answer.value("OrgnlUETR").strip(), [])
        if found:
            agreeing = (one for one in found if not disagrees(answer, message, one))
            return next(agreeing, found[0])
        by_id = (
            self._by_instruction.get((message, answer.value("OrgnlInstrId")))
            or self._by_transaction.get((message, answer.value("OrgnlTxId")))
            or (self._alone.get(message) if not answer.has("OrgnlUETR") else None)
        )
        if by_id is None or not by_id.partner or not sender:
            return by_id
        return by_id if same_bic(by_id.partner, sender) else None


def disagrees(answer: Node, message: str, original: Payment) -> bool:
    """Whether a key that an answer gives is another than the payment's."""
    said = (
        (answer.value("OrgnlUETR").strip(), original.uetr),
        (message, original.message),
        (answer.value("OrgnlInstrId"), original.instruction),
        (answer.value("OrgnlTxId"), original.transaction),
    )
    return any(theirs and ours and theirs != ours for theirs, ours in said)


def bic(party: Node | None) -> str:
    """The BIC of a header's party or of an agent, or nothing."""
    if party is None:
        return ""
    found = (
        party.value("FIId/FinInstnId/BICFI")
        or party.value("FinInstnId/BICFI")
        or party.value("OrgId/Id/OrgId/AnyBIC")
    )
    return found.strip()


def key_of(header: Node) -> Key:
    """What the message under a header is known by."""
    ids = header.value("BizMsgIdr"), header.value("MsgDefIdr").strip()
    return Key(bic(header.first("Fr")), *ids)


def payments_of(
    header: Node | None, document: Node, *, is_outbound: bool = False
) -> tuple[Payment, ...]:
    """What is to be remembered of a pacs.008 or pacs.009: one payment a transaction."""
    body = document.children[0]
    transactions = body.all("CdtTrfTxInf")
    end = "To" if is_outbound else "Fr"
    return tuple(
        Payment(
            uetr=one.value("PmtId/UETR").strip(),
            message=body.value("GrpHdr/MsgId"),
            instruction=one.value("PmtId/InstrId"),
            transaction=one.value("PmtId/TxId"),
            partner=bic(header.first(end)) if header is not None else "",
            is_outbound=is_outbound,
            is_alone=len(transactions) == 1,
            is_cover=one.has("UndrlygCstmrCdtTrf"),
        )
        for one in transactions
    )
