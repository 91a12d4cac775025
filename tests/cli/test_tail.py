"""The events of all settlements on a person's terminal: followed, left, taken up, and cut off."""

import asyncio
import csv
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.api import events
from bridge.cli.link import Talk
from bridge.core.ids import SettlementId
from bridge.core.settlement import Stage
from tests.cli.test_manners import Terminal, terminal
from tests.notary.ledgers import LI

LIANQIAO = "import sys; from bridge.cli import main; main()"
BEGINNING = ("--since", "2026-01-01T00:00:00+00:00")
Capture = pytest.CaptureFixture[str]


@asynccontextmanager
async def tailing(at: Terminal, *words: str) -> AsyncIterator[Process]:
    """The command in a process of its own, ended with the test."""
    line = ["tail", *words, "--folder", str(at.folder), "--as", LI]
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LIANQIAO, *line, stdout=PIPE, stderr=PIPE
    )
    try:
        async with asyncio.timeout(30):
            yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def lines(child: Process, last: str) -> list[str]:
    """What it prints, up to a line with that word."""
    assert child.stdout is not None
    found: list[str] = []
    while not found or last not in found[-1]:
        line = (await child.stdout.readline()).decode()
        assert line, (found, (await child.communicate())[1])
        found.append(line.rstrip("\r\n"))
    return found


async def settled(at: Terminal, number: int) -> str:
    of = await at.desk.send(number)
    await at.desk.water.until(SettlementId(of), Stage.SETTLED)
    return of


async def test_it_is_followed_left_by_an_interrupt_and_taken_up_at_its_cursor(
    tmp_path: Path, capsys: Capture
) -> None:
    async with terminal(tmp_path, capsys) as at:
        first = await settled(at, 1)
        async with tailing(at, *BEGINNING, "--output", "jsonl") as child:
            told: list[dict[str, Any]] = [
                json.loads(one) for one in await lines(child, '"settled"')
            ]
            assert {(one["schema"], one["subject"]) for one in told} == {
                ("lianqiao.event/1", first)
            }
            assert told[0]["type"] == "lianqiao.order"
            second = await settled(at, 2)  # it is still listening
            live = [json.loads(one) for one in await lines(child, '"settled"')]
            assert {one["subject"] for one in live} == {second}
            child.send_signal(signal.SIGINT)
            out, err = await child.communicate()
            assert (child.returncode, out) == (130, b"")
            (said,) = re.findall(
                r"^next: lianqiao tail --folder \S+ --cursor (\d+)$", err.decode(), re.MULTILINE
            )
            # interrupted with a line just printed it may be told again; none is left out
            assert int(said) >= int(live[-2]["id"])
        rest = ("--cursor", told[-1]["id"], "--lane", "sz-hk", "--output", "csv")
        async with tailing(at, *rest) as child:
            rows = list(csv.reader(await lines(child, "→ settled")))
            assert rows[0] == ["id", "time", "settlement", "what"]
            assert [row[0] for row in rows[1:]] == [one["id"] for one in live]


async def test_an_interrupt_before_the_first_event_says_where_to_go_on(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    so_far, streaming = events._so_far, asyncio.Event()

    def told(after: int) -> bytes:
        streaming.set()
        return so_far(after)

    monkeypatch.setattr(events, "_so_far", told)
    async with terminal(tmp_path, capsys) as at:
        await settled(at, 1)
        async with tailing(at, "--lane", "sz-hk") as child:
            await streaming.wait()
            await asyncio.sleep(0.2)  # what it is sent at once has arrived
            child.send_signal(signal.SIGINT)
            out, err = await child.communicate()
        assert (child.returncode, out) == (130, b"")
        again = r"next: lianqiao tail --folder \S+ --lane sz-hk --cursor (\d+)\n"
        following = re.match(again, err.decode())
        assert following is not None, err
        second = await settled(at, 2)
        async with tailing(at, "--cursor", following[1], "--output", "jsonl") as child:
            seen = [json.loads(one) for one in await lines(child, '"settled"')]
        assert {one["subject"] for one in seen} == {second}
        assert seen[0]["type"] == "lianqiao.order"
        streaming.clear()
        async with tailing(at, "--quiet") as child:
            await streaming.wait()
            child.send_signal(signal.SIGINT)
            assert (await child.communicate())[1].strip() == b""


async def test_a_daemon_that_stops_ends_it_with_6_and_the_command_that_goes_on(
    tmp_path: Path, capsys: Capture
) -> None:
    async with terminal(tmp_path, capsys) as at:
        of = await settled(at, 1)
        async with tailing(at, *BEGINNING, "--lane", "sz-hk") as child:
            told = await lines(child, "→ settled")
            assert all(of in line for line in told)
            await at.desk.client.server.close()
            assert child.stderr is not None
            said = (await child.stderr.read()).decode()
            assert await child.wait() == 6
        last = at.desk.water.journal.view.saga(of, "settled")
        assert last is not None
        assert said.startswith("error LQ-DOWN: the daemon ended the stream\n")
        again = r"next: lianqiao tail --folder \S+ --lane sz-hk --cursor (\d+)\n\Z"
        following = re.search(again, said)
        assert following is not None, said
        assert int(following[1]) >= last.n
        gone = await at.type("tail", "--output", "json")
        assert (gone.exit, json.loads(gone.err)["code"]) == (6, "LQ-DOWN")


async def test_a_stream_that_ends_before_its_first_event_is_taken_up_where_it_was_to_begin(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Talk, "events", lambda *_: iter(()))
    async with terminal(tmp_path, capsys) as at:
        cut = await at.type("tail", "--since", "2999-01-01T00:00Z", "--lane", "sz-hk")
        assert cut.exit == 6
        following = f"lianqiao tail --folder {tmp_path} --lane sz-hk --since 2999-01-01T00:00Z"
        assert cut.err.endswith(f"next: {following}\n")


async def test_what_names_no_time_lane_or_event_is_said(tmp_path: Path, capsys: Capture) -> None:
    async with terminal(tmp_path, capsys) as at:
        for words, code in (
            (("--since", "yesterday"), 2),
            (("--since", "0001-01-01T00:00:00+23:00"), 2),
            (("--cursor", "-1"), 2),
            (("--lane", "nowhere"), 3),
        ):
            refused = await at.type("tail", *words)
            assert refused.exit == code, refused.err
            assert refused.out == ""


async def test_half_an_event_that_was_cut_off_is_not_told(tmp_path: Path) -> None:
    """A proxy between may pass on what it has of a line when the daemon dies."""
    told = b'data: {"id": "1"}\n\n', b'data: {"id'

    async def answered(_: asyncio.StreamReader, out: asyncio.StreamWriter) -> None:
        out.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for part in told:
            out.write(b"%x\r\n%s\r\n" % (len(part), part))
        out.write(b"0\r\n\r\n")
        await out.drain()
        out.close()

    server = await asyncio.start_server(answered, "127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    token = tmp_path / "token"
    token.write_text("lq_anything")
    talk = Talk(
        folder=tmp_path, form="table", quiet=False, person="",
        url=f"http://127.0.0.1:{port}", token_file=token,
    )  # fmt: skip
    found: list[str] = []

    def read() -> None:
        found.extend(event.text("id") for event in talk.events("/v1/events", None))

    async with server:
        await asyncio.to_thread(read)
    assert found == ["1"]
