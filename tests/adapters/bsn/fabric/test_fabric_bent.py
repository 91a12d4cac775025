"""A peer that bends what it answers is trusted no more at the door, and a person is called."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from adapters.bsn.fabric_access import FabricAccess
from adapters.bsn.fabric_door import open_fabric
from adapters.bsn.fabric_ground import FabricGround, WallClock
from adapters.bsn.fabric_outcomes import Bent
from adapters.bsn.fabric_wire import Message, blob, part
from adapters.bsn.network import ChannelNetwork
from adapters.conformance.bench import Bench
from bridge.core.effects import LockAsset
from bridge.ports import Answered, Notice, Unavailable
from tests.adapters.bsn.fabric.bench import Channel

pytestmark = pytest.mark.slow


@pytest.fixture
async def channel(fabric: FabricGround) -> AsyncIterator[Channel]:
    async with open_fabric(fabric.settings(), WallClock()) as door:
        yield Channel(fabric, door)


def bend(door: ChannelNetwork, method: str) -> None:
    """Let the last bit of what the peer signed be another, in every answer of one method."""
    access = door._access
    assert isinstance(access, FabricAccess)
    calling = access._client._call

    async def called(name: str, asked: Message, patience_s: float | None = None) -> Message:
        answer = await calling(name, asked, patience_s)
        if name != method:
            return answer
        envelope = part(answer, "prepared_transaction")
        payload = blob(envelope, "payload")
        bent = payload[:-1] + bytes([payload[-1] ^ 1])
        return {**answer, "prepared_transaction": {**envelope, "payload": bent}}

    access._client._call = called  # type: ignore[method-assign,assignment]


async def test_a_bent_endorsement_is_not_signed_and_stops_all_sending(channel: Channel) -> None:
    bench: Bench = channel.bench()
    order = await bench.new_order()
    prepared = await bench.prepare(LockAsset(order))
    bend(channel.door, "/gateway.Gateway/Endorse")
    with pytest.raises(Bent):
        await channel.door.submit(prepared)
    with pytest.raises(Unavailable, match="sending is stopped"):
        await channel.door.submit(prepared)
    checks = await channel.door.preflight(order, {})
    said = {check.what: check.answer for check in checks}
    assert said["gateway is trusted"] is Answered.NO
    reading = channel.door.observe(await channel.since())
    async with asyncio.timeout(10), aclosing(reading):
        notice = (await anext(reading))[0].subject
    assert isinstance(notice, Notice)
    assert notice.what == "gateway.untrusted"
