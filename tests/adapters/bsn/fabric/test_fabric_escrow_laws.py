"""Whatever is asked in whatever order, the chaincode does what the reference escrow does.

Where they differ, the chaincode is the stricter: its lots are single, so a twin that is here
cannot be minted by a second settlement, and a lot moves whole.
"""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from adapters.bsn.chaincode.call import Outcome
from adapters.memory.codec import Transaction
from adapters.memory.escrow import VAULT, Escrow, Quorum, Refusal, Written
from bridge.core.act import Act
from bridge.core.canonical import parse
from bridge.core.effects import Verb
from bridge.core.ids import Instant, TxRef
from bridge.core.money import Units
from tests.adapters.bsn.fabric.board import (
    ALICE,
    BOB,
    DAY,
    ESCROW,
    HOUR,
    NETWORK,
    NOTARIES,
    OPERATOR,
    PEOPLE,
    START,
    THRESHOLD,
    Board,
    Person,
    act,
    hashed,
    notarised,
    public,
    settlement,
)

HOMES, TWINS = {"INV-1": 100, "INV-2": 7}, {"twin/INV-3": 100, "twin/INV-4": 5}
UNITS = HOMES | TWINS
NAMES = {
    "AssetLocked": "settlement.locked",
    "LockReleased": "settlement.released",
    "AssetBurned": "settlement.burned",
    "AssetMinted": "settlement.minted",
    "AssetUnminted": "settlement.unminted",
    "AssetAssigned": "settlement.assigned",
    "LockHeld": "settlement.held",
}
# two numbers fight for each asset, and now and then one reaches for another
PLACES = st.one_of(
    st.integers(1, 8).map(lambda number: (number, sorted(UNITS)[number % 4])),
    st.tuples(st.integers(1, 8), st.sampled_from(sorted(UNITS))),
)
VERBS = st.sampled_from([verb for verb in Verb if verb not in {Verb.PAY, Verb.RECALL}])


def told(outcome: Outcome) -> dict[str, str] | None:
    """What an event says, in the words both escrows have."""
    if outcome.event is None:
        return None
    body = parse(outcome.event.payload)
    assert isinstance(body, dict)
    words = ("settlement", "asset", "part", "units", "account", "until", "evidence")
    return {"name": outcome.event.name} | {word: body[word] for word in words if word in body}


class Escrows(RuleBasedStateMachine):
    """The chaincode and the reference, asked the same."""

    def __init__(self) -> None:
        super().__init__()
        self.board = Board().opened()
        self.reference = Escrow(NETWORK, ESCROW)
        self.reference.operators = {OPERATOR.key}
        self.reference.epochs = {1: Quorum(frozenset(map(public, NOTARIES)), THRESHOLD)}
        self.reference.assets = dict.fromkeys(HOMES, True) | dict.fromkeys(TWINS, False)
        for person in PEOPLE:
            self.reference.open_account(person.account, person.key)
        for asset, units in HOMES.items():
            self.board.issue(asset, units)
            self.reference.issue(asset, "", ALICE.account, units)

    def _both(self, one: Act, outcome: Outcome, signers: frozenset[str], operator: str) -> None:
        """What the one did the other does; what the one refused or had done, the other refuses."""
        ours = told(outcome)
        if ours is None and one.verb is Verb.MINT and self._twin_is_here(one):
            return
        tx = Transaction(
            id=TxRef(""),
            act=one,
            message=one.message(),
            signatures=(),
            operator=operator,
            expires=Instant(0),
            signed=b"",
            operator_signature=b"",
        )
        try:
            written: Written | None = self.reference.execute(tx, signers, self.board.now)
        except Refusal:
            written = None
        assert ours == self._said(written), outcome.response

    def _said(self, written: Written | None) -> dict[str, str] | None:
        if written is None:
            return None
        event = {name: str(value) for name, value in written.event.items() if name != "escrow"}
        return event | {"name": NAMES[event["name"]]}

    def _twin_is_here(self, one: Act) -> bool:
        return one.asset in TWINS and bool(self.board.record(f"asset/{one.asset}"))

    @rule(
        verb=VERBS,
        place=PLACES,
        party=st.sampled_from([ALICE, ALICE, BOB]),
        until=st.integers(-1, 200).map(lambda days: days * DAY),
        enough=st.sampled_from([True, True, True, False]),
    )
    def asks(
        self, verb: Verb, place: tuple[int, str], party: Person, until: int, *, enough: bool
    ) -> None:
        """Bring an act, now and then with too little under it."""
        self._bring(verb, *place, party, until, enough=enough)

    @rule(asset=st.sampled_from(sorted(UNITS)), number=st.integers(1, 8))
    def begins(self, asset: str, number: int) -> None:
        """Bring what fits a lot: a lock by who holds it, a mint of what is not here."""
        lot = self.board.record(f"asset/{asset}")
        holder = next((who for who in (ALICE, BOB) if who.account == lot.get("holder")), None)
        verb = Verb.LOCK if holder is not None else Verb.MINT
        self._bring(verb, number, asset, holder or BOB, 0, enough=True)

    @rule(
        verb=st.sampled_from([Verb.RELEASE, Verb.BURN, Verb.HOLD, Verb.UNMINT, Verb.ASSIGN]),
        which=st.integers(0, 7),
        until=st.sampled_from([-1, 1, 2, 180]).map(lambda days: days * DAY),
    )
    def goes_on(self, verb: Verb, which: int, until: int) -> None:
        """Bring what fits a slot that is open."""
        side = "origin/" if verb in {Verb.RELEASE, Verb.BURN, Verb.HOLD} else "destination/"
        opened = [
            number
            for number in range(1, 9)
            if self.board.record(f"{side}{settlement(number)}").get("state") == "open"
        ]
        if not opened:
            return
        number = opened[which % len(opened)]
        ticket = self.board.record(f"{side}{settlement(number)}")["ticket"]
        assert isinstance(ticket, dict)
        party = ALICE if ticket["party"] == ALICE.account else BOB
        self._bring(verb, number, ticket["asset"], party, until, enough=True)

    def _bring(
        self, verb: Verb, number: int, asset: str, party: Person, until: int, *, enough: bool
    ) -> None:
        one = act(
            verb,
            number,
            asset,
            units=Units(UNITS[asset]),
            party=party.account,
            until=Instant(max(0, self.board.now + until) if verb is Verb.HOLD else 0),
            not_after=Instant(START + 300 * DAY if verb in {Verb.LOCK, Verb.MINT} else 0),
        )
        if verb is Verb.LOCK:
            caller = OPERATOR if enough else ALICE
            outcome = self.board.do(one, caller=caller)
            self._both(one, outcome, frozenset({party.key}), caller.key)
            return
        keys = NOTARIES[:THRESHOLD] if enough else NOTARIES[:1]
        outcome = self.board.do(one, notarised(one.message(), keys))
        self._both(one, outcome, frozenset(map(public, keys)), "")

    @rule(place=PLACES)
    def bends(self, place: tuple[int, str]) -> None:
        """An act that differs in one word from what the slot was opened for does nothing."""
        number, asset = place
        slot = self.board.record(f"origin/{settlement(number)}")
        if slot.get("state") != "open":
            return
        one = replace(act(Verb.BURN, number, asset), terms=hashed("another order"))
        assert told(self.board.do(one)) is None

    @rule(place=PLACES)
    def escapes(self, place: tuple[int, str]) -> None:
        """Anybody asks for a lock whose gateway died."""
        number, asset = place
        ticket = self.board.record(f"origin/{settlement(number)}").get("ticket")
        if isinstance(ticket, dict):
            asset = ticket["asset"]
        words = {"settlement": settlement(number), "asset": asset, "part": ""}
        outcome = self.board.call("escape", words, BOB)
        if "another ticket" in outcome.response.message:
            return
        try:
            written: Written | None = self.reference.escape(settlement(number), self.board.now)
        except Refusal:
            written = None
        assert told(outcome) == self._said(written)

    @rule(later=st.sampled_from([1, HOUR, HOUR, DAY, DAY, 40 * DAY, 400 * DAY]))
    def waits(self, later: int) -> None:
        """Time passes."""
        self.board.now = Instant(self.board.now + later)

    @invariant()
    def everybody_owns_what_the_reference_says(self) -> None:
        """Lot by lot, under locks and in the vault too; and what is at home is there once."""
        found = {}
        for key in self.board.state:
            if not key.startswith("asset/"):
                continue
            lot, asset = self.board.record(key), key.removeprefix("asset/")
            taken = f"slot/{lot['settlement']}" if lot["settlement"] else ""
            found[asset, "", taken or str(lot["holder"])] = int(str(lot["units"]))
        assert found == self.reference.balances
        assert VAULT == "vault"
        assert {asset for asset, _, _ in found} >= set(HOMES)

    @invariant()
    def slots_stand_alike(self) -> None:
        """Every slot has the reference's state and hold."""
        ours = {
            key: (str(slot["state"]), int(str(slot["held_until"])))
            for key in self.board.state
            if key.startswith(("origin/", "destination/")) and (slot := self.board.record(key))
        }
        theirs = {k: (s.state.value, s.held_until) for k, s in self.reference.slots.items()}
        assert ours == theirs


TestEscrows = Escrows.TestCase
TestEscrows.settings = settings(max_examples=100, stateful_step_count=50, deadline=None)
