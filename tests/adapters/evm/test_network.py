"""The escrow's door sits the exam on the product's own dev chain, at home and with a twin."""

from collections.abc import AsyncIterator

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from tests.adapters.evm.grounds import Here


class TestHomeAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        here = Here()
        yield here.bench()
        await here.end()


class TestTwinAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        here = Here(is_home=False)
        yield here.bench()
        await here.end()


class TestHomeAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        here = Here()
        yield here.bench(destination=True)
        await here.end()


class TestTwinAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        here = Here(is_home=False)
        yield here.bench(destination=True)
        await here.end()
