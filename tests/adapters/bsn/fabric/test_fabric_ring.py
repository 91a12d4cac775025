"""A receivable on a real Fabric goes away as a twin, is paid for, and comes home."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.bsn.adapter import network_pinned, verify
from adapters.bsn.fabric_door import open_fabric
from adapters.bsn.fabric_ground import FabricGround, WallClock, records
from adapters.bsn.network import ChannelNetwork
from bridge.core.events import Fact
from bridge.core.ids import NetworkId
from bridge.core.settlement import Stage
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.sqlite import SqliteStore
from bridge.ports import Clock
from tests.adapters.bsn.devnet.ring import UNITS, Crossing, turning
from tests.adapters.bsn.fabric.bench import Channel
from tests.engine.river import wires
from tests.strategies import DESTINATION

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Ground:
    """The real channel as a side of a crossing."""

    real: FabricGround

    @property
    def network(self) -> NetworkId:
        return self.real.id

    @property
    def escrow(self) -> str:
        return "settle/escrow"

    def account(self, who: str) -> str:
        whose = ("org1", "User2") if who == "seller" else ("org2", "User1")
        return self.real.account(*whose)

    def sign(self, message: bytes) -> tuple[bytes, str]:
        identity = self.real.identity("org1", "User2")
        return identity.sign(message), self.real.key("org1", "User2")

    def door(self, clock: Clock) -> AbstractAsyncContextManager[ChannelNetwork]:
        return open_fabric(self.real.settings(), clock)

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, network_pinned(self.real.settings()))


async def _world(fabric: FabricGround, folder: Path) -> Crossing[Ground]:
    (folder / "votes").mkdir()
    ground = Ground(fabric)
    async with ground.door(WallClock()) as door:
        owned = await Channel(fabric, door).new_asset(UNITS)
    return Crossing(ground, wires(WallClock(), folder / "votes"), owned.asset)


async def _lot(fabric: FabricGround, asset: str) -> object:
    async with fabric.client() as client:
        (lot,) = await records(client, f"asset/{asset}")
    return lot.get("holder"), lot.get("settlement")


async def test_a_receivable_goes_away_and_comes_home(
    ring_fabric: FabricGround, tmp_path: Path
) -> None:
    world = await _world(ring_fabric, tmp_path)
    away = world.wired.chains[DESTINATION].escrow
    async with turning(world, MemoryStore(), 1) as river:
        sent = await world.send(river, back=False)
        await river.until(sent, Stage.SETTLED, within=30)
        assert await _lot(ring_fabric, world.asset) == ("vault", "")
        assert away.balance("bond", "", "buyer-wallet") == UNITS
        sent = await world.send(river, back=True)
        await river.until(sent, Stage.SETTLED, within=30)
    assert await _lot(ring_fabric, world.asset) == (world.ground.account("seller"), "")
    assert away.balance("bond", "", "buyer-wallet") == 0


async def test_peer_orderer_chaincode_and_daemon_are_killed_on_the_way(
    ring_fabric: FabricGround, tmp_path: Path
) -> None:
    """Each turn another process of the network dies and comes back, and so does the daemon."""
    world = await _world(ring_fabric, tmp_path)
    network, sent = ring_fabric.network, None
    victims = ("org1.escrow", "orderer", "org1.peer", "org2.escrow", "org2.peer")
    for turn in range(40):
        victim = victims[turn % len(victims)]
        async with turning(world, SqliteStore(tmp_path / "ledger.db"), turn + 1) as river:
            if sent is None:
                sent = await world.send(river, back=False)
            if turn < 2 * len(victims):
                network.kill(victim)
                network.start(victim)
            try:
                within = 0.3 + 0.2 * (turn % 5) if turn < 2 * len(victims) else 30
                await river.until(sent, Stage.SETTLED, within=within)
            except TimeoutError:
                continue
            break
    else:
        raise AssertionError("it never settled")
    assert await _lot(ring_fabric, world.asset) == ("vault", "")
    assert world.wired.chains[DESTINATION].escrow.balance("bond", "", "buyer-wallet") == UNITS
