"""Writing a message: elements in the order of their definition, never an unknown one, then checked.

What is written is read again by the strict reader before it may leave; the bytes of one message
are the same on every machine.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from schemas.iso20022.definitions import Group, Simple, Wildcard, shipped
from schemas.iso20022.envelope import Envelope, read

WRAPPER = "urn:lianqiao:envelope:1"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PLAIN = re.compile("[A-Za-z0-9 :.+/-]*")
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_IN_QUOTES = str.maketrans({'"': "&quot;", "\n": "&#10;", "\t": "&#9;"})


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
    out: list[str] = ["<?xml version='1.0' encoding='UTF-8'?>\n"]
    if header:
        out.append(f'<Envelope xmlns="{WRAPPER}">')
        _document(out, header, head)
    _document(out, document, body)
    if header:
        out.append("</Envelope>")
    raw = "".join(out).encode()
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


def _document(out: list[str], message_id: str, body: Part) -> None:
    known = shipped().messages[message_id]
    opened = f'{known.root} xmlns="{known.namespace}"'
    if known.body:
        out.append(f"<{opened}>")
        _fill(out, known.body, known.body, known.type, body)
        out.append(f"</{known.root}>")
    else:
        _fill(out, known.root, opened, known.type, body)


def _fill(out: list[str], tag: str, opened: str, kind: str, part: Part) -> None:
    """Write one element; `opened` is what stands between its first brackets."""
    held = shipped().types[kind]
    if isinstance(held, Group):
        if not isinstance(part, dict | Mapping):
            raise BadMessage(f"{tag}: elements belong here")
        _elements(out, tag, opened, kind, part)
    elif isinstance(held, Simple):
        if not isinstance(part, str):
            raise BadMessage(f"{tag}: a text belongs here")
        out.append(f"<{opened}>{_said(tag, part)}</{tag}>")
    else:
        if not isinstance(part, Sum):
            raise BadMessage(f"{tag}: an amount belongs here")
        currency = _said(tag, part.currency).translate(_IN_QUOTES)
        out.append(f'<{opened} {held.attribute}="{currency}">{_said(tag, part.text)}</{tag}>')


def _said(tag: str, text: str) -> str:
    """Return a text as it stands between tags."""
    if _PLAIN.fullmatch(text):
        return text
    if _NO_XML.search(text):
        raise BadMessage(f"{tag}: a character that no XML may hold")
    return text.translate(_ESCAPED)


def _elements(
    out: list[str], tag: str, opened: str, kind: str, parts: "Mapping[str, Part]"
) -> None:
    places = _places(kind)
    if places is None:
        raise BadMessage(f"{tag}: others' elements are not written")
    if unknown := parts.keys() - places.keys():
        raise BadMessage(f"{tag}: no {min(unknown)} in its definition")
    start = len(out)
    out.append(f"<{opened}>")
    for name in sorted(parts, key=places.__getitem__):
        held = parts[name]
        for each in held if isinstance(held, tuple) else (held,):
            if each is not None:
                _fill(out, name, name, places[name][1], each)
    if len(out) == start + 1:
        out[start] = f"<{opened}/>"
    else:
        out.append(f"</{tag}>")


@cache
def _places(kind: str) -> Mapping[str, tuple[int, str]] | None:
    """Return where each element of a group stands, and its type; None where others' may."""
    group = shipped().types[kind]
    assert isinstance(group, Group), "only groups have elements"
    if any(isinstance(one, Wildcard) for one in group.parts):
        return None
    return {one.tag: (place, one.type) for place, one in enumerate(group.elements())}
