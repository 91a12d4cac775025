"""The gateway's wire before a real network: its smoke cards, in both modes, and what it refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.bsn.adapter import ADAPTER
from adapters.bsn.devnet.before import before
from adapters.bsn.devnet.gateway import TRUST, UPLOAD, Gateway
from adapters.bsn.devnet.macs import SECP256R1
from adapters.bsn.devnet.opening import table_of
from adapters.bsn.devnet.peer import Peer
from adapters.bsn.devnet.server import serving
from adapters.bsn.fabric_ground import WINDOW_MS, FabricGround, WallClock
from adapters.bsn.network import ChannelNetwork
from adapters.conformance.bench import Bench
from adapters.conformance.destination import SMOKE as DESTINATION_SMOKE
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import SMOKE as ORIGIN_SMOKE
from adapters.conformance.origin import OriginConformance
from bridge.core.effects import LockAsset
from bridge.core.events import Fact
from bridge.ports import AdapterSettings, Uncertain
from tests.adapters.bsn.devnet.test_server import Nothing
from tests.adapters.bsn.fabric.bench import Channel

pytestmark = pytest.mark.slow


@dataclass
class Through(Channel):
    """The same channel, at the gateway's door."""

    settings: AdapterSettings | None = None

    @override
    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        assert self.settings is not None
        return ADAPTER.verify(evidence, ADAPTER.pinned(self.settings))


@asynccontextmanager
async def through(
    fabric: FabricGround, folder: Path, mode: int, *, is_home: bool = True
) -> AsyncIterator[tuple[Through, Gateway]]:
    """The channel behind a gateway over HTTP, and the gateway."""
    clock = WallClock()
    gateway, opening = before(
        fabric.network.root, clock.now, algorithm=SECP256R1, mode=mode, window_ms=WINDOW_MS
    )
    assert isinstance(gateway.ledger, Peer)
    try:
        async with serving(gateway) as base:
            table = {**table_of(opening, folder, base), "poll_ms": 50, "finality_ms": 500}
            del table["adapter"]
            settings = ADAPTER.settings(table)
            async with ADAPTER.open(settings, clock, Nothing()) as door:
                assert isinstance(door, ChannelNetwork)
                yield Through(fabric, door, is_home, settings), gateway
    finally:
        gateway.ledger.close()


async def sits(exam: object, card: str, bench: Bench) -> None:
    named = [name for name in dir(exam) if name.startswith(f"test_{card}_")]
    assert len(named) == 1
    await getattr(exam, named[0])(bench)


@pytest.mark.parametrize("mode", [TRUST, UPLOAD])
@pytest.mark.parametrize("card", ORIGIN_SMOKE)
async def test_an_origins_smoke_cards_hold(
    fabric: FabricGround, tmp_path: Path, card: str, mode: int
) -> None:
    async with through(fabric, tmp_path, mode) as (channel, _):
        bench = channel.bench()
        bench.since = await channel.since()
        await sits(OriginConformance(), card, bench)


@pytest.mark.parametrize("mode", [TRUST, UPLOAD])
@pytest.mark.parametrize("card", DESTINATION_SMOKE)
async def test_a_destinations_smoke_cards_hold(
    fabric: FabricGround, tmp_path: Path, card: str, mode: int
) -> None:
    async with through(fabric, tmp_path, mode, is_home=False) as (channel, _):
        bench = channel.bench(destination=True)
        bench.since = await channel.since()
        await sits(DestinationConformance(), card, bench)


async def test_an_answer_lost_after_ordering_is_found_on_the_real_ledger(
    fabric: FabricGround, tmp_path: Path
) -> None:
    async with through(fabric, tmp_path, UPLOAD) as (channel, gateway):
        bench = channel.bench()
        bench.since = await channel.since()
        order = await bench.new_order()
        prepared = await bench.prepare(LockAsset(order))
        gateway.faults.add("lose_answer", "trans")
        with pytest.raises(Uncertain):
            await channel.door.submit(prepared)
        async with asyncio.timeout(10):
            await bench.decided(prepared)
        assert await bench.names(order) == ["AssetLocked"]
