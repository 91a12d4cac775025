"""How the door talks to a node: HTTP, no meaning. Three outcomes of a send, never two."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from bridge.ports import Refused, Unavailable, Uncertain

CALL_S = 10  # of one call
POLL_MS = 20_000  # of one long poll; the engine bears a minute of silence beyond finality
ANSWER_MAX = 8 * 1024 * 1024  # bytes: sixteen pages


class Client:
    """A node's questions. Whatever goes wrong is said in the words of the ports."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def send(self, raw: bytes) -> None:
        """Hand a request over; once the first byte has left, silence is Uncertain."""
        await self._call("POST", "/requests", Uncertain, data=raw)

    async def would_take(self, raw: bytes) -> None:
        """Return if the register would take a request now. Errors: Refused, Unavailable."""
        await self._call("POST", "/trials", Unavailable, data=raw)

    async def standing(self, request: str, slot: str) -> Mapping[str, Any]:
        """Return what became of a request, and its slot. Errors: Unavailable."""
        asked = {"request": request, "slot": slot}
        return await self._call("GET", "/standing", Unavailable, params=asked)

    async def holding(self, asset: str, part: str, account: str, gateway: str) -> Mapping[str, Any]:
        """Return what an account has of an asset. Errors: Unavailable."""
        asked = {"asset": asset, "part": part, "account": account, "gateway": gateway}
        return await self._call("GET", "/holding", Unavailable, params=asked)

    async def pages(self, after: int, seen: str) -> Mapping[str, Any]:
        """Return the final pages after that number, waiting for them, and the hash it has now.

        Errors: Unavailable.
        """
        asked = {"after": str(after), "seen": seen, "wait_ms": str(POLL_MS)}
        return await self._call("GET", "/pages", Unavailable, params=asked, more_s=POLL_MS / 1000)

    async def _call(
        self,
        method: str,
        path: str,
        silent: Callable[[str], Exception],
        *,
        more_s: float = 0,
        **words: Any,
    ) -> Mapping[str, Any]:
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
        except ValueError as error:
            raise silent("the node's answer is not of this wire") from error
        if status == 200 and isinstance(body, dict):
            return body
        why = str(body.get("why")) if isinstance(body, dict) else "no reason given"
        if status == 422:
            raise Refused(why)
        if status == 503:
            raise Unavailable(why)
        raise silent(f"the node answered {status}")
