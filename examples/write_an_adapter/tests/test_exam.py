"""The folio register sits the exam of Lianqiao, as an origin and as a destination."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from lianqiao_folio.devnet import devnet

from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance


class TestFolioAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        async with devnet(tmp_path) as folio:
            side = OriginSide(folio.network, folio.holder_signs)
            yield Bench(side=side, new_asset=folio.original, **folio.offers)


class TestFolioAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> AsyncIterator[Bench]:
        async with devnet(tmp_path) as folio:
            side = DestinationSide(folio.network)
            yield Bench(side=side, new_asset=folio.twin, **folio.offers)
