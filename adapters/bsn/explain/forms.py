"""A mac that is not in its one form is still read, and every liberty taken is named.

Source: X.690 for what BER allows and DER does not; RFC 4648; IEEE P1363 for r and s side by side.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Pair:
    """The numbers of a mac, and what was wrong with its form."""

    r: int
    s: int
    notes: tuple[str, ...]


MAX_MAC = 4096


def read_pairs(mac: str) -> tuple[list[Pair], tuple[str, ...]]:
    """Every pair r, s that the mac may stand for, the likeliest first; and why there is none."""
    if not mac:
        return [], ("the mac is empty",)
    if len(mac) > MAX_MAC:
        return [], ("the mac is longer than any signature",)
    found: list[Pair] = []
    for data, notes in _bytes(mac):
        for r, s, more in _numbers(data):
            pair = Pair(r, s, notes + more)
            if all((pair.r, pair.s) != (one.r, one.s) for one in found):
                found.append(pair)
    if not found:
        return [], ("the mac is neither base64 nor hexadecimal of a signature",)
    return sorted(found, key=lambda pair: len(pair.notes)), ()


def _bytes(mac: str) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    text, notes = mac, []
    if re.fullmatch(r"(0x)?([0-9a-fA-F]{2})+", text):
        yield bytes.fromhex(text.removeprefix("0x")), ("form: the mac is hexadecimal, not base64",)
    if "%" in text:
        text = unquote(text)
        notes.append("form: the mac is percent-encoded")
    if text.startswith('"') and text.endswith('"') and len(text) > 2:
        text = text[1:-1]
        notes.append("form: the mac stands in quotation marks")
    if "\\" in text:
        text = text.replace("\\n", "\n").replace("\\r", "").replace("\\/", "/").replace("\\", "")
        notes.append("form: the mac holds escapes of JSON")
    if re.search(r"[\r\n]", text.strip()):
        notes.append("form: the base64 is wrapped, it has line breaks")
    elif text != text.strip():
        notes.append("form: blanks or a line break stand around the base64")
    text = re.sub(r"[\r\n\t]", "", text).strip(" ")
    if " " in text:
        text = text.replace(" ", "+")
        notes.append("form: + became a blank, as in a form of a web page")
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
        notes.append("form: the base64 is URL-safe, not of the standard alphabet")
    bare = text.rstrip("=")
    padded = bare + "=" * (-len(bare) % 4)
    if text != padded:
        short = len(text) < len(padded)
        notes.append(f"form: the base64 {'lacks its padding' if short else 'has too much padding'}")
    try:
        data = base64.b64decode(padded, validate=True)
    except ValueError:  # binascii.Error, and letters outside ASCII
        return
    if base64.b64encode(data).decode() != padded:
        notes.append("form: the last character of the base64 holds stray bits")
    yield data, tuple(notes)
    yield from _again(data, tuple(notes))


def _again(data: bytes, notes: tuple[str, ...]) -> Iterator[tuple[bytes, tuple[str, ...]]]:
    """The bytes once more decoded, where they are themselves base64 or hex."""
    try:
        inner = data.decode("ascii").strip()
    except UnicodeDecodeError:
        return
    if re.fullmatch(r"(0x)?([0-9a-fA-F]{2})+", inner):
        yield bytes.fromhex(inner.removeprefix("0x")), (*notes, "form: base64 of hexadecimal")
        return
    try:
        yield base64.b64decode(inner, validate=True), (*notes, "form: base64 of base64")
    except binascii.Error:
        return


def _numbers(data: bytes) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    if (read := _ber(data)) is not None:
        yield read
    side = "r and s stand side by side, not as DER"
    if len(data) == 64:
        yield *_halves(data), (f"form: {side}",)
    if len(data) == 65:
        yield *_halves(data[:64]), (f"form: {side}, and a recovery byte follows",)
        yield *_halves(data[1:]), (f"form: {side}, and a byte stands before them",)
    if len(data) == 64:
        yield *_halves(data[:32][::-1] + data[32:][::-1]), (f"form: {side}, lowest byte first",)


def _halves(data: bytes) -> tuple[int, int]:
    return int.from_bytes(data[:32], "big"), int.from_bytes(data[32:64], "big")


def _ber(data: bytes) -> tuple[int, int, tuple[str, ...]] | None:
    notes: list[str] = []
    if (outer := _element(data, 0x30, notes)) is None:
        return None
    content, rest = outer
    if rest:
        notes.append(f"form: {_count(rest)} after the DER")
    numbers: list[int] = []
    for name in ("r", "s"):
        if (inner := _element(content, 0x02, notes)) is None or not inner[0]:
            return None
        value, content = inner
        if value[0] >= 0x80:
            notes.append(f"form: {name} is negative, it lacks its leading zero byte")
        if len(value) > 1 and value[0] == 0 and value[1] < 0x80:
            notes.append(f"form: {name} has a needless leading zero byte, DER is longer than due")
        numbers.append(int.from_bytes(value, "big"))
    if content:
        notes.append(f"form: {_count(content)} after s inside the DER")
    return numbers[0], numbers[1], tuple(notes)


def _count(rest: bytes) -> str:
    return "one byte follows" if len(rest) == 1 else f"{len(rest)} bytes follow"


def _element(data: bytes, tag: int, notes: list[str]) -> tuple[bytes, bytes] | None:
    if len(data) < 2 or data[0] != tag:
        return None
    start, length = 2, data[1]
    if length == 0x80:
        notes.append("form: the DER has an indefinite length")
        end = data.rfind(b"\0\0")
        return (data[2:end], data[end + 2 :]) if end > 2 else None
    if length > 0x80:
        start += length & 0x7F
        length = int.from_bytes(data[2:start], "big")
        if length < 0x80 or data[2] == 0:
            notes.append("form: long DER, a length is not in its shortest form")
    if start > len(data):
        return None
    if len(data) < start + length:
        notes.append("form: a DER length reaches past the end")
    return data[start : start + length], data[start + length :]
