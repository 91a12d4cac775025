"""What an ERC-3643 share does to a crossing, row by row: T-REX 4.1.6 on anvil, its code unchanged.

The rows are those of the ERC-3643 duties: who must be known before a lock, what a freeze, a pause,
a seizure, a ceiling, a lapsed claim, a recovered wallet and a change of rules do to what is held.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from adapters.evm.instruments.erc3643 import ECDSA, MANAGEMENT, SUITE, Share
from adapters.evm.instruments.foreign import Foreign
from adapters.evm.ticket import Ticket
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import GOVERNOR, HOLDERS, HOME, STRANGER, Bridge, Party, Reverted
from tests.adapters.evm.instruments.shares import AGENT, CLAIMS, OWNER, share_on

pytestmark = pytest.mark.slow
FIRST, SECOND, THIRD = HOLDERS
OPEN, SPENT, DONE = 1, 2, 3


@dataclass
class World:
    """A share, the bridge's set that lists it, and the vault's own identity."""

    chain: AnvilChain
    bridge: Bridge
    share: Share[Party]
    identity: str  # of the vault
    claim: bytes  # the vault's
    holders: dict[str, str]  # identity by wallet

    def lock(self, amount: int = 1_000) -> Ticket:
        ticket = self.bridge.ticket(self.share.token, FIRST, amount)
        self.bridge.lock(ticket, FIRST)
        return ticket

    def come_back(self, amount: int = 1_000, *, to: Party = SECOND) -> Ticket:
        """What crossed comes back to somebody, up to the mint."""
        ticket = self.bridge.ticket(self.share.token, to, amount)
        self.bridge.do("mint", ticket)
        return ticket

    def held(self) -> int:
        held, _ = self.chain.view(self.bridge.vault, "accounts", self.share.token)
        return int(str(held))


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World:
    """Two holders and the vault admitted, the first holds 10,000 shares; the token runs."""
    bridge, share = Bridge(on_anvil), share_on(Foreign(on_anvil))
    bridge.list_asset(share.token, bridge.vault, HOME)
    identity = share.identity(bridge.vault, GOVERNOR)
    claim = share.claim(identity, GOVERNOR)
    holders = {}
    for holder in (FIRST, SECOND):
        holders[holder.address] = share.identity(holder.address, holder)
        share.claim(holders[holder.address], holder)
    share.agent("mint(address,uint256)", FIRST.address, 10_000)
    share.foreign.tell(FIRST, share.token, "approve(address,uint256)", bridge.vault, 2**255)
    world = World(on_anvil, bridge, share, identity, claim, holders)
    with pytest.raises(Reverted, match="paused"):  # a share starts paused
        world.lock()
    share.agent("unpause()")
    return world


@pytest.fixture
def world(whole: World) -> Iterator[World]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


def test_a_share_crosses_and_comes_back(world: World) -> None:
    bridge, share = world.bridge, world.share
    released, crossed = world.lock(), world.lock(1_500)
    bridge.do("release", released)
    assert share.balance(FIRST.address) == 8_500
    bridge.do("burn", crossed)
    back = world.come_back(1_500)
    bridge.do("assign", back)
    assert (share.balance(SECOND.address), share.balance(bridge.vault)) == (1_500, 0)
    assert [bridge.slot("origin", t)[1] for t in (released, crossed)] == [SPENT, DONE]


def test_a_vault_nobody_registered_cannot_lock(world: World) -> None:
    share = world.share
    share.foreign.tell(AGENT, share.identities, "deleteIdentity(address)", world.bridge.vault)
    assert not share.verified(world.bridge.vault)
    with pytest.raises(Reverted, match="Transfer not possible"):
        world.lock()


def test_a_vault_without_a_claim_cannot_lock(world: World) -> None:
    share = world.share
    share.foreign.tell(AGENT, share.identities, "deleteIdentity(address)", world.bridge.vault)
    share.identity(world.bridge.vault, GOVERNOR)
    assert not share.verified(world.bridge.vault)
    can = "canTransfer(address,address,uint256)"  # compliance does not look at identities
    assert share.foreign.holds(share.compliance, can, FIRST.address, world.bridge.vault, 1)
    with pytest.raises(Reverted, match="Transfer not possible"):
        world.lock()


def test_compliance_is_blind_to_freezes(world: World) -> None:
    share = world.share
    share.agent("setAddressFrozen(address,bool)", world.bridge.vault, True)
    can = "canTransfer(address,address,uint256)"
    assert share.foreign.holds(share.compliance, can, FIRST.address, world.bridge.vault, 1)
    assert share.verified(world.bridge.vault)
    with pytest.raises(Reverted, match="wallet is frozen"):
        world.lock()


def test_a_recipient_who_is_not_verified_is_not_given(world: World) -> None:
    world.bridge.do("burn", world.lock())
    back = world.come_back(to=THIRD)
    with pytest.raises(Reverted, match="Transfer not possible"):
        world.bridge.do("assign", back)
    assert world.bridge.slot("destination", back)[1] == OPEN
    world.share.admit(THIRD.address, THIRD)
    world.bridge.do("assign", back)
    assert world.share.balance(THIRD.address) == 1_000


@pytest.mark.parametrize(
    ("done", "undone", "says"),
    [
        ("freezePartialTokens(address,uint256)", "unfreezePartialTokens(address,uint256)", "Insuf"),
        ("setAddressFrozen(address,bool)", "setAddressFrozen(address,bool)", "wallet is frozen"),
        ("pause()", "unpause()", "Pausable: paused"),
    ],
)
def test_a_legal_hold_stops_lock_and_release_until_it_ends(
    world: World, done: str, undone: str, says: str
) -> None:
    bridge, share, locked = world.bridge, world.share, world.lock(2_000)

    def words(who: str, signature: str, *, on: bool) -> tuple[str | int | bool, ...]:
        if "()" in signature:
            return ()
        return (who, on) if "bool" in signature else (who, share.balance(who) if on else 1)

    share.agent(done, *words(FIRST.address, done, on=True))
    with pytest.raises(Reverted, match=says):
        world.lock()
    if "()" not in done:
        frozen = share.balance(bridge.vault)
        share.agent(done, *words(bridge.vault, done, on=True))
    else:
        frozen = 0
    with pytest.raises(Reverted, match=says):
        bridge.do("release", locked)
    assert (bridge.slot("origin", locked)[1], world.held()) == (OPEN, 2_000)
    if "uint256" in undone:
        share.agent(undone, bridge.vault, frozen)
        share.agent(undone, FIRST.address, 8_000)
    elif "bool" in undone:
        for who in (bridge.vault, FIRST.address):
            share.agent(undone, who, False)
    else:
        share.agent(undone)
    bridge.do("release", locked)
    assert share.balance(FIRST.address) == 10_000


def test_after_a_seizure_nobody_runs_for_the_rest(world: World) -> None:
    """EX-26: 700 of 1,500 are forced away; without the check the next release would pass."""
    bridge, share = world.bridge, world.share
    first, second = world.lock(800), world.lock(700)
    share.agent("forcedTransfer(address,address,uint256)", bridge.vault, SECOND.address, 700)
    assert (world.held(), share.balance(bridge.vault)) == (1_500, 800)
    for ticket in (first, second):
        with pytest.raises(Reverted, match="Shortfall"):
            bridge.do("release", ticket)
    share.agent("mint(address,uint256)", bridge.vault, 700)  # the issuer makes good
    for ticket in (first, second):
        bridge.do("release", ticket)
    assert (world.held(), share.balance(bridge.vault)) == (0, 0)


def test_a_ceiling_stops_the_lock_that_reaches_it_and_what_is_held_goes_back(
    world: World,
) -> None:
    bridge, share = world.bridge, world.share
    locked = world.lock(600)
    module = share.ceiling(1_000, held={world.identity: 600, world.holders[FIRST.address]: 9_400})
    told = share.foreign.whole(
        module, "getIDBalance(address,address)", share.compliance, world.identity
    )
    assert 1_000 - told == 400  # the headroom
    with pytest.raises(Reverted, match="Transfer not possible"):
        world.lock(401)
    kept = world.lock(400)
    bridge.do("burn", kept)
    share.foreign.tell(OWNER, share.compliance, "removeModule(address)", module)
    bridge.do("release", locked)


def test_a_lapsed_claim_of_the_vault_stops_locks_and_not_what_it_gives(world: World) -> None:
    bridge, share, locked = world.bridge, world.share, world.lock()
    share.foreign.tell(CLAIMS, share.issuer, "revokeClaimBySignature(bytes)", world.claim)
    assert not share.verified(bridge.vault)
    with pytest.raises(Reverted, match="Transfer not possible"):
        world.lock()
    bridge.do("release", locked)
    assert share.balance(FIRST.address) == 10_000


def test_a_management_key_more_moves_the_whole_balance(world: World) -> None:
    """Why only governance may hold a key of the vault's identity, and `KeyAdded` is watched."""
    bridge, share, locked = world.bridge, world.share, world.lock()
    recover = "recoveryAddress(address,address,address)"
    words = (bridge.vault, THIRD.address, world.identity)
    with pytest.raises(Reverted, match="Recovery not possible"):
        share.agent(recover, *words)
    key = keccak(encode(["address"], [THIRD.address]))
    add = "addKey(bytes32,uint256,uint256)"
    with pytest.raises(Reverted):
        share.foreign.tell(STRANGER, world.identity, add, key, MANAGEMENT, ECDSA)
    share.foreign.tell(GOVERNOR, world.identity, add, key, MANAGEMENT, ECDSA)
    added = keccak(b"KeyAdded(bytes32,uint256,uint256)").hex()
    assert added in [log["topics"][0][2:] for log in world.chain.receipt["logs"]]
    share.agent(recover, *words)
    assert (share.balance(bridge.vault), share.balance(THIRD.address)) == (0, 1_000)
    with pytest.raises(Reverted, match="Shortfall"):
        bridge.do("release", locked)


def test_an_owner_who_swaps_the_rules_is_seen(world: World) -> None:
    """The proxy's code stays the same: what is pinned is what stands behind it."""
    share, foreign = world.share, world.share.foreign
    code = world.chain.code_hash(share.token)
    before = foreign.address(share.token, "compliance()")
    other = foreign.deploy(
        SUITE + "compliance/modular/ModularCompliance.sol/ModularCompliance.json", by=OWNER
    )
    foreign.tell(OWNER, other, "init()")
    foreign.tell(OWNER, share.token, "setCompliance(address)", other)
    added = keccak(b"ComplianceAdded(address)").hex()
    assert added in [log["topics"][0][2:] for log in world.chain.receipt["logs"]]
    assert foreign.address(share.token, "compliance()") == other != before
    assert world.chain.code_hash(share.token) == code
    with pytest.raises(Reverted):
        foreign.tell(STRANGER, share.token, "setCompliance(address)", before)


def test_the_bridge_is_no_agent_of_what_it_holds(world: World) -> None:
    for who in (world.bridge.vault, world.bridge.escrow):
        assert not world.share.foreign.holds(world.share.token, "isAgent(address)", who)


def test_a_share_costs_what_the_design_said(world: World) -> None:
    first = world.lock()
    cold = world.chain.gas
    world.lock()
    warm = world.chain.gas
    world.bridge.do("release", first)
    spent = {"lock": (cold, 353_000), "again": (warm, 301_000), "back": (world.chain.gas, 265_000)}
    assert not {name: one for name, one in spent.items() if one[0] > 1.1 * one[1]}
