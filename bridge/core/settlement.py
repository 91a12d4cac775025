"""The machine: where a settlement stands, what it owes, and what each event makes of it.

A gerund owes exactly one effect; a participle owes none (AWAITING, the one exception, waits for
papers). Stops lie over the stages: while one lies there nothing is owed but, when frozen, a hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from bridge.core.effects import (
    AssignAsset,
    BurnAsset,
    Effect,
    InstructPayment,
    LockAsset,
    MintAsset,
    RecallPayment,
    ReleaseLock,
    Screen,
    UnmintAsset,
    Verb,
)
from bridge.core.events import (
    Answer,
    AssetAssigned,
    AssetBurned,
    AssetLocked,
    AssetMinted,
    AssetUnminted,
    Cancelled,
    ConsentGiven,
    DeadlinePassed,
    EffectRefused,
    Event,
    Fact,
    FreezeOrdered,
    GiveBack,
    GoOn,
    HoldCleared,
    HoldDeclined,
    LockHeld,
    LockReleased,
    NeverLands,
    NeverPrepared,
    NothingToRecall,
    PaperGiven,
    PaperRefused,
    PaymentRejected,
    PaymentReturned,
    PaymentSettled,
    PolicyBlocked,
    PolicyCleared,
    PolicyHeld,
    PolicyRejected,
    RecallDecided,
    RecallRefused,
    Reservation,
    Resolved,
)
from bridge.core.ids import Digest, Instant
from bridge.core.order import SettlementOrder

BEGINNING_OF_TIME = Instant(0)
NOTHING = Digest("")
MACHINES = ("1", "2")  # of the table; a saga entry names the one it was made under, and is read by
MACHINE = MACHINES[-1]


class Stage(StrEnum):
    PROPOSED = "proposed"
    SCREENING = "screening"
    LOCKING = "locking"
    PREPARING = "preparing"
    AWAITING = "awaiting"
    RESCREENING = "rescreening"
    PAYING = "paying"
    RECALLING = "recalling"
    BURNING = "burning"
    ASSIGNING = "assigning"
    UNMINTING = "unminting"
    RECHECKING = "rechecking"
    RELEASING = "releasing"
    SETTLED = "settled"
    RELEASED = "released"
    REJECTED = "rejected"


class Stop(StrEnum):
    HELD = "held"  # a person decides
    FROZEN = "frozen"  # the law holds
    SUSPENDED = "suspended"  # the facts contradict us


REST = frozenset({Stage.SETTLED, Stage.RELEASED, Stage.REJECTED})

TRANSITIONS: Mapping[Stage, Mapping[type[Event], Stage]] = {
    Stage.PROPOSED: {
        # consents given: passed over by `onward`, the last one lets it through
        Cancelled: Stage.REJECTED,
        DeadlinePassed: Stage.REJECTED,
    },
    Stage.SCREENING: {
        PolicyCleared: Stage.LOCKING,
        PolicyRejected: Stage.REJECTED,
        PolicyBlocked: Stage.REJECTED,
        Cancelled: Stage.REJECTED,
        DeadlinePassed: Stage.REJECTED,
    },
    Stage.LOCKING: {
        AssetLocked: Stage.PREPARING,
        NeverPrepared: Stage.REJECTED,
        EffectRefused: Stage.RECHECKING,
        NeverLands: Stage.RECHECKING,
        Cancelled: Stage.RECHECKING,
        DeadlinePassed: Stage.RECHECKING,
    },
    Stage.PREPARING: {
        AssetMinted: Stage.AWAITING,
        NeverPrepared: Stage.UNMINTING,
        EffectRefused: Stage.UNMINTING,
        NeverLands: Stage.UNMINTING,
        Cancelled: Stage.UNMINTING,
        DeadlinePassed: Stage.UNMINTING,
    },
    Stage.AWAITING: {
        # all conditions met: passed over by `onward`
        PaperRefused: Stage.UNMINTING,
        Cancelled: Stage.UNMINTING,
        DeadlinePassed: Stage.UNMINTING,
    },
    Stage.RESCREENING: {
        PolicyCleared: Stage.PAYING,
        PolicyRejected: Stage.UNMINTING,
        Cancelled: Stage.UNMINTING,
        DeadlinePassed: Stage.UNMINTING,
    },
    Stage.PAYING: {
        PaymentSettled: Stage.BURNING,
        PaymentRejected: Stage.UNMINTING,
        NeverPrepared: Stage.UNMINTING,
        NeverLands: Stage.UNMINTING,  # EffectRefused has no row: it may be our own duplicate
        RecallDecided: Stage.RECALLING,
    },
    Stage.RECALLING: {
        PaymentSettled: Stage.RECALLING,
        PaymentRejected: Stage.UNMINTING,
        PaymentReturned: Stage.UNMINTING,
        NothingToRecall: Stage.UNMINTING,
        # a refused recall: BURNING instead, once PaymentSettled was seen
        RecallRefused: Stage.PAYING,
        NeverPrepared: Stage.PAYING,
        EffectRefused: Stage.PAYING,
        NeverLands: Stage.PAYING,
    },
    Stage.BURNING: {AssetBurned: Stage.ASSIGNING},  # no row leads back from here
    Stage.ASSIGNING: {AssetAssigned: Stage.SETTLED},
    Stage.UNMINTING: {
        AssetUnminted: Stage.RECHECKING,  # RELEASED instead, once LockReleased was seen
        AssetMinted: Stage.UNMINTING,
        LockReleased: Stage.UNMINTING,
        PaymentRejected: Stage.UNMINTING,  # where giving back, only once it was looked: never
    },
    Stage.RECHECKING: {
        PolicyCleared: Stage.RELEASING,
        PolicyRejected: Stage.RELEASING,
        LockReleased: Stage.RELEASED,
        AssetLocked: Stage.RECHECKING,
        PaymentRejected: Stage.RECHECKING,
    },
    Stage.RELEASING: {
        LockReleased: Stage.RELEASED,
        AssetLocked: Stage.RELEASING,
        PaymentRejected: Stage.RELEASING,
    },
    Stage.SETTLED: {},
    Stage.RELEASED: {PaymentRejected: Stage.RELEASED},
    Stage.REJECTED: {},
}

STOPS: Mapping[Stage, Mapping[type[Event], Stop]] = {  # a verdict that stops: the stage stays
    Stage.SCREENING: {PolicyHeld: Stop.HELD},
    Stage.RESCREENING: {PolicyHeld: Stop.FROZEN, PolicyBlocked: Stop.FROZEN},
    Stage.RECHECKING: {PolicyHeld: Stop.FROZEN, PolicyBlocked: Stop.FROZEN},
}

LISTENS: Mapping[Stop, frozenset[type[Event]]] = {  # the answers that count under a stop
    Stop.HELD: frozenset({HoldCleared, HoldDeclined, Cancelled, DeadlinePassed}),
    Stop.FROZEN: frozenset({GoOn, GiveBack}),
    Stop.SUSPENDED: frozenset({Resolved}),
}

GO_ON: Mapping[Stage, Stage] = {  # as it stands, but what gives back is screened again
    **{stage: stage for stage in Stage if stage not in REST},
    Stage.RELEASING: Stage.RECHECKING,
}

GIVE_BACK: Mapping[Stage, Stage] = {  # BURNING and ASSIGNING: not possible
    Stage.PROPOSED: Stage.REJECTED,
    Stage.SCREENING: Stage.REJECTED,
    Stage.LOCKING: Stage.RECHECKING,
    Stage.PREPARING: Stage.UNMINTING,
    Stage.AWAITING: Stage.UNMINTING,
    Stage.RESCREENING: Stage.UNMINTING,
    Stage.PAYING: Stage.RECALLING,
    Stage.RECALLING: Stage.RECALLING,
    Stage.UNMINTING: Stage.UNMINTING,
    Stage.RECHECKING: Stage.RECHECKING,
    Stage.RELEASING: Stage.RECHECKING,
}

# facts that are noted wherever we stand, and never contradict us
RECORDED = (ConsentGiven, PaperGiven, PaperRefused, LockHeld, RecallRefused, FreezeOrdered)
_GIVING_BACK = frozenset({Stage.UNMINTING, Stage.RECHECKING, Stage.RELEASING, Stage.RELEASED})
_FREEZES = frozenset(Stage) - REST - {Stage.ASSIGNING}
_TIMED = frozenset(
    {
        Stage.PROPOSED,
        Stage.SCREENING,
        Stage.LOCKING,
        Stage.PREPARING,
        Stage.AWAITING,
        Stage.RESCREENING,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One settlement as the ledger tells it.

    `visit` counts how often a stage was entered or a stop lifted; `history` holds the identity of
    every fact seen; `acts` and `prepared` hold what was ever journalled, in whatever visit.
    """

    order: SettlementOrder
    stage: Stage = Stage.PROPOSED
    stop: Stop | None = None
    visit: int = 0
    history: frozenset[str] = frozenset()
    seen: frozenset[str] = frozenset()  # the kinds of fact seen, by name
    acts: frozenset[Verb] = frozenset()
    prepared: frozenset[Verb] = frozenset()
    freezes: tuple[str, ...] = ()  # ordered while suspended, to be named when resolved
    giving_back: bool = False  # a GiveBack led to this recall
    decided: bool = False  # a person cleared the hold: the next verdict knows it
    frozen_by: str = ""  # the freeze order that froze it; empty where a verdict did
    verdict: Digest = NOTHING  # hash of the last clearing decision
    reservations: tuple[Reservation, ...] = ()
    held_until: Instant = BEGINNING_OF_TIME
    hold_asked: Instant = BEGINNING_OF_TIME  # until when the last hold act asks
    hold_number: int = 0  # hold acts journalled so far
    hold_open: bool = False  # the last of them is not yet seen
    booked: bool = False  # its postings are pending

    def saw(self, fact: type[Fact]) -> bool:
        """Tell whether such a fact was ever seen."""
        return fact.__name__ in self.seen

    def listens(self, answer: Answer) -> bool:
        """Tell whether an answer counts here: under a stop, only those that can lift it."""
        return self.stop is None or type(answer) in LISTENS[self.stop]

    @property
    def at_rest(self) -> bool:
        return self.stage in REST and self.stop is None

    @property
    def consented(self) -> bool:
        given = {key for key in self.history if key.startswith("ConsentGiven/")}
        return all(f"ConsentGiven/{network}/" in given for network in self.order.consents)

    @property
    def papers_given(self) -> bool:
        return all(
            any(
                key.startswith("PaperGiven/") and key.endswith(f"/{wanted.kind}")
                for key in self.history
            )
            for wanted in self.order.conditions
        )

    @property
    def paper_refused(self) -> bool:
        return self.saw(PaperRefused)

    @property
    def mint_may_exist(self) -> bool:
        return Verb.MINT in self.acts and not self.saw(AssetUnminted)

    @property
    def payment_kept(self) -> bool:
        return self.saw(PaymentSettled) and not self.saw(PaymentReturned)

    @property
    def payment_open(self) -> bool:
        ended = self.saw(PaymentSettled) or self.saw(PaymentRejected) or self.saw(PaymentReturned)
        return Verb.PAY in self.prepared and not ended

    def entered(self, stage: Stage) -> "Settlement":
        """Return the settlement in `stage`, a visit later, past what it need not stop at."""
        onward = passed_over(stage, self)
        stop = None if onward in REST and self.stop is not Stop.SUSPENDED else self.stop
        return replace(
            self,
            stage=onward,
            stop=stop,
            visit=self.visit + 1,
            giving_back=self.giving_back and onward is Stage.RECALLING,
            decided=self.decided and onward is Stage.SCREENING,
            booked=onward is Stage.LOCKING or (self.booked and onward not in REST),
        )

    def stopped(self, stop: Stop) -> "Settlement":
        """Return the settlement under `stop`."""
        return replace(self, stop=stop)

    def with_act(self, verb: Verb) -> "Settlement":
        """Return the settlement with an act journalled."""
        return replace(self, acts=self.acts | {verb})

    def with_prepared(self, verb: Verb) -> "Settlement":
        """Return the settlement with prepared bytes journalled."""
        return replace(self, prepared=self.prepared | {verb})

    def with_hold_asked(self, until: Instant) -> "Settlement":
        """Return the settlement with a hold's act journalled, which stands until it is seen."""
        return replace(self, hold_asked=until, hold_number=self.hold_number + 1, hold_open=True)


def passed_over(stage: Stage, settlement: Settlement) -> Stage:
    """Return where entering `stage` really leads: past consents, papers or a payment not owed."""
    if stage is Stage.PROPOSED and settlement.consented:
        return Stage.SCREENING
    if stage is Stage.AWAITING and settlement.paper_refused:
        return Stage.UNMINTING
    if stage is Stage.AWAITING and settlement.papers_given:
        return Stage.RESCREENING
    if stage is Stage.PAYING and settlement.order.payment is None:
        return Stage.BURNING
    return stage


def proposed(order: SettlementOrder) -> Settlement:
    """Return a new settlement; one that needs no consent is in SCREENING at once."""
    return Settlement(order=order).entered(Stage.PROPOSED)


def advance(settlement: Settlement, event: Event, machine: str = MACHINE) -> Settlement:
    """Return the settlement after `event`. Total: any event, any stage; it never raises.

    By an older `machine` an entry is read again as it was written.
    """
    if isinstance(event, Answer):
        if event.visit != settlement.visit or not settlement.listens(event):
            return settlement  # the answer to a question we no longer ask
        if settlement.stop is not None or isinstance(event, HoldDeclined):
            return _lifted(settlement, event)
        return _answered(settlement, event)
    if event.key in settlement.history:
        return settlement  # networks repeat themselves
    noted = _noted(settlement, event)
    if isinstance(event, RecallRefused) and event.number != settlement.visit:
        return noted  # of an attempt we gave up
    onward = TRANSITIONS[settlement.stage].get(type(event))
    if onward is not None and not _contradicts(settlement, event, machine):
        return _moved(noted, event, onward)
    if isinstance(event, FreezeOrdered):
        return _frozen(noted, event)
    if isinstance(event, RECORDED):
        waits = settlement.stage in {Stage.PROPOSED, Stage.AWAITING}
        through = passed_over(settlement.stage, noted)
        return noted.entered(through) if waits and through is not settlement.stage else noted
    return _suspended(noted)  # a fact with no place here: people read the evidence


def _contradicts(settlement: Settlement, fact: Fact, machine: str) -> bool:
    """Tell a rejection that nothing led us to expect, though its stage has a row.

    While we give back, a payment is open only where a look said that it never lands: no money
    moved, and the bank says so once more. Without one, or of one that settled, it contradicts us.
    """
    if settlement.stage not in _GIVING_BACK or not isinstance(fact, PaymentRejected):
        return False
    return machine == "1" or not settlement.payment_open


def _noted(settlement: Settlement, fact: Fact) -> Settlement:
    """Remember a fact's identity, its kind, and what a hold says."""
    noted = replace(
        settlement,
        history=settlement.history | {fact.key},
        seen=settlement.seen | {type(fact).__name__},
    )
    if isinstance(fact, LockHeld):
        still = noted.hold_open and fact.until != noted.hold_asked
        return replace(noted, held_until=fact.until, hold_open=still)
    return noted


def _moved(settlement: Settlement, event: Event, onward: Stage) -> Settlement:
    """Follow a row; the two *if seen* of the table that lead elsewhere are here."""
    stage = settlement.stage
    if stage is Stage.UNMINTING and isinstance(event, AssetUnminted):
        onward = Stage.RELEASED if settlement.saw(LockReleased) else onward
    if stage is Stage.RECALLING and onward is Stage.PAYING:
        onward = Stage.BURNING if settlement.saw(PaymentSettled) else onward
        if settlement.giving_back:
            return settlement.entered(onward).stopped(_graver(settlement.stop, Stop.FROZEN))
    if onward is stage:
        return settlement  # a self-row: noted, stage and visit stay
    return settlement.entered(onward)


def _answered(settlement: Settlement, answer: Answer) -> Settlement:
    """Follow an answer that lies under no stop; one without a row is dropped."""
    if stop := STOPS.get(settlement.stage, {}).get(type(answer)):
        return replace(settlement.stopped(stop), decided=False)
    onward = TRANSITIONS[settlement.stage].get(type(answer))
    if onward is None:
        return settlement
    if isinstance(answer, PolicyCleared):
        settlement = replace(settlement, verdict=answer.verdict)
        if settlement.stage is Stage.SCREENING:
            settlement = replace(settlement, reservations=answer.reservations)
    return _moved(settlement, answer, onward)


def _graver(now: Stop | None, then: Stop) -> Stop:
    return Stop.SUSPENDED if now is Stop.SUSPENDED else then


def _suspended(settlement: Settlement) -> Settlement:
    """Contradicted; a freeze that lay here is not forgotten but has to be named."""
    if settlement.stop is not Stop.FROZEN:
        return settlement.stopped(Stop.SUSPENDED)
    named = (*settlement.freezes, settlement.frozen_by or "policy")
    return replace(settlement.stopped(Stop.SUSPENDED), freezes=named, frozen_by="")


def _frozen(settlement: Settlement, event: FreezeOrdered) -> Settlement:
    """A freeze stops every stage but ASSIGNING and rest; under SUSPENDED it is kept to be named."""
    if settlement.stage not in _FREEZES:
        return settlement  # past us, or at rest: recorded, and the desk is told
    if settlement.stop is Stop.SUSPENDED:
        return replace(settlement, freezes=(*settlement.freezes, event.order))
    return replace(settlement.stopped(Stop.FROZEN), frozen_by=event.order)


def _lifted(settlement: Settlement, answer: Answer) -> Settlement:
    """Follow an answer that lifts the stop, or refuses to."""
    free = replace(settlement, stop=None, frozen_by="")
    match answer:
        case HoldCleared() if settlement.stop is Stop.HELD:
            return replace(free, decided=True).entered(settlement.stage)
        case HoldDeclined() if settlement.stop is Stop.HELD:
            return free.entered(Stage.REJECTED)
        case Cancelled() | DeadlinePassed():
            return free.entered(TRANSITIONS[settlement.stage][type(answer)])
        case GoOn() if settlement.stop is Stop.FROZEN:
            return free.entered(GO_ON[settlement.stage])
        case GiveBack() if settlement.stop is Stop.FROZEN and settlement.stage in GIVE_BACK:
            onward = GIVE_BACK[settlement.stage]
            return replace(free, giving_back=onward is Stage.RECALLING).entered(onward)
        case Resolved() if set(answer.freezes) >= set(settlement.freezes):
            named = {stage.value: stage for stage in resolutions(settlement)}
            to = named.get(answer.to)
            return settlement if to is None else replace(free, freezes=()).entered(to)
        case _:
            return settlement


def resolutions(settlement: Settlement) -> tuple[Stage, ...]:
    """Return where two people may put a suspended settlement, as facts and journalled acts allow.

    The first line that applies decides; never RELEASING: nothing is given back unscreened.
    """
    if settlement.saw(AssetAssigned):
        return (Stage.SETTLED,)
    if settlement.saw(AssetBurned):
        return (Stage.ASSIGNING,)
    if settlement.saw(LockReleased):
        return (Stage.UNMINTING,) if settlement.mint_may_exist else (Stage.RELEASED,)
    allowed: list[Stage] = []
    undoing = bool(settlement.acts & {Verb.UNMINT, Verb.RELEASE})
    burning = Verb.BURN in settlement.acts
    paid = settlement.payment_kept or burning or settlement.order.payment is None
    if settlement.saw(AssetMinted) and not undoing and paid:
        allowed.append(Stage.BURNING)
    if settlement.payment_open:
        allowed += [Stage.PAYING, Stage.RECALLING]
    elif not burning and not settlement.payment_kept:
        # RECHECKING leads to a release: only where no twin can exist beside the freed original
        allowed.append(Stage.UNMINTING if settlement.mint_may_exist else Stage.RECHECKING)
    return tuple(allowed)


def due(settlement: Settlement) -> Effect | None:
    """Return the one effect the settlement owes now, or nothing."""
    order = settlement.order
    if settlement.stop is not None:
        return None
    match settlement.stage:
        case Stage.SCREENING | Stage.RESCREENING | Stage.RECHECKING:
            return Screen(order)
        case Stage.LOCKING:
            return LockAsset(order)
        case Stage.PREPARING:
            return MintAsset(order)
        case Stage.PAYING:
            return InstructPayment(order)
        case Stage.RECALLING:
            return RecallPayment(order, settlement.visit)
        case Stage.BURNING:
            return BurnAsset(order)
        case Stage.ASSIGNING:
            return AssignAsset(order)
        case Stage.UNMINTING:
            return UnmintAsset(order)
        case Stage.RELEASING:
            return ReleaseLock(order)
        case Stage.PROPOSED | Stage.AWAITING | Stage.SETTLED | Stage.RELEASED | Stage.REJECTED:
            return None


def deadline(settlement: Settlement) -> Instant | None:
    """Return when DeadlinePassed is to be said. Only before PAYING: a clock undoes no payment.

    HELD does not stop it, FROZEN and SUSPENDED do: blocked property is not returned by a clock.
    """
    if settlement.stop in {Stop.FROZEN, Stop.SUSPENDED} or settlement.stage not in _TIMED:
        return None
    return settlement.order.deadline
