"""Statuses, returns, recalls, reports and deliveries under the base standard."""

from collections.abc import Iterator

from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.rules.transfers import group, rate_where_none_belongs, total
from schemas.iso20022.shape import EVIDENCE
from schemas.iso20022.tree import Node
from schemas.iso20022.values import amount
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_NOT_REJECTED = ("ACTC", "ACCP", "ACSP", "ACSC", "ACWC", "PDNG")
_REPORTS = ("camt.052", "camt.053", "camt.054")
_PAGES = (("Rpt", "RptPgntn"), ("Stmt", "StmtPgntn"), ("Ntfctn", "NtfctnPgntn"))


@rule("ISO-PACS002-001", "R", Mark.B, messages=("pacs.002",))
def group_and_transaction_status(case: Case) -> Iterator[Node]:
    """The status of a group and the statuses of its transactions can be true together."""
    groups = case.body.all("OrgnlGrpInfAndSts")
    alone = groups[0].value("GrpSts").strip() if len(groups) == 1 else ""
    several = {one.value("OrgnlMsgId"): one.value("GrpSts").strip() for one in groups}
    for one in case.transactions:
        status = alone or several.get(one.value("OrgnlGrpInf/OrgnlMsgId"), "")
        for each in one.all("TxSts"):
            said = each.text.strip()
            if (
                (status in _NOT_REJECTED and said == "RJCT")
                or (status == "RJCT" and said != "RJCT")
                or status == "RCVD"
            ):
                yield each


@rule("ISO-PACS002-002", "R", Mark.B, messages=("pacs.002", "pacs.028"), of_shape=True)
def original_group_once(case: Case) -> Iterator[Node]:
    """One original group stands above its transactions; several, or none, stand in each."""
    above = case.body.all("OrgnlGrpInfAndSts" if case.kind == "pacs.002" else "OrgnlGrpInf")
    for one in case.transactions:
        within = one.first("OrgnlGrpInf")
        if len(above) == 1 and within is not None:
            yield within
        elif len(above) != 1 and within is None:
            yield one


@rule("ISO-PACS002-003", "R", Mark.B, messages=("pacs.002",), of_codes=True)
def reasons_of_a_group(case: Case) -> Iterator[Node]:
    """Words on a group's status come with a rejected or a pending group only."""
    for one in case.body.all("OrgnlGrpInfAndSts"):
        if one.value("GrpSts").strip() not in ("RJCT", "PDNG"):
            yield from one.all("StsRsnInf/AddtlInf")


@rule("ISO-PACS004-001", "R", Mark.B, messages=("pacs.004",))
def whole_group_returned(case: Case) -> Iterator[Node]:
    """A group returned whole lists no transaction and says why; else all returned are counted."""
    header = group(case)
    if header.value("GrpRtr").strip() in ("true", "1"):
        yield from case.transactions
        if not case.body.has("OrgnlGrpInf") or not case.body.all("OrgnlGrpInf/RtrRsnInf/Rsn"):
            yield header
    elif int(header.value("NbOfTxs")) != len(case.transactions) or not case.transactions:
        yield from header.all("NbOfTxs")


@rule("ISO-PACS004-002", "R", Mark.B, messages=("pacs.004",))
def returned_sums_and_levels(case: Case) -> Iterator[Node]:
    """A return's total is its sum; dates, agents and groups stand in one level; rates belong."""
    header = group(case)
    given = header.first("TtlRtrdIntrBkSttlmAmt")
    amounts = [node for one in case.transactions for node in one.all("RtrdIntrBkSttlmAmt")]
    if given is not None and (
        {node.currency for node in amounts} != {given.currency}
        or total(amounts) != amount(given.text)
    ):
        yield given
    for one in case.transactions:
        for tag in ("IntrBkSttlmDt", "InstgAgt", "InstdAgt"):
            if header.has(tag):
                yield from one.all(tag)
        if case.body.has("OrgnlGrpInf"):
            yield from one.all("OrgnlGrpInf")
        if one.has("ChrgsInf") and not one.has("RtrdInstdAmt"):
            yield from one.all("ChrgsInf")
        yield from rate_where_none_belongs(one, "RtrdInstdAmt", "RtrdIntrBkSttlmAmt")


@rule("ISO-CAMT056-001", "R", Mark.B, messages=("camt.056",), of_shape=True)
def case_once(case: Case) -> Iterator[Node]:
    """The case of a recall stands in one level only."""
    above = case.body.has("Case")
    for one in case.body.all("Undrlyg"):
        in_group, in_transactions = one.all("OrgnlGrpInfAndCxl/Case"), one.all("TxInf/Case")
        if above:
            yield from in_group
        if above or in_group:
            yield from in_transactions


@rule("ISO-CAMT029-001", "R", Mark.B, messages=("camt.029",), of_codes=True)
def resolved_case_once(case: Case) -> Iterator[Node]:
    """The resolved case stands in one level; a recall refused in part or whole has its details."""
    above = case.body.has("RslvdCase")
    for one in case.body.all("CxlDtls"):
        in_group = one.all("OrgnlGrpInfAndSts/RslvdCase")
        in_payment = one.all("OrgnlPmtInfAndSts/RslvdCase")
        below = one.all("TxInfAndSts/RslvdCase") + one.all(
            "OrgnlPmtInfAndSts/TxInfAndSts/RslvdCase"
        )
        if above:
            yield from in_group
        if above or in_group:
            yield from in_payment
        if above or in_group or in_payment:
            yield from below
    for said in case.body.all("Sts/Conf"):
        if said.text.strip() in ("PECR", "RJCR") and not case.body.has("CxlDtls"):
            yield said


@rule("ISO-CAMT05X-001", "R", Mark.B, Severity.WARN, messages=_REPORTS, of_shape=True)
def one_pagination(case: Case) -> Iterator[Node]:
    """The pages of the message are counted, or those of its reports, not both."""
    if case.body.has("GrpHdr/MsgPgntn"):
        for report, pages in _PAGES:
            yield from case.body.all(f"{report}/{pages}")


@rule("ISO-SESE023-001", "R", Mark.B, messages=("sese.023", "sese.025"), of_codes=True)
def against_payment(case: Case) -> Iterator[Node]:
    """A delivery against payment says the amount."""
    where, settled = (
        ("SttlmTpAndAddtlParams", "SttlmAmt")
        if case.kind == "sese.023"
        else ("TxIdDtls", "SttldAmt")
    )
    for one in case.body.all(f"{where}/Pmt"):
        if one.text.strip() == "APMT" and not case.body.has(settled):
            yield one


@rule("ISO-SESE023-002", "R", Mark.B, messages=("sese.023",), of_codes=True)
def other_side(case: Case) -> Iterator[Node]:
    """Without a standing instruction the other side's depository and first party are named."""
    if case.body.has("StgSttlmInstrDtls"):
        return
    for one in case.body.all("SttlmTpAndAddtlParams/SctiesMvmntTp"):
        parties = "RcvgSttlmPties" if one.text.strip() == "DELI" else "DlvrgSttlmPties"
        if not (case.body.has(f"{parties}/Dpstry") and case.body.has(f"{parties}/Pty1")):
            yield one


@rule("ISO-SESE024-001", "R", Mark.B, messages=("sese.024",), of_shape=True)
def some_status(case: Case) -> Iterator[Node]:
    """A status message has a status."""
    if not case.body.has("PrcgSts", "IfrrdMtchgSts", "MtchgSts", "SttlmSts"):
        yield case.body


@rule("ISO-SPL-001", "R", Mark.B, of_shape=True)
def evidence_below_its_transaction(case: Case) -> Iterator[Node]:
    """Our evidence stands with its transaction, not with the message."""
    for one in case.body.all("SplmtryData"):
        if any(child.type == EVIDENCE for node in one.all("Envlp") for child in node.children):
            yield one
