"""Our own door for the bank's messages over HTTP: answered only after the ledger has them.

202 committed, 200 a repeat, 409 the same key with other bytes, 422 refused with findings, 401 not
signed by the bank, 503 not yet. Who is nobody we know may hold no memory of ours: bodies that are
being read share a bound of bytes, and each has its time.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aiohttp import web

from adapters.iso20022.client import signed_of
from adapters.iso20022.inbox import Answer, Inbox, Taken
from adapters.iso20022.signed import BadSignature
from bridge.core.canonical import Value, canonical
from schemas.xml import MAX_BYTES

BODIES_MAX = 64 * 1024 * 1024  # bytes under way: six of the largest at once
BODY_S = 20  # of one body: ten megabytes at four megabits a second

STATUS = {
    Taken.COMMITTED: 202,
    Taken.REPEATED: 200,
    Taken.CONFLICT: 409,
    Taken.REFUSED: 422,
    Taken.UNSIGNED: 401,
    Taken.BUSY: 503,
}


def application(inbox: Inbox) -> web.Application:
    """Return the application whose one route takes messages."""
    under_way = 0  # bytes of bodies that are being read, each counted as large as it may become

    async def body(request: web.Request) -> bytes:
        nonlocal under_way
        told = request.content_length
        size = MAX_BYTES if told is None else min(told, MAX_BYTES)
        if under_way + size > BODIES_MAX:
            raise web.HTTPServiceUnavailable
        under_way += size
        try:
            async with asyncio.timeout(BODY_S):
                return await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
        finally:
            under_way -= size

    async def take(request: web.Request) -> web.Response:
        raw = await body(request)
        try:
            signed = signed_of(raw, request.headers)
        except BadSignature as error:
            inbox.alarm("message.unsigned", str(error))
            return _said(Answer(Taken.UNSIGNED, "", findings=(str(error),)))
        return _said(await inbox.receive(signed))

    app = web.Application(client_max_size=MAX_BYTES + 1)
    app.router.add_post("/messages", take)
    return app


def _said(answer: Answer) -> web.Response:
    body: dict[str, Value] = {
        "schema": "lianqiao.acknowledgement/1",
        "digest": answer.digest,
        "verdict": answer.taken.value,
        "entry": answer.entry,
        "findings": list(answer.findings),
    }
    return web.Response(
        body=canonical(body), status=STATUS[answer.taken], content_type="application/json"
    )


@asynccontextmanager
async def listening(inbox: Inbox, where: str) -> AsyncGenerator[str]:
    """Serve on `tcp:HOST:PORT` while the body runs; yield the address, port 0 resolved."""
    host, _, port = where.removeprefix("tcp:").rpartition(":")
    runner = web.AppRunner(application(inbox), access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, int(port))
        await site.start()
        bound = runner.addresses[0]
        yield f"http://{host}:{bound[1]}"
    finally:
        inbox.close()
        await runner.cleanup()
