"""OpenZeppelin's own tokens cross as they are; those that only look like them are refused whole."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from eth_abi.abi import encode

from adapters.evm import calls
from adapters.evm.instruments.foreign import Foreign, members
from adapters.evm.ticket import Ticket
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import HOLDERS, HOME, STRANGER, Bridge, Party, Reverted
from tests.adapters.evm.instruments.compiled import tokens

pytestmark = pytest.mark.slow
FIRST, SECOND, _ = HOLDERS
OPEN, SPENT, DONE = 1, 2, 3
HELD = 5_000


@dataclass
class World:
    chain: AnvilChain
    bridge: Bridge
    foreign: Foreign[Party]

    def listed(self, name: str, *args: str | int, custody: str = "") -> str:
        """A token of a kind, all of it the first holder's, listed with a custody."""
        types = "address,uint256,uint8" if len(args) > 2 else "address,uint256"
        token = self.chain.deploy_code(tokens()[name] + encode(members(types), args))
        self.bridge.list_asset(token, custody or self.bridge.vault, HOME)
        return token

    def put(self, name: str, *more: int) -> str:
        """A listed token that the vault may take from its first holder."""
        token = self.listed(name, FIRST.address, HELD, *more)
        self.foreign.tell(FIRST, token, "approve(address,uint256)", self.bridge.vault, 2**255)
        return token

    def lock(self, token: str, amount: int = 1_000, number: int = 0) -> Ticket:
        ticket = self.bridge.ticket(token, FIRST, amount, token_id=number)
        self.bridge.lock(ticket, FIRST)
        return ticket

    def balance(self, token: str, who: str) -> int:
        return self.foreign.whole(token, "balanceOf(address)", who)

    def account(self, token: str) -> tuple[int, int]:
        """Held in open slots, and behind twins."""
        held, backed = self.chain.view(self.bridge.vault, "accounts", token)
        return int(str(held)), int(str(backed))


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World:
    return World(on_anvil, Bridge(on_anvil), Foreign(on_anvil))


@pytest.fixture
def world(whole: World) -> Iterator[World]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


def test_a_plain_token_crosses_and_comes_back(world: World) -> None:
    token = world.put("PlainShare")
    released, crossed = world.lock(token), world.lock(token, 1_500)
    assert world.account(token) == (2_500, 0)
    world.bridge.do("release", released)
    world.bridge.do("burn", crossed)
    assert world.account(token) == (0, 1_500)
    back = world.bridge.ticket(token, SECOND, 700)
    world.bridge.do("mint", back)
    assert world.account(token) == (700, 800)
    world.bridge.do("assign", back)
    assert world.account(token) == (0, 800)
    held = [world.balance(token, who) for who in (FIRST.address, SECOND.address)]
    assert held == [HELD - 1_500, 700]
    assert world.balance(token, world.bridge.vault) == 800


def test_a_token_that_moves_and_says_nothing_crosses_too(world: World) -> None:
    token = world.put("Odd", 1)
    world.bridge.do("release", world.lock(token))
    assert world.balance(token, FIRST.address) == HELD


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("Skimming", (), "NotReceived.*1000.*990"),
        ("Odd", (0,), "NotReceived.*1000.*0"),  # EX-02: paid, they said
        ("Odd", (2,), "SafeERC20FailedOperation"),
    ],
)
def test_what_did_not_arrive_is_not_locked(
    world: World, name: str, more: tuple[int, ...], says: str
) -> None:
    token = world.put(name, *more)
    ticket = world.bridge.ticket(token, FIRST)
    with pytest.raises(Reverted, match=says):
        world.bridge.lock(ticket, FIRST)
    assert world.bridge.slot("origin", ticket)[1] == 0
    assert world.account(token) == (0, 0)
    assert world.balance(token, FIRST.address) == HELD


def test_a_token_whose_balances_shrink_gives_nothing_until_it_is_made_good(world: World) -> None:
    token = world.put("Swelling")
    first, second = world.lock(token, 100), world.lock(token, 900)
    world.foreign.tell(STRANGER, token, "rebase(uint256)", 90)
    for ticket in (first, second):
        with pytest.raises(Reverted, match="Shortfall"):
            world.bridge.do("release", ticket)
    world.foreign.tell(STRANGER, token, "rebase(uint256)", 100)
    for ticket in (first, second):
        world.bridge.do("release", ticket)
    assert world.account(token) == (0, 0)


def test_an_address_without_code_is_no_token(world: World) -> None:
    """EX-02: a call to nothing succeeds."""
    with pytest.raises(Reverted, match="BadRule"):
        world.bridge.list_asset(STRANGER.address, world.bridge.vault, HOME)
    with pytest.raises(Reverted, match="AssetClosed"):
        world.lock(STRANGER.address)


def test_the_chains_own_coin_is_no_asset(world: World) -> None:
    """EX-04: nothing of the set takes it, so no path of it can be forgotten."""
    token = world.put("PlainShare")
    lock = world.bridge.ticket(token, FIRST)
    words = calls.call("Escrow", "escape", lock.words())
    for to in (world.bridge.escrow, world.bridge.vault, world.bridge.twin_vault, world.bridge.set):
        for data in (b"", words):
            with pytest.raises(Reverted):
                world.chain.pay(STRANGER, to, data, value=1)


def test_a_token_that_calls_back_enters_nothing(world: World) -> None:
    """The slot is written first, and the guard holds every verb."""
    token = world.put("Calling")
    locked, other = world.lock(token), world.lock(token, 500)
    again = world.bridge.signed("release", locked)
    for data in (again, world.bridge.signed("release", other)):
        with world.chain.undone():
            world.foreign.tell(STRANGER, token, "arm(address,bytes)", world.bridge.escrow, data)
            world.bridge.do("release", locked)
            assert not world.foreign.holds(token, "called()")
            assert world.account(token) == (500, 0)
            assert world.balance(token, FIRST.address) == HELD - 500
            assert world.bridge.slot("origin", other)[1] == OPEN


def test_a_plain_deed_has_no_custody_and_is_refused_whole(world: World) -> None:
    """An ERC-721 crosses as a TradeTrust title or as our twin; a plain one has neither's care."""
    for custody in (world.bridge.vault, world.bridge.twin_vault):
        deed = world.listed("PlainDeed", FIRST.address, 9, custody=custody)
        world.foreign.tell(FIRST, deed, "approve(address,uint256)", custody, 9)
        for amount, number in ((1, 9), (9, 0)):  # as a title, and as if it were a token
            with pytest.raises(Reverted):
                world.lock(deed, amount, number)
        assert world.foreign.address(deed, "ownerOf(uint256)", 9) == FIRST.address
