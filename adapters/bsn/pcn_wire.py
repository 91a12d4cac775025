"""How bytes reach the gateway: one pool, TLS verified, no redirect, no retry, all bounded."""

import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from adapters.bsn.pcn_answers import largest
from bridge.ports import let_go


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
    """The gateway over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, base: str, *, timeout_s: float) -> None:
        self._session = session
        self._base = base.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def post(self, path: str, data: bytes) -> Heard:
        """Post the bytes as JSON and read at most what the end point may answer."""
        most = largest(path)
        try:
            async with self._session.post(
                self._base + path,
                data=data,
                headers={"Content-Type": "application/json"},
                timeout=self._timeout,
                allow_redirects=False,
            ) as answer:
                heard = bytearray()
                async for part in answer.content.iter_chunked(1 << 16):
                    heard += part
                    if len(heard) > most:
                        raise NoAnswer(f"an answer of more than {most} bytes")
                return Heard(answer.status, bytes(heard), dict(answer.headers))
        except aiohttp.ClientConnectorError as error:
            let_go(error)
            raise NotSent(f"no connection: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            let_go(error)
            raise NoAnswer(f"no answer: {type(error).__name__}") from error


@asynccontextmanager
async def reached(base: str, ca_file: str | None, *, timeout_s: float) -> AsyncGenerator[HttpWire]:
    """Yield the wire to a gateway; a private authority's file takes the place of the system's.

    Errors: OSError, ssl.SSLError for a file that holds no certificates.
    """
    context = ssl.create_default_context(cafile=ca_file)
    connector = aiohttp.TCPConnector(ssl=context, limit=16)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(
        connector=connector, cookie_jar=jar, auto_decompress=False, trust_env=False
    ) as session:
        yield HttpWire(session, base, timeout_s=timeout_s)
