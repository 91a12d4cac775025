"""A field of a gateway message has a name and a type, and its place is its place in the text.

A shape is written as one line: names in signing order, each with a mark for its type where it is
not text. `*` an integer, `?` a boolean, `+` a list of texts, `%` a map of texts; `name(...)` is an
object and `name[...]` a list of objects.
"""

import re
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    """The types a field of the gateway may have."""

    TEXT = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TEXTS = "strings"
    TEXT_MAP = "string map"
    OBJECT = "object"
    LIST = "list_of"


@dataclass(frozen=True, slots=True)
class Field:
    """One field: its wire name, its type, and the fields inside it."""

    name: str
    kind: Kind
    inside: tuple["Field", ...] = ()


BODY = "(body)"
"""The name of the one field of a body that is itself a list."""

_MARKS = {
    "": Kind.TEXT,
    "*": Kind.INTEGER,
    "?": Kind.BOOLEAN,
    "+": Kind.TEXTS,
    "%": Kind.TEXT_MAP,
    "(": Kind.OBJECT,
    "[": Kind.LIST,
}
_TOKEN = re.compile(r"\s*(?:(?P<close>[)\]])|(?P<name>\(body\)|\w+)(?P<mark>[*?+%(\[]?))")


def fields(line: str) -> tuple[Field, ...]:
    """The fields that a line of the notation describes.

    Errors: ValueError for a line that is not in the notation.
    """
    found, end = _fields(line.rstrip(), 0, "")
    if end != len(line.rstrip()):
        raise ValueError(f"shape does not close where it should: {line!r}")
    return found


def _fields(line: str, at: int, until: str) -> tuple[tuple[Field, ...], int]:
    found: list[Field] = []
    while at < len(line):
        token = _TOKEN.match(line, at)
        if token is None or (token["close"] and token["close"] != until):
            raise ValueError(f"shape not understood at {at}: {line!r}")
        at = token.end()
        if token["close"]:
            return tuple(found), at
        kind = _MARKS[token["mark"]]
        inside: tuple[Field, ...] = ()
        if kind in (Kind.OBJECT, Kind.LIST):
            inside, at = _fields(line, at, ")" if kind is Kind.OBJECT else "]")
        found.append(Field(token["name"], kind, inside))
    if until:
        raise ValueError(f"shape is not closed: {line!r}")
    return tuple(found), at
