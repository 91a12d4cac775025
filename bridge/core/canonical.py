"""The one byte form of a value: what is hashed, signed and stored.

JSON of strings, booleans, arrays and objects only. Integers are decimal strings; there is no
number, no null and no float, so every language rebuilds the same bytes.
"""

import json
import re
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TypeAlias, cast

Value: TypeAlias = "str | bool | Sequence[Value] | Mapping[str, Value]"

_NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_DEPTH = 32  # of nesting; a group's deepest body has nine


class NotCanonical(ValueError):
    """Raised for a value or bytes outside the canonical form; its sentence names the place."""


def canonical(value: Value) -> bytes:
    """Return the bytes that stand for `value`, the same on every machine.

    Errors: NotCanonical for another type, a bad name, a control character, a lone surrogate.
    Source: RFC 8785, section 3.2.2.2 for escapes; the restriction to strings is ours.
    """
    _check(value, "", 0)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def digest(value: Value) -> str:
    """Return the SHA-256 of the canonical bytes, in lower-case hex."""
    return sha256(canonical(value)).hexdigest()


def parse(data: bytes) -> Value:
    """Return the value whose canonical bytes are exactly `data`.

    Errors: NotCanonical for anything else: duplicate names, numbers, null, white space, order.
    """
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


def _check(value: object, place: str, depth: int) -> None:
    if isinstance(value, str):
        if not value.isprintable() and _CONTROL.search(value):
            raise NotCanonical(f"{place or 'value'}: a control character or lone surrogate")
    elif isinstance(value, bool):
        pass
    elif depth >= _DEPTH:
        raise NotCanonical(f"{place}: nested deeper than {_DEPTH}")
    elif isinstance(value, dict):
        for name, member in cast("dict[object, object]", value).items():
            if not isinstance(name, str) or not _NAME.match(name):
                raise NotCanonical(f"{place or 'value'}: the name {name!r}")
            _check(member, f"{place}.{name}" if place else name, depth + 1)
    elif isinstance(value, list | tuple):
        for index, member in enumerate(cast("list[object]", value)):
            _check(member, f"{place}[{index}]", depth + 1)
    else:
        raise NotCanonical(f"{place or 'value'}: {type(value).__name__} has no canonical form")


def _once(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise NotCanonical("a name stands twice in one object")
    return members


def _refuse(text: str) -> Value:
    raise NotCanonical(f"the number {text[:20]}; numbers are written as strings")
