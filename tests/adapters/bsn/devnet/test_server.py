"""The same over a socket: the adapter opens a channel behind the devnet and locks there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from adapters.bsn.adapter import ADAPTER
from adapters.bsn.devnet.server import PANEL, serving
from adapters.bsn.network import ChannelNetwork
from adapters.conformance.bench import Bench, OriginSide
from bridge.core.effects import LockAsset
from bridge.ports import Landed, Unavailable, Uncertain
from tests.adapters.bsn.devnet.grounds import Here


@dataclass
class Nothing:
    """Nothing was kept."""

    def get(self, key: str) -> bytes | None:
        return None

    def keys(self, prefix: str) -> tuple[str, ...]:
        return ()


@asynccontextmanager
async def opened(here: Here, base: str) -> AsyncGenerator[tuple[ChannelNetwork, Bench]]:
    settings = here.settings(base_url=base)
    async with ADAPTER.open(settings, here.clock, Nothing()) as door:
        assert isinstance(door, ChannelNetwork)
        bench = here.bench()
        bench.side = OriginSide(door, here.sign_consent)
        yield door, bench


async def test_a_lock_lands_over_http_though_its_answer_is_lost(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    async with serving(here.gateway) as base, opened(here, base) as (door, bench):
        order = await bench.new_order()
        prepared = await bench.prepare(LockAsset(order))
        async with aiohttp.ClientSession() as panel:
            for kind in ("lose_answer", "http_502"):
                order_ = {"do": "fault", "kind": kind, "path": "trans"}
                async with panel.post(base + PANEL, json=order_) as answer:
                    assert answer.status == 200
                with pytest.raises(Uncertain):
                    await door.submit(prepared)
            async with panel.post(base + PANEL, json={"do": "what"}) as answer:
                assert answer.status == 422
        assert isinstance(await bench.decided(prepared), Landed)
        assert await bench.names(order) == ["AssetLocked"]


async def test_a_gateway_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    async with serving(here.gateway) as base:
        pass
    async with opened(here, base) as (door, bench):
        prepared = await here.bench().prepare(LockAsset(await bench.new_order()))
        for call in (door.submit(prepared), door.look(prepared)):
            with pytest.raises(Unavailable):
                await call


async def test_a_gateway_that_is_slow_leaves_it_uncertain(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    async with serving(here.gateway) as base, opened(here, base) as (door, bench):
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        here.ledger.block_ms = 900
        here.gateway.faults.add("delay", "trans", by=1_200)
        with pytest.raises(Uncertain):
            await door.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)
