"""Reading one message: header and document found by namespace, each judged by its own schema."""

import re
from dataclasses import dataclass

from lxml import etree

from schemas import xml
from schemas.iso20022 import xsd
from schemas.iso20022.definitions import HEADER, NAMESPACE
from schemas.iso20022.tree import Node, grow

_ID = re.compile(r"[a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why an envelope is none: the rule, the place, and what more may be said without a value."""

    rule: str
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was found in the bytes. Only without flaws are header and document trees to believe."""

    message: str = ""
    header_id: str = ""
    header: Node | None = None
    document: Node | None = None
    nodes: tuple[Node, ...] = ()
    flaws: tuple[Flaw, ...] = ()


def _message_id(node: etree._Element) -> str:
    uri = etree.QName(node).namespace or ""
    found = uri.removeprefix(NAMESPACE)
    return found if uri != found and _ID.fullmatch(found) else ""


def _find(
    root: etree._Element,
) -> tuple[list[etree._Element], list[etree._Element], list[etree._Element]]:
    """Headers, documents, and what bears their name elsewhere; never looking inside."""
    headers, documents, strangers = [], [], []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        name = etree.QName(node).localname
        found = _message_id(node)
        if name == "Document" and found and not found.startswith(HEADER):
            documents.append(node)
        elif name == "AppHdr" and found.startswith(HEADER):
            headers.append(node)
        else:
            if name in ("Document", "AppHdr"):
                strangers.append(node)
            waiting.extend(reversed(node))
    return headers, documents, strangers


def read(raw: bytes, accepted: tuple[str, ...]) -> Envelope:
    """Return the envelope in `raw`: every flaw named, trees typed from the validated ones.

    `accepted` are the ids of headers and messages the profile speaks. It never raises for bytes.
    """
    try:
        root = xml.parse(raw)
    except xml.Unreadable as error:
        return Envelope(flaws=(Flaw("ISO-ENV-000", "", str(error.fault)),))
    headers, documents, strangers = _find(root)
    flaws = [Flaw("ISO-ENV-001", xml.local_path(node), "foreign namespace") for node in strangers]
    flaws += [Flaw("ISO-ENV-001", xml.local_path(node), "a second one") for node in headers[1:]]
    flaws += [Flaw("ISO-ENV-001", xml.local_path(node), "a second one") for node in documents[1:]]
    if not documents:
        flaws.append(Flaw("ISO-ENV-001", xml.local_path(root), "no Document"))
        return Envelope(flaws=tuple(flaws))
    message = _message_id(documents[0])
    if disagreeing := _wrapper_flaw(documents[0], message):
        flaws.append(disagreeing)
    header, header_id, nodes = None, "", []
    if headers:
        header_id = _message_id(headers[0])
        header, seen = _judged(headers[0], header_id, accepted, flaws)
        nodes += seen
    document, seen = _judged(documents[0], message, accepted, flaws)
    nodes += seen
    return Envelope(
        message=message,
        header_id=header_id,
        header=header,
        document=document,
        nodes=tuple(nodes),
        flaws=tuple(flaws),
    )


def _judged(
    node: etree._Element, message_id: str, accepted: tuple[str, ...], flaws: list[Flaw]
) -> tuple[Node | None, list[Node]]:
    """The typed tree of a valid part, or its flaws and nothing."""
    if message_id not in accepted:
        flaws.append(Flaw("ISO-ENV-003", etree.QName(node).localname, spoken(message_id, accepted)))
        return None, []
    schema = xsd.compiled(message_id)
    if schema.validate(node):
        return grow(node, message_id)
    flaws += [
        Flaw("ISO-ENV-002", xml.error_path(node, entry.path), entry.type_name)
        for entry in schema.error_log
    ]
    return None, []


def spoken(message_id: str, accepted: tuple[str, ...]) -> str:
    """Say which versions of this message are spoken here, or which messages when it is none."""
    same = [one for one in accepted if one[:8] == message_id[:8]]
    return "spoken here: " + ", ".join(same or accepted)


def _wrapper_flaw(document: etree._Element, message: str) -> Flaw | None:
    """A wrapper whose name or message name holds another message id than the document's."""
    step = document.getparent()
    while step is not None:
        named = _ID.search(etree.QName(step).localname)
        if named and named[0] != message:
            return Flaw("ISO-ENV-004", xml.local_path(step))
        step = step.getparent()
    return None
