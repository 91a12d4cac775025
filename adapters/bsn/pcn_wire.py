"""How bytes reach the gateway: one pool, TLS verified, no redirect, no retry, all bounded."""

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol
from urllib.parse import urlsplit

from adapters.bsn.pcn_answers import largest
from adapters.bsn.pcn_line import Line, NoHttp
from bridge.ports import let_go

AT_ONCE: Final = 16  # connections
KEPT_S: Final = 15.0  # a connection that nobody uses; a server gives up much later
_FIELDS: Final = (
    "\r\nUser-Agent: lianqiao\r\nAccept: application/json"
    "\r\nContent-Type: application/json\r\nContent-Length: "
)


class NotSent(Exception):
    """Nothing left this machine: no connection, or a certificate that is not believed."""


class NoAnswer(Exception):
    """Something may have arrived, and nothing came back that could be read."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A status of HTTP, its headers, and the bytes."""

    status: int
    data: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Wire(Protocol):
    """What the client needs of a connection; HTTP here, a devnet in this process elsewhere."""

    async def post(self, path: str, data: bytes) -> Heard:
        """What is heard of one request. Errors: NotSent, NoAnswer."""
        ...


class HttpWire:
    """The gateway over HTTP, on connections that are kept for a while. Units: seconds."""

    def __init__(self, base: str, context: ssl.SSLContext | None, *, timeout_s: float) -> None:
        asked = urlsplit(base)
        self._context = context if asked.scheme == "https" else None
        self._place = asked.hostname or "", asked.port or (443 if self._context else 80)
        self._head = f"Host: {asked.netloc}{_FIELDS}"
        self._path = asked.path.rstrip("/")
        self._timeout = timeout_s
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._kept: list[Line] = []

    async def post(self, path: str, data: bytes) -> Heard:
        """Post the bytes as JSON and read at most what the end point may answer."""
        head = f"POST {self._path}{path} HTTP/1.1\r\n{self._head}{len(data)}\r\n\r\n"
        line: Line | None = None
        try:
            async with asyncio.timeout(self._timeout), self._turn:
                line = self._free() or await self._connected()
                status, fields, body, keeps = await line.ask(head.encode() + data, largest(path))
                if keeps:
                    line.idle_since = asyncio.get_running_loop().time()
                    self._kept.append(line)
                    line = None
                return Heard(status, body, fields)
        except (NoHttp, TimeoutError) as error:
            let_go(error)
            if line is None:
                raise NotSent("no connection in time") from error
            raise NoAnswer(f"no answer: {str(error) or type(error).__name__}") from error
        finally:
            if line is not None:
                line.close()

    def _free(self) -> Line | None:
        """Return a connection that was used a while ago at most."""
        oldest = asyncio.get_running_loop().time() - KEPT_S
        while self._kept:
            line = self._kept.pop()
            if line.is_free and line.idle_since >= oldest:
                return line
            line.close()
        return None

    async def _connected(self) -> Line:
        """Return a new connection to the first address that takes one in its share of the time.

        Errors: NotSent.
        """
        host, port = self._place
        loop = asyncio.get_running_loop()
        name = host if self._context else None
        why: Exception | None = None
        try:
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            for *_, address in found:
                try:
                    async with asyncio.timeout(self._timeout / len(found)):
                        _, line = await loop.create_connection(
                            Line, *address[:2], ssl=self._context, server_hostname=name
                        )
                        return line
                except OSError as error:  # time-outs and certificates not believed among them
                    why = error
        except OSError as error:
            why = error
        assert why is not None, "a name has an address"
        let_go(why)
        raise NotSent(f"no connection: {type(why).__name__}") from why

    def close(self) -> None:
        """Close what is kept."""
        while self._kept:
            self._kept.pop().close()


@asynccontextmanager
async def reached(base: str, ca_file: str | None, *, timeout_s: float) -> AsyncGenerator[HttpWire]:
    """Yield the wire to a gateway; a private authority's file takes the place of the system's.

    Errors: OSError, ssl.SSLError for a file that holds no certificates.
    """
    wire = HttpWire(base, ssl.create_default_context(cafile=ca_file), timeout_s=timeout_s)
    try:
        yield wire
    finally:
        wire.close()
