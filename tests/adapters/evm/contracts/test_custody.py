"""What a custody counts, to the unit: what it takes, owes, backs, makes, and gives up as lost."""

from contextlib import AbstractContextManager
from functools import partial

import pytest

from adapters.evm import calls
from adapters.evm.ticket import Ticket
from tests.adapters.evm.chain import (
    AWAY,
    DAY,
    ELSEWHERE,
    GOVERNOR,
    HOLDERS,
    HOME,
    ISSUER,
    OPERATOR,
    STRANGER,
    Bridge,
    Chain,
    Party,
    Reverted,
)
from tests.adapters.evm.contracts.notaries import answering

HOLDER, OTHER = HOLDERS[:2]
DONE = 3


@pytest.fixture
def bridge() -> Bridge:
    made = Bridge(Chain())
    made.fund(HOLDER, 10_000)
    made.allow(OTHER)
    return made


def accounts(bridge: Bridge) -> tuple[int, int]:
    """Held and backed of the share at home."""
    held, backed = bridge.chain.view(bridge.vault, "accounts", bridge.home)
    return int(str(held)), int(str(backed))


def backing(bridge: Bridge, network: bytes = AWAY) -> int:
    (amount,) = bridge.chain.view(bridge.vault, "backing", bridge.home, network)
    return int(str(amount))


def issued(bridge: Bridge, asset: str) -> int:
    (amount,) = bridge.chain.view(bridge.twin_vault, "issued", asset, AWAY)
    return int(str(amount))


def gone(bridge: Bridge, amount: int, *, counterpart: bytes = AWAY) -> None:
    """So much has crossed to a counterpart for good."""
    ticket = bridge.ticket(bridge.home, HOLDER, amount, counterpart=counterpart)
    bridge.lock(ticket, HOLDER)
    bridge.do("burn", ticket)


def arriving(bridge: Bridge, amount: int, *, to: Party = OTHER, by: bytes = AWAY) -> Ticket:
    """So much comes home from a counterpart and waits to be handed over."""
    ticket = bridge.ticket(bridge.home, to, amount, counterpart=by)
    bridge.do("mint", ticket)
    return ticket


def seized(bridge: Bridge, amount: int) -> None:
    words = (bridge.vault, ISSUER.address, amount)
    data = calls.call("RepresentationToken", "forcedTransfer", *words)
    bridge.chain.send(ISSUER, bridge.home, data)


def lost(bridge: Bridge, amount: int, *, by: Party = GOVERNOR, of: bytes = AWAY) -> None:
    data = calls.call("Vault", "declareLoss", bridge.home, of, amount)
    bridge.chain.send(by, bridge.vault, data)


def refused(error: str) -> AbstractContextManager[object]:
    return pytest.raises(Reverted, match=f"^{error}")


def test_a_share_goes_and_comes_home_and_every_unit_is_counted(bridge: Bridge) -> None:
    ticket = bridge.ticket(bridge.home, HOLDER, 1_000)
    bridge.lock(ticket, HOLDER)
    assert (accounts(bridge), backing(bridge)) == ((1_000, 0), 0)
    bridge.do("burn", ticket)
    assert (accounts(bridge), backing(bridge)) == ((0, 1_000), 1_000)
    coming = arriving(bridge, 400)
    assert (accounts(bridge), backing(bridge)) == ((400, 600), 600)
    bridge.do("assign", coming)
    assert bridge.slot("destination", coming)[1] == DONE
    assert (accounts(bridge), backing(bridge)) == ((0, 600), 600)
    assert bridge.balance(bridge.home, OTHER.address) == 400
    assert bridge.balance(bridge.home, bridge.vault) == 600


def test_a_twin_is_made_goes_back_and_is_given_back(bridge: Bridge) -> None:
    made = bridge.ticket(bridge.twin, OTHER, 700, counterpart=AWAY)
    bridge.do("mint", made)
    assert issued(bridge, bridge.twin) == bridge.balance(bridge.twin, bridge.twin_vault) == 700
    bridge.do("assign", made)
    assert bridge.slot("destination", made)[1] == DONE
    assert bridge.balance(bridge.twin, OTHER.address) == 700
    bridge.do("mint", bridge.ticket(bridge.twin, HOLDER, 50, counterpart=AWAY))  # waits in it
    for verb, left, with_holder in (("release", 750, 700), ("burn", 450, 400)):
        back = bridge.ticket(bridge.twin, OTHER, 300, counterpart=AWAY)
        bridge.lock(back, OTHER)
        assert bridge.balance(bridge.twin, bridge.twin_vault) == 350
        bridge.do(verb, back)
        assert issued(bridge, bridge.twin) == left
        assert bridge.balance(bridge.twin, OTHER.address) == with_holder
        assert bridge.balance(bridge.twin, bridge.twin_vault) == 50


def test_a_title_s_twin_is_made_goes_back_and_is_given_back(bridge: Bridge) -> None:
    def owner() -> str:
        (who,) = bridge.chain.view(bridge.title, "ownerOf", 9)
        return str(who).lower()

    made = bridge.ticket(bridge.title, HOLDER, 1, counterpart=AWAY, token_id=9)
    bridge.do("mint", made)
    assert (owner(), issued(bridge, bridge.title)) == (bridge.twin_vault, 1)
    bridge.do("assign", made)
    allow = calls.call("RepresentationTitle", "setApprovalForAll", bridge.twin_vault, True)
    bridge.chain.send(HOLDER, bridge.title, allow)
    for verb, after in (("release", HOLDER.address), ("burn", None)):
        assert owner() == HOLDER.address
        back = bridge.ticket(bridge.title, HOLDER, 1, counterpart=AWAY, token_id=9)
        bridge.lock(back, HOLDER)
        assert owner() == bridge.twin_vault
        bridge.do(verb, back)
        assert issued(bridge, bridge.title) == (1 if after else 0)
        if after:
            assert owner() == after
    with refused("ERC721NonexistentToken"):
        owner()


def test_a_token_that_does_not_bring_what_was_locked_is_refused(bridge: Bridge) -> None:
    odd = bridge.chain.deploy_code(answering(1))  # says yes to all, and its balances never move
    bridge.list_asset(odd, bridge.vault, HOME)
    bridge.list_asset(odd_twin := bridge.chain.deploy_code(answering(1)), bridge.twin_vault, HOME)
    with refused(r"NotReceived\(.5., .0.\)"):
        bridge.lock(bridge.ticket(odd, HOLDER, 5), HOLDER)
    its_home = (1).to_bytes(32, "big")
    with refused("NotReceived"):
        bridge.lock(bridge.ticket(odd_twin, HOLDER, 5, counterpart=its_home), HOLDER)


def test_tokens_have_no_number_and_titles_are_one(bridge: Bridge) -> None:
    gone(bridge, 100)
    with refused("NotReceived"):
        bridge.lock(bridge.ticket(bridge.home, HOLDER, 5, token_id=7), HOLDER)
    with refused("NotReceived"):
        bridge.do("mint", bridge.ticket(bridge.home, OTHER, 5, token_id=7))
    with refused("BadTitle"):
        bridge.do("mint", bridge.ticket(bridge.title, OTHER, 2, counterpart=AWAY, token_id=7))


def test_a_twin_travels_between_its_home_and_here_only(bridge: Bridge) -> None:
    with refused("NotHome"):
        bridge.do("mint", bridge.ticket(bridge.twin, OTHER, 5, counterpart=ELSEWHERE))
    bridge.do("mint", made := bridge.ticket(bridge.twin, OTHER, 5, counterpart=AWAY))
    bridge.do("assign", made)
    with refused("NotHome"):
        bridge.lock(bridge.ticket(bridge.twin, OTHER, 5, counterpart=ELSEWHERE), OTHER)


def test_a_network_draws_on_its_own_part_to_the_last_unit_and_not_beyond(bridge: Bridge) -> None:
    gone(bridge, 300)
    gone(bridge, 500, counterpart=ELSEWHERE)
    with refused("NoBacking"):
        arriving(bridge, 301)
    arriving(bridge, 300)
    with refused("NoBacking"):
        arriving(bridge, 1)
    assert (accounts(bridge), backing(bridge, ELSEWHERE)) == ((300, 500), 500)


def test_the_cap_counts_what_is_held_and_what_is_backed(bridge: Bridge) -> None:
    bridge.list_asset(bridge.home, bridge.vault, HOME, cap=1_000)
    gone(bridge, 600)
    with refused("OverCap"):
        bridge.lock(bridge.ticket(bridge.home, HOLDER, 401), HOLDER)
    bridge.lock(bridge.ticket(bridge.home, HOLDER, 400), HOLDER)
    bridge.list_asset(bridge.home, bridge.vault, HOME, cap=999)
    with refused("OverCap"):  # what comes home is in the bridge still, until it is handed over
        arriving(bridge, 1)


def test_where_something_was_seized_nobody_runs_for_the_rest(bridge: Bridge) -> None:
    gone(bridge, 600)
    first = bridge.ticket(bridge.home, HOLDER, 400)
    bridge.lock(first, HOLDER)
    seized(bridge, 1)
    with refused("Shortfall"):
        bridge.do("release", first)


def test_a_loss_is_declared_by_the_governor_of_what_is_missing_and_backed_and_no_more(
    bridge: Bridge,
) -> None:
    gone(bridge, 600)
    gone(bridge, 300, counterpart=ELSEWHERE)
    kept = bridge.ticket(bridge.home, HOLDER, 100)
    bridge.lock(kept, HOLDER)
    with refused("NoBacking"):  # nothing is missing
        lost(bridge, 1)
    seized(bridge, 200)
    with refused("NotGovernor"):
        lost(bridge, 200, by=STRANGER)
    with refused("NoBacking"):
        lost(bridge, 201)
    lost(bridge, 150)
    (said,) = [one for one in bridge.chain.events if one.name == "LossDeclared"]
    assert (said.words["counterpart"], said.words["amount"]) == (AWAY, 150)
    assert (accounts(bridge), backing(bridge)) == ((100, 750), 450)
    lost(bridge, 50, of=ELSEWHERE)
    assert (accounts(bridge), backing(bridge, ELSEWHERE)) == ((100, 700), 250)
    bridge.do("release", kept)  # the others can be given back again
    with refused("NoBacking"):
        lost(bridge, 1)


def test_no_counterpart_loses_more_than_it_has(bridge: Bridge) -> None:
    gone(bridge, 100)
    gone(bridge, 300, counterpart=ELSEWHERE)
    seized(bridge, 200)
    with refused("NoBacking"):
        lost(bridge, 101)
    lost(bridge, 100)
    assert backing(bridge) == 0


def test_only_an_escrow_moves_what_is_in_custody(bridge: Bridge) -> None:
    ticket = bridge.ticket(bridge.home, HOLDER, 100)
    bridge.lock(ticket, HOLDER)
    made = bridge.ticket(bridge.twin, OTHER, 100, counterpart=AWAY)
    bridge.do("mint", made)
    for custody, where, what in (
        ("Vault", bridge.vault, ticket),
        ("TwinVault", bridge.twin_vault, made),
    ):
        for function in ("take", "giveBack", "handOver", "accepted", "create", "destroy"):
            for by in (STRANGER, OPERATOR, GOVERNOR):
                with refused("NotEscrow"):
                    bridge.chain.send(by, where, calls.call(custody, function, what.words()))
    bridge.chain.later(DAY)
    bridge.do("assign", made)


@pytest.mark.parametrize("verb", ["mint", "lock"])
@pytest.mark.parametrize(("kind", "amount", "token_id"), [("twin", 1, 2**90), ("title", 77, 0)])
def test_units_are_not_the_number_of_a_title_nor_the_other_way(
    bridge: Bridge, verb: str, kind: str, amount: int, token_id: int
) -> None:
    """Both standards share selectors: one unit noted could make or take 2**90 of them."""
    asset = bridge.twin if kind == "twin" else bridge.title
    ticket = bridge.ticket(asset, HOLDER, amount, token_id=token_id)
    asked = {
        "mint": partial(bridge.do, "mint", ticket),
        "lock": partial(bridge.lock, ticket, HOLDER),
    }
    with refused("BadTitle"):
        asked[verb]()
