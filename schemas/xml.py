"""Strict reading of XML: the order of the steps is the defence.

Encodings go first, because a search for a document type in the bytes sees nothing in UTF-16.
Comments and processing instructions are dropped while parsing: one inside a value would split the
text in two, and the validator and the reader would see different amounts.
"""

import re
import threading
from enum import StrEnum
from itertools import islice

from lxml import etree

MAX_BYTES = 10 * 1024 * 1024  # one message; a batch has a reader of its own
_BOM = b"\xef\xbb\xbf"
_STEP = re.compile(r"(?:([^:\[]+):)?([^:\[]+)(?:\[(\d+)\])?")


class _OwnParser(threading.local):
    """One parser a thread for all its messages: what it says of the last one is its thread's."""

    def __init__(self) -> None:
        # libxml2 holds the limits: 256 levels, 10 MB a text.
        self.parser = etree.XMLParser(
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            attribute_defaults=False,
            huge_tree=False,
            recover=False,
            collect_ids=False,
            remove_comments=True,
            remove_pis=True,
        )


_OWN = _OwnParser()


class Fault(StrEnum):
    """Why bytes are no message; never what stands in them."""

    TOO_LARGE = "larger than one message may be"
    NOT_UTF8 = "not UTF-8"
    NUL = "a NUL byte"
    MALFORMED = "not well-formed XML within the limits"
    DOCTYPE = "a document type declaration"
    ENCODING = "declares another encoding than UTF-8"
    VERSION = "declares another version than XML 1.0"


class Unreadable(ValueError):
    """Raised for bytes that are refused before anything in them was believed."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def parse(raw: bytes) -> etree._Element:
    """Return the root of one well-formed document without comments, instructions or a DTD.

    Errors: Unreadable.
    """
    if len(raw) > MAX_BYTES:
        raise Unreadable(Fault.TOO_LARGE)
    body = raw.removeprefix(_BOM)
    if b"\0" in body:
        raise Unreadable(Fault.NUL)
    try:
        body.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise Unreadable(Fault.NOT_UTF8) from None
    parser = _OWN.parser
    try:
        root: etree._Element = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError):
        raise Unreadable(Fault.MALFORMED) from None
    if any(entry.level >= etree.ErrorLevels.ERROR for entry in parser.error_log):
        raise Unreadable(Fault.MALFORMED)  # a prefix that is not bound, hidden by a later warning
    about = root.getroottree().docinfo
    if about.doctype or about.internalDTD is not None:
        raise Unreadable(Fault.DOCTYPE)
    if (about.encoding or "UTF-8").upper() != "UTF-8":
        raise Unreadable(Fault.ENCODING)
    if about.xml_version != "1.0":
        raise Unreadable(Fault.VERSION)
    return root


def local_path(node: etree._Element) -> str:
    """Return the path of a node by local names, numbered where brothers share the name."""
    steps: list[str] = []
    step: etree._Element | None = node
    while step is not None:
        steps.append(_numbered(step))
        step = step.getparent()
    return "/".join(reversed(steps))


def _numbered(node: etree._Element) -> str:
    name = etree.QName(node).localname
    tag = str(node.tag)
    elder = len(list(node.itersiblings(tag, preceding=True)))
    alone = elder == 0 and next(node.itersiblings(tag), None) is None
    return name if alone else f"{name}[{elder + 1}]"


def error_path(validated: etree._Element, path: str | None) -> str:
    """Return where a validator's error stands, by local names below the validated element.

    libxml2 writes each step as a star, or by prefix and name where there is a prefix, and numbers
    the one among its like; the first step is what was validated. Its message quotes the value,
    which may be personal data, so nothing but the place and the kind of error is ever shown.
    """
    root = etree.QName(validated).localname
    node = validated
    for step in (path or "").split("/")[2:]:
        found = _STEP.fullmatch(step)
        if found is None:
            return root
        prefix, name, number = found.groups()
        alike = (child for child in node if name == "*" or _is_called(child, prefix, name))
        there = next(islice(alike, int(number or "1") - 1, None), None)
        if there is None:
            return root
        node = there
    return root + local_path(node).removeprefix(local_path(validated))


def _is_called(node: etree._Element, prefix: str | None, name: str) -> bool:
    return node.prefix == prefix and etree.QName(node).localname == name
