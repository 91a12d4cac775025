"""A captured message is read strictly, and what was written in it is kept as it was written.

Numbers that are no 64-bit integers are kept as their literal, for their text is what was signed.
"""

import json
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 32 << 20  # block data is the largest answer of the gateway
MAX_DEPTH = 16


class Unreadable(ValueError):
    """What was given is not a captured message; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A number of JSON that is not an integer of 64 bits, as it was written."""

    text: str


@dataclass(frozen=True, slots=True)
class Captured:
    """One message as it went over the wire."""

    header: dict[str, Any]
    body: Any
    mac: str
    path: str = ""  # where the capture itself tells it
    notes: tuple[str, ...] = ()


def read_captured(data: bytes) -> Captured:
    """The message that the bytes of a file hold.

    Errors: Unreadable.
    """
    if len(data) > MAX_BYTES:
        raise Unreadable("it is larger than 32 MiB")
    message = _parse(data)
    if not isinstance(message, dict):
        raise Unreadable("it is not a JSON object with header, mac and body")
    header, mac = message.get("header"), message.get("mac")
    if not isinstance(header, dict):
        raise Unreadable("it has no header that is an object")
    if not isinstance(mac, str):
        raise Unreadable("it has no mac that is text")
    notes = [] if "body" in message else ["body is absent and read as null"]
    stray = sorted(set(message) - {"header", "mac", "body"})
    if stray:
        notes.append(f"beside header, mac and body it has {', '.join(stray)}")
    path = message.get("path")
    return Captured(
        header, message.get("body"), mac, path if isinstance(path, str) else "", tuple(notes)
    )


def _parse(data: bytes) -> Any:
    try:
        text = data.decode("utf-8-sig")
        message = json.loads(
            text,
            object_pairs_hook=_once,
            parse_int=_integer,
            parse_float=Literal,
            parse_constant=_no_constant,
        )
        _bounded(message, 0)
    except UnicodeDecodeError as error:
        raise Unreadable(f"it is not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise Unreadable(f"it is not JSON: {error.msg} at {where}") from error
    except RecursionError as error:
        raise Unreadable(f"it nests deeper than {MAX_DEPTH}") from error
    return message


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"the name {twice!r} stands twice in one object")
    return found


def _integer(text: str) -> int | Literal:
    if len(text) > 20 or text == "-0" or abs(int(text)) >= 1 << 63:
        return Literal(text)
    return int(text)


def _no_constant(text: str) -> Any:
    raise Unreadable(f"{text} is not JSON")


def _bounded(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Unreadable(f"it nests deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise Unreadable("a text holds half a surrogate pair") from error
    elif isinstance(value, dict):
        for name, inside in value.items():
            _bounded(name, depth)
            _bounded(inside, depth + 1)
    elif isinstance(value, list):
        for inside in value:
            _bounded(inside, depth + 1)
