"""Fabric's messages to bytes and back, by the tables of their fields: proto3, and no more of it.

What somebody signed is never written again: its bytes are kept and compared.
Source: Hyperledger Fabric, protocol buffers, version 3 of their language.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias, cast

from schemas.fabric.messages import MESSAGES, Field

Message: TypeAlias = Mapping[str, object]

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_DEEPEST: Final = 32
_NUMBERS: Final = frozenset({"bool", "int32", "int64", "uint64"})
_LIMITS: Final = {
    "bool": (0, 1),
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "uint64": (0, 2**64 - 1),
}
_SHORT: Final = tuple(bytes((number,)) for number in range(0x80))
_ENTRY: Final = (Field(1, "key", "string"), Field(2, "value", "bytes"))


class BadMessage(ValueError):
    """Raised for bytes that are not the message they should be; the sentence names the place."""


def encode(name: str, message: Message) -> bytes:
    """Return the bytes of a message; what is absent or zero is left out.

    A message within it that is given, though empty, is written: it says which of several was
    chosen. Errors: AssertionError for a field the table does not have.
    """
    table = _table(name)
    odd = message.keys() - table.zeros.keys()
    assert not odd, f"{name} has no {sorted(odd)}"
    return _encoded(table, message)


def _encoded(table: "_Table", message: Message) -> bytes:
    out: list[bytes] = []
    for field, tag in table.tags:
        value = message.get(field.name)
        if value is None or not (value or field.kind == "message"):
            continue  # a message is written though it is empty
        if field.kind == "map":
            entries = cast("Mapping[str, bytes]", value)
            for key in sorted(entries):
                raw = _encoded(_PAIR, {"key": key, "value": entries[key]})
                out += (tag, varint(len(raw)), raw)
        elif field.repeated:
            for one in cast("list[object]", value):
                _write(out, field, tag, one)
        else:
            _write(out, field, tag, value)
    return b"".join(out)


def _write(out: list[bytes], field: Field, tag: bytes, value: object) -> None:
    """Add a field's number and what is written under it."""
    kind = field.kind
    if kind in _NUMBERS:
        number = int(cast("int", value))
        low, high = _LIMITS[kind]
        assert low <= number <= high, f"{field.name}: {number} does not fit {kind}"
        out += (tag, varint(number % 2**64))
        return
    if kind == "string":
        raw = cast("str", value).encode()
    elif kind == "message":
        raw = encode(field.message, cast("Message", value))
    else:
        raw = bytes(cast("bytes", value))
    out += (tag, varint(len(raw)), raw)


def varint(number: int) -> bytes:
    """Return a natural number in sevens of bits, the lowest first."""
    if 0 <= number < 0x80:
        return _SHORT[number]
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def decode(name: str, data: bytes) -> Message:
    """Return the message of its bytes: every field of the table, absent ones as zeros.

    A message within it that is absent is None. Fields the table does not have are passed over, as
    a newer peer may send them; one that stands twice and may not is refused.
    Errors: BadMessage.
    """
    return _decoded(name, _table(name), data, (0, len(data), 0))


_RAW, _TEXT, _INNER, _COUNT, _PAIRS = range(5)  # what a field's value is made into
_MADE: Final = {"bytes": _RAW, "string": _TEXT, "message": _INNER, "map": _PAIRS}


@dataclass(frozen=True, slots=True)
class _Table:
    """A message's fields, put as they are needed, made once.

    `read` has each by its number and type as they stand before a value; `tags` has them in order,
    with those bytes; `lists` and `maps` name those whose values are collected.
    """

    read: Mapping[int, tuple[str, int, Field]]
    tags: tuple[tuple[Field, bytes], ...]
    numbers: frozenset[int]
    zeros: Mapping[str, object]
    lists: tuple[str, ...]
    maps: tuple[str, ...]


@cache
def _table(name: str) -> _Table:
    return _tabled(MESSAGES[name])


def _tabled(fields: tuple[Field, ...]) -> _Table:
    zeros: dict[str, object] = {"message": None, "string": "", "bytes": b""}
    tags = [one.number << 3 | (_VARINT if one.kind in _NUMBERS else _BYTES) for one in fields]
    pairs = list(zip(fields, tags, strict=True))
    return _Table(
        {tag: (one.name, _MADE.get(one.kind, _COUNT), one) for one, tag in pairs},
        tuple((one, varint(tag)) for one, tag in pairs),
        frozenset(one.number for one in fields),
        {one.name: zeros.get(one.kind, 0) for one in fields},
        tuple(one.name for one in fields if one.repeated),
        tuple(one.name for one in fields if one.kind == "map"),
    )


_PAIR: Final = _tabled(_ENTRY)


def _decoded(name: str, table: _Table, data: bytes, span: tuple[int, int, int]) -> Message:
    """Return the message between two places of the bytes; one pass, for a block has thousands."""
    at, end, depth = span
    if depth > _DEEPEST:
        raise BadMessage(f"{name}: nested too deep")
    found: dict[str, object] = {one: [] for one in table.lists}
    for one in table.maps:
        found[one] = {}
    read = table.read
    while at < end:
        if (tag := data[at]) < 0x80:
            at += 1
        else:
            tag, at = _varint_at(name, data, at, end)
        known = read.get(tag)
        if known is None:
            at = _passed_over(name, table, tag, data, (at, end))
            continue
        start = at
        key, made, field = known
        if made == _COUNT:
            if at < end and (raw := data[at]) < 0x80:
                at += 1
            else:
                raw, at = _varint_at(name, data, at, end)
            value: object = _number(f"{name}.{key}", field.kind, raw)
        else:
            start, at = _span(name, data, at, end)
            if made == _RAW:
                value = data[start:at]
            elif made == _INNER:
                inner = field.message
                value = _decoded(inner, _table(inner), data, (start, at, depth + 1))
            elif made == _TEXT:
                value = _text(f"{name}.{key}", data[start:at])
            else:
                entry = _decoded(f"{name}.{key}", _PAIR, data, (start, at, depth + 1))
                cast("dict[object, object]", found[key])[entry["key"]] = entry["value"]
                continue
        if field.repeated:
            cast("list[object]", found[key]).append(value)
        elif key in found:
            raise BadMessage(f"{name}.{key} stands twice")
        else:
            found[key] = value
    return {**table.zeros, **found}


def _passed_over(name: str, table: _Table, tag: int, data: bytes, span: tuple[int, int]) -> int:
    """Return where the value of a field that the table does not have ends. Errors: BadMessage."""
    at, end = span
    index, kind = tag >> 3, tag & 7
    if not 1 <= index < 2**29:
        raise BadMessage(f"{name}: a field numbered {index}")
    if index in table.numbers:
        raise BadMessage(f"{name}: field {index} is of another type")
    if kind == _VARINT:
        return _varint_at(name, data, at, end)[1]
    if kind == _BYTES:
        return _span(name, data, at, end)[1]
    if kind not in {_FIXED32, _FIXED64}:
        raise BadMessage(f"{name}: wire type {kind}")
    size = 4 if kind == _FIXED32 else 8
    if size > end - at:
        raise BadMessage(f"{name}: cut off")
    return at + size


def _span(name: str, data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where a value begins and ends whose length is said before it."""
    if at < end and (size := data[at]) < 0x80:
        at += 1
    else:
        size, at = _varint_at(name, data, at, end)
    if size > end - at:
        raise BadMessage(f"{name}: cut off")
    return at, at + size


def _text(place: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise BadMessage(f"{place}: not UTF-8") from error


def _number(place: str, kind: str, raw: int) -> int:
    low, high = _LIMITS[kind]
    number = raw - 2**64 if low < 0 and raw >= 2**63 else raw
    if not low <= number <= high:
        raise BadMessage(f"{place}: {number} does not fit {kind}")
    return number


def _varint_at(name: str, data: bytes, at: int, end: int) -> tuple[int, int]:
    number = shift = 0
    while at < end and shift < 70:
        byte = data[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            if number >= 2**64:
                raise BadMessage(f"{name}: a number of more than 64 bits")
            return number, at
    raise BadMessage(f"{name}: a number cut off or too long")


def blob(message: Message, name: str) -> bytes:
    """Return a member that holds bytes."""
    value = message[name]
    assert isinstance(value, bytes), name
    return value


def text(message: Message, name: str) -> str:
    """Return a member that holds text."""
    value = message[name]
    assert isinstance(value, str), name
    return value


def number(message: Message, name: str) -> int:
    """Return a member that holds a number."""
    value = message[name]
    assert isinstance(value, int), name
    return value


def blobs(message: Message, name: str) -> tuple[bytes, ...]:
    """Return a member that lists bytes."""
    return tuple(cast("list[bytes]", message[name]))


def part(message: Message, name: str) -> Message:
    """Return the message within a message. Errors: BadMessage where it is absent."""
    value = message[name]
    if value is None:
        raise BadMessage(f"{name} is absent")
    return cast("Message", value)


def parts(message: Message, name: str) -> tuple[Message, ...]:
    """Return a member that lists messages."""
    return tuple(cast("list[Message]", message[name]))
