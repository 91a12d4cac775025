"""A wire that is dead when the daemon starts: the daemon comes up, its lanes wait, and go on."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from bridge.cli.stage import Stage, stage
from bridge.cli.teller import Teller
from bridge.cli.wires import CASTS


async def waits(built: Stage, of: str) -> dict[str, Any]:
    """Wait until a settlement waits for a wire that is away; return what is shown of it."""
    shown: dict[str, Any] = {}
    for _ in range(600):
        shown = await built.desk.get(f"/v1/settlements/{of}")
        if shown["cause"] == "away":
            return shown
        await asyncio.sleep(0.05)
    raise AssertionError(shown)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dead", "stands", "side"),
    [("gateway", "locking", "origin"), ("chain", "preparing", "destination")],
)
async def test_a_daemon_comes_up_beside_a_dead_wire_and_goes_on_when_it_is_back(
    tmp_path: Path, unused_tcp_port: int, dead: str, stands: str, side: str
) -> None:
    listen = f"tcp:localhost:{unused_tcp_port}"
    async with stage(tmp_path / "stage", listen, CASTS["embedded"]) as built:
        network: str = getattr(built, side)
        teller = Teller(built, 1, lambda _: None)
        await teller.network(network, "pause")
        of = (await teller.send(teller.order("DEAD")))["settlement"]
        await teller.handed(of, stands)
        await built.daemon.stop()
        await built.processes[dead].kill()
        await built.daemon.start()
        shown = await waits(built, of)
        assert network in shown["waiting"], shown
        assert shown["stop"] == "", "no person has to do anything"
        await built.processes[dead].start()
        await teller.until(of, "settled")


@pytest.mark.slow
async def test_a_daemon_comes_up_beside_a_dead_bank_and_pays_once_when_it_is_back(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    """The bank has the payment, and a second payment waits that it never had."""
    listen = f"tcp:localhost:{unused_tcp_port}"
    async with stage(tmp_path / "stage", listen, CASTS["bank"]) as built:
        teller = Teller(built, 1, lambda _: None)
        there = built.destination
        had, waits_ = teller.order("HAD"), teller.order("WAITS")
        await teller.bank(do="fate", settlement=str(had["id"]), **{"is": "wait"})
        first = await teller.send(had)
        await teller.until(first["settlement"], "paying")
        await teller.network(there, "pause")
        of = (await teller.send(waits_))["settlement"]
        await teller.handed(of, "preparing")
        await built.daemon.stop()
        await built.processes["bank"].kill()
        await built.daemon.start()
        await teller.network(there, "resume")
        shown = await waits(built, of)
        assert built.rail in shown["waiting"], shown
        assert (shown["stage"], shown["stop"]) == ("paying", ""), "no person has to do anything"
        await built.processes["bank"].start()
        await teller.until(of, "settled")
        await teller.settle(first["uetr"])
        await teller.until(first["settlement"], "settled")
