"""A clerk who books gold beside the settlements: limits, due dates, repeats, and wrong repeats."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from bridge.core.canonical import Value
from bridge.core.ids import EntryId, new_ulid
from bridge.engine.ring import Ring
from bridge.notary.entries import Draft, Group
from bridge.notary.outcomes import Committed, Conflict, Outcome, RefusedGroup, Replayed
from tests.engine.river import Chance
from tests.notary.ledgers import account, transfer
from tests.simulation.life import Gone
from tests.simulation.watchman import Watchman
from tests.simulation.world import World

GAP_S = 12.0  # between two bookings, on average
LIMIT = 50
ALONE: Mapping[str, dict[str, Value]] = {
    "rate": {
        "base": "HKD",
        "quote": "USD",
        "day": "2026-01-01",
        "numerator": "1",
        "denominator": "1000000",
        "source": "the clerk",
    },
    "opening": {
        "account": "clerk/a",
        "unit": "gold",
        "used": "0",
        "source": "the clerk",
        "as_of": "2026-01-01",
    },
    "pack": {"name": "clerk", "pack": "ab" * 32, "state": "active", "side": "bytes/ab"},
}


class Clerk:
    """Writes groups of its own, and knows what the answer must be."""

    def __init__(self, world: World, watchman: Watchman) -> None:
        self._world = world
        self._watchman = watchman
        self._draw = world.chance("clerk")
        self._ids = Chance(world.chance("clerk/ids").getrandbits(60))
        self._refused: tuple[Group, RefusedGroup] | None = None

    async def run(self) -> None:
        """Open two accounts, then book while it is rough."""
        names = ("clerk/a", "clerk/b")
        for name in names:
            limit = LIMIT if name == "clerk/a" else None
            await self._say(self._group("account", account(name, limit=limit)))
        await self._alone()
        while True:
            await asyncio.sleep(self._draw.expovariate(1 / GAP_S))
            if not self._world.rough:
                return  # what it held back now might fall due after everybody has gone
            await self._draw.choice((self._post, self._pend, self._overdraw, self._misquote))()

    def _group(self, kind: str, body: dict[str, Value]) -> Group:
        name = EntryId(new_ulid(self._world.now(), self._ids(10)))
        return Group(id=name, drafts=(Draft(id=name, kind=kind, body=body),))

    async def _say(self, group: Group) -> Outcome:
        async def append(ring: Ring) -> Outcome:
            return (await ring.journal.append((group,)))[0]

        while True:
            try:
                return await self._watchman.visit(append)
            except Gone:
                await asyncio.sleep(self._draw.uniform(0.1, 3))

    async def _alone(self) -> None:
        """Put a rate, an opening and a pack in force that nobody else has seen."""
        self._world.met("clerk.alone")
        for kind, body in ALONE.items():
            answer = await self._say(self._group(kind, body))
            if not isinstance(answer, RefusedGroup):
                self._world.wrong(f"a {kind} of one person was answered {type(answer).__name__}")

    async def _post(self) -> None:
        await self._say(self._group("transfer", transfer("post", "clerk/a", "clerk/b", 1)))
        self._world.met("clerk.post")

    async def _pend(self) -> None:
        """Hold something back until it falls due, which nobody resolves."""
        due = self._world.now() + self._draw.randrange(100, 9_000)
        body = transfer("pending", "clerk/a", "clerk/b", 1, due=due)
        await self._say(self._group("transfer", body))
        self._world.met("clerk.due")

    async def _overdraw(self) -> None:
        """Ask for more than the limit: refused, and for ever by the same entry."""
        if self._refused is None:
            group = self._group("transfer", transfer("post", "clerk/a", "clerk/b", LIMIT + 1))
            answer = await self._say(group)
            if not isinstance(answer, RefusedGroup):
                self._world.wrong(f"a posting above its limit was answered {type(answer).__name__}")
                return
            self._refused = group, answer
            await self._post()
        again = await self._say(self._refused[0])
        self._world.met("clerk.refused")
        if again != self._refused[1]:
            self._world.wrong("a refusal was not kept: asked again, it is another answer")

    async def _misquote(self) -> None:
        """Use an id twice: with the same words it is a repeat, with others a conflict."""
        group = self._group("transfer", transfer("post", "clerk/b", "clerk/a", 1))
        first = await self._say(group)
        again = await self._say(group)
        other = replace(group.drafts[0], body=transfer("post", "clerk/b", "clerk/a", 2))
        wrong = await self._say(replace(group, drafts=(other,)))
        self._world.met("clerk.misquoted")
        if isinstance(first, Committed) and not isinstance(again, Replayed):
            self._world.wrong("a repeat was not known")
        if not isinstance(wrong, Conflict):
            self._world.wrong(f"other words under a spent id were answered {type(wrong).__name__}")
