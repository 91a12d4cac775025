"""What settings and register say of each other: whether a lane's locks outlast what it waits for.

A lock's life stands in the register, finality in the settings of each network and rail: one file
alone cannot tell. Where the ledger lies beside, both are compared as the daemon does.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bridge.core.ids import NetworkId
from bridge.core.registers import Lane
from bridge.daemon import adapter_of, instance_of
from bridge.notary.outcomes import LedgerError
from bridge.notary.projection import Projection
from bridge.notary.store.sqlite import SqliteReader
from bridge.settings import LaneSettings, Settings, outlasted, why_shut


@dataclass(frozen=True, slots=True)
class Related:
    """One lane: what can be said of it from here, and what mends it where it cannot serve."""

    lane: str
    says: tuple[str, ...]
    code: str = ""  # set where the lane is shut
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The adapters' own settings, as far as a lane's time goes."""

    instances: Mapping[str, NetworkId]  # by section and name
    finality_ms: Mapping[NetworkId, int | None]  # None: its adapter does not say


def parsed(settings: Settings, folder: Path) -> Parsed:
    """Return what every network's and rail's settings say. Errors: BadSettings."""
    instances: dict[str, NetworkId] = {}
    waits: dict[NetworkId, int | None] = {}
    for section, held in (("network", settings.network), ("rail", settings.rail)):
        for name, table in held.items():
            place = f"{section}.{name}"
            own = instance_of(adapter_of(section, name, table), place, table, folder)
            instances[place] = own.network
            said = getattr(own, "finality_ms", None)  # an adapter may reckon it otherwise
            waits[own.network] = said if isinstance(said, int) else None
    return Parsed(instances, waits)


def related(settings: Settings, folder: Path) -> list[Related]:
    """Return what can be said of each lane of settings and register. Errors: BadSettings."""
    seen = parsed(settings, folder)
    register, unread = _register(settings, folder)
    proposed: dict[str, LaneSettings | None] = dict.fromkeys(sorted(register))
    proposed |= settings.lane
    return [_one(name, lane, register.get(name), seen, unread) for name, lane in proposed.items()]


def _register(settings: Settings, folder: Path) -> tuple[Mapping[str, Lane], str]:
    """Return the lanes of the register by id, or why they cannot be read from here."""
    kind, _, name = settings.ledger.store.partition(":")
    database = folder / settings.data / name
    if kind != "sqlite" or not database.is_file():
        return {}, f"no ledger at {settings.data}/{name}" if kind == "sqlite" else kind
    try:
        reader = SqliteReader(database)
        try:
            return {lane.id: lane for lane in Projection(reader).lanes()}, ""
        finally:
            reader.close()
    except LedgerError as error:
        return {}, f"the ledger cannot be read: {error}"


def _one(
    name: str, proposed: LaneSettings | None, lane: Lane | None, seen: Parsed, unread: str
) -> Related:
    told = tuple(_times(_named(proposed, lane, seen), seen))
    if lane is None:
        where = f"is not here ({unread})" if unread else "has no such lane yet"
        ask = "the daemon compares them: lianqiao status"
        return Related(name, (*told, f"its lock's life is in the register, which {where}; {ask}"))
    waits = {network: ms or 0 for network, ms in seen.finality_ms.items()}
    shut = why_shut(lane, proposed, seen.instances, waits)
    if shut is None or outlasted(lane, waits):
        says = f"half of its lock's life is {lane.lapse_ms // 2} ms"
        told = (*told, says if shut is not None else f"{says}, which outlasts that")
    if shut is None:
        return Related(name, told)
    return Related(name, (*told, f"shut: {shut.why}"), shut.code, shut.remedy)


def _named(proposed: LaneSettings | None, lane: Lane | None, seen: Parsed) -> list[NetworkId]:
    """Return what a lane waits for: as the register has it, else as the settings propose it."""
    if lane is not None:
        return [lane.origin, lane.destination, *([] if lane.rail is None else [lane.rail])]
    assert proposed is not None, "a lane is in the register or in the settings"
    places = [f"network.{proposed.origin}", f"network.{proposed.destination}"]
    places += [] if proposed.rail is None else [f"rail.{proposed.rail}"]
    return [seen.instances[place] for place in places]


def _times(named: list[NetworkId], seen: Parsed) -> Iterator[str]:
    parts = [(network, seen.finality_ms.get(network)) for network in named]
    each = ", ".join(f"{at} {'unknown' if ms is None else f'{ms} ms'}" for at, ms in parts)
    yield f"finality: {each}; {sum(ms or 0 for _, ms in parts)} ms in all"
    if len(named) > 2:
        yield "a payment's cut-off and calendar are asked order by order, before a lock"
