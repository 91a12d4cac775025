"""How the door talks to a node: HTTP, no meaning. Three outcomes of a send, never two."""

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp

from bridge.ports import Refused, Unavailable, Uncertain
from lianqiao_folio import codec
from lianqiao_folio.codec import Holding, Pages, Standing

CALL_S = 10  # of one call
POLL_MS = 20_000  # of one long poll; the engine bears a minute of silence beyond finality
ANSWER_MAX = 8 * 1024 * 1024  # bytes: sixteen pages

T = TypeVar("T")


class Client:
    """A node's questions. Whatever goes wrong is said in the words of the ports."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, raw: bytes) -> None:
        """Hand a request over; once the first byte has left, silence is Uncertain."""
        await self._call("POST", "/requests", bool, Uncertain, data=raw)

    async def would_take(self, raw: bytes) -> None:
        """Return if the register would take a request now. Errors: Refused, Unavailable."""
        await self._call("POST", "/trials", bool, data=raw)

    async def holding(self, asset: str, part: str, account: str, gateway: str) -> Holding:
        """Return what an account has of an asset. Errors: Unavailable."""
        asked = {"asset": asset, "part": part, "account": account, "gateway": gateway}
        return await self._call("GET", "/holding", codec.holding_of, params=asked)

    async def standing(self, request: str, slot: str) -> Standing:
        """Return what became of a request, and its slot. Errors: Unavailable."""
        asked = {"request": request, "slot": slot}
        return await self._call("GET", "/standing", codec.standing_of, params=asked)

    async def pages(self, after: int, seen: str) -> Pages:
        """Return the final pages after that number, waiting for them. Errors: Unavailable."""
        asked = {"after": str(after), "seen": seen, "wait_ms": str(POLL_MS)}
        more_s = POLL_MS / 1000
        return await self._call("GET", "/pages", codec.pages_of, more_s=more_s, params=asked)

    async def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Any], T],
        silent: Callable[[str], Exception] = Unavailable,
        *,
        more_s: float = 0,
        **words: Any,
    ) -> T:
        within = aiohttp.ClientTimeout(total=CALL_S + more_s)
        try:
            async with self._session.request(method, path, timeout=within, **words) as answer:
                raw = await answer.content.read(ANSWER_MAX)
                status = answer.status
        except aiohttp.ClientConnectorError as error:
            raise Unavailable(f"nobody is there: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise silent(f"no answer: {type(error).__name__}") from error
        try:
            body = json.loads(raw)
            if status == 200:
                return read(body)
            why = str(body["why"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise silent("the node's answer is not of this wire") from error
        known: dict[int, Callable[[str], Exception]] = {422: Refused, 503: Unavailable}
        raise known.get(status, silent)(why)


@asynccontextmanager
async def reached(node: str) -> AsyncGenerator[Client]:
    """Yield the client of a node; nothing is asked yet."""
    async with aiohttp.ClientSession(node) as session:
        yield Client(session)
