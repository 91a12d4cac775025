"""Reading one message: header and document found by namespace, each judged by its own schema."""

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml import etree

from schemas import xml
from schemas.iso20022 import xsd
from schemas.iso20022.definitions import HEADER, NAMESPACE, Group, shipped
from schemas.iso20022.tree import EMPTY, Node, Tree, grow

MOST_FLAWS = 50  # of one schema in one message: further ones are seldom faults of their own
MOST_PLACED = 200  # errors of one part whose places are counted
_LARGE = 32 * 1024  # bytes from which errors are counted first
_SHORT = 8 * 1024  # bytes: of what is no longer, the last 128 are remembered
_LONG = 200  # letters of a tag that is none of ours
_PIECE = 16 * 1024
_NUMBER = re.compile(r"\[\d+\]$")
_NAMESPACE = "{" + NAMESPACE
_ID = re.compile(r"[a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Flaw:
    """Why an envelope is none: the rule, the place, and what more may be said without a value."""

    rule: str
    path: str
    detail: str = ""
    type: str = ""  # of the element that does not validate, where it is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What was found in the bytes. Only without flaws are header and document trees to believe."""

    message: str = ""
    header_id: str = ""
    header_index: Tree = EMPTY
    index: Tree = EMPTY  # of the document
    flaws: tuple[Flaw, ...] = ()

    @property
    def header(self) -> Node | None:
        """The root of the header, or None."""
        return None if self.header_index is EMPTY else self.header_index.root

    @property
    def document(self) -> Node | None:
        """The root of the document, or None."""
        return None if self.index is EMPTY else self.index.root


NOTHING_READ = Envelope()


@lru_cache(maxsize=256)
def _named(tag: str) -> tuple[str, str]:
    """The local name of a whole tag, and the message its namespace is of, or nothing."""
    uri, _, name = tag.rpartition("}")
    found = uri.removeprefix(_NAMESPACE)
    return name, found if uri != found and _ID.fullmatch(found) else ""


def _find(
    root: etree._Element,
) -> tuple[list[etree._Element], list[etree._Element], list[etree._Element]]:
    """Headers, documents, and what bears their name elsewhere; never looking inside."""
    headers: list[etree._Element] = []
    documents: list[etree._Element] = []
    strangers: list[etree._Element] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        tag = str(node.tag)
        name, found = _named(tag) if len(tag) <= _LONG else (tag.rpartition("}")[2], "")
        if name in ("Document", "AppHdr"):
            if found and found.startswith(HEADER) == (name == "AppHdr"):
                (headers if name == "AppHdr" else documents).append(node)
                continue
            strangers.append(node)
        waiting.extend(reversed(node))
    return headers, documents, strangers


def read(raw: bytes, accepted: tuple[str, ...]) -> Envelope:
    """Return the envelope in `raw`: every flaw named, trees typed from the validated ones.

    `accepted` are the ids of headers and messages the profile speaks. It never raises for bytes.
    What was lately found without a flaw is not read again: those who write, keep and prove a
    message read the same bytes.
    """
    if len(raw) > _SHORT:
        return _read(raw, accepted)
    held = _lately(raw)
    if held and {held[0].message, held[0].header_id or held[0].message} <= set(accepted):
        return held[0]
    found = _read(raw, accepted)
    if not found.flaws:
        held[:] = (found,)
    return found


@lru_cache(maxsize=128)
def _lately(_: bytes) -> list[Envelope]:
    """The place where what was found in some bytes is kept."""
    return []


def _read(raw: bytes, accepted: tuple[str, ...]) -> Envelope:
    try:
        root = xml.parse(raw)
    except xml.Unreadable as error:
        return Envelope(flaws=(Flaw("ISO-ENV-000", "", str(error.fault)),))
    headers, documents, strangers = _find(root)
    flaws = [
        Flaw("ISO-ENV-001", xml.local_path(node), why)
        for nodes, why in (
            (strangers, "foreign namespace"),
            (headers[1:], "a second one"),
            (documents[1:], "a second one"),
        )
        for node in nodes[:MOST_FLAWS]
    ]
    is_large = len(raw) > _LARGE
    header_id, header_index, index = "", EMPTY, EMPTY
    if headers:
        header_id = _named(str(headers[0].tag))[1]
        header_index = _judged(headers[0], header_id, accepted, flaws, is_large=is_large)
    message = ""
    if documents:
        message = _named(str(documents[0].tag))[1]
        if disagreeing := _wrapper_flaw(documents[0], message):
            flaws.append(disagreeing)
        index = _judged(documents[0], message, accepted, flaws, is_large=is_large)
    else:
        flaws.append(Flaw("ISO-ENV-001", xml.local_path(root), "no Document"))
    return Envelope(
        message=message,
        header_id=header_id,
        header_index=header_index,
        index=index,
        flaws=tuple(flaws),
    )


def _judged(
    node: etree._Element,
    message_id: str,
    accepted: tuple[str, ...],
    flaws: list[Flaw],
    *,
    is_large: bool,
) -> Tree:
    """The typed tree of a valid part; or an empty one, and its flaws."""
    if message_id not in accepted:
        flaws.append(Flaw("ISO-ENV-003", etree.QName(node).localname, spoken(message_id, accepted)))
        return EMPTY
    schema = xsd.compiled(message_id)
    if is_large and (kinds := _swarm(node, schema)):
        place = etree.QName(node).localname
        flaws += [Flaw("ISO-ENV-002", place, kind) for kind in kinds]
        return EMPTY
    if schema.validate(node):
        return grow(node, message_id)
    errors = list(islice(schema.error_log, MOST_FLAWS))
    if not errors:  # a validator shared by threads forgets; what is invalid never passes for it
        flaws.append(Flaw("ISO-ENV-002", etree.QName(node).localname))
    for entry in errors:
        path = xml.error_path(node, entry.path)
        flaws.append(Flaw("ISO-ENV-002", path, entry.type_name, type_at(message_id, path)))
    return EMPTY


def _swarm(node: etree._Element, schema: etree.XMLSchema) -> list[str]:
    """The kinds of error of a part that has too many to say where they stand, else nothing.

    libxml2 counts elder siblings for the place of every error, so that ten megabytes of errors
    below one parent would take minutes. Parsed again in pieces, they are counted without a place,
    and the first too many ends it.
    """
    parser = etree.XMLPullParser(schema=schema, events=())
    raw = etree.tostring(node)
    for at in range(0, len(raw), _PIECE):
        try:
            parser.feed(raw[at : at + _PIECE])
        except etree.XMLSyntaxError:
            break
        if len(parser.feed_error_log) > MOST_PLACED:
            return list(dict.fromkeys(entry.type_name for entry in parser.feed_error_log))
    return []


def type_at(message_id: str, path: str) -> str:
    """The type of the element at a path of tags, or nothing where no definition has it."""
    dictionary = shipped()
    message = dictionary.messages[message_id]
    steps = [_NUMBER.sub("", step) for step in path.split("/")][1:]
    if message.body:
        if steps[:1] != [message.body]:
            return ""
        steps = steps[1:]
    kind = message.type
    for step in steps:
        group = dictionary.types.get(kind)
        elements = group.elements() if isinstance(group, Group) else ()
        kind = next((one.type for one in elements if one.tag == step), "")
    return kind


def spoken(message_id: str, accepted: tuple[str, ...]) -> str:
    """Say which versions of this message are spoken here, or which messages when it is none."""
    same = [one for one in accepted if one[:8] == message_id[:8]]
    return "spoken here: " + ", ".join(same or accepted)


def _wrapper_flaw(document: etree._Element, message: str) -> Flaw | None:
    """A wrapper whose name or message name holds another message id than the document's."""
    step = document.getparent()
    while step is not None:
        named = _ID.search(str(step.tag).rpartition("}")[2])
        if named and named[0] != message:
            return Flaw("ISO-ENV-004", xml.local_path(step))
        step = step.getparent()
    return None
