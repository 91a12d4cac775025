"""A door on loopback behind which a node may be exchanged: bytes are passed on as they come."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final

HERE: Final = "127.0.0.1"
MOST: Final = 65_536  # bytes passed on at once


class Relay:
    """Whoever connects speaks to the node behind it, or is cut off while there is none."""

    def __init__(self) -> None:
        self.url = ""
        self._node: int | None = None  # its port
        self._lines: set[StreamWriter] = set()
        self._meeting: set[asyncio.Task[object]] = set()
        self._free = asyncio.Event()
        self._free.set()

    def lead_to(self, port: int) -> None:
        """Pass on what comes from now on to a node on this port."""
        self._node = port

    def cut(self) -> None:
        """Nobody is behind it any more: lines end, and what was on its way is lost."""
        self._node = None
        for line in self._lines:
            line.transport.abort()

    async def over(self) -> None:
        """Nobody is behind it, and nobody before it."""
        self.cut()
        while self._meeting:
            await asyncio.wait(self._meeting)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Have no byte pass in either direction within the block."""
        self._free.clear()
        try:
            yield
        finally:
            self._free.set()

    async def meet(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Pass on what comes over a line, until either side ends it."""
        task, node = asyncio.current_task(), self._node
        assert task is not None, "a server makes one for each line"
        self._meeting.add(task)
        task.add_done_callback(self._meeting.discard)
        with suppress(OSError):
            if node is not None:
                theirs, ours = await asyncio.open_connection(HERE, node)
                if node == self._node:  # nobody cut it meanwhile
                    await self._both_ways(reader, writer, theirs, ours)
                ours.close()
        writer.close()

    async def _both_ways(
        self, reader: StreamReader, writer: StreamWriter, theirs: StreamReader, ours: StreamWriter
    ) -> None:
        self._lines |= {writer, ours}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._passed(reader, ours))
                group.create_task(self._passed(theirs, writer))
        finally:
            self._lines -= {writer, ours}

    async def _passed(self, source: StreamReader, into: StreamWriter) -> None:
        try:
            with suppress(OSError):  # a line that was cut
                while some := await source.read(MOST):
                    await self._free.wait()
                    into.write(some)
                    await into.drain()
        finally:
            into.close()


@asynccontextmanager
async def relay() -> AsyncGenerator[Relay]:
    """Yield a door on a port of its own, with nobody behind it yet."""
    door = Relay()
    server = await asyncio.start_server(door.meet, HERE, 0)
    door.url = f"http://{HERE}:{server.sockets[0].getsockname()[1]}"
    try:
        yield door
    finally:
        server.close()
        await door.over()  # a server is closed once its lines are
        await server.wait_closed()
