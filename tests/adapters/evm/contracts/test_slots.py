"""Every verb in every state of a slot: what it does, how it is refused, and to the second when."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import replace

import pytest

from adapters.evm.ticket import Ticket
from tests.adapters.evm.chain import (
    AWAY,
    DAY,
    ESCAPE_AFTER,
    GENESIS,
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    HOME,
    STRANGER,
    Bridge,
    Chain,
    in_order,
)
from tests.adapters.evm.contracts.notaries import NOTICE, PEOPLE, Notaries
from tests.adapters.evm.contracts.slots import Side, destination, funded, origin, refuses, title
from tests.adapters.evm.instruments.bills import DOCUMENT, World, laid_out

FIRST, SECOND, _ = HOLDERS
NONE, OPEN, SPENT, DONE, ESCAPED, DELIVERING = range(6)
LAPSE, LONGEST_HOLD, SHORTEST_ESCAPE = 7 * DAY, 180 * DAY, 30 * DAY
U64 = 2**64 - 1


Table = Mapping[tuple[str, ...], Mapping[str, "int | str"]]
ORIGIN: Table = {  # way there -> verb -> the state after it; any other is refused for its state
    (): {
        "lock": OPEN,
        "release": SPENT,
        "hold": NONE,
        "burn": "WrongState",
        "escape": "WrongState",
    },
    ("lock",): {
        "lock": "WrongState",
        "release": SPENT,
        "burn": DONE,
        "escape": ESCAPED,
        "hold": OPEN,
    },
    ("release",): {"lock": "Fenced"},
    ("lock", "release"): {"lock": "Fenced"},
    ("lock", "burn"): {},
    ("lock", "escape"): {},
}
DESTINATION: Table = {
    (): {"mint": OPEN, "unmint": SPENT},
    ("mint",): {"unmint": SPENT, "assign": DONE},
    ("unmint",): {"mint": "Fenced"},
    ("mint", "unmint"): {"mint": "Fenced"},
    ("mint", "assign"): {},
}
TITLE: Table = {
    ("mint",): {"unmint": SPENT, "assign": DELIVERING},
    ("mint", "assign"): {"deliver": DELIVERING},
    ("mint", "assign", "accept"): {"confirm": DONE, "deliver": "BadTitle"},
    ("mint", "assign", "accept", "confirm"): {},
}


SAYS = {
    "lock": "Locked",
    "release": "Released",
    "burn": "Burned",
    "escape": "Escaped",
    "hold": "Held",
    "mint": "Minted",
    "unmint": "Unminted",
    "assign": "Assigned",
    "deliver": "",
    "confirm": "Assigned",
}


@pytest.mark.parametrize(
    ("side", "table"),
    [(origin, ORIGIN), (destination, DESTINATION), (title, TITLE)],
    ids=["origin", "destination", "title"],
)
def test_every_verb_in_every_state(side: Callable[[], Side], table: Table) -> None:
    for way, answers in table.items():
        for verb in side().verbs:
            if verb == "accept":
                continue
            at = side()
            at.into(*way)
            before, wanted = at.state, answers.get(verb, "WrongState")
            if isinstance(wanted, str):
                with refuses(wanted):
                    at.into(verb)
                assert at.state == before, (way, verb)
            else:
                at.into(verb)
                assert at.state == wanted, (way, verb)
                says = "HandedOver" if wanted == DELIVERING and verb == "assign" else SAYS[verb]
                escrows = [one.name for one in at.bridge.chain.events if one.contract == "Escrow"]
                assert escrows == ([says] if says else []), (way, verb)


def test_a_fence_says_that_nothing_moved() -> None:
    for at, verb in ((origin(), "release"), (destination(), "unmint")):
        at.into(verb)
        (said,) = at.bridge.chain.events
        assert said.words["amount"] == 0
    for at, way in ((origin(), ("lock", "release")), (destination(), ("mint", "unmint"))):
        at.into(*way)
        assert at.bridge.chain.events[0].words["amount"] == 1_000


def test_a_slot_answers_to_its_own_ticket_only() -> None:
    for at, way, verbs in (
        (origin(), ("lock",), ("release", "burn", "hold", "escape")),
        (destination(), ("mint",), ("unmint", "assign")),
        (title(), ("mint", "assign"), ("deliver", "confirm")),
    ):
        at.into(*way)
        at.bridge.chain.later(ESCAPE_AFTER)
        other = replace(at.ticket, terms=b"\x09" * 32)
        for verb in verbs:
            with refuses("WrongTicket"):
                if verb in {"escape", "deliver", "confirm"}:
                    at.bridge.plain(verb, other)
                else:
                    at.bridge.do(verb, other, until=at.bridge.chain.now)


def test_a_ticket_that_says_nothing_is_refused_by_every_verb() -> None:
    bridge = funded()
    good = bridge.ticket(bridge.home, FIRST)
    for change in (
        {"settlement": bytes(32)},
        {"settlement": bytes(31) + b"\x01"},
        {"settlement": b"\x01" + bytes(15) + b"\x01" + bytes(15)},
        {"amount": 0},
        {"amount": 2**128},
        {"party": bytes(20)},
        {"terms": bytes(32)},
        {"counterpart": bytes(32)},
    ):
        bad = _unchecked(good, **change)
        for verb in ("lock", "release", "burn", "mint", "unmint", "assign", "hold"):
            with refuses("BadTicket"):
                if verb == "lock":
                    bridge.lock(bad, FIRST)
                else:
                    bridge.do(verb, bad, until=bridge.chain.now)
        for verb in ("escape", "deliver", "confirm"):
            with refuses("BadTicket"):
                bridge.plain(verb, bad)
    bridge.do("release", replace(good, amount=2**128 - 1))


def _unchecked(ticket: Ticket, **change: bytes | int) -> Ticket:
    """A ticket that ours refuses to make."""
    made = replace(ticket)
    for name, value in change.items():
        object.__setattr__(made, name, value)
    return made


@pytest.mark.parametrize(("late", "says"), [(0, ""), (1, "Late")])
def test_what_comes_in_has_a_last_second(late: int, says: str) -> None:
    bridge = funded()
    last = bridge.chain.now - late
    locked, minted = bridge.ticket(bridge.home, FIRST), bridge.ticket(bridge.twin, FIRST)
    with refuses(says) if says else nullcontext():
        bridge.lock(locked, FIRST, notAfter=last)
    with refuses(says) if says else nullcontext():
        bridge.do("mint", minted, notAfter=last)


def test_an_escape_has_a_first_second() -> None:
    at = origin()
    at.into("lock")
    at.bridge.chain.later(ESCAPE_AFTER - 1)
    with refuses("NotYet"):
        at.verbs["escape"]()
    at.bridge.chain.later(1)
    at.verbs["escape"]()
    assert at.bridge.balance(at.bridge.home, FIRST.address) == 10_000


@pytest.mark.parametrize("verb", ["release", "escape"])
def test_a_hold_stops_the_way_back_until_its_end(verb: str) -> None:
    at = origin()
    at.into("lock")
    bridge = at.bridge
    bridge.chain.later(ESCAPE_AFTER)
    until = bridge.chain.now + 1_000
    bridge.do("hold", at.ticket, until=until)
    bridge.chain.later(999)
    with refuses("OnHold"):
        at.verbs[verb]()
    bridge.chain.later(1)
    at.verbs[verb]()


def test_a_hold_is_bounded_ended_early_and_never_replayed() -> None:
    at = origin()
    at.into("lock")
    bridge, longest = at.bridge, at.bridge.chain.now + LONGEST_HOLD
    with refuses("TooLong"):
        bridge.do("hold", at.ticket, until=longest + 1)
    bridge.do("hold", at.ticket, until=longest)
    with refuses("OnHold"):
        at.into("release")
    bridge.do("hold", at.ticket, until=bridge.chain.now)  # an earlier time ends it
    with refuses("Replayed"):
        bridge.do("hold", at.ticket, until=longest)
    at.into("release")


def test_a_hold_waits_for_a_lock_that_is_not_there_yet() -> None:
    at = origin()
    at.bridge.do("hold", at.ticket, until=at.bridge.chain.now + 10)
    at.into("lock")
    with refuses("OnHold"):
        at.into("release")


def test_a_guardians_veto_is_one_and_lapses_and_a_governors_stands() -> None:
    at = destination()
    bridge = at.bridge
    at.into("mint")
    bridge.govern("veto", at.ticket.settlement, by=GUARDIAN)
    with refuses("NotYet"):
        bridge.govern("veto", at.ticket.settlement, by=GUARDIAN)
    bridge.chain.later(LAPSE - 1)
    with refuses("Halted"):
        at.into("assign")
    with refuses("NotGovernor"):
        bridge.govern("liftVeto", at.ticket.settlement, by=GUARDIAN)
    with refuses("NotGuardian"):
        bridge.govern("veto", at.ticket.settlement, by=STRANGER)
    bridge.govern("veto", at.ticket.settlement, by=GOVERNOR)
    assert bridge.slot("destination", at.ticket)[4] == U64
    bridge.chain.later(100 * ESCAPE_AFTER)
    with refuses("Halted"):
        at.into("assign")
    bridge.govern("liftVeto", at.ticket.settlement)
    with refuses("NotYet"):  # lifted is not forgotten
        bridge.govern("veto", at.ticket.settlement, by=GUARDIAN)
    at.into("assign")


def test_a_veto_that_lapsed_lets_go_to_the_second() -> None:
    at = destination()
    at.into("mint")
    at.bridge.govern("veto", at.ticket.settlement, by=GUARDIAN)
    at.bridge.chain.later(LAPSE)
    at.into("assign")


def test_an_escrow_has_notaries_and_leaves_holders_no_shorter_wait_than_a_month() -> None:
    chain = Chain()
    bridge = Bridge(chain)
    words = (GOVERNOR.address, GUARDIAN.address)
    chain.deploy("Escrow", *words, bridge.set, SHORTEST_ESCAPE, GENESIS)
    with refuses("BadEscape"):
        chain.deploy("Escrow", *words, bridge.set, SHORTEST_ESCAPE - 1, GENESIS)
    with refuses("NoNotaries"):
        chain.deploy("Escrow", *words, STRANGER.address, SHORTEST_ESCAPE, GENESIS)


def test_the_delivery_tells_whose_assign_it_was() -> None:
    world: World[Chain] = laid_out(Chain())
    back = world.hand_over(SECOND)
    world.title.tell(SECOND, "transferBeneficiary", SECOND.address)
    world.bridge.plain("confirm", back)
    (said,) = world.chain.events
    assert (said.name, said.words["evidence"]) == ("Assigned", b"\x02" * 32)
    assert said.words["tokenId"] == DOCUMENT


def test_what_is_in_the_bridge_reaches_its_cap_and_no_further() -> None:
    bridge = funded()
    bridge.list_asset(bridge.home, bridge.vault, HOME, cap=1_500)
    bridge.list_asset(bridge.twin, bridge.twin_vault, AWAY, cap=1_500)
    lock: Callable[[Ticket], None] = lambda ticket: bridge.lock(ticket, FIRST)  # noqa: E731
    mint: Callable[[Ticket], None] = lambda ticket: bridge.do("mint", ticket)  # noqa: E731
    for act, token in ((lock, bridge.home), (mint, bridge.twin)):
        act(bridge.ticket(token, FIRST, 1_000))
        with refuses("OverCap"):
            act(bridge.ticket(token, FIRST, 501))
        act(bridge.ticket(token, FIRST, 500))
        with refuses("OverCap"):
            act(bridge.ticket(token, FIRST, 1))


def test_a_veto_and_its_end_are_told() -> None:
    at = destination()
    at.bridge.govern("veto", at.ticket.settlement, by=GUARDIAN)
    (said,) = at.bridge.chain.events
    assert (said.name, said.words["until"]) == ("Vetoed", at.bridge.chain.now + LAPSE)
    at.bridge.govern("liftVeto", at.ticket.settlement)
    assert [one.name for one in at.bridge.chain.events] == ["VetoLifted"]


def test_in_the_hours_of_grace_what_is_inside_goes_on_and_nothing_new_is_made() -> None:
    bridge = funded()
    here = [bridge.ticket(bridge.home, FIRST) for _ in range(3)]
    there = [bridge.ticket(bridge.twin, FIRST) for _ in range(2)]
    for ticket in here:
        bridge.lock(ticket, FIRST)
    for ticket in there:
        bridge.do("mint", ticket)
    notaries = Notaries(bridge.chain, bridge.notaries, at=bridge.set)
    joins = next(one for one in PEOPLE if one not in bridge.notaries)
    notaries.rotate(in_order((*bridge.notaries[:4], joins)))
    bridge.chain.later(NOTICE)
    for verb, ticket in (
        ("hold", here[0]),
        ("release", here[1]),
        ("burn", here[2]),
        ("assign", there[0]),
        ("unmint", there[1]),
    ):
        bridge.do(verb, ticket, until=bridge.chain.now)
    with refuses("EpochRetired"):
        bridge.do("mint", bridge.ticket(bridge.twin, FIRST))
