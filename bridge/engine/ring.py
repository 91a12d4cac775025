"""The ring put together: watchers, loop, errands, desk and people, over one journal.

The daemon hands it plain values; the simulation builds the same ring in a world made from a seed.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import structlog

from bridge.core.effects import Verb
from bridge.core.events import FreezeOrdered
from bridge.core.ids import Cursor, EntryId, NetworkId, SettlementId, derived_id, new_ulid
from bridge.core.registers import Lane, Shut
from bridge.engine.asking import Asked
from bridge.engine.book import step
from bridge.engine.ceilings import Ceilings
from bridge.engine.desk import Desk, disclosed
from bridge.engine.errands import Errands, Screening
from bridge.engine.loop import Inbox, Loop
from bridge.engine.people import DESK, People
from bridge.engine.perform import EXITS, Doors, Perform
from bridge.engine.watch import Verify, Watch
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.state.registers import HOUSE
from bridge.notary.state.view import View
from bridge.ports import Attestor, Clock, Door, FinalityBroken, Notice

log = structlog.stdlib.get_logger(__name__)

ENTRIES_AT_ONCE = 64  # locks, mints and payments under way at one network
EXITS_AT_ONCE = 64  # releases, unmints, burns and assigns, which never queue behind them
PROGRESS = "finality.progress"  # a network that is quiet, which nobody must look at
NOTICES_KEPT = 256  # of a network, for `trace` and `status`


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something a person must look at."""

    what: str
    settlement: SettlementId | None
    why: str


@dataclass(slots=True)
class Trouble:
    """What the ring shows beside the ledger: nothing here is truth, all of it is said again."""

    alarms: list[Alarm] = field(default_factory=list)
    notices: dict[SettlementId, Notice] = field(default_factory=dict)

    def alarm(self, what: str, settlement: SettlementId | None, why: str) -> None:
        """Keep an alarm once, and log it."""
        raised = Alarm(what, settlement, why)
        if raised not in self.alarms:
            self.alarms.append(raised)
            del self.alarms[:-NOTICES_KEPT]
            log.error("alarm.raised", what=what, settlement_id=settlement or "", why=why[:300])

    def noticed(self, notice: Notice) -> None:
        """Keep the last notice of a settlement; one of none is an alarm, if it is no progress."""
        if notice.settlement is None and notice.what == PROGRESS:
            return
        if notice.settlement is None:
            self.alarm(notice.what, None, f"{notice.network}: {notice.detail}")
            return
        self.notices[notice.settlement] = notice
        while len(self.notices) > NOTICES_KEPT:
            del self.notices[next(iter(self.notices))]


class Turns:
    """Bounds what is under way at each network; exits have a bound of their own."""

    def __init__(self) -> None:
        self._bounds: dict[tuple[NetworkId, bool], asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, network: NetworkId, verb: Verb) -> AsyncGenerator[None]:
        """Hold a place at a network while one step of an errand is done."""
        leaving = verb in EXITS
        bound = self._bounds.setdefault(
            (network, leaving),
            asyncio.Semaphore(EXITS_AT_ONCE if leaving else ENTRIES_AT_ONCE),
        )
        async with bound:
            yield


class Ring:
    """Everything that turns. `run` turns it until it is cancelled or a bug stops it."""

    def __init__(
        self,
        journal: Journal,
        doors: Doors,
        verifiers: Mapping[NetworkId, Verify],
        *,
        attestor: Attestor,
        screening: Screening,
        clock: Clock,
        entropy: Callable[[int], bytes],
        fingerprint_key: bytes,
        shut: Callable[[Lane], Shut | None] = lambda _: None,
        ceilings: Ceilings | None = None,
    ) -> None:
        self.journal = journal
        self.doors = doors
        self.clock = clock
        self.trouble = Trouble()
        self.shut = shut
        self.inbox = Inbox()
        self._entropy = entropy
        self._perform = Perform(
            journal,
            doors,
            attestor,
            clock,
            disclosed=lambda order: disclosed(journal, order),
            turn=Turns().turn,
            alarm=self.trouble.alarm,
        )
        self.errands = Errands(
            journal,
            self.inbox,
            self._perform,
            screening=screening,
            clock=clock,
            alarm=self.trouble.alarm,
        )
        self.desk = Desk(
            journal, self.inbox, doors, clock,
            fingerprint_key=fingerprint_key, shut=shut, ceilings=ceilings,
        )  # fmt: skip
        self.people = People(journal, self.inbox, clock, entropy)
        self._loop = Loop(journal, self.inbox, self.errands.moved)
        self.watches = tuple(
            Watch(
                network,
                door,
                verifiers[network],
                self.inbox,
                clock=clock,
                entropy=entropy,
                noticed=self.trouble.noticed,
                broken=self._broken,
            )
            for network, door in self._every_door().items()
        )

    def _every_door(self) -> dict[NetworkId, Door]:
        return {**self.doors.origins, **self.doors.destinations, **self.doors.rails}

    async def run(self) -> None:
        """Turn: absorb, carry out, observe. What a crash left is said again first.

        Errors: a group that holds the LedgerError that stopped writing, also of a ring at rest.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.journal.stopped())
            tasks.create_task(self._loop.run())
            tasks.create_task(self.errands.run())
            await self.people.enforce_freezes()
            for watch in self.watches:
                since = Cursor(self.journal.view.text("cursor", watch.reader))
                tasks.create_task(watch.run(since))

    async def _broken(self, door: Door, error: FinalityBroken) -> None:
        """A final fact was undone: a chain is frozen and two people are called."""
        self.trouble.alarm("finality.broken", error.settlement, f"{door.id}: {error}")
        if error.settlement is not None:
            await self._freeze_one(error.settlement)
            return
        scope = f"network/{door.id}"
        if self.journal.view.freeze(scope) is not None:
            return
        name = EntryId(new_ulid(self.clock.now(), self._entropy(10)))
        body = {"scope": scope, "reason": "finality broken", "by": HOUSE}
        item = Asked(
            (),
            lambda _: Group(id=name, drafts=(Draft(id=name, kind="freeze", body=body),)),
            asked=False,
        )
        await self.inbox.put(item)
        await item.taken
        await self.people.enforce_freezes()

    async def _freeze_one(self, of: SettlementId) -> None:
        fact = FreezeOrdered(settlement=of, network=DESK, order=f"finality-{of}")

        def build(view: View) -> Group | None:
            settlement = view.settlement(of)
            taken = step(view, settlement, fact) if settlement is not None else None
            if taken is None:
                return None
            return Group(id=derived_id(of, "said", fact.key), drafts=taken.drafts, spends=False)

        item = Asked((of,), build, asked=False)
        await self.inbox.put(item)
        await item.taken
