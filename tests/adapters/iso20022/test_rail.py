"""The rail sits the exam under every message it instructs by, over HTTP with a bank of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from adapters.conformance.rail import RailConformance
from adapters.conformance.railbench import RailBench
from adapters.iso20022.agreement import Instruct
from tests.adapters.iso20022.teller import agreed, counter, desk_with_folders


class TestCustomer(RailConformance):
    @pytest.fixture
    async def bench(self) -> AsyncGenerator[RailBench]:
        async with counter(agreed(Instruct.PAIN_001)) as made:
            yield made.bench()


class TestBankForItsCustomer(RailConformance):
    @pytest.fixture
    async def bench(self) -> AsyncGenerator[RailBench]:
        async with counter(agreed(Instruct.PACS_008)) as made:
            yield made.bench()


class TestBankForItself(RailConformance):
    @pytest.fixture
    async def bench(self) -> AsyncGenerator[RailBench]:
        async with counter(agreed(Instruct.PACS_009, notice=True)) as made:
            yield made.bench()


class TestBankByCover(RailConformance):
    @pytest.fixture
    async def bench(self) -> AsyncGenerator[RailBench]:
        agreement = agreed(
            Instruct.PACS_008, cover=True, cover_service="swift.cbprplus.cov.03", notice=True
        )
        async with counter(agreement) as made:
            yield made.bench()


@pytest.mark.slow
class TestByFiles(RailConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncGenerator[RailBench]:
        async with desk_with_folders(agreed(Instruct.PACS_008), tmp_path) as made:
            yield made.bench()
