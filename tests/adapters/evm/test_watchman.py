"""What is owed is compared with what is there, and a nonce of ours never goes back."""

import asyncio
from contextlib import aclosing

import pytest

from bridge.core.effects import LockAsset, ReleaseLock
from bridge.core.ids import Cursor
from bridge.ports import Answered, FinalityBroken, Notice, Observation, Unavailable
from tests.adapters.evm.chain import ISSUER, STRANGER
from tests.adapters.evm.grounds import Here
from tests.adapters.evm.stand import EXIT, UNITS


async def noticed(here: Here) -> Observation:
    """The first notice that a reader from the fork's beginning gives."""
    number = here.world.chain.finalized
    async with aclosing(here.network.observe(Cursor(""))) as reading, asyncio.timeout(120):
        async for page in reading:
            for seen in page:
                if isinstance(seen.subject, Notice):
                    return seen
    raise AssertionError(f"nothing was noticed from {number}")


async def test_a_custody_that_was_robbed_is_told_and_its_asset_stops() -> None:
    """A seizure by the issuer: the next lock is refused, what is inside may go back."""
    async with Here() as here:
        bench = here.bench()
        first = await bench.new_order()
        await bench.carry_out(LockAsset, first)
        asset, vault = first.origin.asset, here.world.at["Vault"]
        words = (vault, STRANGER.address, 2)
        here.world.do(ISSUER, "RepresentationToken", asset, "forcedTransfer", *words)
        told = await noticed(here)
        assert isinstance(told.subject, Notice)
        assert told.subject.what == "backing.short"
        owes = f"{asset}: its custody has {UNITS - 2} units and owes {UNITS}"
        assert told.subject.detail.lower() == owes.lower()
        assert here.network._reader.watchman.short(asset)
        checks = await here.network.preflight(first, {})
        assert Answered.UNKNOWN in {one.answer for one in checks if "is there" in one.what}


async def test_what_is_whole_is_not_noticed() -> None:
    async with Here(is_home=False) as here:
        bench = here.bench()
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        await bench.carry_out(ReleaseLock, order)
        with pytest.raises(TimeoutError):
            await noticed(here)
        assert here.network._reader.watchman._known


async def test_a_final_nonce_that_goes_back_is_another_history() -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        watchman = here.network._reader.watchman
        watchman.counted(EXIT.bytes20, 10, 3)
        watchman.counted(EXIT.bytes20, 9, 2)  # an older block says less
        watchman.counted(EXIT.bytes20, 11, 3)
        assert not watchman.undone
        watchman.counted(EXIT.bytes20, 12, 2)
        with pytest.raises(FinalityBroken, match="had 3 final transactions, block 12: 2"):
            await noticed(here)
        with pytest.raises(Unavailable, match="finality broken"):
            await bench.prepare(LockAsset(order))
