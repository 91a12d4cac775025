"""Where a lane promises sealed entries, nothing of it leaves before they are, in whatever life."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.effects import Verb
from bridge.core.registers import Lane
from bridge.core.settlement import Stage
from bridge.notary.register_forms import lane_form
from bridge.notary.store.memory import Disk, MemoryStore
from tests.engine import river as world
from tests.engine.river import LoopClock, River, turning, wires
from tests.recovery.mortal import happened
from tests.strategies import DESTINATION

LONG_S = 1.0  # many times what a mint takes here


async def sealing(water: River) -> None:
    """Seal whatever there is, for ever."""
    while True:
        await water.journal.keep_checkpoint(water.journal.head.seq, b"a note")
        await asyncio.sleep(0.01)


async def test_bytes_that_a_crash_left_unsealed_are_not_sent_before_they_are_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sealed(lane: Lane) -> object:
        return lane_form(replace(lane, acknowledge="sealed"))

    monkeypatch.setattr(world, "lane_form", sealed)
    disk, wired = Disk(), wires(LoopClock(), tmp_path)
    async with turning(wired, MemoryStore(disk)) as water:
        of = await water.send(water.order())
        await water.until(of, Stage.PREPARING)
        await happened(lambda: Verb.MINT in water.now(of).prepared)
    async with turning(wired, MemoryStore(disk)) as water:
        await asyncio.sleep(LONG_S)
        assert water.now(of).stage is Stage.PREPARING
        assert wired.chains[DESTINATION].escrow.balance("bond", "", "buyer-wallet") == 0
        assert not wired.chains[DESTINATION].events
        seals = asyncio.get_running_loop().create_task(sealing(water))
        try:
            await water.until(of, Stage.SETTLED)
        finally:
            seals.cancel()
