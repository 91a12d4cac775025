"""What the vault of titles refuses, line by line, on an EVM in this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest
from pyrevm import AccountInfo
from typing_extensions import override

from adapters.evm import calls
from adapters.evm.ticket import Ticket
from adapters.evm.titles import remark
from tests.adapters.evm.chain import DAY, GOVERNOR, HOME, STRANGER, Chain, Party, Reverted
from tests.adapters.evm.instruments.bills import (
    BANK,
    BUYER,
    CARRIER,
    DOCUMENT,
    SHIPPER,
    World,
    laid_out,
)

ELSEWHERE = b"\x07" * 32
VERBS = ("take", "giveBack", "handOver", "accepted", "create", "destroy")


@dataclass(frozen=True)
class Joined(Party):
    """An escrow that the vault knows, and what it might be made to say."""

    where: str

    @property
    @override
    def address(self) -> str:
        return self.where


@pytest.fixture
def world() -> World[Chain]:
    return laid_out(Chain())


@contextmanager
def refused(why: str) -> Iterator[None]:
    with pytest.raises(Reverted, match=f"^{why}"):
        yield


def told(world: World[Chain], verb: str, ticket: Ticket, by: Party) -> None:
    world.chain.send(by, world.vault, calls.call("TitleVault", verb, ticket.words()))


def test_only_an_escrow_enters_the_books(world: World[Chain]) -> None:
    """Whatever a vault could be told of a pushed title: neither owner nor stranger tells it."""
    ticket = world.push()
    for verb in VERBS:
        for who in (SHIPPER, STRANGER, CARRIER, GOVERNOR):
            with refused("NotEscrow"):
                told(world, verb, ticket, who)
    world.bridge.lock(ticket, SHIPPER)


def test_an_escrow_moves_only_what_its_own_settlement_has(world: World[Chain]) -> None:
    """Of two settlements, or two escrows, neither gives or sends away what the other took."""
    bridge, chain = world.bridge, world.chain
    escrow = Joined("escrow", bridge.vault)  # any code is joined; without it, it may speak here
    words = (GOVERNOR.address, escrow.address, bridge.set, bridge.genesis, world.registry.factory)
    world.vault = chain.deploy("TitleVault", *words)
    chain.evm.insert_account_info(escrow.address, AccountInfo(code=b""))
    ticket = world.push()
    told(world, "take", ticket, escrow)
    with refused("BadTitle"):
        told(world, "take", ticket, escrow)
    for verb in ("giveBack", "handOver", "accepted", "destroy"):
        with refused("BadTitle"):
            told(world, verb, world.ticket(), escrow)
    told(world, "giveBack", ticket, escrow)
    assert world.title.owners == (SHIPPER.address,) * 2
    world.title.push(SHIPPER, world.vault, remark(ticket))
    for verb in ("take", "destroy"):
        told(world, verb, ticket, escrow)
    with refused("BadTitle"):  # it is away, whatever its last words here are
        told(world, "take", ticket, escrow)


def test_a_vault_stands_on_a_factory(world: World[Chain]) -> None:
    bridge = world.bridge
    words = (GOVERNOR.address, bridge.escrow, bridge.set, bridge.genesis, BANK.address)
    with refused("NoCode"):
        world.chain.deploy("TitleVault", *words)


def test_what_was_given_to_another_with_our_words_is_not_locked(world: World[Chain]) -> None:
    """A remark is no custody: both roles are the vault's own, or nothing is booked."""
    ticket = world.ticket()
    world.title.push(SHIPPER, BUYER.address, remark(ticket))
    with refused("BadTitle"):
        world.bridge.lock(ticket, SHIPPER)


def test_what_went_home_or_away_and_back_takes_no_room(world: World[Chain]) -> None:
    """A ceiling of one title: whoever left makes room, and who is away does not."""
    world.bridge.list_asset(world.registry.address, world.vault, HOME, cap=1)
    other = world.registry.issue(BANK, 7)
    second = world.ticket(BANK, 7)
    other.push(BANK, world.vault, remark(second))
    ticket = world.lock()
    with refused("OverCap"):
        world.bridge.lock(second, BANK)
    world.bridge.do("release", ticket)
    back = world.hand_over()
    with refused("OverCap"):
        world.bridge.lock(second, BANK)
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    world.bridge.plain("confirm", back)
    world.bridge.lock(second, BANK)


def test_a_title_comes_home_once_whole_and_from_where_it_is(world: World[Chain]) -> None:
    with refused("NoBacking"):  # it never left: it is pushed, and in nobody's settlement
        world.push()
        world.bridge.do("mint", world.ticket(BUYER))
    world.chain.send(SHIPPER, world.vault, world.vaults("sendBack", *at(world)))
    out = world.lock()
    with refused("NoBacking"):
        world.bridge.do("mint", world.ticket(BUYER))
    world.bridge.do("burn", out)
    with refused("NoBacking"):
        world.bridge.do("mint", replace(world.ticket(BUYER), counterpart=ELSEWHERE))
    with refused("BadTitle"):
        world.bridge.do("mint", world.ticket(BUYER, amount=2))
    world.bridge.do("mint", world.ticket(BUYER))
    with refused("NoBacking"):
        world.bridge.do("mint", world.ticket(BUYER))


def at(world: World[Chain]) -> tuple[str, int]:
    """Where the bill is."""
    return world.registry.address, DOCUMENT


def test_either_of_two_owners_has_a_push_back_at_once(world: World[Chain]) -> None:
    for who in (SHIPPER, BANK):
        fresh = laid_out(Chain())
        fresh.title.tell(SHIPPER, "nominate", fresh.vault)
        fresh.title.tell(SHIPPER, "transferHolder", BANK.address)
        fresh.title.push(BANK, fresh.vault, b"no ticket of ours")
        with refused("NotYours"):
            fresh.chain.send(BUYER, fresh.vault, fresh.vaults("sendBack", *at(fresh)))
        fresh.chain.send(who, fresh.vault, fresh.vaults("sendBack", *at(fresh)))
        assert fresh.title.owners == (SHIPPER.address, BANK.address)


def test_a_notice_is_told_and_lasts_a_day_of_one_push(world: World[Chain]) -> None:
    notice, back = (world.vaults(name, *at(world)) for name in ("notice", "sendBack"))
    words = remark(world.ticket())
    for _ in range(2):  # the same words again are a push of their own
        world.title.push(SHIPPER, world.vault, words)
        with refused("NotYours"):
            world.chain.send(STRANGER, world.vault, back)
        world.chain.send(STRANGER, world.vault, notice)
        assert world.said() == ["PushNoticed"]
        world.chain.later(DAY - 1)
        with refused("NotYours"):
            world.chain.send(STRANGER, world.vault, back)
        world.chain.later(1)
        world.chain.send(STRANGER, world.vault, back)
        assert world.said() == ["SentBack"]


def test_half_a_title_is_not_pushed(world: World[Chain]) -> None:
    world.title.tell(SHIPPER, "transferHolder", world.vault)
    for name in ("notice", "sendBack"):
        with refused("BadTitle"):
            world.chain.send(SHIPPER, world.vault, world.vaults(name, *at(world)))
