"""The same values written otherwise: line feeds, numbers, JSON in JSON, separators, alphabets."""

import base64
import binascii
import json
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from adapters.bsn.explain.captured import Literal
from adapters.bsn.explain.message import Message
from adapters.bsn.explain.parts import (
    Part,
    Parts,
    Path,
    change_leaf,
    every_leaf,
    leaves,
    plain,
)
from adapters.bsn.explain.texts import Variant, name_of, rewriting
from schemas.bsn.shapes import Kind

_TEXTS = (Kind.TEXT, Kind.TEXTS, Kind.TEXT_MAP)
_LF = "\n"


def _lf(value: str) -> str:
    return value.replace("\r\n", "\n")


def _crlf(value: str) -> str:
    return _lf(value).replace("\n", "\r\n")


def _two(value: str) -> str:
    return value.replace("\n", "\\n")


def _four(value: str) -> str:
    return value.replace("\n", "\\r\\n")


def _one(value: str) -> str:
    return value.replace("\\r\\n", "\n").replace("\\n", "\n")


def _body(value: str) -> list[str]:
    return [line for line in value.splitlines() if line and not line.startswith("-----")]


_LINES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("{} lost its last line feed in the signed text", lambda v: v.rstrip("\r\n")),
    ("{} lost its last line feed in the capture; the mac covers it", lambda v: v + _LF),
    ("{} was signed with CR LF for every line feed", lambda v: _lf(v).replace(_LF, "\r\n")),
    ("{} was signed with LF for every CR LF", _lf),
    ("{} was signed with \\n as two characters for every line feed", lambda v: _two(_lf(v))),
    ("{} was signed with \\r\\n as four characters for every line feed", lambda v: _four(_lf(v))),
    ("{} was signed with a line feed for every \\n of two characters", _one),
    ("{} was signed without any line feed", lambda v: v.replace("\r", "").replace(_LF, "")),
    ("{} was signed without its first and last line", lambda v: _LF.join(_body(v))),
    ("{} was signed as one line of base64", lambda v: "".join(_body(v))),
    ("{} was signed with CR LF, the last one lost", lambda v: _crlf(v.rstrip("\r\n"))),
    ("{} was signed with \\n as two characters, the last one lost", lambda v: _two(v.rstrip(_LF))),
    ("{} was signed with a blank for every line feed", lambda v: v.replace(_LF, " ")),
    ("{} was signed without blanks at its ends", lambda v: v.strip()),
)


def lines(message: Message) -> Iterator[Variant]:
    """A text of several lines was signed with other line ends."""
    for at, values in _text_values(message):
        joined = "".join(values)
        if not any(mark in joined for mark in ("\n", "\r", "\\n", "-----BEGIN")):
            continue
        for place, (said, change) in enumerate(_LINES):
            yield Variant(
                "lines", said.format(name_of(at)), rewriting(at, change), likely=place < 4
            )


def numbers(message: Message) -> Iterator[Variant]:
    """A number or boolean was written otherwise."""
    for at, part in leaves(message.root):
        for said, text in _other_numbers(part.raw):
            edit = _retyping(at, text)
            yield Variant("number", f"{name_of(at)} was signed {said}", edit)


def _retyping(at: Path, text: str) -> Callable[[Parts], Parts]:
    return lambda root: change_leaf(root, at, lambda part: replace(part, values=(text,)))


def _other_numbers(raw: Any) -> Iterator[tuple[str, str]]:
    if isinstance(raw, bool):
        for text in ("True" if raw else "False", "1" if raw else "0", str(raw).upper()):
            yield f"as {text}", text
    elif isinstance(raw, int):
        real = repr(float(raw))
        plain_real = f"{raw}.0"
        forms = (real, plain_real, f"{raw}.00", f"{raw:.6f}", f"{float(raw):e}", _go(raw), hex(raw))
        for text in dict.fromkeys(form for form in forms if form != str(raw)):
            yield f"as {text}", text
        yield "with quotation marks", f'"{raw}"'
        yield "with thousands separated", f"{raw:,}"
        if abs(raw) >= 1000 and raw % 1000 == 0:
            yield "in thousands", str(raw // 1000)
        yield "in thousandths", str(raw * 1000)
    elif isinstance(raw, Literal):
        digits = raw.text.partition(".")[0]
        yield f"as {digits}", digits
        if len(raw.text) < 40 and raw.text not in ("-0",):
            yield "as an integer", f"{float(raw.text):.0f}"
            yield "as a binary fraction", repr(float(raw.text))
        yield "as 0", "0"
    elif isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 30:
        yield "as a number", str(int(raw))
        yield "in hexadecimal", hex(int(raw))


def _go(number: int) -> str:
    mantissa, _, exponent = f"{float(number):.17e}".partition("e")
    short = repr(float(mantissa)).removesuffix(".0")
    return f"{short}e{exponent}"


def rewritten(message: Message) -> Iterator[Variant]:
    """A text was signed in another writing, such as JSON encoded once more."""
    found = list(_text_values(message))
    for at, values in found:
        for said, change in _writings(values):
            edit = rewriting(at, change)
            likely = said in _LIKELY
            yield Variant("json", f"{_subject(at)} changed: {said}", edit, likely=likely)
    for said, change in _writings(tuple(v for _, values in found for v in values)):
        yield Variant("json", f"every text changed: {said}", partial(_all, found, change))


def _all(found: list[tuple[Path, Any]], change: Callable[[str], str], root: Parts) -> Parts:
    for at, _ in found:
        root = rewriting(at, change)(root)
    return root


def _subject(at: Path) -> str:
    argument = at[-1] in ("args", "funcParam", "ccData", "eventData", "payload")
    return f"argument text of {name_of(at)}" if argument else f"text of {name_of(at)}"


def _text_values(message: Message) -> Iterator[tuple[Path, tuple[str, ...]]]:
    seen: dict[Path, tuple[str, ...]] = {}
    for at, part in every_leaf(message.root):
        if part.kind in _TEXTS and any(part.values) and at not in seen:
            seen[at] = part.values
    yield from seen.items()


_LIKELY = frozenset(
    {"blanks inside were left out", "blanks after , and :", "non-ASCII as \\uXXXX", "/ as \\/"}
)


def _dumped(sort: bool, ascii_only: bool, **form: Any) -> Callable[[str], str]:  # noqa: FBT001
    def change(value: str) -> str:
        read = _json(value)
        if read is None:
            return value
        return json.dumps(
            read, ensure_ascii=ascii_only, sort_keys=sort, default=lambda v: v.text, **form
        )

    return change


def _writings(values: tuple[str, ...]) -> Iterator[tuple[str, Callable[[str], str]]]:
    """The writings worth trying for these values."""
    yield "blanks at its ends were cut", lambda v: v.strip()
    tight, loose = {"separators": (",", ":")}, {"separators": (", ", ": ")}
    if any(_json(value) is not None for value in values):
        yield "blanks inside were left out", _dumped(sort=False, ascii_only=False, **tight)
        yield "blanks after , and :", _dumped(sort=False, ascii_only=False, **loose)
        yield "compact, non-ASCII as \\uXXXX", _dumped(sort=False, ascii_only=True, **tight)
        yield "blanks, non-ASCII as \\uXXXX", _dumped(sort=False, ascii_only=True, **loose)
        yield "compact, names sorted", _dumped(sort=True, ascii_only=False, **tight)
        yield "blanks, names sorted", _dumped(sort=True, ascii_only=False, **loose)
        for wide in (2, 4):
            indented = _dumped(sort=False, ascii_only=False, indent=wide)
            yield f"lines indented by {wide}", indented
            yield (
                f"lines indented by {wide}, ended by CR LF",
                partial(_after, indented, _crlf),
            )
        yield "blank after : alone", _dumped(sort=False, ascii_only=False, separators=(",", ": "))
        yield "blank after , alone", _dumped(sort=False, ascii_only=False, separators=(", ", ":"))
    yield "/ as \\/", lambda v: v.replace("\\/", "/").replace("/", "\\/")
    yield "\\/ as /", lambda v: v.replace("\\/", "/")
    yield "non-ASCII as \\uXXXX", _escaped
    yield "non-ASCII as \\uXXXX in capitals", lambda v: _escaped(v, capitals=True)
    yield "\\uXXXX as the character itself", _unescaped
    yield "<, > and & as \\u003c, \\u003e and \\u0026", _html
    yield "<, > and & as HTML entities", _entities
    yield "quoted as a JSON text", lambda v: json.dumps(v, ensure_ascii=False)
    yield "escaped as in a JSON text", lambda v: json.dumps(v, ensure_ascii=False)[1:-1]
    yield "escaped as in a JSON text, non-ASCII as \\uXXXX", lambda v: json.dumps(v)[1:-1]
    yield "a line feed was added", lambda v: v + "\n"
    yield "a blank was added", lambda v: v + " "
    yield "every blank was left out", lambda v: "".join(v.split())
    yield "a byte order mark was added", lambda v: "\ufeff" + v
    for form in ("NFC", "NFD", "NFKC"):
        yield f"in Unicode form {form}", partial(unicodedata.normalize, form)
    yield "percent-encoded", lambda v: quote(v, safe="")
    yield "percent-encoded as a form", quote_plus
    yield "percent-decoded", unquote
    yield "+ as a blank", lambda v: v.replace("+", " ")
    yield "in lower case", lambda v: v.lower()
    yield "in upper case", lambda v: v.upper()
    yield "in base64", lambda v: base64.b64encode(v.encode()).decode()
    yield "decoded from base64", _unbased
    yield "without 0x", lambda v: v.removeprefix("0x")
    yield "with 0x", lambda v: v if v.startswith("0x") else "0x" + v


def containers(message: Message) -> Iterator[Variant]:
    """A list or map entered the text otherwise than value after value."""
    for at, part in leaves(message.root):
        if part.kind not in (Kind.TEXTS, Kind.TEXT_MAP) or not part.values:
            continue
        for said, text in _contained(part):
            yield Variant("json", f"{name_of(at)} was signed {said}", _retyping(at, text))


def _contained(part: Part) -> Iterator[tuple[str, str]]:
    for mark in (",", " ", ", ", ";", "|", "&"):
        yield f"with {mark!r} between its values", mark.join(part.values)
    yield "in reverse order", "".join(part.values[::-1])
    for loose in (",", ", "):
        form = (loose, ":" if loose == "," else ": ")
        for ascii_only in (False, True):
            text = json.dumps(
                part.raw, ensure_ascii=ascii_only, separators=form, default=lambda v: v.text
            )
            yield "as JSON", text
    if isinstance(part.raw, dict):
        pairs = [(name, plain(value)) for name, value in part.raw.items()]
        yield "names alone", "".join(name for name, _ in pairs)
        yield "values alone", "".join(value for _, value in pairs)
        yield "sorted by name", "".join(name + value for name, value in sorted(pairs))
        yield "in reverse order", "".join(name + value for name, value in reversed(pairs))
        based = [(name, base64.b64encode(value.encode()).decode()) for name, value in pairs]
        yield "with its values in base64", "".join(name + value for name, value in based)
        yield "as name=value", "&".join(f"{name}={value}" for name, value in pairs)
    else:
        yield "sorted", "".join(sorted(part.values))
        yield "only its first value", part.values[0]
        yield "as Go prints a list", f"[{' '.join(part.values)}]"


def _json(value: str) -> Any:
    if not value.strip().startswith(("{", "[")):
        return None
    try:
        return json.loads(value, parse_float=Literal)
    except (ValueError, RecursionError):
        return None


def _escaped(value: str, *, capitals: bool = False) -> str:
    form = "\\u{:04X}" if capitals else "\\u{:04x}"
    units = value.encode("utf-16-be")
    found = [int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2)]
    return "".join(chr(unit) if unit < 128 else form.format(unit) for unit in found)


def _unescaped(value: str) -> str:
    if "\\u" not in value:
        return value
    try:
        text: str = json.loads('"' + value.replace('"', '\\"').replace('\\\\"', '\\"') + '"')
        text.encode()
    except ValueError:
        return value
    return text


def _html(value: str) -> str:
    for mark in "<>&":
        value = value.replace(mark, f"\\u{ord(mark):04x}")
    return value


def _entities(value: str) -> str:
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace('"', "&quot;")


def _unbased(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, ValueError):
        return value


def _after(first: Callable[[str], str], then: Callable[[str], str], value: str) -> str:
    return then(first(value))
