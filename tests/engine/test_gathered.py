"""A settlement alone waits for nobody; what load makes of commits: tests/notary/test_gathering."""

from pathlib import Path

import pytest

from bridge.core.settlement import Stage
from bridge.notary import gathering
from bridge.notary.store.memory import MemoryStore
from tests.engine.river import LoopClock, turning, wires

BLOCK_MS = 20  # so that what a network tells comes when it likes


async def _settled_alone(folder: Path, rounds: int) -> float:
    """Return how often the disk was synced, a settlement, one after the other."""
    syncs: list[str] = []
    store = MemoryStore(fault=lambda call: syncs.append(call) if call == "sync" else None)
    clock = LoopClock()
    async with turning(wires(clock, folder, block_ms=BLOCK_MS), store) as water:
        del syncs[:]
        for number in range(1, 1 + rounds):
            await water.until(await water.send(water.order(number)), Stage.SETTLED)
    return len(syncs) / rounds


async def test_one_alone_waits_for_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GATHER_S", 60.0)  # one wait would be longer than the test
    assert await _settled_alone(tmp_path, 3) > 10
