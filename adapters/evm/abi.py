"""Words of contracts as bytes, and back, in the one way they can be written.

Source: Solidity documentation, Contract ABI Specification.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

Word: TypeAlias = "bytes | int | str | bool | tuple[Word, ...] | list[Word]"
Shape: TypeAlias = "tuple[str, int]"  # uint, int, bytes, address or bool, and its bits or bytes

_LISTED = re.compile(r"(.*)\[([0-9]*)\]")
_PLAIN = re.compile("(u?int|bytes)([0-9]+)|(address|bool)")
_ADDRESS = re.compile("(0[xX])?[0-9a-fA-F]{40}")  # how it is spelled is asked at the edges
WORD = 32  # bytes
ANY = -1  # length of a list that says its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A type: of one word, a text of bytes, a list of one type, or types side by side.

    `width` is what it takes in place, in bytes; what is `far` stands behind, and its place in it.
    """

    name: str  # as in a shape, or `text`, `blob`, `list`, `group`
    size: int = 0  # of a shape, or of a list
    parts: tuple["Kind", ...] = ()
    width: int = WORD
    far: bool = False


_BLOB = Kind(name="blob", far=True)


@cache
def kind_of(name: str) -> Kind:
    """Return the type of a name, such as `(uint256,address[])[2]`. Errors: ValueError."""
    if name in {"bytes", "string"}:
        return Kind(name="text" if name == "string" else "blob", far=True)
    if plain := _PLAIN.fullmatch(name):
        return Kind(name=plain[1] or plain[3], size=int(plain[2] or 0))
    if listed := _LISTED.fullmatch(name):
        one, count = kind_of(listed[1]), int(listed[2]) if listed[2] else ANY
        far = one.far or count == ANY
        width = WORD if far else count * one.width
        return Kind(name="list", size=count, parts=(one,), width=width, far=far)
    if len(name) > 2 and name[0] == "(" and name[-1] == ")":
        parts = tuple(map(kind_of, _split(name[1:-1])))
        far = any(part.far for part in parts)
        width = WORD if far else sum(part.width for part in parts)
        return Kind(name="group", parts=parts, width=width, far=far)
    raise ValueError(f"{name} is no type of a contract")


def _split(names: str) -> list[str]:
    """Return what stands between the commas that are in no brackets."""
    found, depth = [""], 0
    for letter in names:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def encode(kinds: Sequence[str], words: Sequence[Word]) -> bytes:
    """Return words as bytes. Errors: ValueError for a word that is not of its type."""
    return _side_by_side([kind_of(name) for name in kinds], words)


def decode(kinds: Sequence[str], data: bytes) -> tuple[Word, ...]:
    """Return the words that `data` is. Errors: ValueError where nobody would write them so."""
    words, end = _several([kind_of(name) for name in kinds], data, 0)
    if end != len(data):
        raise ValueError(f"{len(data)} bytes, not {end}")
    return words


def _side_by_side(kinds: Sequence[Kind], words: Sequence[Word]) -> bytes:
    if len(kinds) != len(words):
        raise ValueError(f"{len(words)} words of {len(kinds)} types")
    here, behind, at = list[bytes](), list[bytes](), sum(kind.width for kind in kinds)
    for kind, word in zip(kinds, words, strict=True):
        made = _one(kind, word)
        if kind.far:
            here.append(at.to_bytes(WORD, "big"))
            behind.append(made)
            at += len(made)
        else:
            here.append(made)
    return b"".join((*here, *behind))


def _one(kind: Kind, word: Word) -> bytes:
    match kind.name, word:
        case "blob", bytes():
            return len(word).to_bytes(WORD, "big") + word + bytes(-len(word) % WORD)
        case "text", str():
            return _one(_BLOB, word.encode())
        case "list", (tuple() | list()) if kind.size in {ANY, len(word)}:
            counted = len(word).to_bytes(WORD, "big") if kind.size == ANY else b""
            return counted + _side_by_side(kind.parts * len(word), word)
        case "group", (tuple() | list()):
            return _side_by_side(kind.parts, word)
        case _:
            if made := written((kind.name, kind.size), word):
                return made
            raise ValueError(f"no {kind.name}{kind.size or ''}: {word!r}")


def _several(kinds: Sequence[Kind], data: bytes, begin: int) -> tuple[tuple[Word, ...], int]:
    """Return what is written from `begin` on, and where it ends; what is far stands in order."""
    at, end = begin, begin + sum(kind.width for kind in kinds)
    if end > len(data):
        raise ValueError(f"cut short at {len(data)}")
    words: list[Word] = []
    for kind in kinds:
        if kind.far:
            if _number(data, at) != end - begin:
                raise ValueError(f"the {kind.name} of {at} is not at {end}")
            word, end = _told(kind, data, end)
        else:
            word, _ = _told(kind, data, at)
        words.append(word)
        at += kind.width
    return tuple(words), end


def _told(kind: Kind, data: bytes, at: int) -> tuple[Word, int]:
    """Return the word of a type that begins at a place, and where it ends."""
    match kind.name:
        case "blob" | "text":
            size, begin = _number(data, at), at + WORD
            end = begin + size
            filled = end + -size % WORD
            if filled > len(data) or any(data[end:filled]):
                raise ValueError(f"the {kind.name} of {at} is cut short, or something follows it")
            raw = data[begin:end]
            return (raw.decode() if kind.name == "text" else raw), filled
        case "list":
            count, begin = kind.size, at
            if count == ANY:
                count, begin = _number(data, at), at + WORD
            if count * kind.parts[0].width > len(data) - begin:
                raise ValueError(f"the list of {at} is cut short")
            return _several(kind.parts * count, data, begin)
        case "group":
            return _several(kind.parts, data, at)
        case _:
            return read((kind.name, kind.size), data[at : at + WORD]), at + WORD


def _number(data: bytes, at: int) -> int:
    if at + WORD > len(data):
        raise ValueError(f"cut short at {len(data)}")
    return int.from_bytes(data[at : at + WORD], "big")


def read(shape: Shape, word: bytes) -> Word:
    """Return what one word says; it has one form, and every bit of it is looked at.

    Errors: ValueError.
    """
    kind, size = shape
    value: Word
    if kind == "bytes":
        value, fits = word[:size], not any(word[size:])
    elif kind == "address":
        value, fits = f"0x{word[12:].hex()}", not any(word[:12])
    else:
        number = int.from_bytes(word, "big", signed=kind == "int")
        low, bits = (-1 << size - 1, size - 1) if kind == "int" else (0, size or 1)
        value, fits = number if size else bool(number), low <= number < 1 << bits
    if not fits:
        raise ValueError(f"not {kind}{size or ''}: {word.hex()}")
    return value


def written(shape: Shape, value: Word) -> bytes:
    """Return the word of a value of that type, or nothing where it is none."""
    kind, size = shape
    match value:
        case bool():
            return int(value).to_bytes(WORD, "big") if kind == "bool" else b""
        case int() if kind == "uint" and 0 <= value < 1 << size:
            return value.to_bytes(WORD, "big")
        case int() if kind == "int" and -1 << size - 1 <= value < 1 << size - 1:
            return value.to_bytes(WORD, "big", signed=True)
        case bytes() if kind == "bytes" and len(value) <= size:
            return value.ljust(WORD, b"\0")
        case bytes() if kind == "address" and len(value) == 20:
            return value.rjust(WORD, b"\0")
        case str() if kind == "address" and _ADDRESS.fullmatch(value):
            return bytes(12) + bytes.fromhex(value[-40:])
        case _:
            return b""
