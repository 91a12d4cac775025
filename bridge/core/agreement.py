"""Whether what a network says moved is what the order asked for."""

from collections.abc import Set as AbstractSet

from bridge.core.events import (
    AssetDisputed,
    AssetFact,
    AssetUnminted,
    Fact,
    LockReleased,
    PaymentDisputed,
    PaymentFact,
    PaymentReturned,
)
from bridge.core.order import SettlementOrder


def disagreement(order: SettlementOrder, fact: Fact) -> str:
    """Return which word of a proved fact differs from its order, or nothing.

    A notary signs on what really moved: units, asset, escrow, amount; a fence is worth nothing
    but where the verb is itself an undoing.
    """
    if isinstance(fact, PaymentFact):
        owed = order.payment
        if owed is None or owed.rail != fact.network:
            return "rail"
        return "" if owed.amount == fact.amount else "amount"
    if isinstance(fact, AssetFact):
        leg = order.origin if fact.network == order.origin.network else order.destination
        if fact.network != leg.network:
            return "network"
        if fact.escrow != leg.escrow:
            return "escrow"
        undone = isinstance(fact, AssetUnminted | LockReleased)
        if fact.units != order.units and not (undone and fact.units == 0):
            return "units"
        if fact.units and (fact.asset, fact.part) != (leg.asset, leg.part):
            return "asset"
    return ""


def agreeing(order: SettlementOrder, fact: Fact, history: AbstractSet[str]) -> Fact:
    """Return `fact`, or the dispute it makes where it disagrees with its order.

    What was disputed and came back whole is a return like any other: nobody has paid.
    """
    if isinstance(fact, AssetDisputed | PaymentDisputed):
        return fact
    why = disagreement(order, fact)
    if why and isinstance(fact, PaymentFact):
        disputed = PaymentDisputed(
            settlement=fact.settlement, network=fact.network, amount=fact.amount
        )
        whole = isinstance(fact, PaymentReturned) and disputed.key in history
        return fact if whole else disputed
    if why and isinstance(fact, AssetFact):
        return AssetDisputed(
            settlement=fact.settlement,
            network=fact.network,
            escrow=fact.escrow,
            asset=fact.asset,
            part=fact.part,
            units=fact.units,
            account=fact.account,
            kind=type(fact).__name__,
            why=why,
        )
    return fact
