"""A channel behind the node gateway sits the exam, in upload mode, at home and with a twin."""

from pathlib import Path

import pytest

from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2
from adapters.conformance.bench import Bench
from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import SMOKE, OriginConformance
from tests.adapters.bsn.devnet.grounds import Here


class TestHomeAsOrigin(OriginConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> Bench:
        return Here(folder=tmp_path).bench()


class TestTwinAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> Bench:
        return Here(folder=tmp_path, is_home=False).bench(destination=True)


class TestHomeAsDestination(DestinationConformance):
    @pytest.fixture
    async def bench(self, tmp_path: Path) -> Bench:
        return Here(folder=tmp_path).bench(destination=True)


@pytest.mark.slow
class TestSm2HomeAsOrigin(OriginConformance):
    """The whole exam again where SM2 and SM3 sign everything."""

    @pytest.fixture
    async def bench(self, tmp_path: Path) -> Bench:
        return Here(folder=tmp_path, algorithm=SM2).bench()


@pytest.mark.parametrize("algorithm", [SM2, SECP256R1, SECP256K1])
@pytest.mark.parametrize("mode", [TRUST, UPLOAD])
@pytest.mark.parametrize("card", SMOKE)
async def test_the_smoke_cards_hold_for_every_algorithm_in_both_modes(
    algorithm: int, mode: int, card: str, tmp_path: Path
) -> None:
    exam = OriginConformance()
    named = [name for name in dir(exam) if name.startswith(f"test_{card}_")]
    assert len(named) == 1
    await getattr(exam, named[0])(Here(folder=tmp_path, algorithm=algorithm, mode=mode).bench())
