"""The gateway over HTTP, on loopback alone, with a panel that lets things go wrong."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from adapters.bsn.devnet.behind import EndorsementFailed
from adapters.bsn.devnet.faults import FAULTS
from adapters.bsn.devnet.gateway import Gateway
from adapters.bsn.devnet.ledger import Ledger
from adapters.bsn.devnet.replies import NEW, OLD, Lost
from adapters.bsn.devnet.stand import DEEDS

LARGEST = 4 << 20  # bytes of a request
PANEL = "/devnet"
Deed = Callable[[Mapping[str, str]], None]


def application(gateway: Gateway, deed: Deed | None = None) -> web.Application:
    """The web application of a gateway; `deed` is what people beside the bridge ask for."""
    one_by_one = asyncio.Lock()

    async def asked(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        try:
            if isinstance(gateway.ledger, Ledger):
                reply = gateway.answer(request.path, raw)
            else:  # a peer takes its time, and the panel is heard meanwhile
                async with one_by_one:
                    reply = await asyncio.to_thread(gateway.answer, request.path, raw)
        except Lost:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if reply.late_ms:
            await asyncio.sleep(reply.late_ms / 1000)
        return web.Response(status=reply.status, body=reply.data, content_type="application/json")

    async def told(request: web.Request) -> web.Response:
        try:
            order = await request.json()
            if order["do"] == "tell":
                return web.json_response(
                    _embedded(gateway).lot(order["asset"], order.get("part", ""))
                )
            if deed is not None and order["do"] in DEEDS:
                deed(order)
            else:
                steer(gateway, order)
        except (ValueError, KeyError, TypeError, EndorsementFailed) as error:
            return web.json_response({"why": str(error)}, status=422)
        return web.json_response({"height": gateway.ledger.height()})

    app = web.Application(client_max_size=LARGEST)
    app.router.add_post(PANEL, told)
    app.router.add_post("/{path:.*}", asked)
    return app


def steer(gateway: Gateway, order: dict[str, Any]) -> None:
    """Carry out one order of the panel: a fault, or something the ledger does.

    Errors: ValueError, KeyError, TypeError for what is no order.
    """
    match order["do"]:
        case "fault":
            gateway.faults.add(order["kind"], order.get("path", ""), int(order.get("by", 0)))
        case "msg":
            gateway.msg = OLD if order["old"] else NEW
        case "close":
            gateway.closed = bool(order["on"])
        case other:
            _bend(_embedded(gateway), other, order)


def _embedded(gateway: Gateway) -> Ledger:
    if not isinstance(gateway.ledger, Ledger):
        raise ValueError("a real peer does not do this: fault, msg and close are the gateway's own")  # noqa: TRY004 a wrong order
    return gateway.ledger


def _bend(ledger: Ledger, what: str, order: dict[str, Any]) -> None:
    match what:
        case "stall":
            ledger.stalled = bool(order["on"])
        case "conflict":
            ledger.bend(times=int(order.get("times", 1)))
        case "rewrite":
            ledger.rewrite(int(order.get("depth", 1)))
        case other:
            kinds = "fault, stall, conflict, rewrite, msg, close"
            raise ValueError(f"{other!r} is none of {kinds}; faults: {', '.join(FAULTS)}")


@asynccontextmanager
async def serving(gateway: Gateway, port: int = 0, deed: Deed | None = None) -> AsyncGenerator[str]:
    """Serve a gateway on loopback and yield its base URL."""
    runner = web.AppRunner(application(gateway, deed), access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        bound = runner.addresses[0][1]
        yield f"http://127.0.0.1:{bound}"
    finally:
        await runner.cleanup()
