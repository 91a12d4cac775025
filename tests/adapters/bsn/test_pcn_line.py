"""What a gateway answers over HTTP is read in one way, bounded, and never beside its question."""

import asyncio
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from adapters.bsn import pcn_wire
from adapters.bsn.pcn_answers import LARGEST, LARGEST_BLOCK
from adapters.bsn.pcn_wire import Heard, HttpWire, NoAnswer, NotSent, reached

PATH = "/api/fabric/v1/node/getLedgerInfo"
BLOCK = "/api/fabric/v1/node/getBlockData"
OK = b"HTTP/1.1 200 OK\r\n"
Answering = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]


@asynccontextmanager
async def gateway(
    answering: Answering, context: ssl.SSLContext | None = None
) -> AsyncGenerator[tuple[str, list[bytes]]]:
    """A server of one's own hand: each request is kept, then answered by its number."""
    asked: list[bytes] = []

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                asked.append(head + await reader.readexactly(length))
                await answering(reader, writer, len(asked))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(served, "127.0.0.1", 0, ssl=context) as server:
        scheme = "https" if context else "http"
        yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


def saying(*answers: bytes, ends: bool = False) -> Answering:
    """Each answer in its turn, the last one for ever."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: int) -> None:
        said = answers[min(turn, len(answers)) - 1]
        for place in range(0, len(said), 50_000):
            writer.write(said[place : place + 50_000])
            await asyncio.sleep(0)
        if ends:
            writer.close()

    return answer


async def heard(said: bytes, *, ends: bool = False, path: str = PATH) -> Heard:
    async with gateway(saying(said, ends=ends)) as (base, _):
        wire = HttpWire(base, None, timeout_s=0.5)
        try:
            return await wire.post(path, b"{}")
        finally:
            wire.close()


GOOD = {
    "a length": (OK + b"Content-Length: 5\r\n\r\nhello", False),
    "chunks": (
        OK + b"transfer-encoding: Chunked\r\n\r\n2;x=y\r\nhe\r\n3 \r\nllo\r\n0\r\nA: b\r\n\r\n",
        False,
    ),
    "until the end": (b"HTTP/1.0 200 OK\r\n\r\nhello", True),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length:5\r\n\r\nhello", False),
    "after an interim one": (
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 5 \r\n\r\nhello",
        False,
    ),
}


@pytest.mark.parametrize(("said", "ends"), GOOD.values(), ids=GOOD)
async def test_an_answer_is_read_in_each_of_its_forms(said: bytes, ends: bool) -> None:
    found = await heard(said, ends=ends)
    assert (found.status, found.data) == (200, b"hello")


BAD = {
    "another protocol": b"SSH-2.0-OpenSSH\r\n\r\n",
    "another version": b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
    "a status of words": b"HTTP/1.1 okay\r\nContent-Length: 0\r\n\r\n",
    "a field without a name": OK + b": x\r\nContent-Length: 0\r\n\r\n",
    "a name that ends in space": OK + b"Content-Length : 0\r\n\r\n",
    "a folded field": OK + b"A: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a bare line feed": OK + b"A: b\nContent-Length: 0\r\n\r\n",
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
    "a length below nothing": OK + b"Content-Length: -1\r\n\r\n",
    "a length in another script": OK + "Content-Length: \u0665\r\n\r\nhello".encode(),
    "a length and chunks": OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "packed": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "a chunk of no length": OK + b"Transfer-Encoding: chunked\r\n\r\n\r\n",
    "a chunk below nothing": OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk too long": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nheXX0\r\n\r\n",
    "too large by its length": OK + b"Content-Length: %d\r\n\r\n" % (LARGEST + 1),
    "too large by its chunks": OK
    + b"Transfer-Encoding: chunked\r\n\r\n"
    + b"10000\r\n%b\r\n" % bytes(1 << 16) * 17,
    "a head without end": OK + b"A: b\r\n" * 20_000,
}


@pytest.mark.parametrize("said", BAD.values(), ids=BAD)
async def test_what_is_no_answer_of_http_is_none(said: bytes) -> None:
    with pytest.raises(NoAnswer, match=r"no answer: (?!TimeoutError)"):
        await heard(said)


@pytest.mark.parametrize(
    "said", [b"", OK, OK + b"Content-Length: 9\r\n\r\nhello", OK + b"\r\n" + bytes(LARGEST + 1)]
)
async def test_what_breaks_off_or_does_not_end_is_no_answer(said: bytes) -> None:
    with pytest.raises(NoAnswer, match=r"broke off|more than"):
        await heard(said, ends=True)


async def test_a_block_may_be_larger_than_anything_else() -> None:
    said = OK + b"Content-Length: %d\r\n\r\n" % (2 * LARGEST) + bytes(2 * LARGEST)
    assert len((await heard(said, path=BLOCK)).data) == 2 * LARGEST
    assert LARGEST_BLOCK > 2 * LARGEST
    with pytest.raises(NoAnswer, match="more than"):
        await heard(said)


@pytest.mark.parametrize("head", [OK + b"\r\n", OK + b"Content-Length: 0\r\n\r\n"])
async def test_who_floods_is_not_listened_to(head: bytes) -> None:
    """An answer is read no further than it may be, nor what comes where nobody asked."""
    flooded = asyncio.Event()

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: int) -> None:
        del turn
        writer.write(head)
        try:
            while True:
                await writer.drain()
                await asyncio.sleep(0.001)
                writer.write(bytes(1 << 20))
        except ConnectionError:
            flooded.set()

    async with gateway(flood) as (base, _), reached(base, None, timeout_s=5) as wire:
        if b"Length" in head:
            assert not (await wire.post(PATH, b"{}")).data
        else:
            with pytest.raises(NoAnswer, match=r"more than|broke off"):
                await wire.post(PATH, b"{}")
        await asyncio.wait_for(flooded.wait(), 2)


async def test_a_connection_is_kept_and_what_nobody_asked_for_is_no_answer() -> None:
    """Bytes behind an answer are not taken for the next one's: the connection is given up."""
    first = OK + b"Content-Length: 3\r\n\r\none"
    smuggled = OK + b"Content-Length: 6\r\n\r\nforged"
    peers: list[object] = []

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: int) -> None:
        peers.append(writer.get_extra_info("peername"))
        writer.write(first + (smuggled if turn == 2 else b""))

    async with gateway(answer) as (base, asked), reached(base, None, timeout_s=2) as wire:
        for _ in range(3):
            assert (await wire.post(PATH, b"{}")).data == b"one"
            await asyncio.sleep(0.01)
    assert peers[0] == peers[1] != peers[2]
    assert asked[0] == asked[1] == asked[2]
    assert asked[0].startswith(f"POST {PATH} HTTP/1.1\r\nHost: 127.0.0.1:".encode())
    assert asked[0].endswith(b"Content-Length: 2\r\n\r\n{}")


async def test_a_request_that_is_given_up_leaves_its_answer_to_nobody() -> None:
    asked_again = asyncio.Event()

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter, turn: int) -> None:
        if turn == 2:
            asked_again.set()
            await asyncio.sleep(0.05)
        writer.write(OK + b"Content-Length: 1\r\n\r\n%d" % turn)

    async with gateway(answer) as (base, _), reached(base, None, timeout_s=2) as wire:
        assert (await wire.post(PATH, b"{}")).data == b"1"
        async with asyncio.TaskGroup() as group:
            second = group.create_task(wire.post(PATH, b"{}"))
            await asked_again.wait()
            second.cancel()
        assert second.cancelled()
        assert (await wire.post(PATH, b"{}")).data == b"3"


async def test_a_kept_connection_that_was_closed_or_is_old_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = saying(OK + b"Content-Length: 2\r\nConnection: Close\r\n\r\nok", ends=True)
    async with gateway(answer) as (base, asked), reached(base, None, timeout_s=2) as wire:
        for _ in range(3):
            assert (await wire.post(PATH, b"{}")).data == b"ok"
    assert len(asked) == 3
    answer = saying(OK + b"Content-Length: 2\r\n\r\nok", ends=True)  # and closes without a word
    async with gateway(answer) as (base, asked), reached(base, None, timeout_s=2) as wire:
        for _ in range(3):
            assert (await wire.post(PATH, b"{}")).data == b"ok"
            await asyncio.sleep(0.01)
    monkeypatch.setattr(pcn_wire, "KEPT_S", -1.0)
    answer = saying(OK + b"Content-Length: 2\r\n\r\nok")
    async with gateway(answer) as (base, asked), reached(base, None, timeout_s=2) as wire:
        assert (await wire.post(PATH, b"{}")).data == b"ok"
        kept = wire._kept[0]
        assert (await wire.post(PATH, b"{}")).data == b"ok"
        assert wire._kept[0] is not kept


async def test_who_says_nothing_in_time_leaves_it_unknown_and_who_is_away_does_not() -> None:
    async def silent(reader: asyncio.StreamReader, *_: object) -> None:
        await reader.read()

    async with gateway(silent) as (base, _):
        with pytest.raises(NoAnswer, match="TimeoutError"):
            await HttpWire(base, None, timeout_s=0.1).post(PATH, b"{}")
    with pytest.raises(NotSent, match="ConnectionRefusedError"):
        await HttpWire(base, None, timeout_s=2).post(PATH, b"{}")
    with pytest.raises(NotSent, match="gaierror"):
        await HttpWire("http://nowhere.invalid", None, timeout_s=5).post(PATH, b"{}")


def certified(folder: Path, *, name: str) -> tuple[ssl.SSLContext, str]:
    """A server's side of TLS under a certificate of its own, and the file that believes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(called, called, key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2120, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    pem, pem_key = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem_key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, pem_key)
    return context, str(pem)


async def test_a_certificate_that_is_not_believed_or_is_anothers_is_sent_nothing(
    tmp_path: Path,
) -> None:
    answer = saying(OK + b"Content-Length: 2\r\n\r\nok")
    context, file = certified(tmp_path, name="127.0.0.1")
    async with gateway(answer, context) as (base, asked):
        async with reached(base, file, timeout_s=2) as wire:
            assert (await wire.post(PATH, b"{}")).data == b"ok"
        async with reached(base, None, timeout_s=2) as wire:
            with pytest.raises(NotSent, match="SSLCertVerificationError"):
                await wire.post(PATH, b"{}")
    assert len(asked) == 1
    context, file = certified(tmp_path, name="127.0.0.2")
    async with gateway(answer, context) as (base, asked), reached(base, file, timeout_s=2) as wire:
        with pytest.raises(NotSent, match="SSLCertVerificationError"):
            await wire.post(PATH, b"{}")
    assert not asked
