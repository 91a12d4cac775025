"""Every state is visited: the product's machine against an adversary for all that lies outside.

Breadth first over the product's own `advance`, `due`, `upkeep` and vote-book rule, with escrow
slots, a bank, people, a clock, and an engine that may crash or be overtaken between any two steps.
In each state nothing is lost, doubled or paid twice, and from each a rest can be reached. Each of
the ten rules that make it safe is then taken away, and the search shows what breaks.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace

import pytest

from bridge.core import settlement as machine
from bridge.core.effects import HoldLock, Screen, Verb, verb_of
from bridge.core.events import (
    EffectRefused,
    Event,
    Fact,
    LockHeld,
)
from bridge.core.ids import Digest, Instant
from bridge.core.settlement import (
    REST,
    Settlement,
    Stage,
    Stop,
    advance,
    due,
    proposed,
    resolutions,
)
from bridge.core.upkeep import HOLD_TERM_MS, half_life, upkeep
from bridge.notary.votebook import admits
from tests.strategies import ORIGIN, make_event, make_order

PHASES = ("early", "late", "lapsed")  # of a lock's life: before its half, after it, escapable


@dataclass(frozen=True)
class World:
    """All there is: the ledger's settlement, two escrow slots, a bank, and what is under way."""

    settlement: Settlement
    origin: str = "none"  # none open spent done escaped
    destination: str = "none"  # none open spent done
    bank: str = "none"  # none seen settled rejected returned
    fresh: bool = False  # the bank never saw the payment, and its bytes can no longer be executed
    held: bool = False  # the origin's slot is under hold
    phase: int = 0
    errand: tuple[Verb, int, bool] | None = None  # verb, steps done, not overtaken
    asked: frozenset[str] = frozenset()  # bytes submitted, which may land at any time
    signed: frozenset[Verb] = frozenset()  # attested acts: a stranger may submit them
    votes: frozenset[Verb] = frozenset()
    unheard: tuple[str, ...] = ()  # facts that happened and were not observed yet, in order
    odd: bool = False  # the outside did what contradicts us: an escape, a return unasked
    settled_once: bool = False
    owed_once: frozenset[Verb] = frozenset()  # what an older ledger would show as owed
    wrong: str = ""


@dataclass(frozen=True)
class Rules:
    """The ten rules, each of which can be taken away."""

    owed_now: bool = True  # 1
    vote_book: bool = True  # 1
    conditional: bool = True  # 2
    act_first: bool = True  # 3
    ever: bool = True  # 4
    provable: bool = True  # 5
    attempts: bool = True  # 6
    both_lock: bool = True  # 7
    one_fact: bool = True  # 8
    holds: bool = True  # 9


@dataclass(frozen=True)
class Adversary(Rules):
    """`stale`: a notary is shown an older ledger, restored from a backup, and signs by it."""

    stale: bool = False


def now_of(world: World) -> Instant:
    order = world.settlement.order
    return (order.created, Instant(half_life(order) + 1), Instant(order.lapse + 1))[world.phase]


def normal(world: World) -> World:
    """One name for states that differ by nothing that matters: visits, dates, old attempts."""
    settlement, now = world.settlement, now_of(world)
    keep = ("RecallRefused/", "FreezeOrdered/", "LockHeld/")
    history = frozenset(key for key in settlement.history if not key.startswith(keep))
    until = Instant(now + HOLD_TERM_MS) if settlement.held_until > now else Instant(0)
    return replace(
        world,
        settlement=replace(
            settlement,
            visit=0,
            history=history,
            seen=settlement.seen - {"RecallRefused", "FreezeOrdered", "LockHeld"},
            verdict=Digest(""),
            reservations=(),
            held_until=until,
            hold_asked=Instant(0),
            hold_number=0,
            hold_open=False,
            freezes=settlement.freezes[:1],
            prepared=settlement.prepared - {Verb.HOLD, Verb.RECALL},
            acts=settlement.acts - {Verb.HOLD},
        ),
    )


def key(world: World) -> tuple[object, ...]:
    """What tells a state from another; the order is the same in all of them."""
    s = world.settlement
    return (
        *(s.stage, s.stop, s.history, s.acts, s.prepared, s.freezes, s.giving_back),
        *(s.decided, s.frozen_by, s.held_until > now_of(world), s.booked),
        *(world.origin, world.destination, world.bank, world.held, world.phase, world.errand),
        *(world.asked, world.signed, world.votes, world.unheard, world.odd, world.settled_once),
        *(world.owed_once, world.wrong),
    )


def remembering(world: World) -> World:
    """The same, with what the stage owes kept for a notary that is shown an older ledger."""
    effect = due(world.settlement)
    if effect is None or isinstance(effect, Screen):
        return world
    return replace(world, owed_once=world.owed_once | ({verb_of(effect)} & {Verb.BURN}))


def heard(world: World, event: Event, rules: Adversary) -> World:
    """The ledger after an event; an errand and a recall of an earlier visit are overtaken."""
    before = world.settlement
    after = advance(before, event)
    if not rules.one_fact and isinstance(event, Fact) and event.key in before.history:
        after = advance(replace(before, history=before.history - {event.key}), event)
    if not rules.ever and after.visit != before.visit:
        after = replace(after, prepared=frozenset())
    if (after.visit, after.stop) == (before.visit, before.stop):
        return replace(world, settlement=after)
    errand = world.errand and (world.errand[0], world.errand[1], False)
    asked = world.asked
    if "recall" in asked:
        asked = asked - {"recall"} | {"recall-old"}
    return replace(world, settlement=after, errand=errand, asked=asked)


def named(world: World, name: str, rules: Adversary, argument: str = "") -> World:
    order, visit = world.settlement.order, world.settlement.visit
    return heard(world, make_event(name, order, visit, argument), rules)


def errands(world: World, rules: Adversary) -> Iterator[World]:
    """The engine: journal the act, have it attested, journal the bytes and send them."""
    settlement = world.settlement
    held, effect = upkeep(settlement, now_of(world)), due(settlement)
    if held is not None and rules.holds:  # a hold comes before what the stage owes
        until = held.until
        if world.origin in {"none", "open"}:
            fact = LockHeld(
                settlement=settlement.order.id, network=ORIGIN, until=until, evidence=Digest("")
            )
            yield heard(replace(world, held=until > now_of(world)), fact, rules)
        effect = None
    if effect is not None and not isinstance(effect, Screen | HoldLock) and world.errand is None:
        verb = verb_of(effect)
        if verb is Verb.RECALL and Verb.PAY not in settlement.prepared:
            yield named(world, "NothingToRecall", rules)
        elif verb in {Verb.PAY, Verb.RECALL, Verb.LOCK}:
            yield replace(world, errand=(verb, 2, True))  # nobody but bank or holder signs
        else:
            ready = settlement.with_act(verb) if rules.act_first else settlement
            yield replace(world, settlement=ready, errand=(verb, 1, True))
    if world.errand is None:
        return
    verb, done, current = world.errand
    yield replace(world, errand=None)  # a crash, or patience that ended: due will say it again
    if done == 1:
        owed = due(settlement)
        owes = owed is not None and not isinstance(owed, Screen) and verb_of(owed) is verb
        allowed = admits(world.votes, verb) or not rules.vote_book
        if (owes or not rules.owed_now) and allowed:
            wrong = "signed under a stop" if settlement.stop is not None else world.wrong
            yield replace(
                world,
                errand=(verb, 2, current),
                votes=world.votes | {verb},
                signed=world.signed | {verb},
                wrong=wrong,
            )
    elif current or not rules.conditional:
        kept = settlement.with_prepared(verb)
        if not rules.act_first and verb not in {Verb.PAY, Verb.RECALL}:
            kept = kept.with_act(verb)
        token = (
            verb.value if current else f"{verb.value}-old" if verb is Verb.RECALL else verb.value
        )
        yield replace(world, settlement=kept, errand=None, asked=world.asked | {token})


def backups(world: World, rules: Adversary) -> Iterator[World]:
    """A notary reads a ledger as it stood when it owed another verb."""
    for verb in world.owed_once if rules.stale else ():
        if verb not in world.signed and (admits(world.votes, verb) or not rules.vote_book):
            yield replace(world, signed=world.signed | {verb}, votes=world.votes | {verb})


def answers(world: World, rules: Adversary) -> Iterator[World]:
    """What the adapter answers for an effect that is owed: true refusals, and spiteful ones."""
    effect = due(world.settlement)
    if effect is None or isinstance(effect, Screen):
        return
    verb = verb_of(effect)
    if verb is Verb.RECALL and world.bank in {"returned", "rejected"}:
        return  # it was granted: the fact is on its way
    if verb is Verb.RECALL:  # a rail that refuses a recall outright has refused it
        yield named(replace(world, asked=world.asked - {"recall"}), "EffectRefused", rules)
    elif verb not in world.settlement.prepared:
        yield named(world, "NeverPrepared", rules)
    else:
        yield named(world, "EffectRefused", rules)
    never = verb.value in world.asked and verb is Verb.LOCK and world.origin == "none"
    if never:  # expired bytes: they are really gone
        yield named(replace(world, asked=world.asked - {"lock"}), "NeverLands", rules)
    if verb is Verb.PAY and "pay" in world.asked and world.bank == "none":
        gone = replace(world, asked=world.asked - {"pay"}, fresh=True)
        yield named(gone, "NeverLands", rules)


def networks(world: World, rules: Adversary) -> Iterator[World]:
    """Escrow slots take what was asked or signed, whenever they like."""
    may = {*world.asked, *(verb.value for verb in world.signed)}
    o, d = world.origin, world.destination

    def landed(fact: str, **change: object) -> World:
        return replace(world, unheard=(*world.unheard, fact), **change)  # type: ignore[arg-type]  # slots by name

    if "lock" in may and o == "none":
        yield landed("AssetLocked", origin="open")
    if not rules.both_lock and o == "none" and world.settlement.stage is Stage.SCREENING:
        yield landed("AssetLocked", origin="open")
    if "release" in may and o in {"none", "open"} and not world.held:
        wrong = "paid and released" if world.bank == "settled" else world.wrong
        yield landed("LockReleased", origin="spent", wrong=wrong)
    if "burn" in may and o == "open":
        yield landed("AssetBurned", origin="done")
    if o == "open" and world.phase == 2 and not world.held:
        yield landed("LockReleased", origin="escaped", odd=True)
    if "mint" in may and d == "none":
        yield landed("AssetMinted", destination="open")
    if "unmint" in may and d in {"none", "open"}:
        yield landed("AssetUnminted", destination="spent")
    if "assign" in may and d == "open":
        unpaid = world.settlement.order.payment is not None and not world.settled_once
        wrong = "assigned unpaid" if unpaid else world.wrong
        yield landed("AssetAssigned", destination="done", wrong=wrong)


def bank(world: World, rules: Adversary) -> Iterator[World]:
    """The bank sees, settles, rejects; recalls are refused or granted; statements come late."""

    def said(fact: str, **change: object) -> World:
        return replace(world, unheard=(*world.unheard, fact), **change)  # type: ignore[arg-type]  # states by name

    if "pay" in world.asked and world.bank == "none":
        yield replace(world, bank="seen")
        if not rules.provable:  # a statement without it is taken for a rejection
            yield said("PaymentRejected")
    if world.bank == "seen":
        yield said("PaymentSettled", bank="settled", settled_once=True)
    if world.bank == "seen" or (world.fresh and world.bank == "none"):  # it was looked: never
        yield said("PaymentRejected", bank="rejected")
    if world.bank == "settled" and ("recall" in world.asked or "recall-old" in world.asked):
        odd = world.odd or "recall" not in world.asked  # of an attempt we gave up
        yield said("PaymentReturned", bank="returned", odd=odd, asked=world.asked - {"recall"})
    if world.bank == "seen" and "recall" in world.asked:
        yield said("PaymentRejected", bank="rejected")
    if "recall" in world.asked and world.bank not in {"returned", "rejected"}:
        yield replace(named(world, "RecallRefused", rules), asked=world.asked - {"recall"})
    if "recall-old" in world.asked:
        gone = replace(world, asked=world.asked - {"recall-old"})
        number = "-1" if rules.attempts else ""
        yield named(gone, "RecallRefused", rules, number)


def people(world: World, rules: Adversary) -> Iterator[World]:
    settlement = world.settlement
    yield named(world, "Cancelled", rules)
    yield named(world, "RecallDecided", rules)
    if settlement.stage not in REST:
        yield named(world, "FreezeOrdered", rules)
    if settlement.stop is Stop.HELD:
        yield named(world, "HoldCleared", rules)
        yield named(world, "HoldDeclined", rules)
    if settlement.stop is Stop.FROZEN:
        yield named(world, "GoOn", rules)
        yield named(world, "GiveBack", rules)
    if settlement.stop is Stop.SUSPENDED:
        for to in resolutions(settlement):
            yield named(world, "Resolved", rules, "+".join((to.value, *settlement.freezes)))


def clock(world: World, rules: Adversary) -> Iterator[World]:
    if machine.deadline(world.settlement) is not None:
        yield named(world, "DeadlinePassed", rules)
    held = upkeep(world.settlement, now_of(replace(world, phase=1)))
    waits = held is not None and held.until > now_of(world) and rules.holds
    if world.phase == 0 or (world.phase == 1 and not waits):
        # half a lock's life is time enough for a hold to land and for a deadline to be said
        late = machine.deadline(world.settlement)
        if late is None:
            yield replace(world, phase=world.phase + 1)


def observe(world: World, rules: Adversary) -> Iterator[World]:
    order = world.settlement.order
    told: set[str] = set()
    for place, name in enumerate(world.unheard):
        event = make_event(name, order, 0)
        assert isinstance(event, Fact)
        if event.network not in told:  # each network tells in its own order
            told.add(event.network)
            rest = world.unheard[:place] + world.unheard[place + 1 :]
            yield heard(replace(world, unheard=rest), event, rules)
    for key in world.settlement.history:  # networks repeat themselves
        name = key.split("/")[0]
        if name in {"AssetLocked", "AssetMinted", "PaymentSettled"}:
            again = heard(world, make_event(name, order, 0), rules)
            if not rules.one_fact:
                yield again
            else:
                assert again.settlement == world.settlement


def screening(world: World, rules: Adversary) -> Iterator[World]:
    if isinstance(due(world.settlement), Screen):
        for name in ("PolicyCleared", "PolicyHeld", "PolicyRejected", "PolicyBlocked"):
            yield named(world, name, rules)


MOVES: tuple[Callable[[World, Adversary], Iterator[World]], ...] = (
    errands, backups, answers, networks, bank, people, clock, observe, screening,
)  # fmt: skip


def violation(world: World) -> str:
    """What is wrong with a state, or nothing."""
    settlement = world.settlement
    paid = world.bank == "settled"
    if world.wrong:
        return world.wrong
    if world.destination == "done" and world.origin != "done":
        return "an original is free beside an assigned twin"
    if world.origin == "done" and world.destination == "spent":
        return "burned and unminted: the asset is lost"
    if paid and world.origin in {"spent", "escaped"}:
        return "paid and given back"
    if settlement.stop is not None and due(settlement) is not None:
        return "owed under a stop"
    if settlement.stop is Stop.SUSPENDED and not world.odd:
        return "suspended though nothing contradicts"
    if settlement.at_rest and not world.unheard:
        if world.origin == "open":
            return f"at rest in {settlement.stage.value} with the asset locked"
        if world.destination == "open":
            return f"at rest in {settlement.stage.value} with a twin in custody"
        if "lock" in world.asked and world.origin == "none":
            return "at rest with a lock under way"
    return ""


def search(*, paid: bool, rules: Adversary, first_only: bool = False) -> tuple[int, dict[str, str]]:
    """Visit every state; return how many there are and what is wrong, dead ends included."""
    first = normal(World(proposed(make_order(paid=paid, consents=False))))
    number = {key(first): 0}
    back: list[list[int]] = [[]]
    states = [first]
    rests: list[int] = []
    wrong: dict[str, str] = {}
    queue = deque([first])
    while queue:
        world = queue.popleft()
        here = number[key(world)]
        if why := violation(world):
            wrong.setdefault(why, told(states, back, here))
            if first_only:
                break
            continue
        if world.settlement.at_rest:
            rests.append(here)
        for move in MOVES:
            for then in move(world, rules):
                onward = remembering(normal(then)) if rules.stale else normal(then)
                name = key(onward)
                if name not in number:
                    number[name] = len(back)
                    back.append([])
                    states.append(onward)
                    queue.append(onward)
                back[number[name]].append(here)
        assert len(back) < 400_000, "the search does not end"
    reached, stack = set(rests), list(rests)
    while stack:
        for earlier in back[stack.pop()]:
            if earlier not in reached:
                reached.add(earlier)
                stack.append(earlier)
    dead = len(back) - len(reached) if not wrong and not rules.stale else 0
    if dead:
        stuck = next(n for n in range(len(back)) if n not in reached)
        wrong[f"{dead} dead ends"] = told(states, back, stuck)
    return len(back), wrong


def told(states: list[World], back: list[list[int]], here: int) -> str:
    """How the search came to a state, a line a step; the first way in is the shortest."""
    lines: list[str] = []
    while True:
        world = states[here]
        settlement = world.settlement
        lines.append(
            f"{settlement.stage} {settlement.stop or ''} | {world.origin}/{world.destination} "
            f"bank {world.bank} held {world.held} phase {world.phase} errand {world.errand} "
            f"asked {sorted(world.asked)} signed {sorted(world.signed)} "
            f"unheard {world.unheard} "
            f"seen {sorted(settlement.seen)} prepared {sorted(settlement.prepared)} {world.wrong}"
        )
        if not here:
            return "\n".join(reversed(lines))
        here = back[here][0]


@pytest.mark.parametrize("paid", [True, False], ids=["with payment", "free of payment"])
def test_every_state_is_safe_and_reaches_a_rest(paid: bool) -> None:
    states, wrong = search(paid=paid, rules=Adversary())
    assert not wrong, "\n\n".join(f"{why}:\n{how}" for why, how in wrong.items())
    assert states > 2_000


def test_a_stale_ledger_costs_time_but_loses_nothing() -> None:
    """The vote book alone stands between an older ledger and an asset that belongs to nobody."""
    _, wrong = search(paid=True, rules=Adversary(stale=True))
    assert not wrong


RULES = tuple(field.name for field in fields(Rules))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_taken_away_breaks_it(rule: str) -> None:
    """A rule whose absence the search cannot show is no rule, or the search is blind."""
    _, wrong = search(
        paid=True,
        rules=replace(Adversary(stale=rule == "vote_book"), **{rule: False}),
        first_only=True,
    )
    assert wrong, f"without {rule} nothing breaks"


def test_a_refusal_that_ends_a_burn_breaks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 10: a refusal for good leaves the effect owed; a row for it loses the asset."""
    rows = {stage: dict(row) for stage, row in machine.TRANSITIONS.items()}
    rows[Stage.BURNING][EffectRefused] = Stage.UNMINTING
    monkeypatch.setattr(machine, "TRANSITIONS", rows)
    _, wrong = search(paid=True, rules=Adversary(), first_only=True)
    assert wrong
