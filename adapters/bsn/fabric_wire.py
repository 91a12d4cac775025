"""Fabric's messages to bytes and back, by the tables of their fields: proto3, and no more of it.

What somebody signed is never written again: its bytes are kept and compared.
Source: Hyperledger Fabric, protocol buffers, version 3 of their language.
"""

from collections.abc import Iterator, Mapping
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
_ENTRY: Final = (Field(1, "key", "string"), Field(2, "value", "bytes"))


class BadMessage(ValueError):
    """Raised for bytes that are not the message they should be; the sentence names the place."""


def encode(name: str, message: Message) -> bytes:
    """Return the bytes of a message; what is absent or zero is left out.

    A message within it that is given, though empty, is written: it says which of several was
    chosen. Errors: AssertionError for a field the table does not have.
    """
    odd = set(message) - {field.name for field in MESSAGES[name]}
    assert not odd, f"{name} has no {sorted(odd)}"
    return _encoded(MESSAGES[name], message)


def _encoded(fields: tuple[Field, ...], message: Message) -> bytes:
    out = bytearray()
    for field in fields:
        value = message.get(field.name)
        if value is None:
            continue
        for one in _each(field, value):
            out += _one(field, one)
    return bytes(out)


def _each(field: Field, value: object) -> Iterator[object]:
    """Yield what is written under a field's number, one by one."""
    if field.kind == "map":
        entries = cast("Mapping[str, bytes]", value)
        for key in sorted(entries):
            yield _encoded(_ENTRY, {"key": key, "value": entries[key]})
    elif field.repeated:
        yield from cast("list[object]", value)
    elif value or field.kind == "message":
        yield value


def _one(field: Field, value: object) -> bytes:
    if field.kind in _NUMBERS:
        number = int(cast("int", value))
        low, high = _LIMITS[field.kind]
        assert low <= number <= high, f"{field.name}: {number} does not fit {field.kind}"
        return varint(field.number << 3 | _VARINT) + varint(number % 2**64)
    if field.kind == "string":
        raw = cast("str", value).encode()
    elif field.kind == "message":
        raw = encode(field.message, cast("Message", value))
    else:
        raw = bytes(cast("bytes", value))
    return varint(field.number << 3 | _BYTES) + varint(len(raw)) + raw


def varint(number: int) -> bytes:
    """Return a natural number in sevens of bits, the lowest first."""
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


@dataclass(frozen=True, slots=True)
class _Table:
    """A message's fields by number, its zeros, and the names whose values are collected."""

    fields: Mapping[int, Field]
    zeros: Mapping[str, object]
    lists: tuple[str, ...]
    maps: tuple[str, ...]


@cache
def _table(name: str) -> _Table:
    return _tabled(MESSAGES[name])


def _tabled(fields: tuple[Field, ...]) -> _Table:
    zeros: dict[str, object] = {"message": None, "string": "", "bytes": b""}
    return _Table(
        {field.number: field for field in fields},
        {field.name: zeros.get(field.kind, 0) for field in fields},
        tuple(field.name for field in fields if field.repeated),
        tuple(field.name for field in fields if field.kind == "map"),
    )


_PAIR: Final = _tabled(_ENTRY)


def _decoded(name: str, table: _Table, data: bytes, span: tuple[int, int, int]) -> Message:
    """Return the message between two places of the bytes; one pass, for a block has thousands."""
    at, end, depth = span
    if depth > _DEEPEST:
        raise BadMessage(f"{name}: nested too deep")
    found = dict(table.zeros)
    for one in table.lists:
        found[one] = []
    for one in table.maps:
        found[one] = {}
    seen: set[int] = set()
    fields = table.fields
    while at < end:
        if (tag := data[at]) < 0x80:
            at += 1
        else:
            tag, at = _varint_at(name, data, at, end)
        index, kind = tag >> 3, tag & 7
        if not 1 <= index < 2**29:
            raise BadMessage(f"{name}: a field numbered {index}")
        start, at = _span(name, kind, data, at, end)
        field = fields.get(index)
        if field is None:
            continue
        if index in seen and not (field.repeated or field.kind == "map"):
            raise BadMessage(f"{name}.{field.name} stands twice")
        seen.add(index)
        if kind != (_VARINT if field.kind in _NUMBERS else _BYTES):
            raise BadMessage(f"{name}.{field.name}: another type")
        value: object = data[start:at]
        if field.kind != "bytes":
            value = _value(f"{name}.{field.name}", field, data, (start, at, depth))
        if field.repeated:
            cast("list[object]", found[field.name]).append(value)
        elif field.kind == "map":
            entry = cast("Message", value)
            cast("dict[object, object]", found[field.name])[entry["key"]] = entry["value"]
        else:
            found[field.name] = value
    return found


def _span(name: str, kind: int, data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return where the value of a field begins and ends."""
    if kind == _BYTES:
        if at < end and (size := data[at]) < 0x80:
            at += 1
        else:
            size, at = _varint_at(name, data, at, end)
    elif kind == _VARINT:
        return at, _varint_at(name, data, at, end)[1]
    elif kind in {_FIXED32, _FIXED64}:
        size = 4 if kind == _FIXED32 else 8
    else:
        raise BadMessage(f"{name}: wire type {kind}")
    if size > end - at:
        raise BadMessage(f"{name}: cut off")
    return at, at + size


def _value(place: str, field: Field, data: bytes, span: tuple[int, int, int]) -> object:
    start, end, depth = span
    if field.kind == "message":
        return _decoded(field.message, _table(field.message), data, (start, end, depth + 1))
    if field.kind == "map":
        return _decoded(place, _PAIR, data, (start, end, depth + 1))
    if field.kind in _NUMBERS:
        return _number(place, field.kind, _varint_at(place, data, start, end)[0])
    try:
        return data[start:end].decode()
    except UnicodeDecodeError as error:
        raise BadMessage(f"{place}: not UTF-8") from error


def _number(place: str, kind: str, raw: int) -> int:
    number = raw - 2**64 if kind in {"int32", "int64"} and raw >= 2**63 else raw
    low, high = _LIMITS[kind]
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
