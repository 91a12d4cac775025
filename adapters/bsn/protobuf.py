"""Fabric's messages, read by field number and written in ascending order.

What somebody signed is never encoded again: a reader hands out the very bytes that stood there.

Source: Hyperledger Fabric 2.5, its messages in protobuf.
"""

from collections.abc import Sequence
from typing import TypeAlias

Parsed: TypeAlias = "dict[int, list[int | bytes]]"


class NotProtobuf(ValueError):
    """Bytes that are no message of this wire, or a field of another type than is due."""


def read(data: bytes) -> Parsed:
    """The fields of a message by number, each with its values in order.

    Errors: NotProtobuf.
    """
    found: Parsed = {}
    place, end = 0, len(data)
    while place < end:
        key, place = _varint(data, place)
        number, wire = key >> 3, key & 7
        value: int | bytes
        if wire == 0:
            value, place = _varint(data, place)
        elif wire == 2:
            size, place = _varint(data, place)
            value, place = data[place : place + size], place + size
            if place > end:
                raise NotProtobuf("a field reaches past the end")
        else:
            raise NotProtobuf(f"wire type {wire}")
        found.setdefault(number, []).append(value)
    return found


def _varint(data: bytes, place: int) -> tuple[int, int]:
    number = 0
    for shift in range(0, 70, 7):
        if place >= len(data):
            break
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return number, place
    raise NotProtobuf("a number is cut off or too long")


def field(message: Parsed, number: int) -> bytes:
    """The bytes of a field that stands once at most; empty where it does not stand.

    Errors: NotProtobuf.
    """
    values = message.get(number, [b""])
    if len(values) != 1 or not isinstance(values[0], bytes):
        raise NotProtobuf(f"field {number}: bytes are due, once")
    return values[0]


def at(data: bytes, *path: int) -> bytes:
    """The bytes at a path of fields, each of which stands once. Errors: NotProtobuf."""
    for number in path:
        data = field(read(data), number)
    return data


def every(message: Parsed, number: int) -> list[bytes]:
    """Every value of a repeated field of bytes. Errors: NotProtobuf."""
    values = message.get(number, [])
    found = [value for value in values if isinstance(value, bytes)]
    if len(found) != len(values):
        raise NotProtobuf(f"field {number}: bytes are due")
    return found


def number(message: Parsed, name: int) -> int:
    """The number in a field that stands once at most; 0 where it does not stand.

    Errors: NotProtobuf.
    """
    values = message.get(name, [0])
    if len(values) != 1 or not isinstance(values[0], int):
        raise NotProtobuf(f"field {name}: a number is due, once")
    return values[0]


def text(message: Parsed, name: int) -> str:
    """The text of a field. Errors: NotProtobuf."""
    try:
        return field(message, name).decode()
    except UnicodeDecodeError as error:
        raise NotProtobuf(f"field {name}: not UTF-8") from error


def write(fields: "Sequence[tuple[int, int | str | bytes | list[bytes]]]") -> bytes:
    """A message of its fields; what is zero or empty is left out, a list is a repeated field."""
    made = bytearray()
    for number_, value in fields:
        if isinstance(value, list):
            for one in value:
                _put(made, number_, one)
        elif isinstance(value, int):
            if value:
                made += _written(number_ << 3) + _written(value)
        elif value:
            _put(made, number_, value.encode() if isinstance(value, str) else value)
    return bytes(made)


def _put(made: bytearray, name: int, value: bytes) -> None:
    made += _written(name << 3 | 2)
    made += _written(len(value))
    made += value


def _written(value: int) -> bytes:
    made = bytearray()
    while value >= 0x80:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)
