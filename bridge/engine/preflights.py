"""What every door of a lane says of an order before anything moves."""

import asyncio
from dataclasses import dataclass
from typing import TypeAlias

from bridge.core.order import SettlementOrder
from bridge.engine.perform import Doors
from bridge.policy.dossier import Preflight
from bridge.ports import AdapterError, Disclosed, Door, Unavailable

PREFLIGHT_S = 10  # bound on one door's preflight; later it is away


@dataclass(frozen=True, slots=True)
class Away:
    """A door that cannot reach its network now."""

    name: str
    why: str


Answers: TypeAlias = tuple[Preflight | Away, ...]


def here(answers: Answers) -> tuple[Preflight, ...]:
    """Return what the doors looked at. Errors: Unavailable where one is away."""
    for one in answers:
        if isinstance(one, Away):
            raise Unavailable(f"{one.name}: {one.why}")
    return unknown(answers)


def unknown(answers: Answers) -> tuple[Preflight, ...]:
    """Return what the doors looked at; one that is away is unknown."""
    return tuple(
        Preflight(one.name, "it answers", "unknown", one.why) if isinstance(one, Away) else one
        for one in answers
    )


async def preflight(doors: Doors, order: SettlementOrder, names: Disclosed) -> Answers:
    """Return what each of them answers, all asked at once, reading only."""
    asked: list[tuple[str, Door | None]] = [
        (order.origin.network, doors.origins.get(order.origin.network)),
        (order.destination.network, doors.destinations.get(order.destination.network)),
    ]
    if order.payment is not None:
        asked.append((order.payment.rail, doors.rails.get(order.payment.rail)))
    async with asyncio.TaskGroup() as tasks:
        answers = [tasks.create_task(_asked(name, door, order, names)) for name, door in asked]
    return tuple(one for answer in answers for one in answer.result())


async def _asked(name: str, door: Door | None, order: SettlementOrder, names: Disclosed) -> Answers:
    if door is None:
        return (Preflight(name, "its door is open", "unknown", "no adapter is open for it"),)
    try:
        async with asyncio.timeout(PREFLIGHT_S):
            checks = await door.preflight(order, names)
    except Unavailable as error:
        return (Away(name, _plain(str(error))),)
    except TimeoutError:
        return (Away(name, f"no answer in {PREFLIGHT_S} s"),)
    except AdapterError as error:
        return (Preflight(name, "it answers", "unknown", _plain(type(error).__name__)),)
    if not checks:
        return (Preflight(name, "it answers", "unknown", "it looked at nothing"),)
    return tuple(
        Preflight(name, _plain(check.what), check.answer.value, _plain(check.why))
        for check in checks
    )


def _plain(said: str) -> str:
    """A foreign text in a canonical form: no control characters, no end of the page."""
    said = said[:200]
    if said.isprintable():
        return said
    return "".join(character if character.isprintable() else " " for character in said)
