"""How a door talks to its network or bank: what it needs of a client, and the one over HTTP.

Three outcomes of a send, never two: it returns, it was surely not taken, or nobody knows. The
client in this process (`direct.py`) says the same words, so a door cannot tell them apart.
"""

from collections.abc import Callable, Mapping
from typing import Protocol

import aiohttp

from bridge.core.canonical import Value, canonical, parse
from bridge.ports import Refused, Unavailable, Uncertain, let_go

POLL_MS = 20_000  # of one long poll; below the engine's minute of silence
CALL_S = 10  # of one call to a world on this machine
ANSWER_MAX = 4 * 1024 * 1024  # bytes: a page of 64 events has 64 KiB


class Client(Protocol):
    """What a door needs of its network or bank."""

    async def send(self, raw: bytes) -> None:
        """Hand a message over. Errors: Unavailable, Refused, Uncertain."""
        ...

    async def told(self, after: int, wait_ms: int) -> tuple[bytes, ...]:
        """Return what was told after that number, waiting for it so long. Errors: Unavailable."""
        ...

    async def ask(self, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the answer to a question that changes nothing. Errors: Unavailable, Refused."""
        ...


class HttpClient:
    """The same words over HTTP: `send`, `told` and `ask` below one path of a world."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self._session = session
        self._address = address

    async def send(self, raw: bytes) -> None:
        """Post a message; what is said after the first byte left may have been taken."""
        await self._post("send", raw, sent=Uncertain)

    async def told(self, after: int, wait_ms: int) -> tuple[bytes, ...]:
        """Return what was told after that number, by long poll."""
        asked = canonical({"after": str(after), "wait_ms": str(wait_ms)})
        body = await self._post("told", asked, sent=Unavailable, extra_s=wait_ms / 1000)
        try:
            listed = body["told"]
            assert not isinstance(listed, str | bool | Mapping)
            return tuple(bytes.fromhex(str(one)) for one in listed)
        except (KeyError, AssertionError, ValueError) as error:
            raise Unavailable("the world's answer is not of this wire") from error

    async def ask(self, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the answer to a question."""
        return await self._post("ask", canonical(question), sent=Unavailable)

    async def _post(
        self, path: str, raw: bytes, *, sent: Callable[[str], Exception], extra_s: float = 0
    ) -> Mapping[str, Value]:
        within = aiohttp.ClientTimeout(total=CALL_S + extra_s)
        try:
            async with self._session.post(
                f"{self._address}/{path}", data=raw, timeout=within
            ) as answer:
                said = await answer.content.read(ANSWER_MAX)
                status = answer.status
        except aiohttp.ClientConnectorError as error:
            let_go(error)
            raise Unavailable(f"nobody is there: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            let_go(error)
            raise sent(f"no answer: {type(error).__name__}") from error
        try:
            body = parse(said)
        except ValueError as error:
            raise sent("the world's answer is not of this wire") from error
        if status == 200 and isinstance(body, Mapping):
            return body
        why = body.get("why") if isinstance(body, Mapping) else None
        trouble: dict[int, Callable[[str], Exception]] = {422: Refused, 503: Unavailable}
        raise trouble.get(status, sent)(str(why))
