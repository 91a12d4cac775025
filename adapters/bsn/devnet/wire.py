"""Messages of Fabric by field number, written and read without tables.

Source: Hyperledger Fabric 2.5, its messages in protobuf.
"""

from collections.abc import Iterator


def varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)


def message(*fields: tuple[int, "int | bytes | str"]) -> bytes:
    """A message of its fields in order; what is zero or empty is left out, as proto3 does."""
    found = bytearray()
    for number, value in fields:
        if not value:
            continue
        if isinstance(value, int):
            found += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            found += varint(number << 3 | 2) + varint(len(data)) + data
    return bytes(found)


def repeated(number: int, values: list[bytes]) -> bytes:
    """A repeated field, its empty values too."""
    return b"".join(varint(number << 3 | 2) + varint(len(one)) + one for one in values)


def _number(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise ValueError("a number is cut off")
        byte = data[at]
        found |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return found, at


def fields(data: bytes) -> Iterator[tuple[int, "int | bytes"]]:
    """Every field of a message in order. Errors: ValueError."""
    at = 0
    while at < len(data):
        key, at = _number(data, at)
        if key & 7 == 0:
            value, at = _number(data, at)
            yield key >> 3, value
        elif key & 7 == 2:
            size, at = _number(data, at)
            if at + size > len(data):
                raise ValueError("a field is cut off")
            yield key >> 3, data[at : at + size]
            at += size
        else:
            raise ValueError("a wire type that these messages do not have")


def part(data: bytes, *path: int) -> bytes:
    """The last field at a path of numbers, empty where there is none. Errors: ValueError."""
    for number in path:
        found = b""
        for name, value in fields(data):
            if name == number:
                if not isinstance(value, bytes):
                    raise ValueError("a number stands where bytes are due")
                found = value
        data = found
    return data


def parts(data: bytes, number: int) -> list[bytes]:
    """Every value of a repeated field. Errors: ValueError."""
    return [value for name, value in fields(data) if name == number and isinstance(value, bytes)]


def count(data: bytes, number: int) -> int:
    """The number in a field, 0 where there is none. Errors: ValueError."""
    found = 0
    for name, value in fields(data):
        if name == number and isinstance(value, int):
            found = value
    return found
