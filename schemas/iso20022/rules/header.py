"""The business application header, and what it must say of the document beside it."""

import re
from collections.abc import Iterator

from schemas.iso20022 import values
from schemas.iso20022.findings import Case, Chapter, Mark
from schemas.iso20022.known import bic
from schemas.iso20022.profiles import PROFILES, Header
from schemas.iso20022.tree import Node
from schemas.iso20022.weights import Severity

CHAPTER = Chapter()
rule = CHAPTER.rule

CBPR = ("cbpr+2025", "cbpr+2026")
_MANDATORY = tuple(one.id for one in PROFILES.values() if one.header is Header.MANDATORY)
_LIGHTER = ("iso-base", "customer")
_AHEAD_MS = 5 * 60 * 1000
_COPIES = ("COPY", "CODU")
_IN_UTC = "head.001.001.01"  # its schema asks for a Z


@rule("BAH-010", "O", Mark.D, profiles=_MANDATORY, of_header=True, of_shape=True)
def header_is_there(case: Case) -> Iterator[Node]:
    """A business application header comes with the message."""
    is_found_wanting = any(flaw.rule == "ISO-ENV-001" for flaw in case.flaws)
    if case.message and not case.header_id and not is_found_wanting:
        yield case.document


@rule("BAH-001", "U", Mark.C, of_header=True, of_codes=True)
def names_the_document(case: Case) -> Iterator[Node]:
    """The header names the message of the document's namespace, to the last digit."""
    if case.header is not None and case.message:
        for node in case.header.all("MsgDefIdr"):
            if node.text.strip() != case.message:
                yield node


@rule("BAH-002", "U F", Mark.C, lighter=_LIGHTER)
def names_the_id(case: Case) -> Iterator[Node]:
    """The header's id is the message's own."""
    if case.header is None:
        return
    own = case.body.first("GrpHdr/MsgId") or case.body.first("Assgnmt/Id")
    for node in case.header.all("BizMsgIdr"):
        if own is not None and node.text != own.text:
            yield node


def _unlike_agents(case: Case) -> Iterator[Node]:
    """The ends of the header whose BIC is another than the agent's."""
    assert case.header is not None
    is_copy = case.header.value("CpyDplct").strip() in _COPIES
    index = case.index
    for end, tag in (("Fr", "InstgAgt"), ("To", "InstdAgt")):
        agents = index.shape.by_tag.get(tag)
        if not agents or (end == "To" and is_copy):
            continue
        named = case.header.first(end)
        own = bic(named)
        for at in agents if own else ():
            theirs = bic(index.node(at))
            if theirs and not values.same_bic(own, theirs):
                assert named is not None, "nobody has no BIC"
                yield named
                break


@rule("BAH-003", "U", Mark.C, profiles=(*CBPR, "internal-dlt"))
def names_the_agents(case: Case) -> Iterator[Node]:
    """The header is from the instructing and to the instructed agent."""
    if case.header is not None:
        yield from _unlike_agents(case)


@rule("BAH-003", "U", Mark.C, profiles=("hvps+",))
def names_an_agent_or_the_system(case: Case) -> Iterator[Node]:
    """The header is from the instructing or to the instructed agent; one end may be the system."""
    if case.header is not None:
        unlike = list(_unlike_agents(case))
        if len(unlike) == 2:
            yield from unlike


@rule("BAH-004", "O", Mark.D, of_header=True)
def names_the_partner(case: Case) -> Iterator[Node]:
    """The header is from the partner the channel authenticated, and to one of our own BICs."""
    if case.header is None:
        return
    agreed = case.agreement
    for end, known in (("Fr", agreed.senders), ("To", agreed.receivers)):
        named = case.header.first(end)
        if known and not any(values.same_bic(bic(named), one) for one in known):
            yield named or case.header


@rule("BAH-005", "U", Mark.C, Severity.WARN, when=("InstrPrty", "CpyDplctInd"), of_codes=True)
def priorities_agree(case: Case) -> Iterator[Node]:
    """Priority and copy mark are the same in header and document."""
    if case.header is None:
        return
    for tag, inside in (("Prty", "InstrPrty"), ("CpyDplct", "CpyDplctInd")):
        for node in case.header.all(tag):
            if any(one.text.strip() != node.text.strip() for one in case.tagged(inside)):
                yield node


@rule("BAH-006", "R", Mark.B, Severity.WARN, of_header=True, of_shape=True)
def copy_names_its_original(case: Case) -> Iterator[Node]:
    """A copy or duplicate holds the header of its original."""
    if case.header is not None and not case.header.has("Rltd"):
        yield from case.header.all("CpyDplct")


@rule("BAH-007", "F", Mark.C, of_header=True)
def created_in_a_zone(case: Case) -> Iterator[Node]:
    """The header's time says of which zone it is."""
    if case.header is not None:
        for node in case.header.all("CreDt"):
            if not values.has_zone(node.text):
                yield node


@rule("BAH-007", "F", Mark.C, Severity.WARN, profiles=CBPR)
def created_with_an_offset(case: Case) -> Iterator[Node]:
    """Times of header and message carry a numeric offset."""
    index = case.index
    for at in index.shape.by_tag.get("CreDtTm", ()):
        if not values.has_numeric_offset(index.texts[at]):
            yield index.node(at)
    if case.header is not None and case.header_id != _IN_UTC:
        for node in case.header.all("CreDt"):
            if values.has_zone(node.text) and not values.has_numeric_offset(node.text):
                yield node


@rule("BAH-007", "O", Mark.D, Severity.HOLD, of_header=True)
def created_about_now(case: Case) -> Iterator[Node]:
    """The header's time is not ahead of ours, and not older than the channel allows."""
    if case.header is None or case.now_ms is None:
        return
    oldest = case.agreement.oldest_ms
    for node in case.header.all("CreDt"):
        made = values.instant_ms(node.text)
        if made is not None and (
            made > case.now_ms + _AHEAD_MS or (oldest is not None and made < case.now_ms - oldest)
        ):
            yield node


@rule("BAH-008", "F", Mark.C, of_header=True)
def service_agreed(case: Case) -> Iterator[Node]:
    """The business service is one that was agreed."""
    pattern = case.agreement.services or PROFILES[case.profile].services
    if case.header is None or not pattern:
        return
    service = case.header.first("BizSvc")
    if service is None:
        yield case.header
    elif re.fullmatch(pattern, service.text.strip()) is None:
        yield service


@rule("BAH-008", "F", Mark.C, profiles=CBPR, of_codes=True)
def service_fits(case: Case) -> Iterator[Node]:
    """The business service is that of a cover or an advice exactly where the document is one."""
    if case.header is None:
        return
    is_cover = any(True for _ in case.tagged("UndrlygCstmrCdtTrf"))
    for node in case.header.all("BizSvc"):
        says_cover = ".cov." in node.text
        if says_cover != is_cover or (".adv." in node.text and case.kind != "pacs.009"):
            yield node


@rule("BAH-009", "O", Mark.D, lighter=("iso-base",), of_header=True, when=("Sgntr",))
def signature_is_verified(case: Case) -> Iterator[Node]:
    """A signature in the header was verified with a key of the channel."""
    if case.header is not None and case.agreement.has_verified_signature is not True:
        yield from case.header.all("Sgntr")
