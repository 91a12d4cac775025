"""What a network says moved, against the order: a dispute, or the fact it claims to be."""

from dataclasses import replace

from bridge.core.agreement import agreeing
from bridge.core.effects import Verb
from bridge.core.events import PaymentDisputed, PaymentReturned, PaymentSettled
from bridge.core.ids import Instant
from bridge.core.money import Money
from bridge.core.settlement import (
    Stage,
    Stop,
    advance,
    due,
    proposed,
    resolutions,
)
from bridge.core.upkeep import HOLD_TERM_MS, upkeep
from tests.strategies import NOW, RAIL, make_order

ORDER = make_order()
assert ORDER.payment is not None
AMOUNT = ORDER.payment.amount
MORE = Money(AMOUNT.minor + 1, AMOUNT.currency)


def settled(amount: Money) -> PaymentSettled:
    return PaymentSettled(settlement=ORDER.id, network=RAIL, amount=amount)


def returned(amount: Money) -> PaymentReturned:
    return PaymentReturned(settlement=ORDER.id, network=RAIL, amount=amount)


def test_another_amount_is_a_dispute_and_only_its_own_whole_return_ends_it() -> None:
    assert agreeing(ORDER, settled(AMOUNT), frozenset()) == settled(AMOUNT)
    disputed = agreeing(ORDER, settled(MORE), frozenset())
    assert disputed == PaymentDisputed(settlement=ORDER.id, network=RAIL, amount=MORE)
    history = frozenset({disputed.key})
    assert agreeing(ORDER, returned(MORE), history) == returned(MORE)
    less = replace(MORE, minor=MORE.minor - 2)
    assert isinstance(agreeing(ORDER, returned(less), history), PaymentDisputed)
    assert isinstance(agreeing(ORDER, returned(MORE), frozenset()), PaymentDisputed)


def test_a_recalled_dispute_leads_back_to_the_holder() -> None:
    settlement = replace(proposed(ORDER), prepared=frozenset({Verb.PAY})).entered(Stage.PAYING)
    settlement = advance(settlement, agreeing(ORDER, settled(MORE), settlement.history))
    assert settlement.stop is Stop.SUSPENDED
    assert Stage.RECALLING in resolutions(settlement)
    settlement = replace(settlement, stop=None).entered(Stage.RECALLING)
    settlement = advance(settlement, agreeing(ORDER, returned(MORE), settlement.history))
    assert (settlement.stage, settlement.stop) == (Stage.UNMINTING, None)
    assert due(settlement) is not None


def test_a_hold_is_asked_to_the_second_which_is_all_a_chain_can_keep() -> None:
    locked = replace(proposed(make_order()), prepared=frozenset({Verb.LOCK}))
    asked = upkeep(locked.stopped(Stop.FROZEN), Instant(NOW + 789))
    assert asked is not None
    assert asked.until % 1_000 == 0
    assert NOW + HOLD_TERM_MS <= asked.until <= NOW + 1_789 + HOLD_TERM_MS


def test_no_two_holds_of_a_lock_are_one_act_however_soon_they_follow() -> None:
    """An escrow takes each act once: a second like the first would be waited for, for ever."""
    lock = replace(proposed(make_order()), prepared=frozenset({Verb.LOCK}))
    asked: list[Instant] = []
    for stop in (Stop.FROZEN, None, Stop.FROZEN, None, Stop.SUSPENDED, None):
        hold = upkeep(replace(lock, stop=stop), NOW)
        assert hold is not None
        assert (hold.until > NOW) == (stop is not None)
        asked.append(hold.until)
        seen = replace(lock.with_hold_asked(hold.until), hold_open=False, held_until=hold.until)
        lock = replace(seen, stop=None)
    assert len(set(asked)) == len(asked)
