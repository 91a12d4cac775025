"""The escrow under anything: a machine that sends, reorders, undoes and waits, and four laws."""

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from adapters.conformance.exam import EPOCH, NOTARY_KEYS, THRESHOLD, exam_act, exam_order, notaries
from adapters.memory.chain import Chain
from adapters.memory.codec import event_fact, public_hex, transaction, unsealed
from adapters.memory.escrow import VAULT, Escrow, Quorum, Refusal
from bridge.core.act import Act, Signature
from bridge.core.effects import (
    AssignAsset,
    BurnAsset,
    HoldLock,
    LockAsset,
    MintAsset,
    NetworkEffect,
    ReleaseLock,
    UnmintAsset,
)
from bridge.core.events import Fact, LockHeld, LockReleased
from bridge.core.ids import Instant, NetworkId
from bridge.core.money import Units
from bridge.core.order import Leg, SettlementOrder
from tests.adapters.memory.grounds import START, key

HERE = NetworkId("memory:here")
VERBS: dict[str, Callable[[SettlementOrder], NetworkEffect]] = {
    "lock": LockAsset,
    "release": ReleaseLock,
    "burn": BurnAsset,
    "mint": MintAsset,
    "unmint": UnmintAsset,
    "assign": AssignAsset,
}
ESCAPE_MS = 300
ISSUED, LOT = 10, 4  # two lots fit, a third does not
ENDS = {
    frozenset({"LockReleased", "AssetBurned"}),
    frozenset({"AssetUnminted", "AssetAssigned"}),
}


def order_of(number: int) -> SettlementOrder:
    """Orders whose number is even leave from here, the others arrive here."""
    made = exam_order(number, Instant(START), LOT)
    leg = Leg(network=HERE, escrow="escrow", asset="asset")
    if number % 2 == 0:
        who = replace(made.originator, account="holder")
        return replace(made, origin=leg, originator=who)
    return replace(made, destination=leg, beneficiary=replace(made.beneficiary, account="receiver"))


ORDERS = [order_of(number) for number in range(6)]


class Adversary(RuleBasedStateMachine):
    """Everything an operator, a network and late messages can do to one escrow."""

    @initialize(
        is_home=st.booleans(),
        block_ms=st.sampled_from([0, 10]),
        finality_ms=st.sampled_from([0, 30]),
    )
    def begin(self, is_home: bool, block_ms: int, finality_ms: int) -> None:
        escrow = Escrow(HERE, "escrow", escape_after_ms=ESCAPE_MS)
        escrow.operators.add(public_hex(key("operator")))
        escrow.assets["asset"] = True
        for account in ("holder", "receiver"):
            escrow.open_account(account, public_hex(key(account)))
        escrow.issue("asset", "", "holder", ISSUED)
        if is_home:
            escrow.balances["asset", "", VAULT] = 2 * LOT  # originals that crossed before
        else:
            escrow.assets["asset"] = False
        escrow.epochs[EPOCH] = Quorum(frozenset(NOTARY_KEYS), THRESHOLD)
        self.is_home = is_home
        self.chain = Chain(escrow, key("network"), block_ms=block_ms, finality_ms=finality_ms)
        self.now = START
        self.sent: list[bytes] = []
        self.told: list[bytes] = []
        self.frozen: int | None = None  # how much was told when finality was paused

    def raw(self, effect: NetworkEffect, act: Act, life_ms: int) -> bytes:
        if isinstance(effect, LockAsset):
            word = key("holder").sign(act.message())
            signed = (Signature(kind="ed25519", signer=public_hex(key("holder")), signature=word),)
            operator = key("operator")
            return transaction(act, signed, expires=Instant(self.now + life_ms), operator=operator)
        return transaction(act, notaries(act), expires=Instant(self.now + life_ms))

    def send(self, raw: bytes) -> None:
        try:
            self.chain.receive(raw, Instant(self.now))
        except Refusal:
            return

    @rule(
        verb=st.sampled_from(["lock", "lock", "release", "burn"]),
        number=st.sampled_from([0, 2, 4]),
        life_ms=st.sampled_from([5, 1_000, 1_000]),
        send=st.sampled_from([True, True, False]),
    )
    def leave(self, verb: str, number: int, life_ms: int, send: bool) -> None:
        """Ask for a verb of an order that leaves from here, now or later."""
        self.ask(verb, number, life_ms, send)

    @rule(
        verb=st.sampled_from(["mint", "mint", "unmint", "assign"]),
        number=st.sampled_from([1, 3, 5]),
        life_ms=st.sampled_from([5, 1_000, 1_000]),
        send=st.sampled_from([True, True, False]),
    )
    def arrive(self, verb: str, number: int, life_ms: int, send: bool) -> None:
        """Ask for a verb of an order that arrives here, now or later."""
        self.ask(verb, number, life_ms, send)

    def ask(self, verb: str, number: int, life_ms: int, send: bool) -> None:
        effect = VERBS[verb](ORDERS[number])
        self.sent.append(self.raw(effect, exam_act(effect), life_ms))
        if send:
            self.send(self.sent[-1])

    @rule(
        number=st.sampled_from([0, 2, 4]),
        until=st.sampled_from([0, 50, 500]),
        count=st.integers(1, 3),
    )
    def hold(self, number: int, until: int, count: int) -> None:
        effect = HoldLock(ORDERS[number], Instant(self.now + until if until else 0), count)
        self.sent.append(self.raw(effect, exam_act(effect), 1_000))
        self.send(self.sent[-1])

    @rule(data=st.data())
    def come_late(self, data: st.DataObject) -> None:
        """Anything that was ever made arrives again, or at last."""
        if self.sent:
            self.send(data.draw(st.sampled_from(self.sent)))

    @rule(ms=st.sampled_from([1, 10, 30, 100]))
    def wait(self, ms: int) -> None:
        self.now += ms
        self.chain.turn(Instant(self.now))

    @rule(on=st.booleans())
    def reorder(self, on: bool) -> None:
        self.chain.reordering = on

    @rule(on=st.booleans())
    def pause(self, on: bool) -> None:
        self.chain.paused = on
        self.frozen = len(self.chain.events) if on else None

    @rule(drop=st.booleans(), depth=st.integers(1, 3))
    def undo(self, drop: bool, depth: int) -> None:
        """Take back the last blocks, but no final one: this network keeps its word."""
        for _ in range(depth):
            if self.chain.unsettled:
                self.chain.reorganise(1, Instant(self.now), drop=drop)

    @rule(number=st.sampled_from([0, 2, 4]))
    def escape(self, number: int) -> None:
        """A holder asks for their lock back, before and after its time."""
        before = self.chain.escrow.slots.get(f"origin/{ORDERS[number].id}")
        try:
            self.chain.escape(ORDERS[number].id, Instant(self.now))
        except Refusal:
            return
        assert before is not None
        assert before.since + ESCAPE_MS <= self.now, "escaped before its time"
        assert before.held_until <= self.now, "escaped from a hold"

    def facts(self) -> list[Fact]:
        return [event_fact(unsealed(one)) for one in self.chain.events]

    @invariant()
    def nothing_appears_or_disappears(self) -> None:
        escrow = self.chain.escrow
        assert min(escrow.balances.values(), default=0) >= 0
        if self.is_home:
            assert escrow.supply("asset") == ISSUED + 2 * LOT
        else:
            slots = escrow.slots.items()
            made = [
                s
                for name, s in slots
                if name.startswith("destination/") and s.state in {"open", "done"}
            ]
            gone = [s for name, s in slots if name.startswith("origin/") and s.state == "done"]
            assert escrow.supply("asset") == ISSUED + LOT * len(made) - LOT * len(gone)

    @invariant()
    def what_is_in_a_slot_is_there_once(self) -> None:
        escrow = self.chain.escrow
        for order in ORDERS:
            opened = [
                slot
                for side in ("origin", "destination")
                if (slot := escrow.slots.get(f"{side}/{order.id}")) and slot.state == "open"
            ]
            assert escrow.balance("asset", "", f"slot/{order.id}") == LOT * len(opened)

    @invariant()
    def no_settlement_ends_both_ways(self) -> None:
        for order in ORDERS:
            names = [type(fact).__name__ for fact in self.facts() if fact.settlement == order.id]
            told = [name for name in names if name != "LockHeld"]
            assert len(told) == len(set(told)), f"told twice: {names}"
            for both in ENDS:
                assert not both <= set(names), names
            if "AssetBurned" in names or "AssetAssigned" in names:
                assert names[0] in {"AssetLocked", "AssetMinted", "LockHeld"}

    @invariant()
    def nothing_is_final_while_paused(self) -> None:
        assert self.frozen in {None, len(self.chain.events)}

    @invariant()
    def nothing_held_is_released(self) -> None:
        held: dict[str, int] = {}
        for one in self.chain.events:
            fact, time = event_fact(unsealed(one)), int(str(unsealed(one)["time"]))
            if isinstance(fact, LockHeld):
                held[fact.settlement] = fact.until
            if isinstance(fact, LockReleased):
                assert held.get(fact.settlement, 0) <= time

    @invariant()
    def what_was_told_stays_told(self) -> None:
        assert self.chain.events[: len(self.told)] == self.told
        self.told = list(self.chain.events)

    @invariant()
    def balances_agree_with_what_is_final_once_all_is(self) -> None:
        if self.chain.due() is not None or self.chain.unsettled:
            return
        holder = self.chain.escrow.balance("asset", "", "holder")
        moved = 0
        for fact in self.facts():
            name, units = type(fact).__name__, getattr(fact, "units", 0)
            moved += {"AssetLocked": -units, "LockReleased": units}.get(name, 0)
        assert holder == ISSUED + moved


Adversary.TestCase.settings = settings(max_examples=80, stateful_step_count=50)
TestAdversary = Adversary.TestCase


def test_the_vault_is_nobodys() -> None:
    escrow = Escrow(HERE, "escrow")
    for account in ("", VAULT, "slot/01KDVDNA000000000000000001"):
        with pytest.raises(Refusal):
            escrow.open_account(account, public_hex(key("thief")))


def test_an_event_is_signed_by_its_network_and_names_the_one_before() -> None:
    made = Adversary()
    made.begin(True, 0, 0)
    for verb in ("lock", "burn"):
        effect = VERBS[verb](ORDERS[0])
        made.send(made.raw(effect, exam_act(effect), 1_000))
    first, second = made.chain.events
    assert unsealed(second)["before"] == sha256(first[64:]).hexdigest()
    assert unsealed(first)["units"] == str(Units(LOT))
