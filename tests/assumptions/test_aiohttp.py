"""What we believe of aiohttp as a server and as a client."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
from aiohttp import ClientConnectionError, ClientSession, web

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


@asynccontextmanager
async def served(
    app: web.Application, *, keepalive_timeout: float = 15, shutdown_timeout: float = 1
) -> AsyncIterator[int]:
    """The app listens on loopback; its port."""
    runner = web.AppRunner(
        app, keepalive_timeout=keepalive_timeout, shutdown_timeout=shutdown_timeout
    )
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def asked(port: int, method: str, path: str) -> tuple[int, str]:
    async with (
        ClientSession() as session,
        session.request(method, f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


def router(segment: str) -> web.Application:
    async def read(request: web.Request) -> web.Response:
        return web.Response(text=f"read {request.match_info['id']}")

    async def cancel(request: web.Request) -> web.Response:
        return web.Response(text=f"cancel {request.match_info['id']}")

    app = web.Application()
    app.router.add_get(f"/v1/settlements/{segment}", read)
    app.router.add_post(f"/v1/settlements/{segment}:cancel", cancel)
    return app


async def test_a_bare_id_swallows_the_action_behind_it() -> None:
    async with served(router("{id}")) as port:
        assert await asked(port, "GET", "/v1/settlements/X:cancel") == (200, "read X:cancel")


async def test_an_id_with_a_pattern_does_not() -> None:
    async with served(router("{id:[0-9A-HJKMNP-TV-Z]{26}}")) as port:
        path = f"/v1/settlements/{ULID}"
        assert await asked(port, "GET", path) == (200, f"read {ULID}")
        assert await asked(port, "POST", f"{path}:cancel") == (200, f"cancel {ULID}")
        assert (await asked(port, "GET", f"{path}:cancel"))[0] == 405
        assert (await asked(port, "GET", "/v1/settlements/short"))[0] == 404


@asynccontextmanager
async def raw(
    port: int, sent: bytes
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection on which these bytes were sent; closed to the end afterwards."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        await writer.drain()
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


HALF_HEADER = b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "
HALF_BODY = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"


async def test_a_half_sent_header_ends_with_keepalive_timeout() -> None:
    async with (
        served(web.Application(), keepalive_timeout=0.3) as port,
        raw(port, HALF_HEADER) as (reader, _),
        asyncio.timeout(10),
    ):
        await reader.read()


async def test_a_half_sent_body_stays_open_unless_the_handler_watches_the_time() -> None:
    async def patient(request: web.Request) -> web.Response:
        return web.Response(text=await request.text())

    async def watchful(request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(0.3):
                return web.Response(text=await request.text())
        except TimeoutError:
            raise web.HTTPRequestTimeout from None

    app = web.Application()
    app.router.add_post("/", patient)
    async with (
        served(app, keepalive_timeout=0.2, shutdown_timeout=0.1) as port,
        raw(port, HALF_BODY) as (reader, _),
    ):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await reader.read()
    app = web.Application()
    app.router.add_post("/", watchful)
    async with (
        served(app, shutdown_timeout=0.1) as port,
        raw(port, HALF_BODY) as (reader, _),
        asyncio.timeout(10),
    ):
        assert b" 408 " in await reader.readline()


async def test_client_max_size_counts_what_is_read_after_it_is_unpacked() -> None:
    """So a small compressed body is large here; we refuse Content-Encoding altogether."""

    async def length(request: web.Request) -> web.Response:
        return web.Response(text=str(len(await request.read())))

    app = web.Application(client_max_size=1000)
    app.router.add_post("/", length)
    async with served(app) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.post(url, data=b"x" * 1000) as answer:
            assert (answer.status, await answer.text()) == (200, "1000")
        async with session.post(url, data=b"x" * 1001) as answer:
            assert answer.status == 413
        packed = gzip.compress(b"x" * 100_000)
        assert len(packed) < 1000
        async with session.post(url, data=packed, headers={"Content-Encoding": "gzip"}) as answer:
            assert answer.status == 413


async def test_a_client_who_hangs_up_does_not_cut_a_handler_in_two() -> None:
    """`handler_cancellation` is off unless asked for."""
    began, finished = asyncio.Event(), asyncio.Event()

    async def writes(_request: web.Request) -> web.Response:
        began.set()
        await asyncio.sleep(0.3)
        finished.set()
        return web.Response()

    app = web.Application()
    app.router.add_get("/", writes)
    async with served(app) as port:
        async with raw(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n") as (_, writer):
            await began.wait()
            writer.transport.abort()
        async with asyncio.timeout(10):
            await finished.wait()


async def test_a_server_stops_on_a_unix_socket_too(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = str(tmp_path_factory.mktemp("s") / "api.sock")
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.UnixSite(runner, path).start()
    _reader, writer = await asyncio.open_unix_connection(path)
    writer.close()
    await writer.wait_closed()
    await runner.cleanup()
    with pytest.raises((ConnectionError, FileNotFoundError)):
        await asyncio.open_unix_connection(path)


async def test_a_dead_server_is_a_connection_error_of_the_client() -> None:
    async with served(web.Application()) as port:
        pass
    with pytest.raises(ClientConnectionError):
        await asked(port, "GET", "/")
