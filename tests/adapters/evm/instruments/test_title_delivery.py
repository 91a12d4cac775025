"""A bill of lading leaves custody: release, hand-over, bounce, acceptance; and a whole journey.

TradeTrust's registry 5.5.1 on anvil, its code unchanged.
"""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.instruments.foreign import ZERO, refusal
from adapters.evm.ticket import Ticket
from adapters.evm.titles import remark
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import (
    AWAY,
    DAY,
    STRANGER,
    Bridge,
    Chain,
    Party,
    Reverted,
)
from tests.adapters.evm.instruments.bills import (
    BANK,
    BUYER,
    DOCUMENT,
    SHIPPER,
    World,
    laid_out,
)

pytestmark = pytest.mark.slow
OPEN, SPENT, DONE, DELIVERING = 1, 2, 3, 5
NO_PREVIOUS = refusal("InvalidTransferToZeroAddress()")
REJECTS = ("rejectTransferOwners", "rejectTransferBeneficiary", "rejectTransferHolder")


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> World[AnvilChain]:
    return laid_out(on_anvil)


@pytest.fixture
def world(whole: World[AnvilChain]) -> Iterator[World[AnvilChain]]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


def test_a_release_is_a_rejection_and_cannot_be_bounced(world: World[AnvilChain]) -> None:
    ticket = world.lock()
    world.bridge.do("release", ticket)
    assert world.said() == ["Released"]
    assert (world.title.owners, world.title.before) == ((SHIPPER.address,) * 2, (ZERO, ZERO))
    assert world.bridge.slot("origin", ticket)[1] == SPENT
    with pytest.raises(Reverted, match=NO_PREVIOUS):
        world.title.tell(SHIPPER, "rejectTransferOwners")
    world.lock()  # and it may cross again


def test_a_title_given_outright_is_bounced_and_ours_never_is(world: World[AnvilChain]) -> None:
    """EX-27: who gives with one call gets it back; so the vault nominates and hands over."""
    with world.chain.undone():
        world.title.push(SHIPPER, BUYER.address, b"")
        world.title.tell(BUYER, "rejectTransferOwners")
        assert world.title.owners == (SHIPPER.address,) * 2
    world.hand_over()
    with pytest.raises(Reverted, match=refusal("CallerNotBeneficiary()")):
        world.title.tell(BUYER, "rejectTransferOwners")


def test_a_title_is_handed_over_accepted_and_confirmed(world: World[AnvilChain]) -> None:
    back = world.hand_over()
    assert world.said() == ["HandedOver"]
    assert world.title.owners == (world.vault, BUYER.address)
    assert world.title.role("nominee") == BUYER.address
    assert world.bridge.slot("destination", back)[1] == DELIVERING
    with pytest.raises(Reverted, match="WrongState"):
        world.bridge.plain("confirm", back)
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    with pytest.raises(Reverted, match="BadTitle"):
        world.bridge.plain("deliver", back)
    world.bridge.plain("confirm", back)
    assert world.said() == ["Assigned"]
    assert world.bridge.slot("destination", back)[1] == DONE
    for reject in REJECTS:
        with pytest.raises(Reverted, match="Unknown"):
            world.title.tell(BUYER, reject)
    assert world.title.owners == (BUYER.address,) * 2
    for verb in ("confirm", "deliver"):
        with pytest.raises(Reverted, match="WrongState"):
            world.bridge.plain(verb, back)
    world.lock(BUYER)  # nothing of the last settlement stands in the way of the next
    assert world.said() == ["Locked"]


def test_a_bounced_half_is_handed_over_again(world: World[AnvilChain]) -> None:
    back = world.hand_over()
    for _ in range(2):
        world.title.tell(BUYER, "rejectTransferHolder")
        assert world.title.owners == world.custody
        assert world.bridge.slot("destination", back)[1] == DELIVERING
        with pytest.raises(Reverted, match="WrongState"):
            world.bridge.plain("confirm", back)
        world.bridge.plain("deliver", back)
        assert world.title.owners == (world.vault, BUYER.address)
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    world.bridge.plain("confirm", back)


def test_nobody_but_the_nominee_becomes_beneficiary(world: World[AnvilChain]) -> None:
    back = world.hand_over()
    with pytest.raises(Reverted, match=refusal("InvalidNominee()")):
        world.title.tell(BUYER, "transferBeneficiary", BANK.address)
    world.title.tell(BUYER, "transferHolder", BANK.address)  # the buyer's bank holds it
    with pytest.raises(Reverted, match=refusal("InvalidNominee()")):
        world.title.tell(BANK, "transferBeneficiary", BANK.address)
    world.title.tell(BANK, "transferBeneficiary", BUYER.address)
    world.bridge.plain("confirm", back)
    assert world.title.owners == (BUYER.address, BANK.address)


def test_a_half_that_two_recipients_bounce_stays_theirs_to_take(world: World[AnvilChain]) -> None:
    """The bank accepts for the buyer, who bounces that half: nothing is confirmed or freed."""
    back = world.hand_over()
    world.title.tell(BUYER, "transferHolder", BANK.address)
    world.title.tell(BANK, "transferBeneficiary", BUYER.address)
    world.title.tell(BUYER, "rejectTransferBeneficiary")
    assert world.title.owners == (world.vault, BANK.address)
    with pytest.raises(Reverted, match="WrongState"):
        world.bridge.plain("confirm", back)
    with pytest.raises(Reverted, match="BadTitle"):
        world.chain.send(
            STRANGER, world.vault, world.vaults("sendBack", world.registry.address, DOCUMENT)
        )
    world.bridge.plain("deliver", back)
    world.title.tell(BANK, "transferBeneficiary", BUYER.address)
    world.bridge.plain("confirm", back)
    assert world.bridge.slot("destination", back)[1] == DONE


def test_a_paused_registry_stops_both_ways_until_it_runs(world: World[AnvilChain]) -> None:
    ticket = world.lock()
    world.registry.carrier("pause(bytes)", b"")
    with pytest.raises(Reverted, match=refusal("RegistryContractPaused()")):
        world.bridge.do("release", ticket)
    assert world.bridge.slot("origin", ticket)[1] == OPEN
    world.registry.carrier("unpause(bytes)", b"")
    world.bridge.do("release", ticket)
    assert world.title.owners == (SHIPPER.address,) * 2


def test_a_title_escapes_when_its_gateway_died(world: World[AnvilChain]) -> None:
    ticket = world.lock()
    world.chain.later(399 * DAY)
    with pytest.raises(Reverted, match="NotYet"):
        world.bridge.plain("escape", ticket)
    world.chain.later(DAY)
    world.bridge.plain("escape", ticket)
    assert world.title.owners == (SHIPPER.address,) * 2


def test_the_carrier_cannot_take_what_is_in_custody(world: World[AnvilChain]) -> None:
    """Its roles act on surrendered titles only."""
    world.lock()
    for signature in ("restore(uint256,bytes)", "burn(uint256,bytes)"):
        with pytest.raises(Reverted, match=refusal("TokenNotReturnedToIssuer()")):
            world.registry.carrier(signature, DOCUMENT, b"")
    assert world.title.owners == world.custody


def test_a_bill_goes_to_another_network_and_comes_back_with_its_history_whole(
    world: World[AnvilChain],
) -> None:
    away = Bridge(Chain(chain_id=31338))
    twin = away.title
    out = world.lock()
    number = int.from_bytes(out.settlement[:16], "big")

    def there(party: Party, number: int) -> Ticket:
        return away.ticket(twin, party, 1, token_id=DOCUMENT, number=number)

    minted = there(BANK, number)
    away.do("mint", minted)
    world.bridge.do("burn", out)  # from now on the operative document is the other one
    _, medium = world.chain.view(world.vault, "titles", world.title.address)
    assert medium == AWAY
    away.do("assign", minted)
    (owner,) = away.chain.view(twin, "ownerOf", DOCUMENT)
    assert owner == BANK.address

    number += 1_000  # the bank brings it home, for the buyer
    back_there = there(BANK, number)
    allow = calls.call("RepresentationTitle", "approve", away.twin_vault, DOCUMENT)
    away.chain.send(BANK, twin, allow)
    away.lock(back_there, BANK)
    home = world.bridge.ticket(world.registry.address, BUYER, 1, token_id=DOCUMENT, number=number)
    world.bridge.do("mint", home)
    away.do("burn", back_there)
    with pytest.raises(
        Reverted, match="NonexistentToken"
    ):  # one operative document: the twin is gone
        away.chain.view(twin, "ownerOf", DOCUMENT)
    world.bridge.do("assign", home)
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    world.bridge.plain("confirm", home)

    assert world.title.owners == (BUYER.address,) * 2
    told = world.chain.node.ask(
        "eth_getLogs", {"address": world.title.address, "fromBlock": "0x0", "toBlock": "latest"}
    )
    became = keccak(b"BeneficiaryTransfer(address,address,address,uint256,bytes)").hex()
    chain = [
        tuple("0x" + topic[-40:] for topic in log["topics"][1:3])
        for log in told
        if log["topics"][0][2:] == became
    ]
    path = [ZERO, SHIPPER.address, world.vault, BUYER.address]
    assert chain == list(pairwise(path))
    pushed = [log for log in told if remark(out).hex() in log["data"]]
    assert pushed, "which settlement it left in stands in the title's own history"


def test_a_title_costs_what_the_design_said(world: World[AnvilChain]) -> None:
    gas = {}
    ticket = world.push()
    gas["push", 180_000] = world.chain.gas
    world.bridge.lock(ticket, SHIPPER)
    gas["lock", 191_000] = world.chain.gas
    world.bridge.do("release", ticket)
    gas["return", 142_000] = world.chain.gas
    back = world.hand_over()
    gas["hand over", 179_000] = world.chain.gas
    world.title.tell(BUYER, "transferBeneficiary", BUYER.address)
    gas["accept", 84_000] = world.chain.gas
    world.bridge.plain("confirm", back)
    gas["confirm", 56_000] = world.chain.gas  # 36 k was designed; WHY.md 16
    assert not {name: spent for (name, most), spent in gas.items() if spent > 1.1 * most}
