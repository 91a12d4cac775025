"""The register's node: what anybody may ask it over HTTP, in JSON.

200 is an answer, 422 a refusal for good, 503 a refusal that may pass; in both nothing was taken.
"""

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from folio.escrow import ABROAD, Refusal
from folio.register import Register

WAIT_MAX_MS = 30_000  # of one long poll
PAGES_MAX = 16  # of one answer
PULSE_MS = 5  # how often a waiting poll looks


class Node:
    """The routes of one register. While it is `closed` nobody gets in."""

    def __init__(self, register: Register) -> None:
        self.closed = False
        self._register = register

    def application(self) -> web.Application:
        """Return the application that serves it."""
        app = web.Application(middlewares=[self._answered])
        app.add_routes(
            [
                web.post("/requests", self._request),
                web.post("/trials", self._trial),
                web.get("/standing", self._standing),
                web.get("/holding", self._holding),
                web.get("/pages", self._pages),
            ]
        )
        return app

    @web.middleware
    async def _answered(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        if self.closed:
            return web.json_response({"why": "closed"}, status=503)
        try:
            return await handler(request)
        except Refusal as error:
            return web.json_response({"why": str(error)}, status=503 if error.passing else 422)
        except (KeyError, ValueError) as error:
            return web.json_response({"why": f"no such question: {error}"}, status=422)

    async def _request(self, request: web.Request) -> web.Response:
        self._register.receive(await request.read())
        return web.json_response({})

    async def _trial(self, request: web.Request) -> web.Response:
        self._register.receive(await request.read(), is_trial=True)
        return web.json_response({})

    async def _standing(self, request: web.Request) -> web.Response:
        asked = request.query
        return web.json_response(self._register.standing(asked["request"], asked["slot"]))

    async def _holding(self, request: web.Request) -> web.Response:
        asked, book = request.query, self._register.final
        asset, part, account = asked["asset"], asked["part"], asked["account"]
        return web.json_response(
            {
                "listed": asset in book.assets,
                "home": book.assets.get(asset, False),
                "account": account,
                "known": account in book.accounts,
                "units": book.units.get((asset, part, account), 0),
                "abroad": book.units.get((asset, part, ABROAD), 0),
                "gateway": asked["gateway"] in book.gateways,
            }
        )

    async def _pages(self, request: web.Request) -> web.Response:
        """Tell the final pages after a number, at once if the reader holds another page there."""
        after, seen = int(request.query["after"]), request.query["seen"]
        wait_ms = min(int(request.query["wait_ms"]), WAIT_MAX_MS)
        for _ in range(wait_ms // PULSE_MS):
            is_other = self._register.head(after) != seen
            if self.closed or is_other or self._register.told(after, PAGES_MAX):
                break
            await asyncio.sleep(PULSE_MS / 1000)
        told = self._register.told(after, PAGES_MAX)
        return web.json_response({"head": self._register.head(after), "pages": told})
