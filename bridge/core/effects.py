"""What the machine owes the world: frozen, imperative, complete, safe to carry out twice.

An adapter asks nobody: an effect carries the order with every id, amount and party it acts on.
Personal values are not in it; who must write them on a wire is given them beside the effect.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from bridge.core.ids import Instant, NetworkId
from bridge.core.order import SettlementOrder


class Verb(StrEnum):
    """The verbs of the house; the first seven are signed as acts."""

    LOCK = "lock"
    MINT = "mint"
    BURN = "burn"
    ASSIGN = "assign"
    UNMINT = "unmint"
    RELEASE = "release"
    HOLD = "hold"
    PAY = "pay"
    RECALL = "recall"


@dataclass(frozen=True, slots=True)
class LockAsset:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class ReleaseLock:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class BurnAsset:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class HoldLock:
    """Stop release and escape of the lock until then; an earlier time than before ends it."""

    order: SettlementOrder
    until: Instant
    number: int


@dataclass(frozen=True, slots=True)
class MintAsset:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class UnmintAsset:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class AssignAsset:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class InstructPayment:
    order: SettlementOrder


@dataclass(frozen=True, slots=True)
class RecallPayment:
    """Each visit of RECALLING is a new attempt, with a message id of its own."""

    order: SettlementOrder
    number: int


@dataclass(frozen=True, slots=True)
class Screen:
    """Ask policy; the stage says for what."""

    order: SettlementOrder


OriginEffect: TypeAlias = LockAsset | ReleaseLock | BurnAsset | HoldLock
DestinationEffect: TypeAlias = MintAsset | UnmintAsset | AssignAsset
PaymentEffect: TypeAlias = InstructPayment | RecallPayment
NetworkEffect: TypeAlias = OriginEffect | DestinationEffect
Effect: TypeAlias = NetworkEffect | PaymentEffect | Screen


def verb_of(effect: NetworkEffect | PaymentEffect) -> Verb:
    """Return the verb an effect asks for."""
    match effect:
        case LockAsset():
            return Verb.LOCK
        case ReleaseLock():
            return Verb.RELEASE
        case BurnAsset():
            return Verb.BURN
        case HoldLock():
            return Verb.HOLD
        case MintAsset():
            return Verb.MINT
        case UnmintAsset():
            return Verb.UNMINT
        case AssignAsset():
            return Verb.ASSIGN
        case InstructPayment():
            return Verb.PAY
        case RecallPayment():
            return Verb.RECALL


def attempt_of(effect: NetworkEffect | PaymentEffect) -> int:
    """Return the attempt of an effect: 0 for what can be asked once in a settlement's life."""
    match effect:
        case HoldLock(number=number) | RecallPayment(number=number):
            return number
        case _:
            return 0


def network_of(effect: NetworkEffect | PaymentEffect) -> NetworkId:
    """Return where an effect is carried out."""
    order = effect.order
    match effect:
        case InstructPayment() | RecallPayment():
            assert order.payment is not None, f"{order.id} owes a payment nobody asked for"
            return order.payment.rail
        case _ if verb_of(effect) in {Verb.MINT, Verb.UNMINT, Verb.ASSIGN}:
            return order.destination.network
        case _:
            return order.origin.network
