"""A set deployed with a custody of titles: a bill goes through it, from its holder and home."""

import asyncio
import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from adapters.evm.anvil import Node
from adapters.evm.deploying.command import AGREES, DIFFERS
from adapters.evm.instruments.foreign import Foreign
from adapters.evm.instruments.tradetrust import Registry
from tests.adapters.evm.anvil import AnvilChain, anvil
from tests.adapters.evm.chain import GOVERNOR, HOME, NOTARIES, Bridge
from tests.adapters.evm.deploying.test_deploy import DEPLOYER, Desk, digest_in, right_spelling
from tests.adapters.evm.instruments.bills import BUYER, CARRIER, DOCUMENT, SHIPPER, World

pytestmark = pytest.mark.slow


@asynccontextmanager
async def mining(node: Node) -> AsyncGenerator[None]:
    """Blocks come by themselves in here."""

    async def mine() -> None:
        while True:
            node.ask("evm_mine")
            await asyncio.sleep(0.1)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(mine())
        yield
        task.cancel()


async def test_a_title_goes_through_the_custody_that_deploy_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with anvil() as url:
        node = Node(url)
        chain = AnvilChain(node=node)
        registry = Registry(Foreign(chain), CARRIER)
        for party in (DEPLOYER, GOVERNOR):
            node.ask("anvil_setBalance", party.address, hex(10**24))
        desk = Desk(tmp_path, {"north": url}, node)
        desk.plan(title_factory=right_spelling(registry.factory))
        async with mining(node):
            assert await desk.deploy() == AGREES
            digest = digest_in(capsys.readouterr().out)
            assert await desk.deploy("--reviewed", digest) == DIFFERS  # till the governor accepts
            await desk.accept()
            capsys.readouterr()
            assert await desk.typed("check") == AGREES, capsys.readouterr().out
        assert "TitleVault.FACTORY" in capsys.readouterr().out
        chain.now = int(chain.block("latest")["timestamp"], 16)

        table = tomllib.loads((tmp_path / "lianqiao.toml").read_text())["network"]["harbour"]
        made = {one["name"]: one["address"].lower() for one in table["contracts"]}
        vault = made["title-vault"]
        at = {"Escrow": table["escrow"].lower(), "NotarySet": made["notaries"], "TitleVault": vault}
        bridge = Bridge.standing(chain, at, bytes.fromhex(desk.genesis[2:]), NOTARIES[:3])
        bridge.list_asset(registry.address, vault, HOME)
        world = World(chain, bridge, registry, vault, registry.issue(SHIPPER, DOCUMENT))

        bridge.do("release", world.lock())
        assert world.title.owners == (SHIPPER.address,) * 2
        back = world.hand_over()
        world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
        bridge.plain("confirm", back)
        assert world.said() == ["Assigned"]
        assert world.title.owners == (BUYER.address,) * 2
        node.close()
