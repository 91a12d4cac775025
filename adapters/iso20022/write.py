"""Writing a message: elements in the order of their definition, never an unknown one, then checked.

What is written is read again by the strict reader before it may leave; the bytes of one message
are the same on every machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from lxml import etree

from schemas import xml
from schemas.iso20022.definitions import Amount, Group, Simple, Wildcard, shipped
from schemas.iso20022.envelope import Envelope, read

WRAPPER = "urn:lianqiao:envelope:1"


class BadMessage(ValueError):
    """Raised for a message that must not leave or be believed; names rule and place only."""


@dataclass(frozen=True, slots=True)
class Sum:
    """An amount as it stands in a message: its text and its currency."""

    text: str
    currency: str


Part: TypeAlias = "str | Sum | Mapping[str, Part] | tuple[Part, ...] | None"


def message(document: str, body: Part, header: str = "", head: Part = None) -> bytes:
    """Return the bytes of one message, with its header beside it where there is one.

    Errors: BadMessage, also where the strict reader would refuse it.
    """
    root = _document(document, body)
    if header:
        outer = etree.Element(f"{{{WRAPPER}}}Envelope", nsmap={None: WRAPPER})
        outer.append(_document(header, head))
        outer.append(root)
        root = outer
    raw = xml.render(root)
    checked(raw, tuple(filter(None, (header, document))))
    return raw


def checked(raw: bytes, accepted: tuple[str, ...]) -> Envelope:
    """Return what the strict reader finds in `raw`.

    Errors: BadMessage, with the rule and the place of the first flaw.
    """
    found = read(raw, accepted)
    if found.flaws:
        flaw = found.flaws[0]
        raise BadMessage(f"{flaw.rule} {flaw.path} {flaw.detail}".strip())
    return found


def _document(message_id: str, body: Part) -> etree._Element:
    known = shipped().messages[message_id]
    space = known.namespace
    root = etree.Element(f"{{{space}}}{known.root}", nsmap={None: space})
    if known.body:
        _fill(etree.SubElement(root, f"{{{space}}}{known.body}"), known.type, body, space)
    else:
        _fill(root, known.type, body, space)
    return root


def _fill(node: etree._Element, kind: str, part: Part, space: str) -> None:
    held = shipped().types[kind]
    match held:
        case Simple():
            if not isinstance(part, str):
                raise BadMessage(f"{etree.QName(node).localname}: a text belongs here")
            _say(node, part)
        case Amount(_, attribute, _):
            if not isinstance(part, Sum):
                raise BadMessage(f"{etree.QName(node).localname}: an amount belongs here")
            _say(node, part.text)
            node.set(attribute, part.currency)
        case Group():
            if not isinstance(part, Mapping):
                raise BadMessage(f"{etree.QName(node).localname}: elements belong here")
            _elements(node, held, part, space)


def _say(node: etree._Element, text: str) -> None:
    try:
        node.text = text
    except ValueError as error:  # lxml's own word for it, which may quote the text
        where = etree.QName(node).localname
        raise BadMessage(f"{where}: a character that no XML may hold") from error


def _elements(node: etree._Element, group: Group, parts: "Mapping[str, Part]", space: str) -> None:
    elements = list(group.elements())
    if any(isinstance(one, Wildcard) for one in group.parts):
        raise BadMessage(f"{etree.QName(node).localname}: others' elements are not written")
    unknown = set(parts) - {one.tag for one in elements}
    if unknown:
        raise BadMessage(f"{etree.QName(node).localname}: no {min(unknown)} in its definition")
    for one in elements:
        held = parts.get(one.tag)
        for each in held if isinstance(held, tuple) else (held,):
            if each is not None:
                _fill(etree.SubElement(node, f"{{{space}}}{one.tag}"), one.type, each, space)
