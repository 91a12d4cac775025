"""DER is read by tag and length to the byte: one value has one form, and every other is refused.

A signature whose bytes may vary would let a stranger alter a message that still verifies.

Source: ISO 8825-1 sections 8.1, 8.3, 10.1.
"""

from dataclasses import dataclass

INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
OBJECT_ID = 0x06
SEQUENCE = 0x30


class FormRefused(ValueError):
    """Bytes that are not the one allowed form of what they claim to be."""


@dataclass(frozen=True, slots=True)
class Element:
    """One value of DER: its tag, its content, and what follows it."""

    tag: int
    content: bytes
    rest: bytes


def read(data: bytes) -> Element:
    """The first element of `data`, its length in the shortest form and wholly present.

    Errors: FormRefused names what is wrong.
    """
    if len(data) < 2:
        raise FormRefused("DER is cut off")
    tag, first = data[0], data[1]
    if tag & 0x1F == 0x1F:
        raise FormRefused("DER tag of more than one byte")
    start, length = 2, first
    if first >= 0x80:
        size = first & 0x7F
        if not 1 <= size <= 4 or len(data) < 2 + size:
            raise FormRefused("DER length is indefinite, too long or cut off")
        length = int.from_bytes(data[2 : 2 + size], "big")
        start = 2 + size
        if length < 0x80 or length >> (8 * (size - 1)) == 0:
            raise FormRefused("DER length is not in its shortest form")
    if len(data) < start + length:
        raise FormRefused("DER is cut off")
    return Element(tag, data[start : start + length], data[start + length :])


def take(data: bytes, tag: int, what: str) -> Element:
    """The first element, which must have this tag.

    Errors: FormRefused names what was expected.
    """
    element = read(data)
    if element.tag != tag:
        raise FormRefused(f"{what}: tag {tag:#04x} expected, {element.tag:#04x} found")
    return element


def whole(data: bytes, tag: int, what: str) -> bytes:
    """The content of the one element that `data` is, with nothing after it.

    Errors: FormRefused.
    """
    element = take(data, tag, what)
    if element.rest:
        raise FormRefused(f"{what}: {len(element.rest)} bytes follow it")
    return element.content


def write(tag: int, content: bytes) -> bytes:
    """One element in its shortest form."""
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    size = (length.bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + length.to_bytes(size, "big") + content


def write_signature(r: int, s: int) -> bytes:
    """SEQUENCE { INTEGER r, INTEGER s } of two positive integers."""
    one = r.to_bytes(r.bit_length() // 8 + 1, "big")
    two = s.to_bytes(s.bit_length() // 8 + 1, "big")
    both = 4 + len(one) + len(two)
    if both < 0x80:  # every length is one byte, as in all that we meet
        return b"%c%c%c%c%b%c%c%b" % (
            SEQUENCE,
            both,
            INTEGER,
            len(one),
            one,
            INTEGER,
            len(two),
            two,
        )
    return write(SEQUENCE, write(INTEGER, one) + write(INTEGER, two))


def read_signature(data: bytes) -> tuple[int, int]:
    """The numbers r and s of a signature in the one form `write_signature` gives.

    Errors: FormRefused for a tail, a long length, an integer negative or not minimal.
    """
    if len(data) > 7:
        middle = 4 + data[3]
        r, s = int.from_bytes(data[4:middle], "big"), int.from_bytes(data[middle + 2 :], "big")
        if write_signature(r, s) == data:  # as nearly always; else we say what is wrong
            return r, s
    first = take(whole(data, SEQUENCE, "signature"), INTEGER, "r")
    second = whole(first.rest, INTEGER, "s")
    return _natural(first.content, "r"), _natural(second, "s")


def _natural(content: bytes, what: str) -> int:
    if not content:
        raise FormRefused(f"{what} is an empty integer")
    if content[0] >= 0x80:
        raise FormRefused(f"{what} is negative")
    if content[0] == 0 and len(content) > 1 and content[1] < 0x80:
        raise FormRefused(f"{what} has a needless leading zero")
    return int.from_bytes(content, "big")
