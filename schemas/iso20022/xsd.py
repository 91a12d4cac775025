"""XML Schema text made from our definitions, in memory, and compiled once a process.

libxml2 then validates in C; what it accepts and how it refuses equals the official schema, which a
differential test holds against it. The product ships no schema file.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lxml import etree

from schemas.iso20022.definitions import (
    UNBOUNDED,
    Amount,
    Dictionary,
    Element,
    Group,
    Message,
    Simple,
    Type,
    Wildcard,
    shipped,
)


def _occurs(least: int, most: int) -> str:
    lower = "" if least == 1 else f' minOccurs="{least}"'
    upper = "" if most == 1 else f' maxOccurs="{"unbounded" if most == UNBOUNDED else most}"'
    return lower + upper


def _part(part: Element | Wildcard | Group) -> str:
    occurs = _occurs(part.least, part.most)
    match part:
        case Element():
            return f"<xs:element name={quoteattr(part.tag)} type={quoteattr(part.type)}{occurs}/>"
        case Wildcard():
            return (
                f"<xs:any namespace={quoteattr(part.namespace)}"
                f' processContents="{part.process}"{occurs}/>'
            )
        case Group():
            form = "choice" if part.is_choice else "sequence"
            return f"<xs:{form}{occurs}>{''.join(map(_part, part.parts))}</xs:{form}>"


def _type(name: str, kind: Type) -> str:
    named = quoteattr(name)
    match kind:
        case Simple(base, facets):
            inner = "".join(f"<xs:{facet} value={quoteattr(value)}/>" for facet, value in facets)
            return (
                f"<xs:simpleType name={named}>"
                f'<xs:restriction base="xs:{base}">{inner}</xs:restriction></xs:simpleType>'
            )
        case Amount(value, attribute, attribute_type):
            return (
                f"<xs:complexType name={named}><xs:simpleContent>"
                f"<xs:extension base={quoteattr(value)}><xs:attribute name={quoteattr(attribute)}"
                f' type={quoteattr(attribute_type)} use="required"/></xs:extension>'
                "</xs:simpleContent></xs:complexType>"
            )
        case Group():
            return f"<xs:complexType name={named}>{_part(kind)}</xs:complexType>"


def text(dictionary: Dictionary, message: Message) -> str:
    """Return the schema of `message` with the types it reaches and no others."""
    uri = quoteattr(message.namespace)
    root_type = "Document" if message.body else message.type
    made = [
        f'<xs:schema xmlns={uri} xmlns:xs="http://www.w3.org/2001/XMLSchema" ',
        f'elementFormDefault="qualified" targetNamespace={uri}>',
        f'<xs:element name="{message.root}" type={quoteattr(root_type)}/>',
    ]
    if message.body:
        body = Element(tag=message.body, type=message.type, least=1, most=1)
        made.append(_type("Document", Group(is_choice=False, parts=(body,))))
    made += [_type(name, dictionary.types[name]) for name in dictionary.reached(message)]
    made.append("</xs:schema>")
    return "".join(made)


_OFFICIAL: dict[str, etree.XMLSchema] = {}  # an operator's own, in the place of ours


@cache
def _made(message_id: str) -> etree.XMLSchema:
    dictionary = shipped()
    return etree.XMLSchema(etree.fromstring(text(dictionary, dictionary.messages[message_id])))


def compiled(message_id: str) -> etree.XMLSchema:
    """The validator of one message: an operator's official schema, else ours, compiled once.

    Errors: KeyError for a message the dictionary does not have.
    """
    return _OFFICIAL.get(message_id) or _made(message_id)


class NotPinned(ValueError):
    """Raised where an operator's schema is not the one that was pinned; nothing is used then."""


def use_official(folder: Path, pins: Mapping[str, str]) -> None:
    """Let the official schemas of a folder validate in the place of ours, from now on.

    `pins`: the SHA-256 of each file, in hex, by message id. A daemon does this before it reads
    its first message, or stops.
    Errors: NotPinned, for a file that is missing, has other bytes, or is no schema.
    """
    found: dict[str, etree.XMLSchema] = {}
    for message_id, pin in sorted(pins.items()):
        if message_id not in shipped().messages:
            raise NotPinned(f"{message_id} is no message we read")
        try:
            raw = (folder / f"{message_id}.xsd").read_bytes()
        except OSError as error:
            raise NotPinned(f"{message_id}.xsd: {error.strerror}") from error
        if sha256(raw).hexdigest() != pin.lower():
            raise NotPinned(f"{message_id}.xsd has another digest than the one pinned")
        try:
            parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
            found[message_id] = etree.XMLSchema(etree.fromstring(raw, parser))
        except (etree.XMLSyntaxError, etree.XMLSchemaParseError) as error:
            raise NotPinned(f"{message_id}.xsd is no schema") from error
    _OFFICIAL.clear()
    _OFFICIAL.update(found)
