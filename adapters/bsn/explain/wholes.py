"""The whole text put together otherwise: separators, names, JSON documents, other alphabets."""

import base64
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from adapters.bsn.explain.message import Message
from adapters.bsn.explain.parts import Parts, every_leaf, render
from adapters.bsn.explain.texts import Variant


def whole(message: Message) -> Iterator[Variant]:
    """The text as a whole was put together otherwise."""
    for mark in (",", "&", "\n", " ", "|", ";", ":", "\t", "-", "+", "_", "\r\n"):
        said = f"separators: {mark!r} stands between the values"
        yield Variant("separators", said, _same, partial(_joined, mark))
    for mark, pair in (
        ("&", "="),
        ("", ""),
        ("", "="),
        (",", ":"),
        ("", ":"),
        ("&", ""),
        (",", "="),
    ):
        said = f"separators: the names entered the text, as name{pair}value{mark}"
        yield Variant("separators", said, _same, partial(_named, mark, pair))
    yield Variant("encoding", "a line feed was added to the text", _same, _then("\n"))
    for name in ("gb18030", "utf-16-le", "utf-16-be", "utf-16", "utf-8-sig", "big5", "latin-1"):
        said = f"encoding: the text was signed in {name.upper()}, not in UTF-8"
        yield Variant("encoding", said, _same, partial(_coded, name))
    for said, form in (("lower case", str.lower), ("upper case", str.upper)):
        yield Variant("encoding", f"the text was signed in {said}", _same, _formed(form))
    yield Variant("encoding", "the text was signed in base64", _same, _formed(_based))
    yield Variant("encoding", "the text was signed in hexadecimal", _same, _formed(_hexed))
    yield Variant("encoding", "blanks and line feeds were left out", _same, _formed(_bare))
    yield from _documents(message)


def _documents(message: Message) -> Iterator[Variant]:
    capture = message.capture
    head = "".join("".join(p.values) for p in message.root[0].elements[0])
    document = {"header": capture.header, "mac": "", "body": capture.body}
    for said, form in (
        ("compact", {"separators": (",", ":")}),
        ("with blanks", {"separators": (", ", ": ")}),
    ):
        for ascii_only in (False, True):
            for sort in (False, True):
                options = {"ensure_ascii": ascii_only, "sort_keys": sort, **form}
                body = _document(capture.body, options)
                whole = _document(document, options)
                inner = _document({"header": capture.header, "body": capture.body}, options)
                for what, text in (
                    ("header values and the body", head + body),
                    ("the body", body),
                    ("header and body", inner),
                    ("header, body and an empty mac", whole),
                    ("header", _document(capture.header, options) + body),
                ):
                    said_so = f"separators: {what} as JSON text, {said}"
                    yield Variant("separators", said_so, _same, partial(_fixed, text))


def _document(value: Any, options: dict[str, Any]) -> str:
    return json.dumps(value, default=lambda v: v.text, **options)


def _same(root: Parts) -> Parts:
    return root


def _fixed(text: str, root: Parts) -> bytes:
    del root
    return text.encode()


def _joined(mark: str, root: Parts) -> bytes:
    return mark.join(v for _, part in every_leaf(root) for v in part.values if v).encode()


def _named(mark: str, pair: str, root: Parts) -> bytes:
    found = [f"{at[-1]}{pair}{''.join(part.values)}" for at, part in every_leaf(root)]
    return mark.join(found).encode()


def _then(tail: str) -> Callable[[Parts], bytes]:
    return lambda root: (render(root) + tail).encode()


def _coded(name: str, root: Parts) -> bytes:
    return render(root).encode(name, "replace")


def _formed(form: Callable[[str], str]) -> Callable[[Parts], bytes]:
    return lambda root: form(render(root)).encode()


def _based(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _hexed(text: str) -> str:
    return text.encode().hex()


def _bare(text: str) -> str:
    return "".join(text.split())
