"""Whoever may write into a folder, or reach the door, can neither stop us nor fill our memory."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from adapters.iso20022 import folder, listener
from adapters.iso20022.agreement import Instruct
from adapters.iso20022.client import Door, HttpChannel, Receipt, headers
from adapters.iso20022.folder import FolderChannel, lay_out, put, watching, write
from adapters.iso20022.inbox import PENDING_BYTES, Taken
from adapters.iso20022.listener import listening
from bridge.core.canonical import canonical
from bridge.ports import Unavailable
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import OURS, THEIRS, agreed

BANK = Instruct.PACS_008


def a_folder(made: Path) -> None:
    made.mkdir()


def a_pipe(made: Path) -> None:
    os.mkfifo(made)


def a_link_to_what_is_ours(made: Path) -> None:
    made.symlink_to("/etc/hostname")


def a_link_in_a_circle(made: Path) -> None:
    made.symlink_to(made.name)


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to be")


STRANGE = (a_folder, a_pipe, a_link_to_what_is_ours, a_link_in_a_circle)


@pytest.mark.parametrize("suffix", ["xml", "sig"])
@pytest.mark.parametrize("strange", STRANGE)
async def test_what_is_no_file_is_refused_and_stops_nothing(
    tmp_path: Path, strange: Callable[[Path], None], suffix: str
) -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    lay_out(tmp_path)
    for each in ("xml", "sig"):
        if each == suffix:
            strange(tmp_path / "in" / f"{'a' * 64}.{each}")
        else:
            (tmp_path / "in" / f"{'a' * 64}.{each}").write_bytes(b"<a/>")
    async with script.reading(), watching(script.rail.inbox, tmp_path, OURS, script.clock):
        put(tmp_path, THEIRS.sign(script.status(order, "RJCT", "AC04")))
        await until(lambda: len(list((tmp_path / "ack").glob("*.json"))) == 2)
    assert script.told == ["PaymentRejected"]
    assert f"{'a' * 64}.xml" in {one.name for one in (tmp_path / "bad").iterdir()}


async def test_no_earlier_refusal_denies_what_the_ledger_has(tmp_path: Path) -> None:
    """The same bytes came first under a signature nobody can read; a bank told so would repeat."""
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    signed = THEIRS.sign(script.status(order, "RJCT", "AC04"))
    lay_out(tmp_path)
    (tmp_path / "in" / f"{signed.digest}.sig").write_bytes(b"nothing")
    (tmp_path / "in" / f"{signed.digest}.xml").write_bytes(signed.raw)
    channel = FolderChannel(tmp_path, {OURS.name: OURS.public}, script.clock)

    async def door() -> Door | None:
        receipt = await channel.receipt(signed.digest)
        return None if receipt is None else receipt.door

    async with script.reading(), watching(script.rail.inbox, tmp_path, OURS, script.clock):
        await until((tmp_path / "bad" / f"{signed.digest}.xml").exists)
        assert await door() is Door.REFUSED
        head, _, _ = signed.frame.partition(b"\n")
        write(tmp_path / "in" / f"{signed.digest}.sig", head)
        write(tmp_path / "in" / f"{signed.digest}.xml", signed.raw)
        await until((tmp_path / "done" / f"{signed.digest}.xml").exists)
    assert (script.told, await door()) == (["PaymentRejected"], Door.TAKEN)


async def test_a_name_no_acknowledgement_could_bear_is_left_where_it_is(tmp_path: Path) -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    lay_out(tmp_path)
    for each in ("xml", "sig"):
        (tmp_path / "in" / f"{'n' * 251}.{each}").write_bytes(b"<a/>")
    async with script.reading(), watching(script.rail.inbox, tmp_path, OURS, script.clock):
        put(tmp_path, THEIRS.sign(script.status(order, "RJCT", "AC04")))
        await until(lambda: bool(script.told))
    assert (tmp_path / "in" / f"{'n' * 251}.xml").exists()


async def test_a_signature_file_is_read_up_to_its_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of some hundred bytes; a file of gigabytes beside it is never read whole."""
    large = tmp_path / "x.sig"
    with large.open("wb") as file:
        file.truncate(1 << 40)  # sparse
    assert len(folder.bounded(large, 1_000)) == 1_000


async def test_what_waits_is_bounded_in_bytes_too() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    first = script.rail.inbox._judged(THEIRS.sign(script.status(order, "ACSP")))
    assert not hasattr(first, "taken")
    script.rail.inbox.bytes_waiting = PENDING_BYTES
    second = script.rail.inbox._judged(THEIRS.sign(script.status(order, "ACSC")))
    assert getattr(second, "taken", None) is Taken.BUSY


async def test_who_sends_slowly_keeps_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bodies under way share a bound of bytes and have a bound of time; then the door is free."""
    monkeypatch.setattr(listener, "BODIES_MAX", 3_000)
    monkeypatch.setattr(listener, "BODY_S", 0.3)
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "RJCT", "AC04")
    assert 1_000 < len(raw) < 3_000
    async with (
        script.reading(),
        listening(script.rail.inbox, "tcp:127.0.0.1:0") as address,
        aiohttp.ClientSession() as session,
    ):
        host, port = address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"POST /messages HTTP/1.1\r\nHost: x\r\nContent-Length: 2900\r\n\r\n<")
        await writer.drain()
        await asyncio.sleep(0.05)

        async def post() -> int:
            sent = headers(THEIRS.sign(raw))
            async with session.post(f"{address}/messages", data=raw, headers=sent) as answer:
                return answer.status

        assert await post() == 503
        assert b" 408 " in await reader.readline()
        assert await post() == 202
        writer.close()
    assert script.told == ["PaymentRejected"]


async def receipt_of_pieces(port: int, *, moved: bool) -> Receipt | None:
    """What a door answers that sends its receipt in two pieces, or sends us elsewhere for it."""
    body = {"schema": "lianqiao.receipt/1", "digest": "d", "door": "taken", "now": "1"}
    signed = THEIRS.sign(canonical(body))

    async def answered(request: web.Request) -> web.StreamResponse:
        if moved and request.path.startswith("/receipts"):
            raise web.HTTPTemporaryRedirect(f"http://127.0.0.1:{port}/elsewhere")
        answer = web.StreamResponse(headers=headers(signed))
        await answer.prepare(request)
        await answer.write(signed.raw[:10])
        await asyncio.sleep(0.05)
        await answer.write(signed.raw[10:])
        return answer

    app = web.Application()
    app.router.add_get("/{any:.*}", answered)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        async with aiohttp.ClientSession() as session:
            channel = HttpChannel(session, f"http://127.0.0.1:{port}", {THEIRS.name: THEIRS.public})
            return await channel.receipt("d")
    finally:
        await runner.cleanup()


async def test_a_receipt_in_pieces_is_read_whole(unused_tcp_port: int) -> None:
    assert await receipt_of_pieces(unused_tcp_port, moved=False) is not None


async def test_a_door_cannot_send_us_elsewhere(unused_tcp_port: int) -> None:
    with pytest.raises(Unavailable):
        await receipt_of_pieces(unused_tcp_port, moved=True)
