"""What networks and bank do by themselves: forks, delays, shut gates, silence, second thoughts."""

import asyncio

from adapters.memory.bank import Fate, State, Word
from bridge.core.canonical import canonical
from bridge.core.ids import EntryId, new_ulid
from bridge.notary.entries import Draft, Group
from tests.notary.ledgers import account
from tests.simulation.disk import SimStore
from tests.simulation.liars import steals
from tests.simulation.world import World
from tests.simulation.writing import SimJournal
from tests.strategies import DESTINATION, ORIGIN, RAIL

GAP_S = 5.0  # between two events, on average


class Elements:
    """They act while it is rough, and let go of everything when it calms down."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._draw = world.chance("elements")

    async def run(self) -> None:
        """Act, again and again."""
        while True:
            await asyncio.sleep(self._draw.expovariate(1 / GAP_S))
            if not self._world.rough:
                return
            await self._draw.choice(
                (
                    *(self._fork, self._fork, self._stall, self._shut, self._reorder),
                    *(self._bank, self._steal, self._second),
                )
            )()

    async def _fork(self) -> None:
        """Take blocks back that are not final, with or without what they held."""
        chain = self._world.chains[self._draw.choice((ORIGIN, DESTINATION))]
        chain.turn(self._world.now())
        depth = len(chain._open)
        if depth:
            drop = self._draw.random() < 0.3
            undone = chain.reorganise(
                self._draw.randrange(1, depth + 1), self._world.now(), drop=drop
            )
            assert undone == 0, "what is final stays"
            self._world.met("network.fork_dropped" if drop else "network.fork")

    async def _stall(self) -> None:
        chain = self._world.chains[self._draw.choice((ORIGIN, DESTINATION))]
        chain.paused = True
        self._world.met("network.stall")
        await asyncio.sleep(self._draw.uniform(1, 40))
        chain.paused = False
        self._wake()

    async def _shut(self) -> None:
        gate = self._world.nodes[self._draw.choice((ORIGIN, DESTINATION, RAIL))]
        gate.closed = True
        gate.wake()
        self._world.met("network.shut")
        await asyncio.sleep(self._draw.uniform(0.5, 40))
        gate.closed = False

    async def _reorder(self) -> None:
        chain = self._world.chains[self._draw.choice((ORIGIN, DESTINATION))]
        chain.reordering = not chain.reordering
        self._world.met("network.reorder")

    async def _steal(self) -> None:
        await steals(self._world, self._draw)

    async def _second(self) -> None:
        """Start a second daemon on the same ledger, which writes one group and is gone."""
        world = self._world
        if not world.ledger.disk.head.seq or world.ledger.unsynced or self._draw.random() < 0.5:
            return
        journal = SimJournal.open(SimStore(world.ledger, lambda _: None), world)
        journal.told = lambda n, leaf: world.acknowledged.update({n: leaf})
        name = EntryId(new_ulid(world.now(), self._draw.randbytes(10)))
        draft = Draft(id=name, kind="account", body=account(f"second/{name}"))
        await journal.append((Group(id=name, drafts=(draft,)),))
        await journal.close()
        world.met("ledger.second_writer")

    async def _bank(self) -> None:
        """Settle what waited in silence, or give something back that was settled."""
        bank, now = self._world.bank, self._world.now()
        waiting = [p for p in bank.payments.values() if p.state is State.PENDING]
        if waiting:
            bank.settle(self._draw.choice(waiting).uetr, now)
            self._world.met("rail.late")
            self._wake()

    def calm(self) -> None:
        """Everything works from here on."""
        world = self._world
        for chain in world.chains.values():
            chain.paused = chain.reordering = False
        for gate in world.nodes.values():
            gate.closed = False
            gate.panel.clear()
        world.bank.fates.clear()
        world.bank.words.clear()
        world.bank.fates["*"] = Fate.SETTLE
        world.bank.words["*"] = Word.ACCEPT
        for payment in list(world.bank.payments.values()):
            if payment.state is State.PENDING:
                world.bank.settle(payment.uetr, world.now())
        for (uetr, number), word in list(world.bank.recalls.items()):
            if word is Word.SILENT:
                self._answer(uetr, number)
        self._wake()

    def _answer(self, uetr: str, number: int) -> None:
        """Let the bank answer a recall it has been silent about, also of what it never saw."""
        now = self._world.now()
        asked = {**self._world.recalls[uetr, number], "expires": str(now + 1)}
        self._world.bank.receive(canonical(asked), now)

    def _wake(self) -> None:
        for gate in self._world.nodes.values():
            gate.wake()
