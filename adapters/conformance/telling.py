"""Reading a door to a marker, and proving what it tells."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from bridge.core.events import Fact
from bridge.core.ids import Cursor, SettlementId
from bridge.ports import Door, Observation


async def read_to(
    door: Door, marker: SettlementId, since: Cursor, patience_s: float
) -> list[Observation]:
    """Return every observation of a fact from `since` up to the first of `marker`, in order.

    What a door repeats, with the same cursor, is there once.
    Errors: TimeoutError when patience ends, AssertionError where reading does.
    """
    found: list[Observation] = []
    seen: set[tuple[Cursor, str]] = set()
    async with asyncio.timeout(patience_s), aclosing(door.observe(since)) as reading:
        async for page in reading:
            for one in page:
                if not isinstance(one.subject, Fact):
                    continue
                if one.subject.settlement == marker:
                    return found
                name = (one.cursor, f"{one.subject.settlement}/{one.subject.key}")
                if name not in seen:
                    seen.add(name)
                    found.append(one)
    raise AssertionError("observe ended; it yields for ever")


def proved(told: list[Observation], verify: Callable[[bytes], tuple[Fact, ...]]) -> list[Fact]:
    """Return the facts that were told, each proved by its own evidence.

    Errors: AssertionError, or Unproved of the adapter.
    """
    found: list[Fact] = []
    for one in told:
        assert isinstance(one.subject, Fact), "read_to returns facts"
        proves = verify(one.evidence)
        assert one.subject in proves, f"the evidence proves {proves}, told: {one.subject}"
        found.append(one.subject)
    return found


def bends(
    one: Observation, verify: Callable[[bytes], tuple[Fact, ...]], refusal: type[Exception]
) -> list[int]:
    """Return the places where one changed bit makes the evidence prove another fact."""
    places: list[int] = []
    step = max(1, len(one.evidence) // 64)
    for place in range(0, len(one.evidence), step):
        forged = bytearray(one.evidence)
        forged[place] ^= 1
        try:
            proves = verify(bytes(forged))
        except refusal:
            continue
        if set(proves) - {one.subject}:
            places.append(place)
    return places
