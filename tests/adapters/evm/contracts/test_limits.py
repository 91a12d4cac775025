"""What an undone mint gives back, what waits out its window, and what a halt stops."""

from tests.adapters.evm.chain import AWAY, DAY, GUARDIAN, HOLDERS, Bridge
from tests.adapters.evm.contracts.slots import funded, refuses

FIRST = HOLDERS[0]
WINDOW, LAPSE = 600, 7 * DAY


def limited(**limits: int) -> Bridge:
    bridge = funded()
    bridge.list_asset(bridge.twin, bridge.twin_vault, AWAY, **limits)
    return bridge


def test_an_undone_mint_gives_back_what_it_drew_and_made() -> None:
    bridge = limited(rateCap=1_000, perSecond=1)
    first = bridge.ticket(bridge.twin, FIRST, 1_000)
    bridge.do("mint", first)
    assert bridge.balance(bridge.twin, bridge.twin_vault) == 1_000
    with refuses("RateLimited"):
        bridge.do("mint", bridge.ticket(bridge.twin, FIRST, 1))
    bridge.do("unmint", first)
    assert bridge.balance(bridge.twin, bridge.twin_vault) == 0
    assert bridge.chain.view(bridge.twin_vault, "issued", bridge.twin, AWAY) == (0,)
    bridge.do("mint", bridge.ticket(bridge.twin, FIRST, 1_000))


def test_more_than_goes_at_once_waits_out_its_window() -> None:
    bridge = limited(window=WINDOW, instantCap=100)
    small, large = (bridge.ticket(bridge.twin, FIRST, amount) for amount in (100, 101))
    for ticket in (small, large):
        bridge.do("mint", ticket)
    bridge.do("assign", small)
    bridge.chain.later(WINDOW - 1)
    with refuses("InWindow"):
        bridge.do("assign", large)
    bridge.chain.later(1)
    bridge.do("assign", large)


def test_a_halted_way_out_stops_assigns_and_lapses() -> None:
    bridge = limited()
    ticket, undone = (bridge.ticket(bridge.twin, FIRST) for _ in range(2))
    for one in (ticket, undone):
        bridge.do("mint", one)
    bridge.govern("haltOut", by=GUARDIAN)
    bridge.chain.later(LAPSE - 1)
    with refuses("Halted"):
        bridge.do("assign", ticket)
    bridge.do("unmint", undone)  # I9: the way back is never closed
    bridge.chain.later(1)
    bridge.do("assign", ticket)
    with refuses("NotYet"):  # who may only slow things down cannot close the door for good
        bridge.govern("haltOut", by=GUARDIAN)
    bridge.chain.later(LAPSE)
    bridge.govern("haltOut", by=GUARDIAN)
