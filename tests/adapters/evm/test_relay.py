"""What is passed on, held back and cut off before a node that may be exchanged."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from adapters.evm.relay import Relay, relay

SOON_S, LONG_S = 0.1, 5


@asynccontextmanager
async def answering(word: bytes) -> AsyncGenerator[int]:
    """A server that answers every line with its word and the line; its port."""

    async def met(reader: StreamReader, writer: StreamWriter) -> None:
        with suppress(OSError):
            while line := await reader.readline():
                writer.write(word + line)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@pytest.fixture
async def door() -> AsyncIterator[Relay]:
    async with relay() as made:
        yield made


class Caller:
    """Somebody who is connected."""

    def __init__(self, reader: StreamReader, writer: StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def says(self, line: bytes) -> None:
        self.writer.write(line)
        await self.writer.drain()

    async def hears(self, within_s: float = LONG_S) -> bytes:
        """The next line; nothing at all where it was cut off."""
        async with asyncio.timeout(within_s):
            try:
                return await self.reader.readline()
            except OSError:
                return b""


@asynccontextmanager
async def calling(door: Relay) -> AsyncGenerator[Caller]:
    port = urlsplit(door.url).port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield Caller(reader, writer)
    finally:
        writer.close()


async def test_bytes_go_to_whoever_is_behind_it_now(door: Relay) -> None:
    async with answering(b"one ") as first, answering(b"two ") as second:
        async with calling(door) as caller:
            assert await caller.hears() == b"", "nobody is behind it"
        door.lead_to(first)
        async with calling(door) as caller:
            await caller.says(b"a\n")
            assert await caller.hears() == b"one a\n"
            await caller.says(b"b\n")
            assert await caller.hears() == b"one b\n"
            door.cut()
            assert await caller.hears() == b""
        door.lead_to(second)
        async with calling(door) as caller:
            await caller.says(b"c\n")
            assert await caller.hears() == b"two c\n"


async def test_what_is_held_is_passed_on_later_in_its_order(door: Relay) -> None:
    async with answering(b"") as node:
        door.lead_to(node)
        async with calling(door) as caller:
            with door.held():
                await caller.says(b"a\n")
                with pytest.raises(TimeoutError):
                    await caller.hears(SOON_S)
                await caller.says(b"b\n")
            assert [await caller.hears(), await caller.hears()] == [b"a\n", b"b\n"]


async def test_an_answer_that_was_held_when_it_was_cut_is_never_heard(door: Relay) -> None:
    asked, told = asyncio.Event(), asyncio.Event()

    async def met(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.readline()
        asked.set()
        await told.wait()
        writer.write(b"what may not come back\n")
        writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    door.lead_to(server.sockets[0].getsockname()[1])
    async with calling(door) as caller:
        await caller.says(b"a\n")
        await asked.wait()
        with door.held():
            told.set()
            with pytest.raises(TimeoutError):
                await caller.hears(SOON_S)
            door.cut()
        assert await caller.hears() == b""
    server.close()


async def test_a_node_that_ends_ends_its_lines(door: Relay) -> None:
    async def met(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    door.lead_to(server.sockets[0].getsockname()[1])
    async with calling(door) as caller:
        await caller.says(b"last words\n")
        assert await caller.hears() == b"last words\n"
        assert await caller.hears() == b""
    server.close()
