"""A real Fabric network for the tests of this folder, brought up once and taken down after them."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.bsn.fabric_layout import Batch
from adapters.bsn.fabric_network import MODULE, down, up
from adapters.bsn.fabric_tools import RegistryRefused
from adapters.memory.codec import public_hex
from tests.adapters.bsn.fabric.real import Real, carried_out, ready, real
from tests.engine.river import NOTARIES as RING_NOTARIES
from tests.engine.river import key


@pytest.fixture(scope="session")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """Two organisations, their peers and an orderer, with the escrow configured.

    It skips for one reason only: the module registry does not serve the release here.
    """
    with _running(tmp_path_factory.mktemp("fabric")) as found:
        yield found


@pytest.fixture(scope="module")
def ring_fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """One more, whose notaries are the ring's, and whose processes are killed."""
    notaries = [public_hex(key(name)) for name in RING_NOTARIES]
    with _running(tmp_path_factory.mktemp("ring"), notaries) as found:
        yield found


@contextmanager
def _running(root: Path, notaries: Iterable[str] = ()) -> Iterator[Real]:
    try:
        network = up(root, module=MODULE, batch=Batch(count=50, timeout_ms=40))
    except RegistryRefused as refused:
        pytest.skip(f"Hyperledger Fabric not run: {refused}")
    found = real(network)
    try:
        asyncio.run(_configured(found, notaries))
        yield found
    finally:
        network.stop()
        down(root)


async def _configured(found: Real, notaries: Iterable[str]) -> None:
    body = found.configuration(notaries)
    async with found.client() as client:
        await ready(client)
        _, _, code = await carried_out(client, "configure", body)
        assert code == 0
    for organisation, user in (("org1", "User1"), ("org1", "User2"), ("org2", "User1")):
        async with found.client(organisation, user) as client:
            _, _, code = await carried_out(client, "enrol", {})
            assert code == 0
