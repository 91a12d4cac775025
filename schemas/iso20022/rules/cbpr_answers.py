"""CBPR+: statuses, returns, reports, and what this set of messages has no place for."""

from collections.abc import Iterator
from decimal import Decimal

from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.rules.header import CBPR
from schemas.iso20022.tree import Node
from schemas.iso20022.values import amount
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_ANSWERED = tuple(f"pacs.{number}" for number in ("003", "004", "008", "009", "010"))
_REPORTS = ("camt.052", "camt.053", "camt.054")


@rule("CBPR-017", "U", Mark.C, profiles=CBPR, messages=("pacs.002",))
def rejection_has_a_reason(case: Case) -> Iterator[Node]:
    """A rejection says why and settles nothing; what is answered is a payment."""
    for one in case.transactions:
        for status in one.all("TxSts"):
            if status.text.strip() == "RJCT":
                if not one.all("StsRsnInf/Rsn"):
                    yield status
                yield from one.all("FctvIntrBkSttlmDt")
    for node in case.tagged("OrgnlMsgNmId"):
        if not node.text.startswith(_ANSWERED):
            yield node


@rule("CBPR-018", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=("pacs.004",), of_shape=True)
def original_told_once(case: Case) -> Iterator[Node]:
    """Date and amount of the original are told once; what was returned has an id of its own."""
    for one in case.transactions:
        for tag in ("IntrBkSttlmAmt", "IntrBkSttlmDt"):
            if one.has(f"Orgnl{tag}"):
                yield from one.all(f"OrgnlTxRef/{tag}")
        if not one.has("OrgnlInstrId", "OrgnlEndToEndId", "OrgnlTxId"):
            yield one


@rule("CBPR-019", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=("pacs.004",))
def partial_return(case: Case) -> Iterator[Node]:
    """A return below the original says PART and why; one below what was instructed, its charges."""
    for one in case.transactions:
        original, returned = one.first("OrgnlIntrBkSttlmAmt"), one.first("RtrdIntrBkSttlmAmt")
        instructed = one.first("RtrdInstdAmt")
        assert returned is not None, "a return has an amount"
        if original is not None and _below(returned, original):
            says = any(text.text.strip() == "PART" for text in one.all("RtrRsnInf/AddtlInf"))
            if not (says and one.all("RtrRsnInf/Rsn")):
                yield returned
        if (
            instructed is not None
            and instructed.currency == returned.currency
            and amount(instructed.text) != amount(returned.text)
            and not one.has("ChrgsInf")
        ):
            yield instructed


def _below(one: Node, other: Node) -> bool:
    return one.currency == other.currency and amount(one.text) < amount(other.text)


@rule("CBPR-020", "U", Mark.C, Severity.WARN, profiles=CBPR, messages=_REPORTS)
def booked_entries(case: Case) -> Iterator[Node]:
    """A booked entry has a date; pages count from one; interest is the sum of its records."""
    for entry in case.tagged("Ntry"):
        if entry.value("Sts/Cd").strip() == "BOOK" and not entry.has("BookgDt", "ValDt"):
            yield entry
    for page in case.tagged("PgNb"):
        if not int(page.text):
            yield page
    for interest in case.tagged("TtlIntrstAndTaxAmt"):
        assert interest.parent is not None
        records = interest.parent.all("Rcrd")
        if records and abs(_interest(records)) != amount(interest.text):
            yield interest


def _interest(records: list[Node]) -> Decimal:
    """The sum of interest records, credits less debits."""
    found = Decimal(0)
    for one in records:
        sign = -1 if one.value("CdtDbtInd").strip() == "DBIT" else 1
        found += sign * amount(one.value("Amt"))
    return found


@rule(
    "CBPR-021", "F", Mark.D, Severity.WARN, profiles=CBPR, outbound=Severity.REFUSE, of_shape=True
)
def no_supplementary_data(case: Case) -> Iterator[Node]:
    """There is no supplementary data."""
    yield from case.tagged("SplmtryData")


@rule("CBPR-022", "W", Mark.B, profiles=CBPR, of_shape=True)
def no_bilateral_cases(case: Case) -> Iterator[Node]:
    """Enquiries and their answers go through central case management, not between two banks."""
    if case.kind in ("camt.110", "camt.111"):
        yield case.body
