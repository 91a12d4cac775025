"""What others say, in our words: statuses, bookings, returns, answers to recalls, questions.

A message becomes a list of statements, each with the references by which it finds what it is
about. Nothing is decided here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from adapters.iso20022.codec import HEADERS, account_of, amount_of, instant
from adapters.iso20022.write import checked
from bridge.core.ids import Instant
from bridge.core.money import Money
from schemas.iso20022.envelope import Envelope
from schemas.iso20022.tree import Node

READ = (
    "pacs.002.001.10", "pacs.004.001.09", "pacs.004.001.10", "pacs.028.001.03",
    "camt.029.001.09", "camt.056.001.08", "pain.002.001.10",
    "camt.052.001.08", "camt.053.001.08", "camt.054.001.08",
    "admi.002.001.01", "admi.007.001.01",
)  # fmt: skip
ACCEPTED = (*HEADERS, *READ)
ASKS_US = frozenset({"pacs.008", "pacs.009", "pacs.010", "pain.001"})  # to pay: not on this rail


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """By what a statement may be matched; empty where it says nothing."""

    uetr: str = ""
    message: str = ""  # the id of the message it is about
    message_name: str = ""  # and its definition, pacs.008.001.08
    instruction: str = ""  # InstrId
    transaction: str = ""  # TxId
    servicer: str = ""  # AcctSvcrRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The bank says how far a payment is."""

    about: References
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An entry on an account. Only BOOK, unreversed, proves anything."""

    about: References
    account: str
    amount: Money
    credit: bool
    status: str
    reversal: bool = False
    returned: bool = False  # it names a return's reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """Settled money is sent back."""

    about: References
    amount: Money
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """The answer to a recall."""

    about: References
    case: str
    code: str  # CNCL, RJCR, PDCR, PECR ...; empty where the message contradicts itself
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallAsked:
    """Somebody asks for money back."""

    about: References
    case: str
    message: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusAsked:
    """Somebody asks how far a payment is."""

    about: References
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An admi.002: a message of ours could not be read."""

    about: References
    reason: str


Statement: TypeAlias = Status | Booked | Returned | Resolved | RecallAsked | StatusAsked | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of others, its key against repeats, and what it says."""

    kind: str  # pacs.002.001.10
    id: str  # BizMsgIdr, else the id in the message
    sender: str  # BIC in the header; empty where there is none
    receiver: str = ""
    created: Instant | None = None
    is_copy: bool = False  # for information: never acted on
    may_repeat: bool = False  # PssblDplct
    statements: tuple[Statement, ...] = ()


def message_of(raw: bytes, accepted: tuple[str, ...] = ACCEPTED) -> Message:
    """Return what a message says.

    Errors: BadMessage, with rule and place.
    """
    return said(checked(raw, accepted))


def said(found: Envelope) -> Message:
    """Return what a message without flaws says.

    Errors: BadMessage for amounts and times outside our words.
    """
    assert found.document is not None, "it has no flaws"
    body, head = found.document.children[0], found.header
    reader, own_id = _READERS.get(found.message[:8], _nothing), _own_id(found.message[:8], body)
    stamp = head.value("CreDt") if head is not None else _stamp(body)
    return Message(
        kind=found.message,
        id=(head.value("BizMsgIdr") if head is not None else "") or own_id,
        sender=_bic(head, "Fr"),
        receiver=_bic(head, "To"),
        created=instant(stamp) if stamp else None,
        is_copy=_is_copy(head, body),
        may_repeat=head is not None and head.value("PssblDplct") in {"true", "1"},
        statements=tuple(reader(body)),
    )


def _bic(head: Node | None, side: str) -> str:
    return "" if head is None else head.value(f"{side}/FIId/FinInstnId/BICFI")


def _own_id(kind: str, body: Node) -> str:
    if kind in {"camt.029", "camt.056"}:
        return body.value("Assgnmt/Id")
    if kind == "admi.007":
        return body.value("MsgId/MsgId")
    return body.value("GrpHdr/MsgId")


def _stamp(body: Node) -> str:
    return body.value("GrpHdr/CreDtTm") or body.value("Assgnmt/CreDtTm")


def _is_copy(head: Node | None, body: Node) -> bool:
    reports = (body.first(f"{one}/CpyDplctInd") for one in ("Ntfctn", "Rpt", "Stmt"))
    return (head is not None and head.has("CpyDplct")) or any(reports)


def _pacs_002(body: Node) -> Iterator[Statement]:
    groups = body.all("OrgnlGrpInfAndSts")
    lines = body.all("TxInfAndSts")
    whole = groups[0] if len(groups) == 1 else None
    for line in lines:
        about = _original(line, whole)
        code = line.value("TxSts") or (whole.value("GrpSts") if whole is not None else "")
        yield Status(about=about, code=code, reason=_reason(line) or _reason(whole))
    if not lines:
        for group in groups:
            yield Status(
                about=_original(group, group), code=group.value("GrpSts"), reason=_reason(group)
            )


def _pain_002(body: Node) -> Iterator[Statement]:
    group = body.first("OrgnlGrpInfAndSts")
    batches = body.all("OrgnlPmtInfAndSts")
    for batch in batches:
        status = batch.value("PmtInfSts") or (group.value("GrpSts") if group is not None else "")
        lines = batch.all("TxInfAndSts")
        for line in lines:
            yield Status(
                about=_original(line, group),
                code=line.value("TxSts") or status,
                reason=_reason(line) or _reason(batch) or _reason(group),
            )
        if not lines:
            yield Status(about=_original(batch, group), code=status, reason=_reason(batch))
    if group is not None and not batches:
        yield Status(
            about=_original(group, group), code=group.value("GrpSts"), reason=_reason(group)
        )


def _pacs_004(body: Node) -> Iterator[Statement]:
    whole = body.first("OrgnlGrpInf")
    for line in body.all("TxInf"):
        amount = line.first("RtrdIntrBkSttlmAmt")
        assert amount is not None, "its schema has one"
        yield Returned(
            about=_original(line, whole),
            amount=amount_of(amount),
            reason=line.value("RtrRsnInf/Rsn/Cd"),
        )


def _camt_029(body: Node) -> Iterator[Statement]:
    whole = body.value("Sts/Conf")
    for details in body.all("CxlDtls"):
        for line in details.all("TxInfAndSts"):
            one = {"ACCR": "CNCL", "RJCR": "RJCR", "PDCR": "PDCR"}.get(line.value("TxCxlSts"), "")
            yield Resolved(
                about=_original(line, details.first("OrgnlGrpInfAndSts")),
                case=line.value("RslvdCase/Id") or body.value("RslvdCase/Id"),
                code=_one_word(whole, one),
                reason=line.value("CxlStsRsnInf/Rsn/Cd"),
            )
        if not details.has("TxInfAndSts"):
            group = details.first("OrgnlGrpInfAndSts")
            if group is not None:
                yield Resolved(
                    about=_original(group, group),
                    case=group.value("RslvdCase/Id") or body.value("RslvdCase/Id"),
                    code=whole,
                    reason=group.value("CxlStsRsnInf/Rsn/Cd"),
                )
    if not body.has("CxlDtls"):
        yield Resolved(about=References(), case=body.value("RslvdCase/Id"), code=whole)


def _one_word(whole: str, one: str) -> str:
    """The answer to one recall; nothing where message and transaction contradict each other."""
    same = {"CWFW": "CNCL", "FTNA": "PDCR"}
    if not one or whole == "PECR":
        return whole
    return whole if same.get(whole, whole) == one else ""


def _camt_056(body: Node) -> Iterator[Statement]:
    for under in body.all("Undrlyg"):
        for line in under.all("TxInf"):
            yield RecallAsked(
                about=_original(line, under.first("OrgnlGrpInfAndCxl")),
                case=line.value("Case/Id") or body.value("Case/Id"),
                message=body.value("Assgnmt/Id"),
                reason=line.value("CxlRsnInf/Rsn/Cd"),
            )


def _pacs_028(body: Node) -> Iterator[Statement]:
    whole = body.first("OrgnlGrpInf")
    for line in body.all("TxInf"):
        yield StatusAsked(about=_original(line, whole), message=body.value("GrpHdr/MsgId"))
    if not body.has("TxInf") and whole is not None:
        yield StatusAsked(about=_original(whole, whole), message=body.value("GrpHdr/MsgId"))


def _report(tag: str) -> Callable[[Node], Iterator[Statement]]:
    def read(body: Node) -> Iterator[Statement]:
        for report in body.all(tag):
            account = account_of(report.first("Acct"))
            for entry in report.all("Ntry"):
                yield from _entry(account, entry)

    return read


def _entry(account: str, entry: Node) -> Iterator[Statement]:
    """A batch entry without its transactions proves nothing, so it says nothing here."""
    lines = entry.all("NtryDtls/TxDtls")
    total = entry.first("Amt")
    assert total is not None, "its schema has one"
    for line in lines:
        own = line.first("Amt")
        if own is None and len(lines) > 1:
            continue
        refs = line.first("Refs")
        yield Booked(
            about=References(
                uetr=_in(refs, "UETR"),
                message=_in(refs, "MsgId"),
                instruction=_in(refs, "InstrId"),
                transaction=_in(refs, "TxId"),
                servicer=_in(refs, "AcctSvcrRef") or entry.value("AcctSvcrRef"),
            ),
            account=account,
            amount=amount_of(own if own is not None else total),
            credit=(line.value("CdtDbtInd") or entry.value("CdtDbtInd")) == "CRDT",
            status=entry.value("Sts/Cd"),
            reversal=entry.value("RvslInd") in {"true", "1"},
            returned=line.has("RtrInf"),
        )


def _admi_002(body: Node) -> Iterator[Statement]:
    yield Refusal(
        about=References(message=body.value("RltdRef/Ref")), reason=body.value("Rsn/RjctgPtyRsn")
    )


def _nothing(body: Node) -> Iterator[Statement]:
    del body
    yield from ()


def _original(line: Node, whole: Node | None) -> References:
    """The references of an original, at the transaction or else at the group."""
    holder = line.first("OrgnlGrpInf") or (line if line.has("OrgnlMsgId") else whole)
    return References(
        uetr=line.value("OrgnlUETR"),
        message=_in(holder, "OrgnlMsgId"),
        message_name=_in(holder, "OrgnlMsgNmId"),
        instruction=line.value("OrgnlInstrId"),
        transaction=line.value("OrgnlTxId"),
    )


def _in(node: Node | None, path: str) -> str:
    return "" if node is None else node.value(path)


def _reason(node: Node | None) -> str:
    return _in(node, "StsRsnInf/Rsn/Cd")


_READERS: dict[str, Callable[[Node], Iterator[Statement]]] = {
    "pacs.002": _pacs_002,
    "pain.002": _pain_002,
    "pacs.004": _pacs_004,
    "camt.029": _camt_029,
    "camt.056": _camt_056,
    "pacs.028": _pacs_028,
    "camt.052": _report("Rpt"),
    "camt.053": _report("Stmt"),
    "camt.054": _report("Ntfctn"),
    "admi.002": _admi_002,
    "admi.007": _nothing,
}
