"""The definitions of the ISO 20022 messages we know: one dictionary of types, shared by all.

A type name means one thing in every message; the tool that builds the dictionary refuses a folder
in which it does not. The dictionary holds facts of the schemas and none of their definition texts.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"
HEADER = "head.001."
UNBOUNDED = -1
_DICTIONARY = Path(__file__).with_name("dictionary.json")


@dataclass(frozen=True, slots=True)
class Simple:
    """A text with a base type of XML Schema and facets in the order they are checked."""

    base: str
    facets: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Amount:
    """A simple value with one attribute that must be there."""

    value: str
    attribute: str
    attribute_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A child: its tag, the name of its type, how often."""

    tag: str
    type: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard:
    """A place for the elements of others."""

    namespace: str
    process: str
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Children in order, or one of them."""

    is_choice: bool
    parts: tuple["Element | Wildcard | Group", ...]
    least: int = 1
    most: int = 1

    def elements(self) -> Iterator[Element]:
        """Every element that may stand here, nested choices flattened."""
        for part in self.parts:
            if isinstance(part, Element):
                yield part
            elif isinstance(part, Group):
                yield from part.elements()


Type = Simple | Amount | Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message definition: its id, its root element, and the element below `Document`.

    A header has no such element: `body` is empty and `type` is the type of the root.
    """

    id: str
    root: str
    body: str
    type: str

    @property
    def namespace(self) -> str:
        """The target namespace of this version of the message."""
        return NAMESPACE + self.id


@dataclass(frozen=True, slots=True)
class Dictionary:
    """All messages and all types, with the digest of the bytes they were read from."""

    messages: dict[str, Message]
    types: dict[str, Type]
    digest: str

    def reached(self, message: Message) -> list[str]:
        """The names of every type `message` needs, sorted."""
        found: set[str] = set()
        waiting = [message.type]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            found.add(name)
            kind = self.types[name]
            if isinstance(kind, Amount):
                waiting += [kind.value, kind.attribute_type]
            elif isinstance(kind, Group):
                waiting += [one.type for one in kind.elements() if not one.type.startswith("xs:")]
        return sorted(found)


def _part(row: list[object]) -> Element | Wildcard | Group:
    match row:
        case ["*", str(namespace), str(process), int(least), int(most)]:
            return Wildcard(namespace=namespace, process=process, least=least, most=most)
        case ["|", list(parts), int(least), int(most)]:
            inner = tuple(_part(part) for part in parts)
            return Group(is_choice=True, parts=inner, least=least, most=most)
        case [str(tag), str(kind), int(least), int(most)]:
            return Element(tag=tag, type=kind, least=least, most=most)
        case _:
            raise ValueError("the dictionary has a particle of no known form")


def _type(row: list[object]) -> Type:
    match row:
        case ["simple", str(base), list(facets)]:
            return Simple(base, tuple((str(name), str(value)) for name, value in facets))
        case ["amount", str(value), str(attribute), str(kind)]:
            return Amount(value, attribute, kind)
        case ["sequence" | "choice" as form, list(parts)]:
            return Group(is_choice=form == "choice", parts=tuple(_part(part) for part in parts))
        case _:
            raise ValueError("the dictionary has a type of no known form")


def read(raw: bytes) -> Dictionary:
    """Return the dictionary in `raw`, the bytes `schemas.iso20022.build` writes.

    Errors: ValueError for anything that tool does not write.
    """
    table = json.loads(raw)
    messages = {
        name: Message(id=name, root=root, body=body, type=kind)
        for name, (root, body, kind) in table["messages"].items()
    }
    types = {name: _type(row) for name, row in table["types"].items()}
    return Dictionary(messages, types, sha256(raw).hexdigest())


@cache
def shipped() -> Dictionary:
    """The dictionary of this release, read once a process."""
    return read(_DICTIONARY.read_bytes())
