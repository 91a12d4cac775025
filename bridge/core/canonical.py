"""The one byte form of a value: what is hashed, signed and stored.

JSON of strings, booleans, arrays and objects only. Integers are decimal strings; there is no
number, no null and no float, so every language rebuilds the same bytes.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias, cast

Value: TypeAlias = "str | bool | Sequence[Value] | Mapping[str, Value]"

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_KNOWN: set[object] = set()
_KNOWN_MAX = 4_096  # names; strangers' names beyond it are looked at each time
_DEPTH = 32  # of nesting; a group's deepest body has nine
_write = json.JSONEncoder(
    ensure_ascii=False,
    check_circular=False,  # the bound on nesting ends a circle
    sort_keys=True,
    separators=(",", ":"),
).encode


class NotCanonical(ValueError):
    """Raised for a value or bytes outside the canonical form; its sentence names the place."""


def canonical(value: Value) -> bytes:
    """Return the bytes that stand for `value`, the same on every machine.

    Errors: NotCanonical for another type, a bad name, a control character, a lone surrogate.
    Source: RFC 8785, section 3.2.2.2 for escapes; the restriction to strings is ours.
    """
    try:
        _check(value, 0)
    except _Misplaced as error:
        raise NotCanonical(f"{error.place or 'value'}: {error.why}") from None
    return _write(value).encode()


def digest(value: Value) -> str:
    """Return the SHA-256 of the canonical bytes, in lower-case hex."""
    return sha256(canonical(value)).hexdigest()


def parse(data: bytes) -> Value:
    """Return the value whose canonical bytes are exactly `data`.

    Errors: NotCanonical for anything else: duplicate names, numbers, null, white space, order.
    """
    try:
        value: Value = json.loads(data.decode())
        if canonical(value) == data:
            return value  # a name that stood twice would have been lost on the way
    except (ValueError, RecursionError):
        pass
    return _explained(data)


def _explained(data: bytes) -> Value:
    """Say at which rule bytes fail that are no canonical form."""
    try:
        value: Value = json.loads(
            data.decode(),
            object_pairs_hook=_once,
            parse_constant=_refuse,
            parse_float=_refuse,
            parse_int=_refuse,
        )
        again = canonical(value)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise NotCanonical(f"not JSON in UTF-8: {type(error).__name__}") from error
    if again != data:
        raise NotCanonical("the bytes are not the canonical form of their value")
    return value


class _Misplaced(Exception):
    """Carries the place upwards, so that a value without fault never spells one."""

    def __init__(self, why: str, place: str = "") -> None:
        super().__init__(why)
        self.why = why
        self.place = place

    def under(self, name: str) -> "_Misplaced":
        return _Misplaced(self.why, f"{name}{'' if self.place[:1] in '[' else '.'}{self.place}")


def _check(value: object, depth: int) -> None:
    if isinstance(value, str):
        if not value.isprintable() and _CONTROL.search(value):
            raise _Misplaced("a control character or lone surrogate")
    elif isinstance(value, bool):
        pass
    elif depth >= _DEPTH:
        raise _Misplaced(f"nested deeper than {_DEPTH}")
    elif isinstance(value, dict):
        _check_object(cast("dict[object, object]", value), depth)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(cast("list[object]", value)):
            try:
                _check(member, depth + 1)
            except _Misplaced as error:
                raise error.under(f"[{index}]") from None
    else:
        raise _Misplaced(f"{type(value).__name__} has no canonical form")


def _check_object(value: dict[object, object], depth: int) -> None:
    if not _KNOWN.issuperset(value):
        for name in value:
            _know(name)
    try:
        if "".join(cast("Iterable[str]", value.values())).isprintable():
            return  # nothing but plain text, as nearly every object
    except TypeError:
        pass
    for name, member in value.items():
        if type(member) is str and member.isprintable():
            continue
        try:
            _check(member, depth + 1)
        except _Misplaced as error:
            raise error.under(str(name)) from None


def _know(name: object) -> None:
    """Remember a good name: the ledger has a few hundred, and each is looked at often."""
    if name in _KNOWN:
        return
    if not isinstance(name, str) or not _NAME.match(name):
        raise _Misplaced(f"the name {name!r}")
    if len(_KNOWN) < _KNOWN_MAX:
        _KNOWN.add(name)


def _once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCanonical("a name stands twice in one object")
    return members


def _refuse(text: str) -> Value:
    raise NotCanonical(f"the number {text[:20]}; numbers are written as strings")
