"""A real Fabric network for the tests of this folder, brought up once and taken down after them."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.bsn.fabric_ground import FabricGround, ground_of
from adapters.bsn.fabric_layout import Batch
from adapters.bsn.fabric_network import MODULE, down, up
from adapters.bsn.fabric_tools import RegistryRefused
from adapters.memory.codec import public_hex
from tests.adapters.bsn.fabric.board import NOTARIES, THRESHOLD, public
from tests.engine.river import NOTARIES as RING_NOTARIES
from tests.engine.river import key

PEOPLE = (("org1", "User1"), ("org1", "User2"), ("org2", "User1"))  # have an account each


@pytest.fixture(scope="session")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FabricGround]:
    """Two organisations, their peers and an orderer, with the escrow configured.

    It skips for one reason only: the module registry does not serve the release here.
    """
    with _running(tmp_path_factory.mktemp("fabric")) as found:
        yield found


@pytest.fixture(scope="module")
def ring_fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FabricGround]:
    """One more, whose notaries are the ring's, and whose processes are killed."""
    notaries = [public_hex(key(name)) for name in RING_NOTARIES]
    with _running(tmp_path_factory.mktemp("ring"), notaries) as found:
        yield found


@contextmanager
def _running(root: Path, notaries: Iterable[str] = ()) -> Iterator[FabricGround]:
    try:
        network = up(root, module=MODULE, batch=Batch(count=50, timeout_ms=40))
    except RegistryRefused as refused:
        pytest.skip(f"Hyperledger Fabric not run: {refused}")
    found = ground_of(network)
    try:
        keys = list(notaries) or [public(key) for key in NOTARIES]
        asyncio.run(found.set_up(keys, THRESHOLD, PEOPLE))
        yield found
    finally:
        network.stop()
        down(root)
