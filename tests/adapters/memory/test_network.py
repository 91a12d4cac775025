"""The memory network sits the exam: as origin and destination, at home and with a twin."""

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from tests.adapters.memory.grounds import here


class TestHomeAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self) -> Bench:
        return here().bench()


class TestTwinAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self) -> Bench:
        return here(is_home=False).bench(destination=True)


class TestHomeAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self) -> Bench:
        return here().bench(destination=True)
