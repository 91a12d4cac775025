"""Chaincode, peer and orderer die without a word at each step of a lock: it lands once, or not yet.

Whoever asks does as the engine: the same bytes again while nobody knows, a look, new bytes only
where a look says so.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from adapters.bsn.escrow_words import argument_of
from adapters.bsn.fabric_access import FabricAccess
from adapters.bsn.fabric_door import open_fabric
from adapters.bsn.fabric_ground import FabricGround, WallClock, carried_out, records, until
from adapters.conformance.bench import Bench
from bridge.core.effects import LockAsset, NetworkEffect, ReleaseLock
from bridge.core.ids import TxRef
from bridge.ports import Again, Landed, Never, Prepared, Unavailable, Uncertain
from tests.adapters.bsn.fabric.bench import Channel

pytestmark = pytest.mark.slow

VICTIMS = ("org1.escrow", "org1.peer", "orderer")
STEPS = ("before it is asked", "before it is ordered", "before its block", "before it is read")


@dataclass
class Killing:
    """One process that dies at one step and comes back when somebody has noticed."""

    fabric: FabricGround
    bench: Bench
    victim: str
    step: str
    has_struck: bool = False

    def strike(self, step: str) -> None:
        """Kill the victim, once, if its step has come."""
        if step == self.step and not self.has_struck:
            self.has_struck = True
            self.fabric.network.kill(self.victim)

    def revive(self) -> None:
        """Start the victim again if it is dead."""
        if self.victim not in self.fabric.network.processes:
            self.fabric.network.start(self.victim)

    async def carried_out(self, effect: NetworkEffect) -> None:
        """Carry an effect out whatever dies, asking as the engine does."""
        prepared = await self._prepared(effect)
        access = self.bench.door._access  # type: ignore[attr-defined]
        assert isinstance(access, FabricAccess)
        client = access._client
        submitting = client.submit

        async def submit(tx: str, envelope: bytes) -> None:
            self.strike(STEPS[1])
            await submitting(tx, envelope)

        client.submit = submit  # type: ignore[method-assign]
        self.strike(STEPS[0])
        try:
            async with asyncio.timeout(40):
                while not await self._once(prepared):
                    prepared = await self._looked(effect, prepared)
        finally:
            client.submit = submitting  # type: ignore[method-assign]
        self.strike(STEPS[3])
        self.revive()
        assert self.has_struck == (self.step in STEPS), "the step never came"

    async def _prepared(self, effect: NetworkEffect, replaces: TxRef | None = None) -> Prepared:
        async with asyncio.timeout(30):
            while True:
                try:
                    return await self.bench.prepare(effect, replaces)
                except Unavailable:
                    await asyncio.sleep(0.1)

    async def _once(self, prepared: Prepared) -> bool:
        """Ask once, and tell whether a look finds it landed."""
        try:
            await self.bench.door.submit(prepared)
            self.strike(STEPS[2])
        except (Unavailable, Uncertain):
            pass
        else:
            dead = self.victim not in self.fabric.network.processes
            mute = self.victim in {"org1.peer", "orderer"} and self.step in STEPS[:2]
            assert not (dead and mute), "nobody was there who could take it"
        self.revive()
        try:
            return isinstance(await self.bench.door.look(prepared), Landed)
        except Unavailable:
            return False

    async def _looked(self, effect: NetworkEffect, prepared: Prepared) -> Prepared:
        await asyncio.sleep(0.1)
        try:
            sight = await self.bench.door.look(prepared)
            assert not isinstance(sight, Never), sight
            if isinstance(sight, Again):
                return await self._prepared(effect, prepared.tx)
        except Unavailable:
            pass
        return prepared


@pytest.fixture
async def bench(fabric: FabricGround) -> AsyncIterator[Bench]:
    async with open_fabric(fabric.settings(), WallClock()) as door:
        channel = Channel(fabric, door)
        made = channel.bench()
        made.since = await channel.since()
        yield made
        await until(channel._serves, 30)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("victim", VICTIMS)
async def test_a_lock_lands_once_whoever_dies_and_when(
    fabric: FabricGround, bench: Bench, victim: str, step: str
) -> None:
    order = await bench.new_order()
    await Killing(fabric, bench, victim, step).carried_out(LockAsset(order))
    await Killing(fabric, bench, victim, "never").carried_out(ReleaseLock(order))
    assert await told(bench, order) == ["AssetLocked", "LockReleased"]


async def told(bench: Bench, order: object) -> list[str]:
    """The names of what is told of an order, asked again while a peer comes back."""
    for _ in range(100):
        try:
            return await bench.names(order)  # type: ignore[arg-type]
        except (Unavailable, Uncertain):
            await asyncio.sleep(0.2)
    raise AssertionError("nobody reads")


async def test_a_lock_held_back_until_after_its_release_never_lands(
    fabric: FabricGround, bench: Bench
) -> None:
    order = await bench.new_order()
    lock, release = LockAsset(order), ReleaseLock(order)
    async with fabric.client() as client:
        late = client.propose("lock", await argument(bench, lock))
        envelope, _ = await client.endorse(late)
        _, _, code = await carried_out(client, "release", await argument(bench, release))
        assert code == 0
        await client.submit(late.tx, envelope)
        commit = await client.commit(late.tx)
        assert commit is not None
        assert commit.name == "MVCC_READ_CONFLICT"
        (lot,) = await records(client, f"asset/{order.origin.asset}")
        assert (lot["holder"], lot["settlement"]) == (order.originator.account, "")


async def test_of_a_lock_and_its_release_in_one_block_one_is_valid(
    fabric: FabricGround, bench: Bench
) -> None:
    order = await bench.new_order()
    async with fabric.client() as client:
        racing = []
        for effect in (LockAsset(order), ReleaseLock(order)):
            asked = client.propose(bench.act(effect).verb.value, await argument(bench, effect))
            racing.append((asked.tx, (await client.endorse(asked))[0]))
        for tx, envelope in racing:
            await client.submit(tx, envelope)
        found = [await client.commit(tx) for tx, _ in racing]
        assert len({one.block for one in found if one is not None}) == 1, "one block has both"
        names = sorted(one.name for one in found if one is not None)
        assert names == ["MVCC_READ_CONFLICT", "VALID"]


async def argument(bench: Bench, effect: NetworkEffect) -> bytes:
    """What a verb is called with, signed by whom it takes."""
    return argument_of(bench.act(effect), await bench.signed(effect, bench.act(effect)))
