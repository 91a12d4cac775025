"""Readers of a stream who vanish, who take nothing, or who read another ledger's events."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.api import events
from tests.api.front import Front, front
from tests.api.test_events import ALL, EVENTS, settled
from tests.notary.ledgers import LI

LARGE = b"data: " + b"x" * (1 << 20) + b"\n\n"  # some of these fill every buffer on the way


@asynccontextmanager
async def reader(desk: Front, path: str = ALL) -> AsyncIterator[asyncio.StreamReader]:
    """A reader of a stream who has asked and read nothing yet."""
    server = desk.client.server
    line, out = await asyncio.open_connection(str(server.host), server.port, limit=1_024)
    said = f"GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {desk.texts[LI]}\r\n\r\n"
    out.write(said.encode())
    await out.drain()
    try:
        yield line
    finally:
        out.transport.abort()


async def read_on(line: asyncio.StreamReader) -> bytes:
    """The last of what a reader still gets, however its line ends."""
    last = b""
    with suppress(ConnectionError):
        while more := await line.read(1 << 20):
            last = (last + more)[-64:]
    return last


async def taken(desk: Front) -> int:
    """Whether there is room for another reader: the status it is answered."""
    headers = {"Authorization": f"Bearer {desk.texts[LI]}"}
    async with desk.client.get(EVENTS, headers=headers) as answer:
        return answer.status


async def until_taken(desk: Front, status: int) -> None:
    for _ in range(500):
        if await taken(desk) == status:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never {status}")


async def test_a_reader_who_hangs_up_is_nobodys_fault_and_makes_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAMS", 1)
    monkeypatch.setattr(events, "QUIET_S", 0.05)
    async with front(tmp_path) as desk:
        with capture_logs() as logged:
            async with reader(desk):
                await until_taken(desk, 503)
            await until_taken(desk, 200)
        assert [one["event"] for one in logged if one["log_level"] == "error"] == []


async def test_a_reader_who_takes_nothing_is_let_go_and_others_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "STREAMS", 1)
    monkeypatch.setattr(events, "SLOW_S", 0.5)
    monkeypatch.setattr(events, "_event", lambda *_: LARGE)
    async with front(tmp_path) as desk:
        await settled(desk, 1)
        async with reader(desk) as line:
            await until_taken(desk, 503)
            await until_taken(desk, 200)
            assert not (await read_on(line)).endswith(b"\r\n0\r\n\r\n"), "it was told all"


async def test_a_desk_that_closes_waits_for_no_reader_who_takes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_event", lambda *_: LARGE)
    async with front(tmp_path) as desk:
        await settled(desk, 1)
        async with reader(desk) as line:
            await line.readline()
            await asyncio.sleep(0.3)  # by now every buffer is full
            async with asyncio.timeout(5):
                await desk.client.server.close()


async def test_an_event_that_is_not_there_yet_is_another_ledgers_and_nobody_waits_for_it(
    tmp_path: Path,
) -> None:
    async with front(tmp_path) as desk:
        of = await settled(desk, 1)
        head = desk.water.journal.head.seq
        for path in (EVENTS, f"/v1/settlements/{of}/events"):
            for given, status in ((head - 1, 200), (head, 400)):
                headers = {
                    "Authorization": f"Bearer {desk.texts[LI]}",
                    "Last-Event-ID": str(given),
                }
                async with desk.client.get(path, headers=headers) as answer:
                    assert answer.status == status, path
                    if status == 400:
                        assert (await answer.json(content_type=None))["code"] == "LQ-EVENT-ID"
