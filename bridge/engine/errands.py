"""What is owed, under way: one task for each effect a settlement owes, until it owes it no more.

There is no outbox and no resume code: at start every open settlement is looked at once, as after
every commit, and what it owes is `due`. What lies in memory here is patience, not truth.
"""

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import structlog

from bridge.core.effects import NetworkEffect, PaymentEffect, Screen, attempt_of, verb_of
from bridge.core.events import Answer, DeadlinePassed, Decided
from bridge.core.ids import RETIRED, Instant, SettlementId, derived_id
from bridge.core.settlement import Settlement, Stop, deadline
from bridge.core.upkeep import half_life
from bridge.engine.book import step
from bridge.engine.deadlines import Deadlines
from bridge.engine.loop import Inbox
from bridge.engine.perform import ASK_AGAIN_MS, Perform
from bridge.engine.proposals import clearing
from bridge.engine.waiting import Cause, Wait
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Outcome, RefusedGroup
from bridge.notary.state.view import View
from bridge.ports import Clock, Unavailable

log = structlog.stdlib.get_logger(__name__)

AWAY_MOST_MS = 15_000  # between two looks for a door that is away: others are asked each time
DROPPED_MS = 5_000  # before an effect whose answer has no row here is tried again
NAP_MS = 10_000  # of a wait, until the clock is read again
LONGEST_MS = 24 * 3_600_000  # nothing waits longer: finality and patience are minutes
TICK_S = 1.0  # how late a deadline may be said
UPKEEP_MS = 600_000  # how often holds and half-lives of open locks are looked at


@dataclass(frozen=True, slots=True)
class Screened:
    """What policy answered, with the decision entry and what lies beside it."""

    answer: Answer
    drafts: tuple[Draft, ...] = ()
    side: tuple[tuple[str, bytes | None], ...] = ()


class Screening(Protocol):
    """Gathers the dossier, calls the judge, answers."""

    async def screen(self, settlement: Settlement, tries: int) -> Screened:
        """Return policy's answer; `tries` counts how often its reservation no longer fitted.

        Errors: Unavailable where a door that must be asked is away.
        """
        ...


class Answered:
    """An answer on its way to the machine; its visit decides whether it still counts."""

    reader = ""
    asked = False

    def __init__(self, settlement: SettlementId, screened: Screened, clock: Clock) -> None:
        self.concerns = (settlement,)
        self._of = settlement
        self._screened = screened
        self._clock = clock
        self.taken: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()

    def build(self, view: View) -> Group | None:
        """Return the step with the decision before it, or None where nobody asks any more."""
        settlement = view.settlement(self._of)
        if settlement is None:
            return None
        answer = self._screened.answer
        taken = step(view, settlement, answer)
        if taken is None:
            return None
        held = taken.after.stop is Stop.HELD and settlement.stop is not Stop.HELD
        asks = (clearing(taken.after, self._clock.now()),) if held else ()
        told = answer.verdict if isinstance(answer, Decided) else ""
        name = derived_id(self._of, "answered", f"{answer.visit}", type(answer).__name__, told)
        return Group(
            id=name,
            drafts=(*self._screened.drafts, *taken.drafts, *asks),
            side=self._screened.side,
            spends=False,
        )

    def settle(self, outcome: Outcome | None) -> None:
        """Tell the errand."""
        if not self.taken.done():
            self.taken.set_result(outcome)

    def fail(self, error: BaseException) -> None:
        """Pass the ledger's trouble to the errand."""
        if not self.taken.done():
            self.taken.set_exception(error)
            self.taken.exception()


class Errands:
    """Keeps one task a pending effect, says deadlines, and knows what each settlement waits for."""

    def __init__(
        self,
        journal: Journal,
        inbox: Inbox,
        perform: Perform,
        *,
        screening: Screening,
        clock: Clock,
        alarm: Callable[[str, SettlementId, str], None],
    ) -> None:
        self._journal = journal
        self._inbox = inbox
        self._perform = perform
        self._screening = screening
        self._clock = clock
        self._alarm = alarm
        self._tasks: asyncio.TaskGroup | None = None
        self._running: dict[SettlementId, dict[str, asyncio.Event]] = {}
        self._deadlines = Deadlines()
        self._worried: set[SettlementId] = set()
        self._met: dict[SettlementId, tuple[int, Wait]] = {}  # in which visit, for `trace`

    def met(self, settlement: Settlement) -> Wait | None:
        """Return what the errand of this visit last met."""
        visit, wait = self._met.get(settlement.order.id, (-1, None))
        return wait if visit == settlement.visit else None

    async def run(self) -> None:
        """Carry out what every open settlement owes, for ever."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self.moved(one.order.id for one in self._journal.view.open_settlements())
            tasks.create_task(self._say_deadlines())
            tasks.create_task(self._keep_up())

    def moved(self, settlements: Iterable[SettlementId]) -> None:
        """Look again at settlements a commit has touched."""
        for of in settlements:
            self._consider(of)

    def _consider(self, of: SettlementId) -> None:
        settlement = self._journal.view.settlement(of)
        if settlement is None or self._tasks is None:
            return
        running = self._running.setdefault(of, {})
        for woken in running.values():
            woken.set()
        if settlement.at_rest:
            self._forget(of)
        for effect in self._perform.owed(settlement):
            name = _name(effect)
            if name not in running:
                running[name] = asyncio.Event()
                self._tasks.create_task(self._carry_out(of, name, running))
        if not running:
            del self._running[of]
        self._deadlines.put(of, deadline(settlement))

    async def _carry_out(
        self, of: SettlementId, name: str, running: dict[str, asyncio.Event]
    ) -> None:
        """Carry out one effect, then look at what became owed meanwhile."""
        try:
            await self._go_on(of, name, running[name])
        except BaseException:
            self._tasks = None  # the ring ends: nothing is begun any more
            raise
        finally:
            del running[name]
        self._after(of)

    async def _go_on(self, of: SettlementId, name: str, woken: asyncio.Event) -> None:
        """Go on with one effect until the settlement owes it no more."""
        tries, again_ms = 0, ASK_AGAIN_MS
        while True:
            woken.clear()
            settlement = self._journal.view.settlement(of)
            effect = self._owed(settlement, name)
            if settlement is None or effect is None:
                return
            if self._clock.now() >= RETIRED:  # nothing is judged or sent under such a clock
                await self._pause(woken, Instant(self._clock.now() + ASK_AGAIN_MS))
                continue
            if isinstance(effect, Screen):
                try:
                    screened = await self._screening.screen(settlement, tries)
                except Unavailable as error:
                    until = Instant(self._clock.now() + again_ms)
                    again_ms = min(2 * again_ms, AWAY_MOST_MS)
                    self._met[of] = settlement.visit, Wait(until, str(error), Cause.AWAY)
                else:
                    again_ms = ASK_AGAIN_MS
                    outcome = await self._tell(of, screened)
                    tries += 1
                    if isinstance(outcome, RefusedGroup):
                        log.info("group.refused", settlement_id=of, code=outcome.code)
                        continue
                    until = Instant(self._clock.now() + DROPPED_MS)
            else:
                until = await self._further(of, settlement, effect)
            await self._pause(woken, until)

    def _after(self, of: SettlementId) -> None:
        """Start what became owed while this errand ended."""
        settlement = self._journal.view.settlement(of)
        if settlement is not None and self._perform.owed(settlement):
            self._consider(of)
        elif not self._running.get(of, True):
            del self._running[of]
        if settlement is not None and settlement.at_rest:
            self._forget(of)  # its last fact may be told before its errand has ended

    def _forget(self, of: SettlementId) -> None:
        """Forget what lies in memory of a settlement at rest."""
        self._met.pop(of, None)
        self._worried.discard(of)
        self._perform.forget(of)

    async def _further(
        self, of: SettlementId, settlement: Settlement, effect: NetworkEffect | PaymentEffect
    ) -> Instant:
        result = await self._perform.perform(settlement, effect)
        if isinstance(result, Wait):
            self._met[of] = settlement.visit, result
            return result.until
        outcome = await self._tell(of, Screened(result))
        if outcome is None:
            until = Instant(self._clock.now() + DROPPED_MS)
            why = f"{_name(effect)} was refused, and is still owed"
            self._met[of] = settlement.visit, Wait(until, why, Cause.OWED)
            self._alarm("effect.refused_for_good", of, why)
        return Instant(self._clock.now() + DROPPED_MS)

    async def _tell(self, of: SettlementId, screened: Screened) -> Outcome | None:
        item = Answered(of, screened, self._clock)
        await self._inbox.put(item)
        return await item.taken

    def _owed(
        self, settlement: Settlement | None, name: str
    ) -> NetworkEffect | PaymentEffect | Screen | None:
        if settlement is None:
            return None
        owed = self._perform.owed(settlement)
        return next((effect for effect in owed if _name(effect) == name), None)

    async def _pause(self, woken: asyncio.Event, until: Instant) -> None:
        """Sleep until then, or until the settlement moves.

        The clock is read again and again: it may have been set meanwhile. What is further away than
        anything waits was written under a wrong clock, and is not waited for.
        """
        while 0 < (left := until - self._clock.now()) <= LONGEST_MS:
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, NAP_MS) / 1000):
                    await woken.wait()
                    return

    async def _say_deadlines(self) -> None:
        while True:
            now = self._clock.now()
            for of in self._deadlines.passed(now) if now < RETIRED else ():
                settlement = self._journal.view.settlement(of)
                until = deadline(settlement) if settlement is not None else None
                if settlement is not None and until is not None and until <= now:
                    passed = Screened(DeadlinePassed(visit=settlement.visit))
                    await self._inbox.put(Answered(of, passed, self._clock))
            await asyncio.sleep(TICK_S)

    async def _keep_up(self) -> None:
        """Look at the holds of open locks, and raise the alarm at half a lock's life."""
        while True:
            await asyncio.sleep(UPKEEP_MS / 1000)
            for settlement in self._journal.view.open_settlements():
                of = settlement.order.id
                if half_life(settlement.order) <= self._clock.now() and of not in self._worried:
                    self._worried.add(of)
                    self._alarm("lock.half_life", of, "half of the lock's life is over")
                self._consider(of)


def _name(effect: NetworkEffect | PaymentEffect | Screen) -> str:
    if isinstance(effect, Screen):
        return "screen"
    return f"{verb_of(effect).value}/{attempt_of(effect)}"
