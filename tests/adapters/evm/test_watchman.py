"""What is owed is compared with what is there, and a nonce of ours never goes back."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from adapters.evm.client import Answer, Call
from adapters.evm.issuer import IMPLEMENTATION
from adapters.evm.watchman import DAY_S
from bridge.core.effects import LockAsset, ReleaseLock
from bridge.core.ids import Cursor
from bridge.engine.ring import PROGRESS
from bridge.ports import Answered, FinalityBroken, Notice, Observation, Unavailable
from tests.adapters.evm.chain import HOME, ISSUER, STRANGER
from tests.adapters.evm.grounds import Here
from tests.adapters.evm.stand import EXIT, UNITS, Direct


async def noticed(here: Here) -> Observation:
    """The first notice that a reader from the fork's beginning gives."""
    number = here.world.chain.finalized
    async with aclosing(here.network.observe(Cursor(""))) as reading, asyncio.timeout(120):
        async for page in reading:
            for seen in page:
                if isinstance(seen.subject, Notice) and seen.subject.what != PROGRESS:
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
        assert Answered.UNKNOWN in {one.answer for one in checks if "as it was" in one.what}


def proxied(here: Here) -> str:
    """A held asset behind a proxy whose implementation its issuer may set (ERC-1967)."""
    words = ("Share", "SHR", 0, HOME, b"\x01" * 32, ISSUER.address, ISSUER.address)
    inner = here.world.deploy("RepresentationToken", *words)
    slot = bytes.fromhex(IMPLEMENTATION[2:])
    asks = bytes.fromhex("73") + ISSUER.bytes20 + bytes.fromhex("3314605457")
    calls_it = bytes.fromhex("365f5f375f5f365f7f") + slot + bytes.fromhex("545af4")
    answers = bytes.fromhex("3d5f5f3e6050573d5ffd5b3d5ff3")
    sets = bytes.fromhex("5b5f357f") + slot + bytes.fromhex("5500")
    code = asks + calls_it + answers + sets
    made = bytes.fromhex("73") + bytes.fromhex(inner[2:]) + bytes.fromhex("7f") + slot
    made += bytes.fromhex(f"5560{len(code):02x}8060405f395ff3") + code
    asset = here.world.send(ISSUER, None, made)
    return here.world._listed(asset, here.world.at["Vault"], HOME)


async def test_a_token_upgraded_behind_its_proxy_stops() -> None:
    """The code at its address is the listed one still; what is inside may go back."""
    async with Here() as here:
        here.world.ready["held"].append(proxied(here))
        bench = here.bench()
        order = await bench.new_order()
        network, asset = here.network, order.origin.asset
        watchman = network._reader.watchman
        await network.preflight(order, {})  # from here on it is looked at
        assert await watchman.compared((await network._finality.final()).header) == ()
        assert [key for key, _ in watchman.unkept()] == [f"evm/behind/{asset}"]
        words = ("Other", "OTH", 0, HOME, b"\x01" * 32, ISSUER.address, ISSUER.address)
        other = here.world.deploy("RepresentationToken", *words)
        here.world.send(ISSUER, asset, bytes(12) + bytes.fromhex(other[2:]))
        told = await noticed(here)
        assert isinstance(told.subject, Notice)
        assert told.subject.what == "asset.changed"
        why = f"its implementation is {other.lower()}, it was 0x"
        assert why in told.subject.detail
        with pytest.raises(Unavailable, match=f"the asset is suspended: {why}"):
            await bench.prepare(LockAsset(order))
        checks = await network.preflight(order, {})
        assert any(why in one.why for one in checks if one.answer is Answered.UNKNOWN)


def recoded(node: Direct) -> None:
    """From now on a node shows other code, and the newest state whatever block is asked for."""
    true = node.batch

    async def batch(calls: Sequence[Call]) -> list[Answer]:
        head = hex(node.node.chain.head)
        told = await true([(method, (*words[:-1], head)) for method, words in calls])
        return [
            "0x00" if method == "eth_getCode" else answer
            for (method, _), answer in zip(calls, told, strict=True)
        ]

    node.batch = batch  # type: ignore[method-assign]


async def test_who_stands_behind_an_asset_is_kept_until_it_is_committed() -> None:
    async with Here() as here:
        order = await here.bench().new_order()
        await here.network.preflight(order, {})
        watchman, kept = here.network._reader.watchman, {f"evm/behind/{order.origin.asset}": b"{}"}
        for _ in range(2):  # the first reader fails before it has written down what it was told
            async with aclosing(here.network.observe(Cursor(""))) as reading:
                first = await anext(reading)
                assert kept == dict(first[0].keep)
        async with aclosing(here.network.observe(Cursor(""))) as reading:
            await anext(reading)
            assert watchman.unkept()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await anext(reading)
            assert not watchman.unkept()


async def test_an_asset_of_other_code_than_listed_stops_within_a_day() -> None:
    async with Here() as here:
        order = await here.bench().new_order()
        watchman = here.network._reader.watchman
        await here.network.preflight(order, {})
        header = (await here.network._finality.final()).header
        assert await watchman.compared(header) == ()
        for node in here.nodes:
            recoded(node)
        later = replace(header, number=header.number + 1, timestamp=header.timestamp + DAY_S - 1)
        assert await watchman.compared(later) == ()
        due = replace(header, number=header.number + 2, timestamp=header.timestamp + DAY_S)
        ((what, why),) = await watchman.compared(due)
        assert what == "asset.changed"
        assert "its code is 0x" in why


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
