"""Under load the ring's settlements share the ledger's commits; one alone waits for nobody."""

import asyncio
from pathlib import Path

import pytest

from bridge.core.settlement import Stage
from bridge.notary import gathering
from bridge.notary.store.memory import MemoryStore
from tests.engine.river import LoopClock, turning, wires

BLOCK_MS = 20  # so that what a network tells comes when it likes


async def _settled(folder: Path, at_once: int, rounds: int) -> float:
    """Return how often the disk was synced, a settlement."""
    syncs: list[str] = []
    store = MemoryStore(fault=lambda call: syncs.append(call) if call == "sync" else None)
    clock = LoopClock()
    async with turning(wires(clock, folder, block_ms=BLOCK_MS), store) as water:

        async def customer(first: int) -> None:
            await asyncio.sleep(first * 0.011)
            for number in range(first, first + rounds):
                await water.until(await water.send(water.order(number)), Stage.SETTLED)

        del syncs[:]
        async with asyncio.TaskGroup() as tasks:
            for n in range(at_once):
                tasks.create_task(customer(1 + n * rounds))
    return len(syncs) / at_once / rounds


async def test_at_twenty_under_way_a_settlement_has_its_share_of_few_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 0.2)  # load also on a machine that is busy
    assert await _settled(tmp_path, 20, 1) <= 2.5


async def test_one_alone_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 60.0)  # one wait would be longer than the test
    assert await _settled(tmp_path, 1, 3) > 10
