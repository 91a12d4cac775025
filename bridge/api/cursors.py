"""Cursors say where a list goes on; they are opaque and signed, so that nobody edits one."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac_new

from bridge.api.problems import Trouble

_MAC = 16


def cursor(secret: bytes, place: str, after: str) -> str:
    """Return the cursor of the list `place` that goes on after the key `after`."""
    return urlsafe_b64encode(_mac(secret, place, after) + after.encode()).rstrip(b"=").decode()


def after(secret: bytes, place: str, text: str) -> str:
    """Return the key a cursor goes on after. Errors: Trouble, 400, for one of another list."""
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        key = raw[_MAC:].decode()
    except (BadBase64, ValueError):
        raw, key = b"", ""
    if not compare_digest(raw[:_MAC], _mac(secret, place, key)):
        raise Trouble(
            400,
            "LQ-CURSOR",
            "the cursor is not one this list gave",
            remedy="begin without a cursor, then take the member `next` as it is",
            flaws=((("query", "cursor"), "not_ours"),),
        )
    return key


def _mac(secret: bytes, place: str, key: str) -> bytes:
    return hmac_new(secret, f"{place}\n{key}".encode(), sha256).digest()[:_MAC]
