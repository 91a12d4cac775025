"""Pushes are asked for, listed in whatever order the gateway likes, and taken back."""

from pathlib import Path

import pytest

from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2
from adapters.bsn.pcn_codec import MessageRefused
from adapters.bsn.pcn_events import register, register_blocks, registrations, remove
from bridge.ports import Refused, Unavailable
from tests.adapters.bsn.devnet.grounds import Here
from tests.adapters.bsn.devnet.test_enrolment import client_of

URL = "https://bridge.example/push"


@pytest.mark.parametrize("algorithm", [SM2, SECP256R1, SECP256K1])
async def test_a_registration_lives_until_it_is_taken_back(algorithm: int, tmp_path: Path) -> None:
    here = Here(folder=tmp_path, algorithm=algorithm)
    client = client_of(here, "bridge1")
    assert await registrations(client) == []
    one = await register(client, here.ledger.chaincode, "settlement.locked", URL)
    two = await register_blocks(client, URL)
    listed = await registrations(client)
    assert [(row.id, row.key, row.url) for row in listed] == [
        (one, "settlement.locked", URL),
        (two, "", URL),
    ]
    await remove(client, one)
    assert [row.id for row in await registrations(client)] == [two]
    with pytest.raises(Refused):
        await remove(client, one)


@pytest.mark.parametrize("url", ["http://bridge.example/", "bridge", "https://a b"])
async def test_an_address_that_moves_a_boundary_is_not_signed(url: str, tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    client = client_of(here, "bridge1")
    sent = len(here.wire.sent)
    with pytest.raises(MessageRefused):
        await register(client, here.ledger.chaincode, "settlement.locked", url)
    assert len(here.wire.sent) == sent


async def test_a_list_that_was_changed_is_not_read(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    client = client_of(here, "bridge1")
    await register_blocks(client, URL)
    here.gateway.faults.add("bad", "event/query")
    with pytest.raises(Unavailable):
        await registrations(client)
    assert client.stopped
