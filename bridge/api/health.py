"""Whether the daemon lives, is ready, and how it does."""

from collections import Counter

from aiohttp import web
from prometheus_client import CollectorRegistry, Gauge, generate_latest

from bridge import __version__
from bridge.api.routes import READERS, Answer, Call, Room, Route
from bridge.api.times import time_text
from bridge.api.waiting import open_proposals
from bridge.core.ids import Instant
from bridge.core.registers import Lane, Shut
from bridge.core.settlement import Stage, Stop
from bridge.notary.outcomes import Damaged, LedgerError
from bridge.notary.state.proposals import SUBJECTS
from bridge.notary.state.rows import ListRow
from schemas.answers import Alive, DoorView, Lanes, ListAge, Ready, Status


async def livez(_: Call) -> Answer:
    """Say that the process answers."""
    return Alive(alive=True)


async def readyz(call: Call) -> Answer:
    """Say whether it writes; `verbose` adds why not."""
    journal = call.room.ring.journal
    ready = journal.trouble is None
    verbose = "verbose" in call.query
    told = Ready(
        ready=ready,
        version=__version__ if verbose else "",
        entries=str(journal.head.seq) if verbose else "",
        sealed=str(journal.sealed) if verbose else "",
        trouble=_trouble(journal.trouble) if verbose and journal.trouble else "",
    )
    return web.Response(
        body=told.model_dump_json().encode(),
        content_type="application/json",
        status=200 if ready else 503,
    )


def _trouble(trouble: LedgerError) -> str:
    """Name it and, where one is damaged, its entry; why is said to people of the desk only."""
    name = type(trouble).__name__
    return f"{name}: entry {trouble.entry}" if isinstance(trouble, Damaged) else name


async def status(call: Call) -> Answer:
    """Say in one look how it does and what needs the caller."""
    room = call.room
    journal, now = room.ring.journal, room.clock.now()
    open_ones = journal.view.open_settlements()
    oldest = min((one.order.created for one in open_ones), default=now)
    stopped = Counter(one.stop.value for one in open_ones if one.stop is not None)
    waiting = list(open_proposals(room))
    mine = [
        row
        for row in waiting
        if row.maker != call.caller.person and SUBJECTS.get(row.subject, "") in call.caller.roles
    ]
    return Status(
        ready=journal.trouble is None,
        version=__version__,
        up_s=str((now - room.started) // 1000),
        entries=str(journal.head.seq),
        sealed=str(journal.sealed),
        last_entry=time_text(_last_entry(room)),
        lanes=tuple(_lanes(room)),
        doors=tuple(DoorView(id=one.reader, away=one.down[:200]) for one in room.ring.watches),
        lists=tuple(_lists(room)),
        in_flight=str(len(open_ones)),
        oldest_s=str(max(0, now - oldest) // 1000),
        stopped={stop: str(count) for stop, count in stopped.items()},
        approvals=str(len(waiting)),
        yours=str(len(mine)),
        alarms=tuple(f"{one.what}: {one.why}"[:200] for one in room.ring.trouble.alarms[-20:]),
    )


def _lanes(room: Room) -> list[Lanes]:
    return [_lane(lane, room.ring.shut(lane)) for lane in room.ring.journal.view.lanes()]


def _lane(lane: Lane, shut: Shut | None) -> Lanes:
    state = "paused" if lane.paused else "open" if lane.open and shut is None else "shut"
    why, remedy = ("", "") if shut is None else (f"{shut.code}: {shut.why}", shut.remedy)
    return Lanes(id=lane.id, state=state, why=why, remedy=remedy)


def _last_entry(room: Room) -> Instant:
    """When the ledger's last entry was written; an empty ledger is as old as this process."""
    journal = room.ring.journal
    entry = journal.entry(journal.head.seq - 1) if journal.head.seq else None
    return room.started if entry is None else entry.t


def _lists(room: Room) -> list[ListAge]:
    rows, now = room.ring.journal.view.scan("list", "", 500), room.clock.now()
    return [
        ListAge(name=name, age_s=str(max(0, now - int(row.as_of)) // 1000))
        for name, row in rows
        if isinstance(row, ListRow) and row.as_of.isdecimal()
    ]


async def metrics(call: Call) -> Answer:
    """Tell figures in the text form of Prometheus; no name of a person or party is among them."""
    journal, registry = call.room.ring.journal, CollectorRegistry()

    def gauge(name: str, says: str, value: int) -> None:
        Gauge(f"lianqiao_{name}", says, registry=registry).set(value)

    open_ones = journal.view.open_settlements()
    gauge("up", "1 while the ledger is written", 1 if journal.trouble is None else 0)
    gauge("ledger_entries", "entries committed", journal.head.seq)
    gauge("ledger_sealed", "entries under the latest checkpoint", journal.sealed)
    gauge("alarms", "alarms raised since the start", len(call.room.ring.trouble.alarms))
    by_stage = Gauge("lianqiao_settlements", "settlements under way", ["stage"], registry=registry)
    stages = Counter(one.stage for one in open_ones)
    for stage in Stage:
        by_stage.labels(stage.value).set(stages[stage])
    by_stop = Gauge("lianqiao_stopped", "settlements under a stop", ["stop"], registry=registry)
    stops = Counter(one.stop for one in open_ones)
    for stop in Stop:
        by_stop.labels(stop.value).set(stops[stop])
    return web.Response(body=generate_latest(registry), content_type="text/plain")


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET", path="/livez", name="livez", says="Whether the process answers.",
        answer=livez, roles=None, gives=Alive,
    ),
    Route(
        method="GET", path="/readyz", name="readyz", says="Whether it writes.",
        answer=readyz, roles=None, gives=Ready, query={"verbose": "|1|true"},
    ),
    Route(
        method="GET", path="/v1/status", name="status", says="How it does, in one look.",
        answer=status, roles=READERS, gives=Status,
    ),
    Route(
        method="GET", path="/metrics", name="metrics", says="Figures for Prometheus.",
        answer=metrics, roles=READERS, media="text/plain",
    ),
)  # fmt: skip
