"""A ring with a thousand open settlements, their assets locked behind a node gateway, at rest.

Each has its twin and waits for a paper. The gateway's devnet is a process of its own; the memory
network and the bank, where nothing happens, stand in this one and are measured with it.
"""

import asyncio
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp

from adapters.bsn.adapter import ADAPTER, network_pinned, open_network, verify
from adapters.bsn.devnet.server import PANEL
from adapters.bsn.holders import signed_with
from adapters.bsn.network import ChannelNetwork
from adapters.bsn.stand import accounts_in, process
from adapters.memory.codec import public_hex
from bridge.clock import SystemClock
from bridge.core.events import Fact
from bridge.core.ids import NetworkId
from bridge.core.money import Units
from bridge.core.order import Condition
from bridge.core.settlement import Stage
from bridge.daemon import rare_collections
from bridge.log import set_up
from bridge.notary.store.sqlite import SqliteStore
from bridge.ports import AdapterSettings, Clock
from examples.benchmarks.figure import Figure, Given
from tests.adapters.bsn.devnet.ring import Crossing, turning
from tests.engine.river import NOTARIES, River, bond, key, wires

OPEN = 1_000
AT_ONCE = 50
REST_S = 20
BAR = 2.0  # percent of a core
ASSET = "asset-of-seller"


@dataclass(frozen=True)
class Nothing:
    """Nothing was kept."""

    def get(self, key: str) -> bytes | None:
        """Return nothing."""
        del key
        return None

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return none."""
        del prefix
        return ()


@dataclass(frozen=True)
class Ground:
    """The channel behind a gateway in another process."""

    settings: AdapterSettings
    table: Mapping[str, object]
    accounts: Mapping[str, str]
    folder: Path

    @property
    def network(self) -> NetworkId:
        """The channel's id."""
        return NetworkId(str(self.table["network"]))

    @property
    def escrow(self) -> str:
        """The escrow as orders name it."""
        return f"{self.table['channel']}/{self.table['chaincode']}"

    def account(self, who: str) -> str:
        """The seller's or the buyer's account."""
        return self.accounts[who]

    def sign(self, message: bytes) -> tuple[bytes, str]:
        """The seller's signature, and the key that made it."""
        made = signed_with((self.folder / "seller.pem").read_text("ascii"), message)
        return made.signature, made.public_key

    def door(self, clock: Clock) -> AbstractAsyncContextManager[ChannelNetwork]:
        """The channel, opened anew."""
        return open_network(self.settings, clock, Nothing())

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        """What the adapter proves."""
        return verify(evidence, network_pinned(self.settings))


async def _parted(base: str, units: int) -> None:
    """Split the seller's asset into lots of one unit, but for the last."""
    async with aiohttp.ClientSession() as panel:
        for number in range(units - 1):
            words = {
                "do": "split", "account": "seller", "asset": ASSET, "part": "",
                "into": f"p{number}", "units": "1",
            }  # fmt: skip
            async with panel.post(base + PANEL, json=words) as answer:
                assert answer.status == 200, await answer.text()


async def _opened(river: River, world: Crossing[Ground]) -> None:
    """Send the orders, and wait until each has its twin and waits for a paper."""
    waiting = list(range(OPEN - 1))
    sent = []

    async def client() -> None:
        while waiting:
            world.paper = replace(bond(1), part=f"p{waiting.pop()}")
            sent.append(await world.send(river, back=False))

    async with asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(client())
    for of in sent:
        await river.until(of, Stage.AWAITING, within=300)


async def _measured(scratch: Path) -> float:
    """The percentage of a core that the ring takes while nothing happens."""
    votes, folder = scratch / "votes", scratch / "gateway"
    votes.mkdir()
    asked = ["--units", str(OPEN), "--block-ms", "50", "--threshold", "2"]
    for name in NOTARIES:
        asked += ["--notary", public_hex(key(name))]
    async with process(folder, tuple(asked)) as (said, _):
        table = tomllib.loads(said)["network"]["channel"]
        del table["adapter"]
        await _parted(str(table["base_url"]), OPEN)
        ground = Ground(ADAPTER.settings(table), table, accounts_in(said), folder)
        world = Crossing(
            ground,
            wires(SystemClock(), votes),
            ASSET,
            units=Units(1),
            issued=Units(OPEN),
            conditions=(Condition(kind="acceptance", key=public_hex(key("inspector"))),),
        )
        async with turning(world, SqliteStore(scratch / "ledger.sqlite"), 1) as river:
            with rare_collections():  # as the daemon turns
                await _opened(river, world)
                await asyncio.sleep(2)
                began = time.process_time(), time.perf_counter()
                await asyncio.sleep(REST_S)
                spent = time.process_time() - began[0], time.perf_counter() - began[1]
    return 100 * spent[0] / spent[1]


def figures(given: Given) -> Iterator[Figure]:
    """What a daemon with a thousand open settlements takes of a core while nothing happens."""
    with (given.scratch / "log.jsonl").open("w") as stream:
        set_up(stream)
        percent = asyncio.run(_measured(given.scratch))
    yield Figure(
        name="permissioned.rest.cpu",
        ours=percent,
        theirs=BAR,
        baseline=f"the bar; {OPEN - 1} settlements wait for a paper, a gateway polled every second",
        unit="% of a core",
    )
