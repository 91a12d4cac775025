"""I11: a title has one operative medium, whoever does what with it, here and away, in any order.

TradeTrust's own registry and our two networks; notaries who keep the vote book; owners, banks and
strangers who push, bounce, pass on, accept and send back as they please.
"""

from collections.abc import Callable
from itertools import count

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.ticket import Ticket
from adapters.evm.titles import remark
from tests.adapters.evm.chain import HOLDERS, STRANGER, Bridge, Chain, Party, Reverted
from tests.adapters.evm.instruments.bills import DOCUMENT, laid_out

ZERO = "0x" + "00" * 20
OPEN, SPENT, DONE, DELIVERING = 1, 2, 3, 5
PEOPLE, HOLDER = st.sampled_from((*HOLDERS, STRANGER)), st.sampled_from(HOLDERS)
RARELY = st.sampled_from((False, False, False, True))
JOURNEYS = (
    ("lock",),
    ("lock", "mint", "burn"),
    ("lock", "mint", "burn", "assign"),
    ("lock", "mint", "burn", "assign", "accept", "confirm"),
    ("lock", "mint", "burn", "assign", "accept", "confirm"),
    ("lock", "mint", "unmint", "release"),
)


class Crossing:
    """One settlement: the title goes away, or its twin comes home."""

    def __init__(self, outward: bool, here: Ticket, away: Ticket, holder: Party) -> None:
        self.outward, self.here, self.away, self.holder = outward, here, away, holder
        self.signed: set[str] = set()


class Titles(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.world = laid_out(Chain())
        self.title, self.here = self.world.title, self.world.bridge
        self.there = Bridge(Chain(chain_id=31338))
        for holder in HOLDERS:
            words = (self.there.twin_vault, True)
            allow = calls.call("RepresentationTitle", "setApprovalForAll", *words)
            self.there.chain.send(holder, self.there.title, allow)
        self.crossings: list[Crossing] = []
        self.numbers = count(1)

    def tried(self, what: Callable[[], None]) -> bool:
        try:
            what()
        except Reverted:
            return False
        return True

    def slot(self, crossing: Crossing, side: str) -> int:
        at_home = crossing.outward == (side == "origin")
        bridge, ticket = (self.here, crossing.here) if at_home else (self.there, crossing.away)
        return bridge.slot(side, ticket)[1]

    @rule(stray=RARELY, holder=PEOPLE, to=HOLDER, station=st.sampled_from(JOURNEYS))
    def order(self, stray: bool, holder: Party, to: Party, station: tuple[str, ...]) -> None:
        """Who has the title sends it the other way, as far as a station; or somebody who has not.

        Where it goes out its holder pushes it for the settlement, if they may.
        """
        number, twin = next(self.numbers), self.twin_owner()
        outward = twin == ZERO
        owner = self.title.owners[0] if outward else twin
        if not stray:
            holder = next((one for one in HOLDERS if one.address == owner), holder)
        at_home, away = (holder, to) if outward else (to, holder)
        here = self.here.ticket(
            self.world.registry.address, at_home, 1, token_id=DOCUMENT, number=number
        )
        there = self.there.ticket(self.there.title, away, 1, token_id=DOCUMENT, number=number)
        self.crossings.append(Crossing(outward, here, there, holder))
        if outward:
            self.tried(lambda: self.title.push(holder, self.world.vault, remark(here)))
        for verb in station:
            if verb == "accept":
                self.tried(lambda: self.title.tell(to, "transferBeneficiary", to.address))
            else:
                self.carry_on(back=0, verb=verb)

    @rule(
        back=st.integers(0, 2),
        verb=st.sampled_from(
            ("lock", "mint", "burn", "burn", "assign", "assign", "unmint", "release", "confirm")
        ),
    )
    def carry_on(self, back: int, verb: str) -> None:
        """The notaries sign what the vote book and what is final let them; then it is sent."""
        if len(self.crossings) <= back:
            return
        one = self.crossings[-1 - back]
        at_origin = verb in {"lock", "burn", "release"}
        at_home = one.outward == at_origin
        bridge, ticket = (self.here, one.here) if at_home else (self.there, one.away)
        if verb == "lock":
            self.tried(lambda: bridge.lock(ticket, one.holder))
            return
        if verb == "confirm":
            for again in ("deliver", "confirm"):
                self.tried(lambda name=again: bridge.plain(name, ticket))  # type: ignore[misc]
            return
        may = {
            "mint": self.slot(one, "origin") == OPEN and not one.signed & {"unmint", "release"},
            "burn": self.slot(one, "destination") == OPEN
            and not one.signed & {"unmint", "release"},
            "assign": self.slot(one, "origin") == DONE,
            "unmint": "burn" not in one.signed,
            "release": "burn" not in one.signed
            and (self.slot(one, "destination") == SPENT or "mint" not in one.signed),
        }[verb]
        if may:
            one.signed.add(verb)
        if verb in one.signed:  # what was signed once may be sent at any time
            self.tried(lambda: bridge.do(verb, ticket))

    @rule(
        who=PEOPLE,
        whom=PEOPLE,
        what=st.sampled_from(
            ("nominate", "transferHolder", "transferBeneficiary", "transferBeneficiary")
        ),
    )
    def owners_deal(self, who: Party, whom: Party, what: str) -> None:
        self.tried(lambda: self.title.tell(who, what, whom.address))

    @rule(who=PEOPLE, what=st.sampled_from(("Owners", "Holder", "Beneficiary")))
    def owners_bounce(self, who: Party, what: str) -> None:
        self.tried(lambda: self.title.tell(who, f"rejectTransfer{what}"))

    @rule(who=PEOPLE, days=st.integers(0, 2))
    def somebody_sends_back(self, who: Party, days: int) -> None:
        for name in ("notice", "sendBack"):
            data = calls.call("TitleVault", name, self.world.registry.address, DOCUMENT)
            self.tried(lambda words=data: self.send(who, words))  # type: ignore[misc]
            self.world.chain.later(days * 43_200)

    def send(self, who: Party, data: bytes) -> None:
        self.world.chain.send(who, self.world.vault, data)

    def kept(self) -> tuple[Word, ...]:
        """What the vault has in its books: of which settlement, and where it is operative."""
        return self.world.chain.view(self.world.vault, "titles", self.title.address)

    def twin_owner(self) -> str:
        try:
            (owner,) = self.there.chain.view(self.there.title, "ownerOf", DOCUMENT)
        except Reverted:
            return ZERO
        return str(owner)

    @invariant()
    def one_medium_is_operative(self) -> None:
        """While somebody has a twin, the title is the vault's, marked away or in an open slot."""
        settlement, medium = self.kept()
        owners = self.title.owners
        twin = self.twin_owner()
        if twin not in {ZERO, self.there.twin_vault}:
            assert owners == self.world.custody
            assert medium != bytes(32) or settlement != bytes(32)
        if medium != bytes(32):  # away: nobody here has a role in it
            assert settlement == bytes(32)
            assert owners == self.world.custody
        if self.world.vault not in owners:
            assert twin in {ZERO, self.there.twin_vault}
            assert medium == bytes(32)

    @invariant()
    def one_settlement_has_it(self) -> None:
        """I2 and I3 for titles: of all open slots one names it, and that one is the vault's."""
        opened = [
            one
            for one in self.crossings
            if self.slot(one, "origin" if one.outward else "destination") in {OPEN, DELIVERING}
        ]
        settlement, _ = self.kept()
        assert [one.here.settlement for one in opened] == (
            [settlement] if settlement != bytes(32) else []
        )


Titles.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
TestTitles = Titles.TestCase
