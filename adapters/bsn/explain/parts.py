"""A message as the parts of its signed text: each field's place, type, and what it adds.

The parts are a tree that can be reordered, thinned and rewritten, because the readings of a
mistaken signer are such trees. The rules of the wire itself stand in `pcn_codec`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from adapters.bsn.explain.captured import Literal
from schemas.bsn.shapes import BODY, Field, Kind

SECRET = frozenset({"secret", "transientData"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One field: what it adds to the text, or the fields inside it."""

    name: str
    kind: Kind | None  # None: the table does not know it
    place: int  # where it stood in the captured object; -1 where it did not
    values: tuple[str, ...] = ()  # of a leaf, in order
    elements: tuple[tuple["Part", ...], ...] = ()  # of an object one, of a list many
    raw: Any = None
    wrong: str = ""  # why the value is not of its type

    @property
    def absent(self) -> bool:
        return self.raw is None


Parts: TypeAlias = tuple[Part, ...]
Path: TypeAlias = tuple[str, ...]
_NESTED = (Kind.OBJECT, Kind.LIST)


def parts_of(shape: tuple[Field, ...], value: Any) -> Parts:
    """The parts of an object after its shape, and after them the names the shape lacks."""
    members = value if isinstance(value, dict) else {}
    places = {name: place for place, name in enumerate(members)}
    known = tuple(_part(f, members.get(f.name), places.get(f.name, -1)) for f in shape)
    names = {f.name for f in shape}
    stray = tuple(
        Part(name=name, kind=None, place=places[name], values=(plain(member),), raw=member)
        for name, member in members.items()
        if name not in names
    )
    return known + stray


def body_parts(shape: tuple[Field, ...], body: Any) -> Parts:
    """The parts of a body; a body of the wrong shape is one part that says so."""
    listed = len(shape) == 1 and shape[0].name == BODY
    if body is None:
        return ()
    if listed:
        return (_part(shape[0], body, 0),)
    if not isinstance(body, dict):
        wrong = "the body is not an object"
        return (Part(name=BODY, kind=None, place=0, values=(plain(body),), raw=body, wrong=wrong),)
    return parts_of(shape, body)


def signed(parts: Parts) -> Parts:
    """The parts that the table signs."""
    return tuple(part for part in parts if part.kind is not None)


def render(parts: Parts) -> str:
    """The text that the parts add up to."""
    return "".join(
        "".join(render(inside) for inside in part.elements)
        if part.kind in _NESTED
        else "".join(part.values)
        for part in parts
    )


def plain(value: Any) -> str:
    """How a value of any type would most naturally be written."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, Literal):
        return value.text
    return dump(value)


def dump(value: Any) -> str:
    """A value as compact JSON, its literals as they were written where they are integers."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=lambda v: v.text)


def _part(field: Field, value: Any, place: int) -> Part:
    part = Part(name=field.name, kind=field.kind, place=place, raw=value)
    if value is None:
        inside = (parts_of(field.inside, None),) if field.kind is Kind.OBJECT else ()
        return replace(part, elements=inside)
    if field.kind is Kind.OBJECT:
        wrong = "" if isinstance(value, dict) else "an object is due"
        return replace(part, elements=(signed(parts_of(field.inside, value)),), wrong=wrong)
    if field.kind is Kind.LIST:
        items = value if isinstance(value, list) else []
        wrong = "" if isinstance(value, list) else "a list of objects is due"
        if any(not isinstance(item, dict) for item in items):
            wrong = "a list of objects is due"
        elements = tuple(signed(parts_of(field.inside, item)) for item in items)
        return replace(part, elements=elements, wrong=wrong)
    values, wrong = _leaf(field.kind, value)
    return replace(part, values=values, wrong=wrong)


def _leaf(kind: Kind, value: Any) -> tuple[tuple[str, ...], str]:
    if kind is Kind.TEXTS:
        if isinstance(value, list):
            good = all(isinstance(item, str) for item in value)
            return tuple(map(plain, value)), "" if good else "a list of texts is due"
        return (plain(value),), "a list of texts is due"
    if kind is Kind.TEXT_MAP:
        if isinstance(value, dict):
            good = all(isinstance(item, str) for item in value.values())
            pairs = tuple(text for name, item in value.items() for text in (name, plain(item)))
            return pairs, "" if good else "a map of texts is due"
        return (plain(value),), "a map of texts is due"
    return (plain(value),), _mistyped(kind, value)


def _mistyped(kind: Kind, value: Any) -> str:
    if kind is Kind.TEXT and not isinstance(value, str):
        return f"a text is due, and {_what(value)} was sent"
    if kind is Kind.BOOLEAN and not isinstance(value, bool):
        return f"true or false is due, and {_what(value)} was sent"
    if kind is Kind.INTEGER and (isinstance(value, bool) or not isinstance(value, int)):
        return f"an integer is due, and {_what(value)} was sent"
    return ""


def _what(value: Any) -> str:
    if isinstance(value, Literal):
        return "a number that is no 64-bit integer"
    names = {bool: "a boolean", int: "a number", str: "text", list: "a list", dict: "an object"}
    return names.get(type(value), "something else")


def objects(parts: Parts, at: Path = ()) -> Iterator[tuple[Path, Parts]]:
    """Every object shape of the tree, outermost first, with its first instance."""
    yield at, parts
    for part in parts:
        if part.elements:
            yield from objects(part.elements[0], (*at, part.name))


def leaves(parts: Parts, at: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every leaf shape of the tree in order, with its first instance."""
    for part in parts:
        if part.kind in _NESTED:
            if part.elements:
                yield from leaves(part.elements[0], (*at, part.name))
        else:
            yield (*at, part.name), part


def every_leaf(parts: Parts, at: Path = ()) -> Iterator[tuple[Path, Part]]:
    """Every leaf of every instance in order; absent objects are passed over."""
    for part in parts:
        if part.kind not in _NESTED:
            yield (*at, part.name), part
        elif not part.absent:
            for one in part.elements:
                yield from every_leaf(one, (*at, part.name))


def change_object(parts: Parts, at: Path, change: Callable[[Parts], Parts]) -> Parts:
    """The tree with every instance of one object shape changed."""
    if not at:
        return change(parts)
    return tuple(
        replace(part, elements=tuple(change_object(one, at[1:], change) for one in part.elements))
        if part.name == at[0]
        else part
        for part in parts
    )


def change_leaf(parts: Parts, at: Path, change: Callable[[Part], Part]) -> Parts:
    """The tree with every instance of one leaf changed."""

    def inside(found: Parts) -> Parts:
        return tuple(change(part) if part.name == at[-1] else part for part in found)

    return change_object(parts, at[:-1], inside)


def change_values(parts: Parts, at: Path, change: Callable[[str], str]) -> Parts:
    """The tree with every value of one leaf rewritten."""
    return change_leaf(
        parts, at, lambda part: replace(part, values=tuple(map(change, part.values)))
    )


def every_object(parts: Parts, change: Callable[[Parts], Parts]) -> Parts:
    """The tree with every object of it changed, innermost first."""
    return change(
        tuple(
            replace(part, elements=tuple(every_object(one, change) for one in part.elements))
            for part in parts
        )
    )
