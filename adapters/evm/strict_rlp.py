"""RLP read strictly: each value has one form, and bytes from strangers never exhaust the reader.

And written, without looking at what else than bytes or a list an item might be.

Source: Ethereum Yellow Paper, appendix B.
"""

from collections.abc import Sequence
from typing import TypeAlias

Item: TypeAlias = "bytes | Sequence[Item]"

DEEPEST = 32  # lists in lists; an inlined node is under 32 bytes, a receipt nests four


class NotRlp(ValueError):
    """Raised for bytes that are not the one form of an item; the sentence says why."""


def decoded(raw: bytes) -> Item:
    """Return the item whose encoding is exactly `raw`: bytes, or a list of items.

    Errors: NotRlp: cut short, left over, a length or a byte not in its shortest form, lists
    nested deeper than `DEEPEST`.
    """
    items = _items(raw, 0, len(raw), DEEPEST + 1)
    if len(items) != 1:
        raise NotRlp(f"{len(items)} items, not one")
    return items[0]


def encoded(item: Item) -> bytes:
    """Return the encoding of bytes, or of a list of items."""
    if isinstance(item, bytes):
        return item if len(item) == 1 and item < b"\x80" else _head(len(item), 0x80) + item
    body = b"".join(map(encoded, item))
    return _head(len(body), 0xC0) + body


def minimal(number: int) -> bytes:
    """Return the bytes of a number as an item: none in front is zero, and zero has none."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _head(size: int, kind: int) -> bytes:
    if size <= 55:
        return bytes((kind + size,))
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((kind + 55 + len(length),)) + length


def _items(raw: bytes, at: int, end: int, deeper: int) -> list[Item]:
    """Return the items written one after another from `at` to `end`."""
    if not deeper:
        raise NotRlp(f"lists nested deeper than {DEEPEST}")
    items: list[Item] = []
    while at < end:
        first = raw[at]
        at += 1
        if first < 0x80:
            items.append(raw[at - 1 : at])
            continue
        size = first & 0x3F  # bytes from 0x80, lists from 0xC0, alike
        if size > 55:
            at, size = _long(raw, at, end, size - 55)
        stop = at + size
        if stop > end:
            raise NotRlp("it is cut short")
        if first >= 0xC0:
            items.append(_items(raw, at, stop, deeper - 1))
        elif first == 0x81 and raw[at] < 0x80:
            raise NotRlp("a byte that stands for itself has a length")
        else:
            items.append(raw[at:stop])
        at = stop
    return items


def _long(raw: bytes, at: int, end: int, width: int) -> tuple[int, int]:
    """Return where an item of more than 55 bytes begins, and its size."""
    begins = at + width
    size = int.from_bytes(raw[at:begins], "big")
    if begins > end or raw[at] == 0 or size <= 55:
        raise NotRlp("a length is not in its shortest form, or cut short")
    return begins, size
