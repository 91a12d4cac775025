"""What its issuer does to a listed share is noticed at the next look: T-REX 4.1.6 on anvil."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from adapters.evm.client import Endpoint
from adapters.evm.finality import shown
from adapters.evm.instruments.erc3643 import Share
from adapters.evm.instruments.foreign import Foreign
from adapters.evm.nodes import Nodes
from adapters.evm.watchman import CHANGED, Watchman
from bridge.clock import SystemClock
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import GOVERNOR, HOME, Bridge, Party
from tests.adapters.evm.instruments.shares import AGENT, CLAIMS, OWNER, share_on

pytestmark = pytest.mark.slow
PARTS = ("Token", "CTR", "IR", "IRS", "TIR", "MC")


@dataclass
class World:
    """A listed share that runs, and the vault's own identity and claim."""

    chain: AnvilChain
    vault: str
    escrow: str
    share: Share[Party]
    claim: bytes

    def upgraded(self) -> None:
        """Other code for every token of the suite's authority, the rest as it was."""
        ask = self.share.foreign.address
        authority = self.share.authority
        parts = [ask(authority, f"get{part}Implementation()") for part in PARTS]
        parts[0] = self.share.foreign.deploy(Share.FILES["token"], by=OWNER)
        version = "(uint8,uint8,uint8),(address,address,address,address,address,address)"
        self.share.foreign.tell(
            OWNER, authority, f"addAndUseTREXVersion({version})", (4, 0, 1), tuple(parts)
        )

    def frozen(self) -> None:
        self.share.agent("setAddressFrozen(address,bool)", self.vault, True)

    def frozen_in_part(self) -> None:
        self.share.agent("mint(address,uint256)", self.vault, 10)
        self.share.agent("freezePartialTokens(address,uint256)", self.vault, 7)

    def paused(self) -> None:
        self.share.agent("pause()")

    def unregistered(self) -> None:
        self.share.foreign.tell(AGENT, self.share.identities, "deleteIdentity(address)", self.vault)

    def revoked(self) -> None:
        self.share.foreign.tell(
            CLAIMS, self.share.issuer, "revokeClaimBySignature(bytes)", self.claim
        )

    def other_rules(self) -> None:
        rules = self.share.foreign.deploy(Share.FILES["mc"], by=OWNER)
        self.share.foreign.tell(OWNER, rules, "init()")
        self.share.foreign.tell(OWNER, self.share.token, "setCompliance(address)", rules)


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World:
    bridge, share = Bridge(on_anvil), share_on(Foreign(on_anvil))
    bridge.list_asset(share.token, bridge.vault, HOME)
    claim = share.admit(bridge.vault, GOVERNOR)
    share.agent("unpause()")
    return World(on_anvil, bridge.vault, bridge.escrow, share, claim)


@pytest.fixture
def world(whole: World) -> Iterator[World]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


@pytest_asyncio.fixture
async def nodes(world: World) -> AsyncIterator[Nodes]:
    async with Endpoint(world.chain.node.url, "one") as node:
        yield Nodes("eip155:31337", [node], 1, SystemClock(), 60_000)


async def looked(watchman: Watchman, world: World) -> tuple[tuple[str, str], ...]:
    """What a look at the newest block finds."""
    return await watchman.compared(shown(world.chain.block("latest")))


@pytest.mark.parametrize(
    ("does", "why"),
    [
        (World.upgraded, "its implementation is 0x"),
        (World.other_rules, "its compliance is 0x"),
        (World.paused, "it is paused"),
        (World.frozen, "its custody is frozen"),
        (World.frozen_in_part, "7 units of its custody are frozen"),
        (World.unregistered, "its custody is not verified by the identity registry"),
        (World.revoked, "its custody is not verified by the identity registry"),
    ],
)
async def test_what_an_issuer_does_is_noticed_at_the_next_look(
    world: World, nodes: Nodes, does: Callable[[World], None], why: str
) -> None:
    asset = world.share.token
    watchman = Watchman(nodes, world.escrow, [asset])
    assert await looked(watchman, world) == ()
    assert not watchman.short(asset)
    does(world)
    ((what, said),) = await looked(watchman, world)
    assert what == CHANGED
    assert said.startswith(f"{asset}: {why}")
    assert watchman.short(asset).startswith(why)
    world.chain.mine()
    assert await looked(watchman, world) == ()  # it is told once, and stays
    assert watchman.short(asset)


async def test_a_freeze_that_ends_suspends_no_longer(world: World, nodes: Nodes) -> None:
    watchman = Watchman(nodes, world.escrow, [world.share.token])
    world.frozen()
    assert await looked(watchman, world)
    world.share.agent("setAddressFrozen(address,bool)", world.vault, False)
    assert await looked(watchman, world) == ()
    assert not watchman.short(world.share.token)


async def test_an_upgrade_while_nobody_looked_is_seen_at_the_start(
    world: World, nodes: Nodes
) -> None:
    """Who stood behind it is kept; who is pinned in the settings may stand there."""
    asset = world.share.token
    before = Watchman(nodes, world.escrow, [asset])
    await looked(before, world)
    ((key, kept),) = before.unkept()
    assert kept is not None
    assert set(json.loads(kept)) == {"implementation", "identity registry", "compliance"}
    before.has_kept(before.unkept())
    assert before.unkept() == ()
    world.upgraded()
    behind = {key.removeprefix("evm/behind/"): kept}
    after = Watchman(nodes, world.escrow, behind=behind)
    ((_, said),) = await looked(after, world)
    now = world.share.foreign.address(world.share.authority, "getTokenImplementation()")
    assert f"its implementation is {now.lower()}, it was 0x" in said
    allowed = Watchman(nodes, world.escrow, behind=behind, pinned=[now])
    assert await looked(allowed, world) == ()
