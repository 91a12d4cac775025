"""Answers and their questions, and messages that come twice; silent where nothing is remembered."""

from collections.abc import Iterator

from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.known import Known, Payment, bic, disagrees, key_of, payments_of
from schemas.iso20022.rules.header import CBPR
from schemas.iso20022.tree import Node
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_ANSWERS = ("pacs.002", "pacs.004", "pacs.028", "camt.029", "camt.056")
_TRANSFERS = ("pacs.008", "pacs.009")
_INFORMATION = ("DUPL", "COPY", "CODU")
_GROUPS = (
    "OrgnlGrpInfAndSts/OrgnlMsgId",
    "OrgnlGrpInf/OrgnlMsgId",
    "Undrlyg/OrgnlGrpInfAndCxl/OrgnlMsgId",
    "CxlDtls/OrgnlGrpInfAndSts/OrgnlMsgId",
)


def _asked(case: Case) -> Iterator[tuple[Node, str]]:
    """The transactions of an answer, each with the id of the message it is about."""
    above = next((case.body.value(path) for path in _GROUPS if case.body.has(path)), "")
    for one in case.transactions:
        yield one, one.value("OrgnlGrpInf/OrgnlMsgId") or above


def _found(case: Case, known: Known, one: Node, message: str) -> Payment | None:
    """The payment an answer is about, when it was with the one who answers."""
    sender = bic(case.header.first("Fr")) if case.header is not None else ""
    return known.original(one, message, sender)


@rule("COR-001", "O", Mark.D, messages=_ANSWERS, of_known=True)
def names_an_original(case: Case) -> Iterator[Node]:
    """An answer says what it is about, by UETR or by the original message's id."""
    if case.known is not None:
        for one, message in _asked(case):
            if not one.has("OrgnlUETR") and not message:
                yield one


@rule("COR-002", "O", Mark.D, messages=_ANSWERS, of_known=True)
def keys_agree(case: Case) -> Iterator[Node]:
    """All keys of an answer are those of one payment."""
    if case.known is not None:
        for one, message in _asked(case):
            payment = _found(case, case.known, one, message)
            if payment is not None and disagrees(one, message, payment):
                yield one


@rule("COR-003", "O", Mark.D, Severity.HOLD, messages=_ANSWERS, of_known=True)
def original_is_known(case: Case) -> Iterator[Node]:
    """What an answer is about is known; else it is parked until it is."""
    if case.known is not None:
        for one, message in _asked(case):
            if (one.has("OrgnlUETR") or message) and not _found(case, case.known, one, message):
                yield one


def _taken(case: Case) -> str:
    """The digest of what was taken under the same key, or nothing."""
    if case.known is None or case.header is None:
        return ""
    return case.known.taken.get(key_of(case.header), "")


@rule("COR-004", "O", Mark.D, of_header=True, of_known=True)
def one_id_one_message(case: Case) -> Iterator[Node]:
    """An id that was taken before comes with the same bytes."""
    if _taken(case) not in ("", case.digest):
        assert case.header is not None, "what was taken has a key"
        yield from case.header.all("BizMsgIdr")


@rule("COR-004", "O", Mark.D, Severity.WARN, of_header=True, of_known=True)
def not_taken_before(case: Case) -> Iterator[Node]:
    """The same bytes were not taken before; again they have no effect."""
    if case.digest and _taken(case) == case.digest:
        assert case.header is not None, "what was taken has a key"
        yield from case.header.all("BizMsgIdr")


@rule("COR-004", "O", Mark.D, Severity.HOLD, messages=_TRANSFERS, of_known=True)
def not_paid_before(case: Case) -> Iterator[Node]:
    """A payment that is known does not come again under another id."""
    if case.known is None or case.header is None or _taken(case):
        return
    if case.header.value("CpyDplct").strip() in _INFORMATION:
        return
    may_be_again = case.header.value("PssblDplct").strip() in ("true", "1")
    told = payments_of(case.header, case.document, is_outbound=case.is_outbound)
    for one, payment in zip(case.transactions, told, strict=True):
        for before in case.known.of_uetr(payment.uetr):
            is_same = (before.partner, before.is_outbound, before.is_cover) == (
                payment.partner,
                payment.is_outbound,
                payment.is_cover,
            )
            if is_same and (before.message != payment.message or may_be_again):
                yield one
                break


@rule(
    "CBPR-016",
    "U",
    Mark.C,
    Severity.WARN,
    profiles=CBPR,
    messages=("pacs.009",),
    when=("UndrlygCstmrCdtTrf",),
    of_known=True,
)
def cover_names_its_transfer(case: Case) -> Iterator[Node]:
    """A cover's end-to-end id is the instruction id of the transfer whose UETR it repeats."""
    if case.known is None:
        return
    for one in case.transactions:
        if one.has("UndrlygCstmrCdtTrf"):
            covered = [
                before
                for before in case.known.of_uetr(one.value("PmtId/UETR").strip())
                if not before.is_cover
            ]
            said = one.value("PmtId/EndToEndId")
            if covered and all(before.instruction != said for before in covered):
                yield from one.all("PmtId/EndToEndId")


@rule("CBPR-018", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=("pacs.004",), of_known=True)
def original_ids_repeated(case: Case) -> Iterator[Node]:
    """A return repeats the ids its original had."""
    if case.known is None:
        return
    for one, message in _asked(case):
        before = _found(case, case.known, one, message)
        if before is not None and (
            (before.instruction and not one.has("OrgnlInstrId"))
            or (before.transaction and not one.has("OrgnlTxId"))
        ):
            yield one
