"""Whatever is signed, replayed, mixed up, delayed, halted or seized: nothing is lost or doubled.

Two chains, one where the asset is at home and one of its twin. The notaries of this world keep the
vote book's rule and nothing else; an adversary sends what they ever signed, in any order, as
often as they like, to either chain. After each step the books are read and counted.
"""

from dataclasses import dataclass, field
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from adapters.evm import calls
from adapters.evm.ticket import Ticket, digest
from tests.adapters.evm.chain import (
    AWAY,
    DAY,
    GUARDIAN,
    HOLDERS,
    HOME,
    ISSUER,
    OPERATOR,
    STRANGER,
    Bridge,
    Chain,
    Party,
    Reverted,
    Said,
)

RATE_CAP, PER_SECOND = 3_000, 1
FUNDS = 10_000
FIRST = HOLDERS[0]
JOURNEY = {
    "lock": ("lock",),
    "mint": ("lock", "mint"),
    "assign": ("lock", "mint", "burn", "assign"),
    "unmint": ("lock", "mint", "unmint"),
    "release": ("unmint", "release"),
}
STATIONS = ("lock", "mint", "assign", "assign", "unmint", "release")
VERBS = ("mint", "burn", "assign", "unmint", "release")
OPEN = 1
ENDS = {
    "origin": {"Released": 2, "Burned": 3, "Escaped": 4},
    "destination": {"Unminted": 2, "Assigned": 3},
}


@dataclass
class Crossing:
    """One settlement: its two tickets, what was signed for it, what happened to it."""

    outward: bool  # from home to twin
    origin: Ticket
    destination: Ticket
    holder: Party
    signed: set[str] = field(default_factory=set)
    happened: list[tuple[str, int]] = field(default_factory=list)  # event and amount

    def did(self, name: str) -> bool:
        return any(event == name for event, _ in self.happened)


@dataclass(frozen=True)
class Sent:
    """A transaction somebody has in hand."""

    away: bool  # meant for the twin's chain
    by: Party
    data: bytes


class Crossings(RuleBasedStateMachine):
    crossings = Bundle("crossings")
    hand = Bundle("hand")

    def __init__(self) -> None:
        super().__init__()
        self.here = Bridge(Chain(chain_id=31337))
        self.away = Bridge(Chain(chain_id=31338))
        self.here.list_asset(
            self.here.home, self.here.vault, HOME, rateCap=RATE_CAP, perSecond=PER_SECOND
        )
        self.away.list_asset(
            self.away.twin, self.away.twin_vault, AWAY, rateCap=RATE_CAP, perSecond=PER_SECOND
        )
        for holder in HOLDERS:
            self.here.fund(holder, FUNDS)
            self.away.allow(holder)
        self.numbers = count(1)
        self.all: dict[bytes, Crossing] = {}
        self.seized = 0
        self.halted_in = [False, False]
        self.flow: list[tuple[bool, int, int]] = []  # which chain, when, how much was minted

    def side(self, away: bool) -> Bridge:
        return self.away if away else self.here

    # what the parties do

    @initialize(target=crossings)
    def already_away(self) -> Crossing:
        """One share has crossed before the story begins, so that some may come back."""
        gone = self.ordered(FIRST, outward=True, amount=1_500, to=FIRST)
        self.carry_on_to(gone, "assign")
        return self.ordered(FIRST, outward=False, amount=700, to=FIRST)

    @rule(
        target=crossings,
        outward=st.booleans(),
        amount=st.integers(1, 1_500),
        holder=st.sampled_from(HOLDERS),
        to=st.sampled_from(HOLDERS),
        station=st.sampled_from(STATIONS),
    )
    def order(self, outward: bool, amount: int, holder: Party, to: Party, station: str) -> Crossing:
        """Somebody orders a crossing, and it gets as far as `station` without trouble."""
        crossing = self.ordered(holder, outward=outward, amount=amount, to=to)
        self.carry_on_to(crossing, station)
        return crossing

    def ordered(self, holder: Party, *, outward: bool, amount: int, to: Party) -> Crossing:
        number = next(self.numbers)
        here = self.here.ticket(self.here.home, holder if outward else to, amount, number=number)
        away = self.away.ticket(self.away.twin, to if outward else holder, amount, number=number)
        crossing = Crossing(outward, *((here, away) if outward else (away, here)), holder)
        self.all[here.settlement] = crossing
        return crossing

    @rule(target=hand, crossing=crossings)
    def holder_consents(self, crossing: Crossing) -> Sent:
        return self.consent(crossing)

    def consent(self, crossing: Crossing) -> Sent:
        bridge = self.side(not crossing.outward)
        words = bridge.words("lock")
        said = crossing.holder.sign(digest(bridge.domain, "Lock", crossing.origin, words))
        data = calls.call("Escrow", "lock", crossing.origin.words(), *words.values(), said)
        return Sent(not crossing.outward, OPERATOR, data)

    @rule(target=hand, crossing=crossings, verb=st.sampled_from(VERBS))
    def notaries_are_asked(self, crossing: Crossing, verb: str) -> Sent:
        return self.sign(crossing, verb)

    def sign(self, crossing: Crossing, verb: str) -> Sent:
        """The notaries keep the vote book and read what is final; else they stay silent."""
        signed = crossing.signed
        may = {
            "mint": crossing.did("Locked") and not signed & {"unmint", "release"},
            "burn": crossing.did("Minted") and not signed & {"unmint", "release"},
            "assign": crossing.did("Burned"),
            "unmint": "burn" not in signed,
            "release": "burn" not in signed and (crossing.did("Unminted") or "mint" not in signed),
        }[verb]
        at_origin = verb in ("burn", "release")
        away = crossing.outward != at_origin
        bridge = self.side(away)
        ticket = crossing.origin if at_origin else crossing.destination
        if not may:  # all an adversary has without them: two signatures of three
            return Sent(away, STRANGER, bridge.signed(verb, ticket, bridge.notaries[:2]))
        signed.add(verb)
        return Sent(away, STRANGER, bridge.signed(verb, ticket))

    @rule(
        target=hand,
        crossing=crossings,
        station=st.sampled_from(STATIONS),
    )
    def carry_on(self, crossing: Crossing, station: str) -> Sent:
        return self.carry_on_to(crossing, station)

    def carry_on_to(self, crossing: Crossing, station: str) -> Sent:
        """Take the honest steps up to a station, so that long stories are told too."""
        last = Sent(not crossing.outward, STRANGER, b"")
        for verb in JOURNEY[station]:
            last = self.consent(crossing) if verb == "lock" else self.sign(crossing, verb)
            self.send(last.away, last.by, last.data)
        return last

    @rule(target=hand, crossing=crossings, days=st.integers(0, 180))
    def order_hold(self, crossing: Crossing, days: int) -> Sent:
        bridge = self.side(not crossing.outward)
        until = bridge.chain.now + days * DAY
        data = bridge.signed("hold", crossing.origin, None, until=until)
        return Sent(not crossing.outward, STRANGER, data)

    # what the world does

    @rule(sent=hand)
    def land(self, sent: Sent) -> None:
        self.send(sent.away, sent.by, sent.data)

    @rule(sent=hand)
    def land_on_the_other_chain(self, sent: Sent) -> None:
        """I7: a signature is good for one chain."""
        assert not self.send(not sent.away, sent.by, sent.data)

    @rule(sent=hand, place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
    def land_tampered(self, sent: Sent, place: float, flip: int) -> None:
        data = bytearray(sent.data)
        data[int(place * len(data))] ^= flip
        self.send(sent.away, sent.by, bytes(data))

    @rule(crossing=crossings)
    def escape(self, crossing: Crossing) -> None:
        data = calls.call("Escrow", "escape", crossing.origin.words())
        self.send(not crossing.outward, STRANGER, data)

    @rule(seconds=st.sampled_from((1, 600, DAY, DAY, 180 * DAY, 401 * DAY)))
    def later(self, seconds: int) -> None:
        for bridge in (self.here, self.away):
            bridge.chain.later(seconds)

    @rule(away=st.booleans(), halted=st.booleans())
    def halt_or_resume(self, away: bool, halted: bool) -> None:
        if halted:
            self.side(away).govern("haltIn", by=GUARDIAN)
        else:
            self.side(away).govern("resumeIn")
        self.halted_in[away] = halted

    @rule(amount=st.integers(0, 500))
    def seize_or_make_good(self, amount: int) -> None:
        """What a court takes from the vault, and the issuer makes good."""
        if self.seized:
            data = calls.call("RepresentationToken", "crosschainMint", self.here.vault, self.seized)
            self.seized = 0
        else:
            self.seized = min(amount, self.here.balance(self.here.home, self.here.vault))
            data = calls.call(
                "RepresentationToken",
                "forcedTransfer",
                self.here.vault,
                ISSUER.address,
                self.seized,
            )
        self.here.chain.send(ISSUER, self.here.home, data)

    def send(self, away: bool, by: Party, data: bytes) -> bool:
        chain = self.side(away).chain
        try:
            chain.send(by, self.side(away).escrow, data)
        except Reverted:
            return False
        for said in chain.events:
            if said.contract == "Escrow":
                self.heard(away, said)
        return True

    def heard(self, away: bool, said: Said) -> None:
        settlement, amount = said.words["settlement"], said.words["amount"]
        assert isinstance(settlement, bytes)
        assert isinstance(amount, int)
        crossing = self.all[settlement]
        verb = {
            "Minted": "mint",
            "Burned": "burn",
            "Assigned": "assign",
            "Unminted": "unmint",
            "Released": "release",
        }.get(said.name)
        # I6: no verb that three notaries have not signed, and none with other words
        assert verb is None or verb in crossing.signed
        at_origin = said.name in ("Locked", "Released", "Burned", "Escaped", "Held")
        ticket = crossing.origin if at_origin else crossing.destination
        assert away == (crossing.outward != at_origin)
        assert said.words["party"] == "0x" + ticket.party.hex()
        assert amount in (0, ticket.amount)
        if said.name == "Held":
            return
        # I9: nothing enters a halted door
        assert not (said.name in ("Locked", "Minted") and self.halted_in[away])
        if said.name == "Minted":
            self.flow.append((away, self.side(away).chain.now, amount))
        if said.name == "Unminted" and amount:
            self.flow.append((away, self.side(away).chain.now, -amount))
        # I4: assigned only what was burned, in the same amount
        assert said.name != "Assigned" or ("Burned", amount) in crossing.happened
        crossing.happened.append((said.name, amount))

    # what must hold, whatever happened

    @invariant()
    def every_slot_ends_once(self) -> None:
        """I3 and I8, counted from the events and read from the slots."""
        for crossing in self.all.values():
            for side, ends in ENDS.items():
                ended = [name for name, _ in crossing.happened if name in ends]
                assert len(ended) <= 1
                away = crossing.outward != (side == "origin")
                ticket = crossing.origin if side == "origin" else crossing.destination
                state = self.side(away).slot(side, ticket)[1]
                began = crossing.did("Locked" if side == "origin" else "Minted")
                assert state == (ends[ended[0]] if ended else OPEN if began else 0)
            given = {name for name, amount in crossing.happened if amount}
            assert not (given & {"Released", "Escaped"} and given & {"Assigned", "Burned"})

    @invariant()
    def the_vault_holds_what_it_owes(self) -> None:
        """I1 and I2."""
        held, backed = self.here.chain.view(self.here.vault, "accounts", self.here.home)
        (backing,) = self.here.chain.view(self.here.vault, "backing", self.here.home, AWAY)
        assert backed == backing
        assert held == self.in_slots(away=False)
        balance = self.here.balance(self.here.home, self.here.vault)
        assert balance + self.seized == int(str(held)) + int(str(backed))

    @invariant()
    def no_twin_without_its_original(self) -> None:
        """I5: what goes about as a twin is backed at home, or waits there in an open mint."""
        (issued,) = self.away.chain.view(self.away.twin_vault, "issued", self.away.twin, AWAY)
        (supply,) = self.away.chain.view(self.away.twin, "totalSupply")
        assert issued == supply
        custody = self.away.balance(self.away.twin, self.away.twin_vault)
        assert custody == self.in_slots(away=True)
        (backing,) = self.here.chain.view(self.here.vault, "backing", self.here.home, AWAY)
        waiting = sum(
            c.destination.amount
            for c in self.all.values()
            if not c.outward and c.did("Minted") and not c.did("Unminted") and not c.did("Assigned")
        )
        assert int(str(supply)) - custody <= int(str(backing)) + waiting

    @invariant()
    def no_window_mints_more_than_the_bucket(self) -> None:
        """I10: of every stretch of time, what was minted less what was undone in it."""
        for away in (False, True):
            flow = [(when, amount) for where, when, amount in self.flow if where == away]
            for first in range(len(flow)):
                total = 0
                for when, amount in flow[first:]:
                    total += amount
                    assert total <= RATE_CAP + PER_SECOND * (when - flow[first][0])

    def in_slots(self, *, away: bool) -> int:
        total = 0
        for crossing in self.all.values():
            at_origin = crossing.outward != away
            ends = ENDS["origin" if at_origin else "destination"]
            ticket = crossing.origin if at_origin else crossing.destination
            began = crossing.did("Locked" if at_origin else "Minted")
            if began and not any(crossing.did(name) for name in ends):
                total += ticket.amount
        return total


Crossings.TestCase.settings = settings(max_examples=30, stateful_step_count=50, deadline=None)
TestCrossings = Crossings.TestCase
