"""One connection of HTTP/1.1, on which one request at a time is put, and its answer read strictly.

We ask one thing of one host, many times a second: a client that follows, decodes, remembers and
pipelines costs more than reading what an answer is made of. Whatever is not an answer in the one
form that the standard gives it is refused, and the connection is not used again.

Source: RFC 9112 sections 4, 5, 6.3 and 7.1; RFC 9110 section 15.2.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

from typing_extensions import override

LARGEST_HEAD: Final = 1 << 16  # bytes
_STATUS: Final = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9]{2})(?: [\t -~\x80-\xff]*)?")
_FIELD: Final = re.compile(rb"([!#-'*+.0-9A-Z^-z|~-]+):[\t ]*([\t -~\x80-\xff]*)")
_LENGTH: Final = re.compile(r"[0-9]{1,12}")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[\t ]*(?:;[\t -~\x80-\xff]*)?")


class NoHttp(Exception):
    """What came is no answer of HTTP/1.1, or it broke off, or it is too large."""


class Line(asyncio.Protocol):
    """A connection. `most` bounds what is held of an answer, in bytes; more is not taken in."""

    def __init__(self) -> None:
        self.idle_since = 0.0  # by the loop's clock
        self.most = LARGEST_HEAD
        self._held = bytearray()
        self._over = False
        self._news: asyncio.Future[None] | None = None
        self._transport: asyncio.Transport | None = None

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > self.most + 2 * LARGEST_HEAD:
            self.close()  # whoever reads says so
        self._wake()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._over = True
        self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    @property
    def is_free(self) -> bool:
        """Whether a request may be put: it is open, and nothing came that nobody asked for."""
        return not (self._over or self._held)

    def close(self) -> None:
        """Use it no more; what was not sent is not."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    async def ask(self, request: bytes, most: int) -> tuple[int, Mapping[str, str], bytes, bool]:
        """Return status, fields, body, and whether the connection may be used again.

        Errors: NoHttp.
        """
        assert self._transport is not None, "it is connected"
        self.most = most
        self._transport.write(request)
        status, fields, keeps = await self._head()
        while status < 200:  # an answer is still to come
            status, fields, keeps = await self._head()
        codings, length = fields.get("transfer-encoding"), fields.get("content-length")
        if status in {204, 304}:
            return status, fields, b"", keeps
        if codings is not None:
            if codings.lower() != "chunked" or length is not None:
                raise NoHttp("an answer in another coding than chunks")
            return status, fields, await self._chunks(most), keeps
        if length is None:
            return status, fields, await self._rest(most), False
        if _LENGTH.fullmatch(length) is None:
            raise NoHttp("an answer without a length")
        if int(length) > most:
            raise NoHttp(f"an answer of more than {most} bytes")
        return status, fields, await self._exactly(int(length)), keeps

    async def _head(self) -> tuple[int, dict[str, str], bool]:
        first, *rest = (await self._until(b"\r\n\r\n")).split(b"\r\n")
        said = _STATUS.fullmatch(first)
        if said is None:
            raise NoHttp("no status of HTTP/1.1")
        fields: dict[str, str] = {}
        for line in rest:
            field = _FIELD.fullmatch(line)
            if field is None:
                raise NoHttp("a field of another form")
            name, value = field[1].decode("ascii").lower(), field[2].decode("latin-1").rstrip("\t ")
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        keeps = said[1] == b"1" and "close" not in fields.get("connection", "").lower()
        return int(said[2]), fields, keeps

    async def _chunks(self, most: int) -> bytes:
        body = bytearray()
        while True:
            said = _CHUNK.fullmatch(await self._until(b"\r\n"))
            if said is None:
                raise NoHttp("a chunk without a length")
            size = int(said[1], 16)
            if len(body) + size > most:
                raise NoHttp(f"an answer of more than {most} bytes")
            if not size:
                break
            body += await self._exactly(size)
            if await self._exactly(2) != b"\r\n":
                raise NoHttp("a chunk that does not end")
        while await self._until(b"\r\n"):
            pass  # a trailer says nothing to us
        return bytes(body)

    async def _rest(self, most: int) -> bytes:
        while not self._over:
            if len(self._held) > most:
                break
            await self._more()
        if len(self._held) > most:
            raise NoHttp(f"an answer of more than {most} bytes")
        return bytes(self._held)

    async def _until(self, end: bytes) -> bytes:
        while (at := self._held.find(end)) < 0:
            if len(self._held) > LARGEST_HEAD:
                raise NoHttp(f"a line of more than {LARGEST_HEAD} bytes")
            await self._more()
        found = bytes(self._held[:at])
        del self._held[: at + len(end)]
        return found

    async def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            await self._more()
        found = bytes(self._held[:size])
        del self._held[:size]
        return found

    async def _more(self) -> None:
        """Wait until more has come, or the connection is over. Errors: NoHttp."""
        if self._over:
            raise NoHttp("the connection broke off")
        self._news = asyncio.get_running_loop().create_future()
        try:
            await self._news
        finally:
            self._news = None
