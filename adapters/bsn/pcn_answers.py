"""An answer of the gateway is believed in this order: its form, its mac, its types, its question.

Nothing of a body is handed out before the mac under the pinned key verifies; a refusal is signed
too. What breaks any step is Untrusted: somebody else speaks, or the gateway is not what it was.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.bsn.pcn_codec import MAX_INTEGER, MessageRefused, response_text
from adapters.bsn.signing import MacRefused, MacVerifier

MAX_DEPTH = 16
LARGEST = 1 << 20  # bytes of an answer
LARGEST_BLOCK = 32 << 20  # of one that holds a block


class NotAnAnswer(ValueError):
    """Bytes that are no answer of this wire at all: a proxy's page, half a document."""


class Untrusted(Exception):
    """An answer whose mac, types or echo is wrong; nothing of its body may be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway has provably said. `zeros` tells which of two readings its mac was for."""

    code: int
    msg: str
    body: Any
    raw: bytes
    zeros: bool = False

    @property
    def done(self) -> bool:
        return self.code == 0


def largest(path: str) -> int:
    """How many bytes an answer of this end point may have."""
    return LARGEST_BLOCK if path.endswith(("/getBlockData", "/getTransdata")) else LARGEST


def read_answer(path: str, raw: bytes, verifier: MacVerifier) -> Answer:
    """The answer that some bytes are, its mac verified.

    Errors: NotAnAnswer, Untrusted.
    """
    document = _document(raw, largest(path))
    header, mac, body = document.get("header"), document.get("mac"), document.get("body")
    if not isinstance(header, dict) or not isinstance(mac, str):
        raise NotAnAnswer("it has no header and mac")
    try:
        text = response_text(path, header, body)
        zeros = not _signed(text, mac, verifier)
        if zeros:
            verifier.verify(response_text(path, header, body, zeros=True), mac)
    except MessageRefused as error:
        raise Untrusted(str(error)) from error
    except MacRefused as error:
        raise Untrusted(f"mac: {error.reason}") from error
    return Answer(header["code"], header["msg"], body, raw, zeros)


def _signed(text: str, mac: str, verifier: MacVerifier) -> bool:
    try:
        verifier.verify(text, mac)
    except MacRefused:
        return False
    return True


def _document(raw: bytes, most: int) -> dict[str, Any]:
    if len(raw) > most:
        raise NotAnAnswer(f"it is larger than {most} bytes")
    try:
        text = raw.decode()
        document = _DECODER.decode(text)
        if text.count("{") + text.count("[") > MAX_DEPTH or "\\u" in text:
            _shallow(document, 0)  # else it is: nothing nests deeper, nor hides half a sign
    except (UnicodeError, RecursionError, json.JSONDecodeError) as error:
        raise NotAnAnswer(f"it is not JSON in UTF-8: {type(error).__name__}") from error
    if not isinstance(document, dict):
        raise NotAnAnswer("it is no JSON object")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Untrusted("a name stands twice in one object")
    return found


def _integer(text: str) -> int:
    if len(text) > 20 or abs(int(text)) > MAX_INTEGER:
        raise Untrusted("a number is out of range")
    return int(text)


def _no_number(text: str) -> Any:
    raise Untrusted(f"{text[:20]} is no whole number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_once,
    parse_int=_integer,
    parse_float=_no_number,
    parse_constant=_no_number,
)


def _shallow(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Untrusted(f"it nests deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        value.encode()
    for inside in value.values() if isinstance(value, dict) else value if _is_list(value) else ():
        _shallow(inside, depth + 1)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


_HASH = re.compile(r"[0-9a-f]{64}")


def hash_of(body: Mapping[str, Any], name: str, *, empty: bool = False) -> str:
    """A member that is a SHA-256 in lower-case hex, or empty where that is admitted.

    Errors: Untrusted.
    """
    found = body.get(name)
    if found in ("", None) and empty:
        return ""
    if not isinstance(found, str) or _HASH.fullmatch(found) is None:
        raise Untrusted(f"{name}: no hash")
    return found


def count_of(body: Mapping[str, Any], name: str) -> int:
    """A member that counts; absent it is 0. Errors: Untrusted."""
    found = body.get(name)
    if found is None:
        return 0
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise Untrusted(f"{name}: no count")
    return found


def text_of(body: Mapping[str, Any], name: str) -> str:
    """A member that is text; absent it is empty. Errors: Untrusted."""
    found = body.get(name)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise Untrusted(f"{name}: no text")
    return found


def bytes_of(body: Mapping[str, Any], name: str) -> bytes:
    """A member that is bytes in base64; absent it is empty. Errors: Untrusted."""
    try:
        return base64.b64decode(text_of(body, name), validate=True)
    except ValueError as error:  # binascii's own for a wrong form, a plain one for a foreign sign
        raise Untrusted(f"{name}: not base64") from error


def object_of(body: Any, name: str = "") -> Mapping[str, Any]:
    """A body, or a member of one, that is an object. Errors: Untrusted."""
    found = body.get(name) if name and isinstance(body, Mapping) else body
    if not isinstance(found, Mapping):
        raise Untrusted(f"{name or 'body'}: no object")
    return found
