"""A bill of lading under TradeTrust goes into custody: registry 5.5.1 on anvil, its code unchanged.

Push and claim, what is not locked, and what is sent back.
"""

from collections.abc import Iterator

import pytest

from adapters.evm.instruments.foreign import refusal
from adapters.evm.instruments.tradetrust import ARTIFACTS, Title
from adapters.evm.titles import remark
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import DAY, HOME, STRANGER, Reverted
from tests.adapters.evm.instruments.bills import (
    BANK,
    BUYER,
    CARRIER,
    DOCUMENT,
    SHIPPER,
    World,
    laid_out,
)

pytestmark = pytest.mark.slow
OPEN = 1


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World[AnvilChain]:
    return laid_out(on_anvil)


@pytest.fixture
def world(whole: World[AnvilChain]) -> Iterator[World[AnvilChain]]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


def test_what_was_pushed_is_claimed_by_the_lock(world: World[AnvilChain]) -> None:
    ticket = world.push()
    assert (world.title.owners, world.title.before) == (world.custody, (SHIPPER.address,) * 2)
    assert world.bridge.slot("origin", ticket)[1] == 0
    world.bridge.lock(ticket, SHIPPER)
    assert world.said() == ["Locked"]
    assert world.bridge.slot("origin", ticket)[1] == OPEN
    (settlement, medium) = world.chain.view(world.vault, "titles", world.title.address)
    assert (settlement, medium) == (ticket.settlement, bytes(32))


def test_a_title_that_was_not_pushed_is_not_locked(world: World[AnvilChain]) -> None:
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.lock(world.ticket(), SHIPPER)


def test_words_for_another_ticket_lock_nothing(world: World[AnvilChain]) -> None:
    """The remark is the consent: it names the settlement and every word of its ticket."""
    asked = world.ticket()
    other = world.ticket()
    for words in (
        b"",
        asked.settlement,
        remark(asked)[:-1],
        remark(asked) + b"\0",
        other.settlement + asked.hash(),
        remark(other),
    ):
        with world.chain.undone():
            world.title.push(SHIPPER, world.vault, words)
            with pytest.raises(Reverted, match="BadTitle"):
                world.bridge.lock(asked, SHIPPER)


def test_nobody_locks_what_another_pushed(world: World[AnvilChain]) -> None:
    """EX-28 for titles: whoever sees the push cannot make it theirs."""
    ticket = world.ticket(BUYER)
    world.title.push(SHIPPER, world.vault, remark(ticket))
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.lock(ticket, BUYER)
    with pytest.raises(Reverted, match="NotOperator"):
        world.bridge.lock(ticket, BUYER, by=STRANGER)


def test_one_role_of_two_is_not_enough(world: World[AnvilChain]) -> None:
    ticket = world.ticket()
    with world.chain.undone():
        world.title.tell(SHIPPER, "transferHolder", BANK.address)
        with pytest.raises(Reverted, match=refusal("CallerNotHolder()")):
            world.title.push(SHIPPER, world.vault, remark(ticket))
    with world.chain.undone():
        world.title.tell(SHIPPER, "transferHolder", world.vault)
        with pytest.raises(Reverted, match="BadTitle"):
            world.bridge.lock(ticket, SHIPPER)
    for party in (SHIPPER, BANK):  # the vault's two roles come from two parties
        with world.chain.undone():
            ticket = world.ticket(party)
            world.title.tell(SHIPPER, "nominate", world.vault)
            world.title.tell(SHIPPER, "transferHolder", BANK.address)
            world.title.push(BANK, world.vault, remark(ticket))
            with pytest.raises(Reverted, match="BadTitle"):
                world.bridge.lock(ticket, party)


def test_a_title_is_one_and_of_the_pinned_factory(world: World[AnvilChain]) -> None:
    many = world.ticket(amount=2)
    with world.chain.undone():
        world.title.push(SHIPPER, world.vault, remark(many))
        with pytest.raises(Reverted, match="BadTitle"):
            world.bridge.lock(many, SHIPPER)
    with pytest.raises(Reverted, match="BadTitle"):  # a number never issued has no title
        world.bridge.lock(world.ticket(number=7), SHIPPER)
    foreign = world.registry.foreign
    factory = foreign.deploy(
        ARTIFACTS + "TitleEscrowFactory.sol/TitleEscrowFactory.json", by=CARRIER
    )
    other = world.registry.another(factory)
    world.bridge.list_asset(other, world.vault, HOME)
    mint = "mint(address,address,uint256,bytes)"
    foreign.tell(CARRIER, other, mint, SHIPPER.address, SHIPPER.address, 1, b"")
    where = "getEscrowAddress(address,uint256)"
    title = Title(foreign, foreign.address(factory, where, other, 1))
    ticket = world.bridge.ticket(other, SHIPPER, 1, token_id=1)
    title.push(SHIPPER, world.vault, remark(ticket))
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.lock(ticket, SHIPPER)


def test_a_surrendered_title_is_not_locked(world: World[AnvilChain]) -> None:
    world.title.tell(SHIPPER, "returnToIssuer")
    with pytest.raises(Reverted, match=refusal("TitleEscrowNotHoldingToken()")):
        world.push()
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.lock(world.ticket(), SHIPPER)


def test_what_was_pushed_and_not_locked_is_sent_back(world: World[AnvilChain]) -> None:
    words = (world.registry.address, DOCUMENT)
    back, notice = world.vaults("sendBack", *words), world.vaults("notice", *words)
    with world.chain.undone():
        world.push()
        world.chain.send(SHIPPER, world.vault, back)
        assert world.title.owners == (SHIPPER.address,) * 2
        with pytest.raises(Reverted, match="BadTitle"):
            world.chain.send(SHIPPER, world.vault, back)
    world.push()
    with pytest.raises(Reverted, match="NotYours"):
        world.chain.send(STRANGER, world.vault, back)
    world.chain.send(STRANGER, world.vault, notice)
    with pytest.raises(Reverted, match="BadTitle"):
        world.chain.send(STRANGER, world.vault, notice)  # a day is not begun again
    world.chain.later(DAY - 60)
    with pytest.raises(Reverted, match="NotYours"):
        world.chain.send(STRANGER, world.vault, back)
    world.chain.later(60)
    world.chain.send(STRANGER, world.vault, back)
    assert world.said() == ["SentBack"]
    assert world.title.owners == (SHIPPER.address,) * 2
    world.push()  # a new push is a new day
    with pytest.raises(Reverted, match="NotYours"):
        world.chain.send(STRANGER, world.vault, back)


def test_what_is_locked_or_away_is_not_sent_back(world: World[AnvilChain]) -> None:
    ticket = world.lock()
    back = world.vaults("sendBack", world.registry.address, DOCUMENT)
    for _ in ("locked", "away"):
        for who in (SHIPPER, STRANGER):
            with pytest.raises(Reverted, match="BadTitle"):
                world.chain.send(who, world.vault, back)
        if world.bridge.slot("origin", ticket)[1] == OPEN:
            world.bridge.do("burn", ticket)
    with pytest.raises(Reverted, match="BadTitle"):  # and not locked a second time
        world.bridge.lock(world.ticket(), SHIPPER)
