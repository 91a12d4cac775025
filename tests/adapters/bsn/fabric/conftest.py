"""A real Fabric network for the tests of this folder, brought up once and taken down after them."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.bsn.fabric_layout import Batch
from adapters.bsn.fabric_network import MODULE, down, up
from adapters.bsn.fabric_tools import RegistryRefused
from tests.adapters.bsn.fabric.real import Real, carried_out, ready, real


@pytest.fixture(scope="session")
def fabric(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """Two organisations, their peers and an orderer, with the escrow configured.

    It skips for one reason only: the module registry does not serve the release here.
    """
    root: Path = tmp_path_factory.mktemp("fabric")
    try:
        network = up(root, module=MODULE, batch=Batch(count=50, timeout_ms=100))
    except RegistryRefused as refused:
        pytest.skip(f"Hyperledger Fabric not run: {refused}")
    found = real(network)
    try:
        asyncio.run(_configured(found))
        yield found
    finally:
        network.stop()
        down(root)


async def _configured(found: Real) -> None:
    body = found.configuration()
    async with found.client() as client:
        await ready(client)
        _, _, code = await carried_out(client, "configure", body)
        assert code == 0
    for organisation, user in (("org1", "User1"), ("org1", "User2"), ("org2", "User1")):
        async with found.client(organisation, user) as client:
            _, _, code = await carried_out(client, "enrol", {})
            assert code == 0
