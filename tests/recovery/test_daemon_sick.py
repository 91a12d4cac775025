"""A daemon whose disk fails, or whose ledger is damaged, is read, writes nothing, says why."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import apsw
import pytest

from bridge.cli import run
from bridge.cli.desk_client import Refusal
from bridge.cli.teller import Teller
from tests.recovery.condemned import SICK
from tests.recovery.daemon_lives import at_rest, lives

Port = Callable[[], int]
Capture = pytest.CaptureFixture[str]


def draw(_: str) -> None:
    return


async def ready(url: str) -> tuple[int, dict[str, Any]]:
    """What whoever watches the daemon is told."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz?verbose") as said:
        return said.status, await said.json()


async def only_read(url: str) -> str:
    """Wait until the daemon says that it is only read; return its trouble."""
    for _ in range(200):
        status, told = await ready(url)
        if status == 503:
            assert not told["ready"]
            return str(told["trouble"])
        await asyncio.sleep(0.05)
    raise AssertionError("it says that it writes")


async def refused(folder: Path, url: str, body: object) -> dict[str, Any]:
    """Return the problem that a write is answered with."""
    token = (folder / "keys" / "token-li.wei").read_text().strip()
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "sick"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
        session.post(f"{url}/v1/settlements", json=body, headers=headers) as said,
    ):
        assert said.status == 503
        problem: dict[str, Any] = await said.json()
        return problem


@pytest.mark.slow
async def test_a_disk_that_fails_leaves_a_daemon_that_is_read(
    tmp_path: Path, unused_tcp_port_factory: Port, capfd: Capture
) -> None:
    """Each fault meets a settlement under way; the next life, on a sound disk, settles it."""
    wants = {
        "the ledger's disk is full": ("Full", "make room"),
        "the ledger's disk fails": ("IoFailed", "mend the disk"),
        "no mark can be written": ("Full", "make room"),
        "no vote can be written": ("IoFailed", "mend the disk"),
    }
    assert wants.keys() == SICK.keys()
    sent: list[str] = []
    async with lives(tmp_path, unused_tcp_port_factory()) as (built, daemon):
        for number, (name, (trouble, remedy)) in enumerate(wants.items()):
            await daemon.start(name)
            teller = Teller(built, number, draw)
            sent.append((await teller.send(teller.order("S")))["settlement"])
            daemon.armed.touch()
            assert await only_read(built.desk.url) == trouble
            shown = await built.desk.get(f"/v1/settlements/{sent[-1]}")
            assert shown["stage"]
            problem = await refused(tmp_path, built.desk.url, teller.order("S"))
            assert (problem["code"], remedy in problem["remedy"]) == ("LQ-READ-ONLY", True)
            capfd.readouterr()
            folder = ["--folder", str(tmp_path)]
            assert await asyncio.to_thread(run, ["status", *folder]) == 6
            assert "ledger.read_only: " in capfd.readouterr().out
            await daemon.stop_life()
            daemon.armed.unlink()
        await daemon.start()
        for of in sent:
            await Teller(built, 0, draw).until(of, "settled")
        await at_rest(built, daemon, sent)


@pytest.mark.slow
async def test_a_damaged_ledger_is_served_read_only_and_its_entry_is_named(
    tmp_path: Path, unused_tcp_port_factory: Port, capfd: Capture
) -> None:
    async with lives(tmp_path, unused_tcp_port_factory()) as (built, daemon):
        await daemon.start()
        teller = Teller(built, 1, draw)
        of = (await teller.send(teller.order("S")))["settlement"]
        await teller.until(of, "settled")
        await daemon.kill()
        db = apsw.Connection(str(tmp_path / "data" / "ledger.db"))
        n, raw = db.execute("SELECT seq, entry FROM entries ORDER BY seq DESC").fetchall()[5]
        assert isinstance(raw, bytes)
        db.execute("UPDATE entries SET entry = ? WHERE seq = ?", (flipped(raw), n))
        db.close()
        await daemon.start()
        assert await only_read(built.desk.url) == f"Damaged: entry {n}"
        assert (await built.desk.get(f"/v1/settlements/{of}"))["stage"] == "settled"
        status = await built.desk.get("/v1/status")
        assert any(f"entry {n}" in alarm for alarm in status["alarms"])
        problem = await refused(tmp_path, built.desk.url, teller.order("S"))
        assert "fsck" in problem["remedy"]
        with pytest.raises(Refusal, match="LQ-READ-ONLY"):
            await teller.two(of, "cancel", {})
        await daemon.kill()
    capfd.readouterr()
    assert run(["ledger", "fsck", "--folder", str(tmp_path), "--output", "json"]) == 1
    findings = json.loads(capfd.readouterr().out)["findings"]
    assert str(n) in {one["entry"] for one in findings}


def flipped(raw: bytes) -> bytes:
    at = len(raw) // 2
    return raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
