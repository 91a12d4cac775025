"""What is seen of a bill before anything moves, and for whom its hand-over waits."""

from collections.abc import Iterator, Sequence

import pytest
from eth_utils.address import to_checksum_address

from adapters.evm.consents import Allowances
from adapters.evm.nodes import Nodes
from adapters.evm.ticket import Ticket
from adapters.evm.titles import held_checks, made_checks, next_step, remark, title_at
from bridge.ports import Answered, Check
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import Reverted
from tests.adapters.evm.far import FarNode
from tests.adapters.evm.instruments.bills import BANK, BUYER, CARRIER, SHIPPER, World, laid_out
from tests.adapters.evm.stand import OPERATORS, Direct, Time

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World[AnvilChain]:
    return laid_out(on_anvil)


@pytest.fixture
def world(whole: World[AnvilChain]) -> Iterator[World[AnvilChain]]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


def quorum_of(world: World[AnvilChain]) -> Nodes:
    nodes = [Direct(FarNode(world.chain.node), name) for name in OPERATORS]  # type: ignore[arg-type]
    return Nodes("eip155:31337", nodes, 2, Time(), 1_000)


async def looked(world: World[AnvilChain], ticket: Ticket) -> tuple[list[str], list[str], str]:
    """What does not hold of it to lock it and to make it here, and what its hand-over asks next."""
    quorum = quorum_of(world)
    head = hex(await quorum.head())
    title = await title_at(quorum, head, world.vault, ticket)
    assert title is not None
    return (
        noes(held_checks(title, ticket)),
        noes(made_checks(title, ticket)),
        next_step(title, ticket),
    )


def noes(checks: Sequence[Check]) -> list[str]:
    assert {one.answer for one in checks} <= {Answered.YES, Answered.NO}
    return [one.what for one in checks if one.answer is Answered.NO]


async def test_a_bill_its_shipper_holds_may_be_locked(world: World[AnvilChain]) -> None:
    assert (await looked(world, world.ticket()))[0] == []
    ticket = world.push()
    assert (await looked(world, ticket))[0] == []
    assert (await looked(world, world.ticket()))[0] == ["holder owns it"]  # pushed for another
    world.bridge.lock(ticket, SHIPPER)
    assert (await looked(world, ticket))[0] == ["custody is free for it"]


async def test_what_stands_against_it_is_named(world: World[AnvilChain]) -> None:
    chain, title = world.chain, world.title
    with chain.undone():
        title.tell(SHIPPER, "transferHolder", BANK.address)
        assert (await looked(world, world.ticket()))[0] == ["holder owns it"]
    with chain.undone():
        world.registry.carrier("pause(bytes)", b"")
        assert (await looked(world, world.ticket()))[0] == ["register is not paused"]
    with chain.undone():
        title.tell(SHIPPER, "returnToIssuer")
        assert "title is in force" in (await looked(world, world.ticket()))[0]
    assert (await looked(world, world.ticket(BUYER)))[0] == ["holder owns it"]
    never = (await looked(world, world.ticket(number=7)))[0]
    assert never == ["title is in force", "holder owns it"]


async def test_a_bill_comes_home_only_when_it_went_out(world: World[AnvilChain]) -> None:
    back = world.ticket(BUYER)
    assert (await looked(world, back))[1] == ["it is in the vault"]
    locked = world.lock()
    assert (await looked(world, back))[1] == ["it is in the vault"]
    world.bridge.do("burn", locked)
    assert (await looked(world, back))[1] == []


async def test_a_hand_over_waits_for_its_recipient(world: World[AnvilChain]) -> None:
    back = world.hand_over()
    assert (await looked(world, back))[2] == ""
    world.title.tell(BUYER, "rejectTransferHolder")
    assert (await looked(world, back))[2] == "deliver"
    world.bridge.plain("deliver", back, by=CARRIER)
    assert (await looked(world, back))[2] == ""
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    assert (await looked(world, back))[2] == "confirm"
    world.bridge.plain("confirm", back)


async def test_what_its_holder_is_told_to_do_gives_it_to_the_custody_to_lock(
    world: World[AnvilChain],
) -> None:
    ticket = world.ticket()
    asset = to_checksum_address(ticket.asset)
    vault = to_checksum_address(world.vault)
    allowances = Allowances(quorum_of(world), world.bridge.escrow)
    unknown = allowances.owed(asset, ticket)
    assert "transferOwners on its contract, to its custody, which is Escrow.assets" in unknown
    assert remark(ticket).hex() in unknown
    await allowances.learn_of(asset, ticket)
    said = allowances.owed(asset, ticket)
    assert f"give it to {vault}, as beneficiary and holder; to " in said
    assert "approve" not in said
    to, _, data = said.rpartition("; to ")[2].partition(" data ")
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.lock(ticket, SHIPPER)
    world.chain.send(SHIPPER, to, bytes.fromhex(data[2:]))
    world.bridge.lock(ticket, SHIPPER)
