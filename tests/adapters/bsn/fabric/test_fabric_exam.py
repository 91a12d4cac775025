"""A channel of a real Fabric sits the exam, at home and with a twin, at its own peer's door."""

from collections.abc import AsyncIterator

import pytest

from adapters.bsn.fabric_door import open_fabric
from adapters.bsn.fabric_ground import FabricGround, WallClock
from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from tests.adapters.bsn.fabric.bench import Channel

pytestmark = pytest.mark.slow


async def _bench(fabric: FabricGround, *, is_home: bool, destination: bool) -> AsyncIterator[Bench]:
    async with open_fabric(fabric.settings(), WallClock()) as door:
        channel = Channel(fabric, door, is_home)
        bench = channel.bench(destination=destination)
        bench.since = await channel.since()
        yield bench


class TestPeerHomeAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self, fabric: FabricGround) -> AsyncIterator[Bench]:
        async for one in _bench(fabric, is_home=True, destination=False):
            yield one


class TestPeerTwinAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, fabric: FabricGround) -> AsyncIterator[Bench]:
        async for one in _bench(fabric, is_home=False, destination=True):
            yield one


class TestPeerHomeAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, fabric: FabricGround) -> AsyncIterator[Bench]:
        async for one in _bench(fabric, is_home=True, destination=True):
            yield one
