"""Memory follows what is under way: what has come to rest is held by caches with a bound alone."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from pathlib import Path

from bridge.core.settlement import Stage
from bridge.notary.cast import Cast
from bridge.notary.journal import Journal
from tests.engine.river import River, river

ORDERS = 20
BOUNDED = (Journal, Cast)  # each tested by itself


def members(thing: object) -> Iterator[tuple[str, object]]:
    """What an object of ours refers to, by the name of its member."""
    yield from getattr(thing, "__dict__", {}).items()
    for kind in type(thing).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if hasattr(thing, name):
                yield name, getattr(thing, name)


def held(root: object) -> Counter[str]:
    """How many elements the collections have that are reached from it, by whose they are."""
    found: Counter[str] = Counter()
    seen: set[int] = set()
    left: list[tuple[str, object]] = [("", root)]
    while left:
        place, thing = left.pop()
        if id(thing) in seen or isinstance(thing, BOUNDED):
            continue
        seen.add(id(thing))
        if isinstance(thing, dict | set | frozenset | list | tuple | deque):
            found[place] += len(thing)
            parts = (*thing, *thing.values()) if isinstance(thing, dict) else tuple(thing)
            left += [(place, part) for part in parts]
        elif type(thing).__module__.startswith("bridge."):
            left += [(f"{type(thing).__name__}.{name}", one) for name, one in members(thing)]
    return found


async def settled(water: River, first: int) -> None:
    """As many orders as `ORDERS`, all at once, until no errand is under way any more."""
    sent = [await water.send(water.order(first + number)) for number in range(ORDERS)]
    for one in sent:
        await water.until(one, Stage.SETTLED, within=60)
    async with asyncio.timeout(60):
        while water.ring.errands._running or len(water.ring.inbox):  # noqa: ASYNC110 no bell rings
            await asyncio.sleep(0.01)


async def test_a_ring_holds_nothing_of_a_settlement_at_rest(tmp_path: Path) -> None:
    """After twice as many settlements every collection of ring and notaries is as long."""
    async with river(tmp_path) as water:
        everything = (water.ring, water.notaries)
        await settled(water, 1)
        once = held(everything)
        assert {"Errands._running", "Perform._sent"} <= once.keys()
        await settled(water, 1 + ORDERS)
        twice = held(everything)
    grown = {place: (once[place], count) for place, count in twice.items() if count > once[place]}
    assert not grown
