"""Addresses: unstructured until the cut-over, hybrid or structured after."""

import re
from collections.abc import Iterator
from datetime import date

from schemas.iso20022.findings import Addresses, Case, Chapter, Mark
from schemas.iso20022.profiles import CUT_OVER
from schemas.iso20022.rules.header import CBPR
from schemas.iso20022.tree import Node
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

HYBRID_SINCE = date(2025, 11, 22)
_MARKET = (*CBPR, "hvps+", "customer")
_EXEMPT = ("admi.024", "camt.025", "camt.052", "camt.053", "camt.054", "camt.060")
_PLACEHOLDERS = frozenset((".", "NOTPROVIDED", "NOT PROVIDED", "CUTOVER2026"))


def _addresses(case: Case) -> Iterator[Node]:
    if case.kind not in _EXEMPT:
        yield from case.tagged("PstlAdr")


def _is_placed(node: Node) -> bool:
    return node.has("TwnNm") and node.has("Ctry")


def _is_hybrid_or_structured(node: Node) -> bool:
    """Town and country, and at most two lines of up to 70."""
    lines = node.all("AdrLine")
    return _is_placed(node) and len(lines) <= 2 and all(len(one.text) <= 70 for one in lines)


def _is_old(node: Node) -> bool:
    """Lines and nothing else, but the type of the address."""
    return {child.tag for child in node.children} <= {"AdrLine", "AdrTp"} and node.has("AdrLine")


@rule("ADR-001", "W", Mark.B, profiles=_MARKET, since=CUT_OVER, of_shape=True)
def town_and_country(case: Case) -> Iterator[Node]:
    """An address without lines has a town and a country."""
    for node in _addresses(case):
        if not node.has("AdrLine") and not _is_placed(node):
            yield node


@rule("ADR-001", "W", Mark.B, profiles=_MARKET, since=CUT_OVER, when=("AdrLine",))
def few_lines(case: Case) -> Iterator[Node]:
    """An address with lines has a town, a country and at most two lines of up to 70."""
    agreed = case.agreement
    takes_old = (  # a bank may, the cross-border network does not
        agreed.addresses is Addresses.OLD
        and case.on <= agreed.addresses_until
        and case.profile not in CBPR
    )
    for node in _addresses(case):
        is_good = not node.has("AdrLine") or _is_hybrid_or_structured(node)
        if not is_good and not (takes_old and _is_old(node)):
            yield node


@rule("ADR-001", "O", Mark.D, profiles=("internal-dlt",), of_shape=True)
def structured_only(case: Case) -> Iterator[Node]:
    """An address has a town and a country, and no lines."""
    for node in _addresses(case):
        if not _is_placed(node) or node.has("AdrLine"):
            yield node


@rule(
    "ADR-002",
    "W",
    Mark.C,
    Severity.WARN,
    profiles=_MARKET,
    until=date.fromordinal(HYBRID_SINCE.toordinal() - 1),
    of_shape=True,
)
def not_yet_hybrid(case: Case) -> Iterator[Node]:
    """An address is lines alone or has none: the two are not mixed yet."""
    for node in _addresses(case):
        if node.has("AdrLine") and not _is_old(node):
            yield node


@rule(
    "ADR-002",
    "W",
    Mark.C,
    Severity.WARN,
    profiles=_MARKET,
    since=HYBRID_SINCE,
    until=date.fromordinal(CUT_OVER.toordinal() - 1),
    when=("AdrLine",),
)
def old_or_hybrid(case: Case) -> Iterator[Node]:
    """An address with lines is lines alone, or has a town, a country and at most two lines."""
    for node in _addresses(case):
        if node.has("AdrLine") and not _is_old(node) and not _is_hybrid_or_structured(node):
            yield node


@rule("ADR-003", "U", Mark.C, Severity.WARN, profiles=_MARKET, when=("AdrLine",))
def nothing_twice(case: Case) -> Iterator[Node]:
    """A line repeats nothing that stands in an element of its own."""
    for node in case.tagged("PstlAdr"):
        lines = node.all("AdrLine")
        if not lines:
            continue
        for child in node.children:
            said = child.text.strip()
            if child.tag in ("AdrLine", "AdrTp") or len(said) < 3:
                continue
            whole = re.compile(rf"(?<!\w){re.escape(said)}(?!\w)", re.IGNORECASE)
            yield from (line for line in lines if whole.search(line.text))


@rule("ADR-004", "O", Mark.D, when=("PstlAdr",))
def as_the_counterparty_takes_it(case: Case) -> Iterator[Node]:
    """An address has the form this counterparty takes."""
    agreed = case.agreement
    if agreed.addresses is Addresses.UNSAID or case.on > agreed.addresses_until:
        return
    for node in _addresses(case):
        is_right = {
            Addresses.OLD: _is_old(node) or _is_hybrid_or_structured(node),
            Addresses.HYBRID: _is_hybrid_or_structured(node),
            Addresses.STRUCTURED: _is_placed(node) and not node.has("AdrLine"),
            Addresses.UNSAID: True,
        }[agreed.addresses]
        if not is_right:
            yield node


@rule("ADR-005", "W", Mark.C, Severity.HOLD, profiles=(*_MARKET, "internal-dlt"), when=("TwnNm",))
def no_placeholder(case: Case) -> Iterator[Node]:
    """A town is one, and no placeholder."""
    index = case.index
    for at in index.shape.by_tag.get("TwnNm", ()):
        if index.texts[at].strip().upper() in _PLACEHOLDERS:
            yield index.node(at)
