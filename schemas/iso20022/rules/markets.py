"""Characters a network carries, clearing systems, and what we ask of ourselves on ledgers."""

from collections.abc import Iterator

from schemas.iso20022 import values
from schemas.iso20022.definitions import Simple, shipped
from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.rules.header import CBPR
from schemas.iso20022.rules.transfers import settlement
from schemas.iso20022.shape import EVIDENCE
from schemas.iso20022.tree import Node
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

_X = (*CBPR, "hvps+", "customer")
_TEXTS = frozenset(
    name
    for name, kind in shipped().types.items()
    if isinstance(kind, Simple)
    and kind.base == "string"
    and not any(facet in ("pattern", "enumeration") for facet, _ in kind.facets)
)
_EXTENDED = frozenset(
    "Nm TwnNm AdrLine Dept SubDept StrtNm BldgNb BldgNm Flr PstBx Room PstCd TwnLctnNm DstrctNm "
    "CtrySubDvsn EmailAdr CityOfBirth PrvcOfBirth Ustrd AddtlRmtInf".split()
)
_REMITTANCE = frozenset(("RmtInf", "RltdRmtInf"))


def _takes_extended(node: Node) -> bool:
    """Whether a name, an address, remittance, a birth place or an e-mail address stands here."""
    if node.tag in _EXTENDED:
        return True
    if node.tag == "Id" and node.parent is not None and node.parent.tag == "Prxy":
        return node.parent.value("Tp/Cd").strip() == "EMAL"
    step = node.parent
    while step is not None:
        if step.tag in _REMITTANCE:
            return True
        step = step.parent
    return False


def _beyond_x(case: Case) -> Iterator[Node]:
    if case.agreement.any_characters:
        return
    for index in (case.header_index, case.index):
        if not index.is_x:
            for node in index.spelt():
                if node.type in _TEXTS and not values.is_x(node.text):
                    yield node


@rule("CHR-001", "C", Mark.C, Severity.WARN, profiles=_X, outbound=Severity.REFUSE, of_header=True)
def base_characters(case: Case) -> Iterator[Node]:
    """A text has characters of set X only."""
    yield from (node for node in _beyond_x(case) if not _takes_extended(node))


@rule("CHR-002", "C", Mark.C, Severity.WARN, profiles=_X, outbound=Severity.REFUSE, of_header=True)
def extended_characters(case: Case) -> Iterator[Node]:
    """A name, an address or remittance has characters of the extended set only."""
    for node in _beyond_x(case):
        if _takes_extended(node) and not values.is_extended_x(node.text):
            yield node


@rule(
    "HVPS-001",
    "F",
    Mark.C,
    Severity.WARN,
    profiles=("hvps+",),
    messages=("pacs.004", "pacs.008", "pacs.009"),
)
def cleared_by_the_system(case: Case) -> Iterator[Node]:
    """It is settled by a clearing system, and by the one that was agreed."""
    how = settlement(case)
    system = how.value("ClrSys/Cd").strip()
    agreed = case.agreement.system
    is_named = system == agreed if agreed else bool(system)
    if how.value("SttlmMtd").strip() != "CLRG" or not is_named:
        yield how


@rule(
    "DLT-001",
    "O",
    Mark.D,
    Severity.WARN,
    profiles=("internal-dlt",),
    messages=("pacs.008", "pacs.009"),
)
def evidence_of_a_transaction(case: Case) -> Iterator[Node]:
    """A transaction has its UETR, our evidence, and the settlement's id as its own."""
    for one in case.transactions:
        evidence = [
            node
            for envelope in one.all("SplmtryData/Envlp")
            for node in envelope.children
            if node.type == EVIDENCE
        ]
        own = one.value("PmtId/TxId").strip()
        is_ours = len(evidence) == 1 and own and evidence[0].value("SttlmId").strip() == own
        if not one.has("PmtId/UETR") or not is_ours:
            yield one
