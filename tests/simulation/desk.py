"""The people of the house: they decide what is held, freeze and thaw, cancel, recall, resolve."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256

from bridge.core.canonical import Value
from bridge.core.ids import Digest, EntryId, PersonId, new_ulid
from bridge.core.settlement import GIVE_BACK, Settlement, Stage, Stop, resolutions
from bridge.engine.admission import Declined
from bridge.engine.ring import Ring
from bridge.notary.entries import Request
from bridge.notary.register_forms import lane_form
from bridge.notary.state.proposals import CLEAR, approval_message
from bridge.notary.state.rows import ProposalRow
from tests.engine.river import Chance
from tests.notary.ledgers import LI, WANG, ZHAO, key_of
from tests.simulation.life import Gone
from tests.simulation.registers import BACK, THERE, list_group, list_of
from tests.simulation.watchman import Watchman
from tests.simulation.world import PARTIES, Draw, World, name_of, wallet

ROUND_S = 6.0  # between two looks at the desk


class People:
    """They read what the daemon shows them, as people do, and answer it."""

    def __init__(self, world: World, watchman: Watchman) -> None:
        self._world = world
        self._watchman = watchman
        self._draw = world.chance("people")
        self._market = world.chance("people/rates")
        self._ids = Chance(world.chance("people/ids").getrandbits(60))
        self._asked = 0
        self._named: dict[int, str] = {}
        self._wallets: dict[int, str] = {}
        self._unbrought = False  # the daemon may have died before it took the list
        self._seen: set[tuple[str, str]] = set()  # settlement and stage somebody thought about

    async def run(self) -> None:
        """Look, act, and look again; when the weather calms down they tidy up."""
        while True:
            await asyncio.sleep(self._draw.expovariate(1 / ROUND_S))
            if self._world.rough:
                await self._try(self._meddle)
            else:
                await self._try(self._tidy)
            await self._try(self._decide_all)

    async def _try(self, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Gone:
            self._world.met("people.repeat")
        except Declined as no:
            self._world.met(f"declined.{no.code}")

    def _request(self, route: str, person: PersonId) -> Request:
        self._asked += 1
        body = Digest(sha256(route.encode()).hexdigest())
        return Request(key=f"p{self._asked}", principal=person, route=route, body=body)

    async def _open(self) -> tuple[Settlement, ...]:
        async def look(ring: Ring) -> tuple[Settlement, ...]:
            return ring.journal.view.open_settlements()

        return await self._watchman.visit(look)

    # What is asked of them

    async def _decide_all(self) -> None:
        for settlement in await self._open():
            patience = 0.6 if self._world.rough else 1.0
            if settlement.stop is not None and self._draw.random() < patience:
                await self._try(partial(self._decide, settlement))

    async def _decide(self, settlement: Settlement) -> None:
        of, draw = settlement.order.id, self._draw
        match settlement.stop:
            case Stop.HELD:
                says = "approve" if draw.random() < 0.7 else "refuse"
                row = await self._clearing(settlement)
                if row is not None:
                    await self._check(row, says, WANG)
                    self._world.met(f"held.{says}")
            case Stop.FROZEN:
                back = settlement.stage in GIVE_BACK and draw.random() < 0.5
                way = "give_back" if back else "go_on"
                await self._two("settlement.thaw", of, {"way": way})
                self._world.met(f"thawed.{way}")
            case Stop.SUSPENDED:
                allowed = resolutions(settlement)
                if not allowed:
                    self._world.met("suspended.nothing_allowed")
                    return
                to = draw.choice(allowed)
                payload = {"to": to.value, "freezes": list(settlement.freezes)}
                await self._two("settlement.resume", of, payload)
                self._world.met("resumed")
            case None:
                return

    async def _clearing(self, settlement: Settlement) -> ProposalRow | None:
        of = settlement.order.id

        async def find(ring: Ring) -> ProposalRow | None:
            view, now = ring.journal.view, self._world.now()
            rows = (view.proposal(EntryId(key)) for key, _ in self._all(ring))
            return next(
                (
                    row
                    for row in rows
                    if row is not None
                    and (row.subject, row.target) == (CLEAR, of)
                    and row.shown(now) == "open"
                    and row.payload == {"visit": str(settlement.visit)}
                ),
                None,
            )

        return await self._watchman.visit(find)

    @staticmethod
    def _all(ring: Ring) -> Iterator[tuple[str, object]]:
        after = ""
        while page := ring.journal.view.scan("proposal", after, 500):
            after = page[-1][0]
            yield from page

    async def _two(self, subject: str, target: str, payload: Value) -> None:
        asked = self._request(subject, WANG)
        row = await self._watchman.visit(
            lambda ring: ring.people.propose(
                subject, target, payload, maker=WANG, reason="it is so", asked=asked
            )
        )
        await self._check(row, "approve", ZHAO)

    async def _check(self, row: ProposalRow, says: str, person: PersonId) -> None:
        asked = self._request("decide", person)
        signature = key_of(person).sign(approval_message(row, says))
        await self._watchman.visit(
            lambda ring: ring.people.decide(
                EntryId(row.id), says, person=person, reason="seen", signature=signature,
                asked=asked,
            )
        )  # fmt: skip

    # What nobody asked them

    async def _meddle(self) -> None:
        for settlement in await self._open():
            mark = (settlement.order.id, settlement.stage.value)
            if mark not in self._seen:
                self._seen.add(mark)
                if self._draw.random() < self._world.weather.people / 6:
                    await self._try(partial(self._one, settlement))
        if self._draw.random() < 0.1:
            await self._lists(listing=self._draw.random() < 0.5)
        if self._draw.random() < 0.06:
            await self._lane(self._draw)
        if self._draw.random() < 0.2:
            await self._open_lanes()
        if self._market.random() < 0.08:
            await self._rate()

    async def _one(self, settlement: Settlement) -> None:
        of, draw = settlement.order.id, self._draw
        choice = draw.random()
        if choice < 0.4:
            asked = self._request("freeze", LI)
            await self._watchman.visit(
                lambda ring: ring.people.freeze(
                    f"settlement/{of}", person=LI, reason="an order", asked=asked
                )
            )
            self._world.met("frozen")
        elif settlement.stage in {Stage.PAYING, Stage.RECALLING} or choice < 0.5:
            await self._two("settlement.recall", of, {})
            self._world.met("recalled")
        else:
            await self._two("settlement.cancel", of, {})
            self._world.met("cancelled")

    async def _lists(self, *, listing: bool) -> None:
        draw = self._draw
        if listing:
            party = draw.randrange(PARTIES)
            if draw.random() < 0.5:
                self._named[party] = name_of(party)
                self._world.met("listed.name")
            else:
                self._wallets[party] = wallet(party)
                self._world.met("listed.wallet")
        elif self._named or self._wallets:
            self._named.clear()
            self._wallets.clear()
        else:
            return
        await self._bring()

    async def _bring(self) -> None:
        self._unbrought = True
        data = list_of(self._named, self._wallets)

        async def bring(ring: Ring) -> None:
            name = EntryId(new_ulid(self._world.now(), self._ids(10)))
            await ring.journal.append((list_group(ring.journal, name, data, self._world.now()),))

        await self._watchman.visit(bring)
        self._unbrought = False

    async def _lane(self, draw: Draw) -> None:
        lane = draw.choice((THERE, BACK))
        asked = self._request("pause", LI)
        await self._watchman.visit(
            lambda ring: ring.people.pause(lane, person=LI, reason="too rough", asked=asked)
        )
        self._world.met("lane.paused")

    async def _rate(self) -> None:
        rate: dict[str, Value] = {
            "base": "HKD",
            "quote": "USD",
            "day": "2026-01-01",
            "numerator": str(self._market.randrange(12, 15)),
            "denominator": "100",
            "source": "a bank",
        }
        await self._two("rates.import", "HKD/USD", rate)
        self._world.met("rates.imported")

    # When it is over

    async def _tidy(self) -> None:
        if self._named or self._wallets or self._unbrought:
            self._named.clear()
            self._wallets.clear()
            await self._bring()
        await self._open_lanes()
        for settlement in await self._open():
            if settlement.stage in {Stage.PROPOSED, Stage.AWAITING} and settlement.stop is None:
                await self._two("settlement.cancel", settlement.order.id, {})
                self._world.met("cancelled")
            if settlement.stage is Stage.PAYING and settlement.stop is None:
                mark = (settlement.order.id, str(settlement.visit))
                if mark in self._seen:  # it paid something else, and nothing more will be heard
                    await self._two("settlement.recall", settlement.order.id, {})
                    self._world.met("recalled")
                self._seen.add(mark)

    async def _open_lanes(self) -> None:
        async def shut(ring: Ring) -> list[tuple[str, Value]]:
            rows = [ring.journal.view.lane(lane) for lane in (THERE, BACK)]
            return [
                (row.id, {**lane_form(row), "paused": ""})
                for row in rows
                if row is not None and row.paused
            ]

        for lane, form in await self._watchman.visit(shut):
            await self._two("lane.open", lane, form)
            self._world.met("lane.opened")
