"""What the machine hears: facts, which are final on a network, and answers to its own questions.

A fact may contradict us and is never ignored. An answer carries the visit it answers and is
worthless once we moved on. Both are past tense. Evidence travels beside a fact, never in it: the
same fact told by two nodes, or by a status and then a booking, is one fact.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

from bridge.core.ids import AccountId, Digest, Instant, NetworkId, SettlementId
from bridge.core.money import Money, Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something final that happened on a network, on a rail, or on paper."""

    settlement: SettlementId
    network: NetworkId

    @property
    def key(self) -> str:
        """The fact's identity within its settlement: kind, network and attempt."""
        return f"{type(self).__name__}/{self.network}/{_attempt(self)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFact(Fact):
    """What an escrow says; `units` is 0 where an unused id was fenced."""

    escrow: str
    asset: str
    part: str = ""
    units: Units
    account: str = (
        ""  # holder at the origin, beneficiary at the destination, where the network says
    )


class AssetLocked(AssetFact):
    pass


class LockReleased(AssetFact):
    pass


class AssetBurned(AssetFact):
    pass


class AssetMinted(AssetFact):
    pass


class AssetUnminted(AssetFact):
    pass


class AssetAssigned(AssetFact):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetDisputed(AssetFact):
    """An escrow's fact that disagrees with the order. No row: people read the evidence."""

    kind: str  # the fact's name as the network told it
    why: str  # which word differs


@dataclass(frozen=True, slots=True, kw_only=True)
class LockHeld(Fact):
    """The origin's slot cannot be released or escape before `until`; 0 ends an earlier hold."""

    until: Instant
    evidence: Digest  # what its act cites: tells two holds with one end apart


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentFact(Fact):
    """What a bank provably said about this payment."""

    amount: Money


class PaymentSettled(PaymentFact):
    pass


class PaymentRejected(PaymentFact):
    """The bank has provably seen this payment, or can never execute it any more."""


class PaymentReturned(PaymentFact):
    pass


class PaymentDisputed(PaymentFact):
    """Partial, or another amount. The machine has no row for it: people read the evidence.

    The amount is part of its identity, so that its return can be told from any other.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class RecallRefused(Fact):
    """The bank refused the recall of that attempt, which is the visit of RECALLING that asked."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Fact):
    """The holder signed on that network; `by` is the account that did."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperGiven(Fact):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRefused(Fact):
    """Refused for good."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FreezeOrdered(Fact):
    """A person or an authority froze this settlement, its party, asset, lane or network."""

    order: str  # the id of the freeze entry, which a resolution must name


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back to one effect, one deadline or one question to people."""

    visit: int


@dataclass(frozen=True, slots=True)
class Reservation:
    """What a verdict reserves: units of a quota account whose limit holds at the commit."""

    account: AccountId
    units: Units
    unit: str  # what is counted: an ISO 4217 code, or `count`
    limit: Units


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Answer):
    """What policy said, with the hash of the decision's body."""

    verdict: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCleared(Decided):
    reservations: tuple[Reservation, ...] = field(default=())


class PolicyHeld(Decided):
    pass


class PolicyRejected(Decided):
    pass


class PolicyBlocked(Decided):
    pass


class NeverPrepared(Answer):
    """Refused, and no `Prepared` of that verb was ever journalled."""


class EffectRefused(Answer):
    """Refused, after a `Prepared` of that verb had been journalled."""


class NeverLands(Answer):
    """`look` said Never."""


class NothingToRecall(Answer):
    """No InstructPayment was ever journalled."""


class DeadlinePassed(Answer):
    pass


class Cancelled(Answer):
    pass


class RecallDecided(Answer):
    pass


class HoldCleared(Answer):
    pass


class HoldDeclined(Answer):
    pass


class GoOn(Answer):
    pass


class GiveBack(Answer):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Answer):
    """Two people read the contradiction and say where the settlement stands."""

    to: str  # a Stage's name
    freezes: tuple[str, ...] = ()  # the freezes ordered meanwhile, named one by one


Event: TypeAlias = Fact | Answer


def _attempt(fact: Fact) -> str:
    """Return what tells a fact from a later one of its kind; most can happen once."""
    match fact:
        case LockHeld(until=until, evidence=evidence):
            return f"{until}-{evidence}"
        case RecallRefused(number=number):
            return f"{number}"
        case PaperGiven(kind=kind) | PaperRefused(kind=kind) | AssetDisputed(kind=kind):
            return kind
        case PaymentDisputed(amount=amount):
            return f"{amount.currency.code}{amount.minor}"
        case FreezeOrdered(order=order):
            return order
        case _:
            return ""
