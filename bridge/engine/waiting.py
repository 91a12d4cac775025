"""Why a settlement waits, and what somebody can do: one row for every cause.

What stands here is computed from the ledger and from what the errands last met; nothing of it is
truth, and nothing of it names why policy holds to anybody but the desk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bridge.core.events import Cancelled, RecallDecided
from bridge.core.ids import Instant
from bridge.core.settlement import (
    GIVE_BACK,
    TRANSITIONS,
    Settlement,
    Stage,
    Stop,
    resolutions,
)


class Cause(StrEnum):
    """What a settlement waits for."""

    CONSENT = "consent"  # the holder's, before anything moves
    PAPER = "paper"  # a stranger's signed statement
    POLICY = "policy"  # it is being judged
    FINALITY = "finality"  # sent, not final yet
    BANK = "bank"  # instructed, not answered
    STRANGER = "stranger"  # somebody outside must act on a network: give or accept a title
    AWAY = "away"  # a network or a bank cannot be reached
    NOTARIES = "notaries"  # too few of them answer
    NEVER_SIGNED = "never_signed"  # one of them says it never will
    OWED = "owed"  # refused, and still owed: somebody must look
    PERSON = "person"  # held
    QUOTA = "quota"  # held, because a quota is full
    LIST = "list"  # held, because a list is too old
    FROZEN = "frozen"
    SUSPENDED = "suspended"
    MOVING = "moving"  # it is just being carried on


@dataclass(frozen=True, slots=True)
class Wait:
    """What an errand still waits for; `until` is when it is worth another look."""

    until: Instant
    why: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why it waits, for people, and what they can do; `remedy` is a sentence with the command."""

    cause: Cause
    why: str
    remedy: str


BY_ITSELF: Final = "nothing: it goes on by itself"
REMEDIES: Final[Mapping[Cause, str]] = {  # {id}, {uetr}: of the settlement
    Cause.CONSENT: "lianqiao consent show {id} says what the holder signs, consent give brings it",
    Cause.PAPER: "who signs the paper brings it",
    Cause.POLICY: BY_ITSELF,
    Cause.FINALITY: BY_ITSELF,
    Cause.BANK: "ask the bank by UETR {uetr}",
    Cause.STRANGER: "ask whom it names to act: nobody here can; then it goes on by itself",
    Cause.AWAY: "lianqiao doctor names what is down; when it is back, this goes on by itself",
    Cause.NOTARIES: "see that the notaries run; when enough of them do, it goes on by itself",
    Cause.NEVER_SIGNED: "lianqiao status shows the alarm: a notary found the evidence wrong",
    Cause.OWED: "lianqiao status shows the alarm: see why the network refuses what is owed",
    Cause.PERSON: "somebody but the maker decides: lianqiao ls approvals",
    Cause.QUOTA: "lianqiao cancel {id} proposes to give it up; somebody but the maker may clear it",
    Cause.LIST: "lianqiao lists release NAME FILE brings it; then somebody but the maker clears it",
    Cause.FROZEN: "lianqiao thaw {id} {ways} proposes, a second person decides",
    Cause.SUSPENDED: "lianqiao resume {id} --to {ways} proposes, a second person decides",
    Cause.MOVING: BY_ITSELF,
}
GIVE_BACK_SAYS: Final = "lianqiao cancel {id} proposes to give it back"
RECALL_SAYS: Final = "lianqiao recall {id} proposes to ask the payment back"
NO_WAY_ON: Final = "no stage fits what was seen: first see to the fact that contradicts it"
_LEFT: Final = frozenset(  # what people can end, as long as the stage has a way back
    {Cause.PAPER, Cause.BANK, Cause.STRANGER, Cause.NEVER_SIGNED, Cause.OWED}
)
SCREENS: Final = frozenset({Stage.SCREENING, Stage.RESCREENING, Stage.RECHECKING})
_KINDS: Final = {  # kinds of rule a hold may be due to, and to nothing else
    "person_period_quota": Cause.QUOTA,
    "net_aggregate_quota": Cause.QUOTA,
    "balance_cap": Cause.QUOTA,
    "list_freshness": Cause.LIST,
}

FORTH: Final = (
    Stage.PROPOSED,
    Stage.SCREENING,
    Stage.LOCKING,
    Stage.PREPARING,
    Stage.AWAITING,
    Stage.RESCREENING,
    Stage.PAYING,
    Stage.BURNING,
    Stage.ASSIGNING,
    Stage.SETTLED,
)
BACK: Final = (Stage.UNMINTING, Stage.RECHECKING, Stage.RELEASING, Stage.RELEASED)


def ahead(settlement: Settlement) -> tuple[Stage, ...]:
    """Return the stages that follow if nothing goes wrong; none where people decide the way."""
    if settlement.stop is not None:
        return ()
    for way in (FORTH, BACK):
        if settlement.stage in way:
            rest = way[way.index(settlement.stage) + 1 :]
            return tuple(stage for stage in rest if not _spared(settlement, stage))
    return ()


def _spared(settlement: Settlement, stage: Stage) -> bool:
    """Tell whether an order passes a stage over: it waits for no paper, or is free of payment."""
    order = settlement.order
    return (stage is Stage.AWAITING and not order.conditions) or (
        stage is Stage.PAYING and order.payment is None
    )


def missing_papers(settlement: Settlement) -> tuple[str, ...]:
    """Return the kinds of paper the order still waits for."""
    given = {key.rpartition("/")[2] for key in settlement.history if key.startswith("PaperGiven/")}
    return tuple(one.kind for one in settlement.order.conditions if one.kind not in given)


def waiting(
    settlement: Settlement, met: Wait | None, *, noticed: str = "", held_by: tuple[str, ...] = ()
) -> Waiting | None:
    """Return why a settlement waits, or None where it is at rest.

    `met` is what its errand last met, `noticed` what its network last showed, `held_by` the kinds
    of the rules that hold it: empty for whoever may not know them.
    """
    if settlement.at_rest:
        return None
    cause, why = _cause(settlement, met, held_by)
    if noticed and cause in {Cause.FINALITY, Cause.BANK, Cause.MOVING}:
        why = f"{why}: {noticed}" if why else noticed
    return Waiting(cause, why or "it is being carried on", remedy(settlement, cause))


def remedy(settlement: Settlement, cause: Cause) -> str:
    """Return what can be done about a cause in this stage: only what the machine would take."""
    says, onward = REMEDIES[cause], TRANSITIONS[settlement.stage]
    if cause is Cause.SUSPENDED and not resolutions(settlement):
        return NO_WAY_ON
    if cause in _LEFT and Cancelled in onward:
        says = f"{says}; {GIVE_BACK_SAYS}"
    if cause in _LEFT and RecallDecided in onward:
        says = f"{says}; {RECALL_SAYS}"
    order = settlement.order
    return says.format(id=order.id, uetr=order.uetr, ways=_ways(settlement, cause))


def _ways(settlement: Settlement, cause: Cause) -> str:
    """Return the ways out of a stop that two people have here, as their command writes them."""
    if cause is Cause.FROZEN:
        return "--go-on or --give-back" if settlement.stage in GIVE_BACK else "--go-on"
    if cause is Cause.SUSPENDED:
        stages = " or ".join(stage.value for stage in resolutions(settlement))
        return " ".join((stages, *(f"--freeze {one}" for one in settlement.freezes)))
    return ""


def _cause(settlement: Settlement, met: Wait | None, held_by: tuple[str, ...]) -> tuple[Cause, str]:
    match settlement.stop:
        case Stop.HELD:
            causes = {_KINDS.get(kind, Cause.PERSON) for kind in held_by}
            cause = causes.pop() if len(causes) == 1 else Cause.PERSON
            return cause, {
                Cause.QUOTA: "held: a quota has no room for it",
                Cause.LIST: "held: a screening list is too old",
            }.get(cause, "held: a person decides")
        case Stop.FROZEN:
            return Cause.FROZEN, "frozen: two people decide how it goes on"
        case Stop.SUSPENDED:
            return Cause.SUSPENDED, "suspended: what was seen contradicts what was asked"
        case None:
            pass
    if settlement.stage is Stage.PROPOSED:
        return Cause.CONSENT, "the holder's consent"
    if settlement.stage is Stage.AWAITING:
        return Cause.PAPER, f"papers: {', '.join(missing_papers(settlement))}"
    if settlement.stage in SCREENS and met is None:
        return Cause.POLICY, "policy is judging"
    return (Cause.MOVING, "") if met is None else (met.cause, met.why)
