"""The escrow's door sits the exam on anvil, at home and with a twin, as origin and destination."""

from collections.abc import AsyncIterator

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from adapters.evm.anvil import Node
from tests.adapters.evm.anvil import EPOCH
from tests.adapters.evm.far import FarWorld, far_world
from tests.adapters.evm.grounds import Here
from tests.adapters.evm.stand import BLOCK_S

pytestmark = pytest.mark.slow
LATER = {"finality_ms": (2 * EPOCH + 1) * BLOCK_S * 1_000}


@pytest.fixture(scope="module")
def ground(node: Node) -> FarWorld:
    return far_world(node)


class TestHomeAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self, ground: FarWorld) -> AsyncIterator[Bench]:
        here = Here(changes=dict(LATER), ground=ground)
        yield here.bench()
        await here.end()


class TestTwinAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self, ground: FarWorld) -> AsyncIterator[Bench]:
        here = Here(is_home=False, changes=dict(LATER), ground=ground)
        yield here.bench()
        await here.end()


class TestHomeAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, ground: FarWorld) -> AsyncIterator[Bench]:
        here = Here(changes=dict(LATER), ground=ground)
        yield here.bench(destination=True)
        await here.end()


class TestTwinAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, ground: FarWorld) -> AsyncIterator[Bench]:
        here = Here(is_home=False, changes=dict(LATER), ground=ground)
        yield here.bench(destination=True)
        await here.end()
