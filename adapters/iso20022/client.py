"""How messages travel, over HTTP: exact bytes, their digest, their signature, and a signed receipt.

Three outcomes of a `put`, never two: it was answered, it was surely not sent, or nobody knows. What
the bank's door says of a digest is signed by the bank, because money follows from it.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Protocol

import aiohttp

from adapters.iso20022.signed import BadSignature, Signed, signature_of, verified
from bridge.core.canonical import NotCanonical, Value, parse
from bridge.core.ids import Instant
from bridge.ports import Unavailable, Uncertain, let_go

CALL_S = 10  # of one call to the bank's door
ANSWER_MAX = 64 * 1024  # bytes of an answer
DIGEST, SIGNATURE = "Content-Digest", "Message-Signature"


class Door(StrEnum):
    """What the other side's door says of one message."""

    UNKNOWN = "unknown"  # it was never there, and until `now` nothing of it was taken
    TAKEN = "taken"
    LATE = "late"  # refused for its age: these bytes are taken no more
    REFUSED = "refused"  # refused for what it is
    CONFLICT = "conflict"  # its key came before with other bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """The signed word of the bank's door, at its own clock."""

    digest: str
    door: Door
    now: Instant


class Channel(Protocol):
    """The way to a bank."""

    async def put(self, signed: Signed, name: str) -> None:
        """Hand a message over; what the door said is asked with `receipt`.

        Errors: Unavailable where nothing was sent, Uncertain where nobody knows.
        """
        ...

    async def receipt(self, digest: str) -> Receipt | None:
        """Return what the door says of a digest; None where this channel cannot tell yet.

        Errors: Unavailable.
        """
        ...


def headers(signed: Signed) -> dict[str, str]:
    """Return the headers a message travels with.

    Source: RFC 9530 for the digest; the signature's parameters are ours.
    """
    digest = base64.b64encode(sha256(signed.raw).digest()).decode()
    return {
        "Content-Type": "application/xml",
        DIGEST: f"sha-256=:{digest}:",
        SIGNATURE: f'key="{signed.key}"; alg="{signed.algorithm}"; sig="{signed.signature.hex()}"',
    }


def signed_of(raw: bytes, given: Mapping[str, str]) -> Signed:
    """Return what headers say of who signed these bytes; not verified yet.

    Errors: BadSignature, also where the digest is not that of the bytes.
    """
    digest = base64.b64encode(sha256(raw).digest()).decode()
    if given.get(DIGEST, "").strip() != f"sha-256=:{digest}:":
        raise BadSignature("digest: not that of the bytes")
    parts = (part.partition("=") for part in given.get(SIGNATURE, "").split(";"))
    said = {name.strip(): value.strip().strip('"') for name, _, value in parts}
    if set(said) != {"key", "alg", "sig"}:
        raise BadSignature("signature: its header is not of the known form")
    return Signed(raw, said["alg"], said["key"], signature_of(said["sig"]))


class HttpChannel:
    """The bank's door over HTTP: POST /messages, GET /receipts/DIGEST."""

    def __init__(
        self, session: aiohttp.ClientSession, address: str, bank_keys: Mapping[str, str]
    ) -> None:
        self._session = session
        self._address = address.rstrip("/")
        self._bank_keys = bank_keys

    async def put(self, signed: Signed, name: str) -> None:
        """Post a message; what goes wrong after the first byte left may have been taken.

        A kept connection the bank has closed meanwhile is met once in a while: the same bytes are
        posted once more, which is once.
        """
        del name
        try:
            status = await self._post(signed)
        except aiohttp.ClientConnectorError as error:
            let_go(error)
            raise Unavailable(f"nobody is there: {type(error).__name__}") from error
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
            let_go(error)
            status = await self._again(signed)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            let_go(error)
            raise Uncertain(f"no answer: {type(error).__name__}") from error
        if status == 503:
            raise Unavailable("the bank's door is not open")
        if status not in {200, 202, 409, 422}:
            raise Uncertain(f"the bank's door said {status}")

    async def _again(self, signed: Signed) -> int:
        """Post once more what may have been taken: whatever goes wrong now, nobody knows."""
        try:
            status = await self._post(signed)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            let_go(error)
            raise Uncertain(f"no answer: {type(error).__name__}") from error
        if status == 503:
            raise Uncertain("the door closed after something may have been taken")
        return status

    async def _post(self, signed: Signed) -> int:
        async with self._session.post(
            f"{self._address}/messages",
            data=signed.raw,
            headers=headers(signed),
            timeout=aiohttp.ClientTimeout(total=CALL_S),
            allow_redirects=False,
        ) as answer:
            await _whole(answer)
            return answer.status

    async def receipt(self, digest: str) -> Receipt | None:
        """Ask the door; an answer the bank has not signed is none."""
        within = aiohttp.ClientTimeout(total=CALL_S)
        try:
            async with self._session.get(
                f"{self._address}/receipts/{digest}", timeout=within, allow_redirects=False
            ) as answer:
                raw = await _whole(answer)
                if answer.status != 200:
                    raise Unavailable(f"the bank's door said {answer.status}")
                return receipt_of(signed_of(raw, answer.headers), digest, self._bank_keys)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            let_go(error)
            raise Unavailable(f"no answer: {type(error).__name__}") from error
        except BadSignature as error:
            raise Unavailable(f"the receipt is not the bank's: {error}") from error


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """All of an answer, in however many pieces it comes, up to its bound."""
    raw = b""
    while len(raw) < ANSWER_MAX and (piece := await answer.content.read(ANSWER_MAX - len(raw))):
        raw += piece
    return raw


def receipt_of(signed: Signed, digest: str, bank_keys: Mapping[str, str]) -> Receipt:
    """Return a receipt for that digest, proved to be the bank's.

    Errors: BadSignature.
    """
    try:
        body = parse(verified(signed, bank_keys).raw)
    except NotCanonical as error:
        raise BadSignature("receipt: not canonical") from error
    members = {"schema", "digest", "door", "now"}
    if not isinstance(body, Mapping) or set(body) != members or body["digest"] != digest:
        raise BadSignature("receipt: of another message")
    if body["schema"] != "lianqiao.receipt/1" or not str(body["now"]).isdigit():
        raise BadSignature("receipt: of another kind")
    try:
        return Receipt(digest, Door(_said(body["door"])), Instant(int(_said(body["now"]))))
    except ValueError as error:
        raise BadSignature("receipt: of another kind") from error


def _said(value: Value) -> str:
    if not isinstance(value, str):
        raise BadSignature("receipt: of another kind")
    return value
