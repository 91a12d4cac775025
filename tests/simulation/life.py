"""One life of the daemon: the product's ring, behind gates that shut when the process dies."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar, cast

from adapters.memory.codec import public_hex, verify
from adapters.memory.direct import Direct
from adapters.memory.network import MemoryNetwork
from adapters.memory.panel import Fault, Trouble
from adapters.memory.rail import MemoryRail
from bridge.core.canonical import Value
from bridge.core.ids import NetworkId
from bridge.engine.desk import disclosed
from bridge.engine.dossiers import DossierScreening
from bridge.engine.perform import Doors
from bridge.engine.ring import Ring
from bridge.notary import votebook
from bridge.notary.attestation import CanonicalSigner
from bridge.notary.attestor import DevelopmentCustody, Notary
from bridge.notary.keys import Ed25519Key
from bridge.notary.outcomes import Full, IoFailed, LedgerError
from bridge.notary.store.port import Lost
from tests.engine.river import FINGERPRINT_KEY, NOTARIES, Chance, key
from tests.simulation.disk import SimStore, quiet
from tests.simulation.liars import forged
from tests.simulation.registers import genesis
from tests.simulation.world import World
from tests.simulation.writing import SimJournal
from tests.strategies import DESTINATION, ORIGIN, RAIL

T = TypeVar("T")
TROUBLES = tuple(Trouble)
ENTRIES_MAX = 150  # for each order, on average: more is a ring that writes and gets nowhere


class Dead(BaseException):
    """Raised in a process that is no more; nothing of it reaches the outside."""


class Gone(Exception):
    """Raised for a client whose daemon died before it answered."""


class Wire:
    """A door's way to its network, through all that can go wrong with a message."""

    def __init__(self, life: "Life", network: NetworkId, to: Direct) -> None:
        self._life = life
        self._to = to
        self._draw = life.world.chance(f"wire/{network}/{life.number}")
        self._network = network

    async def send(self, raw: bytes) -> None:
        life, world = self._life, self._life.world
        life.touch("send")
        silent = False
        arrives = True
        if world.rough and self._draw.random() < world.weather.message:
            trouble = self._draw.choice(TROUBLES)
            ms = int(self._draw.choice((50, 2_000, 20_000, 45_000)))
            self._to.panel.add(Fault(trouble=trouble, ms=ms))
            world.met(f"message.{trouble.value}")
            arrives = trouble not in {Trouble.REFUSE, Trouble.DROP}
        elif world.rough and self._draw.random() < world.weather.silent:
            silent = True
            world.met("message.silence")
        if arrives:
            world.carried(raw)
        await self._slow()
        await self._to.send(raw)
        life.touch("sent")
        if silent:
            await asyncio.sleep(60)

    async def told(self, after: int, wait_ms: int) -> tuple[bytes, ...]:
        told = await self._to.told(after, wait_ms)
        self._life.touch("told")
        world = self._life.world
        if world.rough and self._draw.random() < world.weather.lies:
            return forged(world, self._network, after, self._draw) or told
        return told

    async def ask(self, question: Mapping[str, Value]) -> Mapping[str, Value]:
        self._life.touch("ask")
        await self._slow()
        answer = await self._to.ask(question)
        await self._slow()
        return answer

    async def _slow(self) -> None:
        """Take a while, now and then: meanwhile the settlement may move on."""
        if self._life.world.rough and self._draw.random() < self._life.world.weather.slow:
            await asyncio.sleep(self._draw.choice((0.01, 0.3, 2.0, 8.0)))
            self._life.touch("ask")


class Life:
    """The daemon from one start to one end."""

    def __init__(self, world: World, number: int) -> None:
        self.world = world
        self.number = number
        self.alive = True
        self.power = False  # how it ended: the power failed
        self.up = asyncio.Event()
        self.ring: Ring
        self._draw = world.chance(f"life/{number}")
        self._task: asyncio.Task[None] | None = None
        self._visitors: set[asyncio.Task[object]] = set()
        self._touches = 0
        self._fatal = ("", 0)

    # Ending

    def doomed(self) -> None:
        """Decide by chance where this life ends: at an await, or at a call to the outside."""
        steps = int(self._draw.expovariate(1 / self.world.mean_steps)) + 1
        if self._draw.random() < 0.6:
            self.world.loop.trip_at = self.world.loop.steps + steps
            self.world.loop.trip = lambda: self.kill("await")
        else:
            self._fatal = ("", max(1, steps // 12))

    def kill(self, where: str) -> None:
        """End it here: no line of it runs to any effect any more."""
        if not self.alive:
            return
        self.alive = False
        self.power = self._draw.random() < self.world.weather.power
        self.world.loop.trip_at = 0
        self.world.met("crash")
        self.world.met(f"crash.{where}")
        if self._task is not None:
            self._task.cancel()
        for visitor in self._visitors:
            visitor.cancel()

    def touch(self, place: str) -> None:
        """Pass one call to the outside, or end with it."""
        if not self.alive:
            raise Dead
        self._touches += 1
        if self._fatal[1] and self._touches >= self._fatal[1]:
            self._fatal = ("", 0)
            self.kill(place)
            raise Dead

    def _disk(self, place: str) -> None:
        """Pass one step of the disk, let it fail, or end with it."""
        self.touch(place)
        if not self.world.rough or self._draw.random() >= self.world.weather.disk:
            return
        if place in {"store.begin", "store.write"}:
            error = self._draw.choice((Full, IoFailed))
            self.world.met(f"disk.{error.__name__.lower()}")
            raise error("the disk says so")
        if place == "store.sync":
            self.world.ledger.take_back()
            self.world.met("disk.lost_before")
            raise Lost("nobody answered")
        if place == "store.answer":
            self.world.met("disk.lost_after")
            raise Lost("nobody answered")
        if place in {"votes.write", "votes.sync"}:
            self.world.met("disk.votes")
            raise OSError("the disk says so")

    # Living

    async def live(self) -> None:
        """Open everything from what lies on the disk, and turn until the end.

        Errors: what ended it, but Dead.
        """
        self._task = cast("asyncio.Task[None]", asyncio.current_task())
        journal: SimJournal | None = None
        try:
            journal = await self._opened()
            self.ring = self._ring(journal)
            self.up.set()
            await self.ring.run()
        finally:
            self.alive = False
            self.up.set()
            for visitor in self._visitors:
                visitor.cancel()
            if journal is not None:
                await journal.close()

    async def _opened(self) -> SimJournal:
        world = self.world
        store = SimStore(world.ledger, quiet(self._disk))
        journal = SimJournal.open(store, world)
        journal.latency = lambda: self._draw.choice(world.weather.commits)
        journal.told = self._told
        if journal.trouble is not None:
            raise journal.trouble
        if journal.head.seq == 0:
            await journal.append((genesis(journal, world, Chance(world.seed)),))
        return journal

    def _told(self, n: int, leaf: bytes) -> None:
        if n > ENTRIES_MAX * self.world.size:
            self.world.loop.end(f"{n} entries of {self.world.size} orders, and no rest")
        if self.alive:
            self.world.acknowledged.setdefault(n, leaf)

    def _ring(self, journal: SimJournal) -> Ring:
        world = self.world
        networks = {
            network: MemoryNetwork(
                network,
                "escrow",
                Wire(self, network, world.nodes[network]),
                world,
                operator=key("operator"),
                finality_ms=world.chains[network].finality_ms,
            )
            for network in (ORIGIN, DESTINATION)
        }
        rail = MemoryRail(RAIL, Wire(self, RAIL, world.nodes[RAIL]), world)
        doors = Doors(origins=networks, destinations=networks, rails={RAIL: rail})
        verifiers = {
            network: partial(
                verify,
                pinned={
                    "kind": "network",
                    "network": network,
                    "key": public_hex(key(network)),
                    "escrow": "escrow",
                },
            )
            for network in networks
        }
        verifiers[RAIL] = partial(
            verify, pinned={"kind": "rail", "network": RAIL, "key": world.bank.public_key}
        )
        draw = Chance(world.chance(f"entropy/{self.number}").getrandbits(60))
        return Ring(
            journal,
            doors,
            verifiers,
            attestor=DevelopmentCustody(
                self._notaries(), lambda: journal.view, verifiers, world
            ),
            screening=DossierScreening(
                journal, doors, world, disclosed=lambda order: disclosed(journal, order),
                key=b"p" * 32,
            ),
            clock=world,
            entropy=draw,
            fingerprint_key=FINGERPRINT_KEY,
        )  # fmt: skip

    def _notaries(self) -> tuple[Notary, ...]:
        self.world.os.step = self._disk
        return tuple(
            Notary(
                name,
                votebook.FileVoteBook(cast("Path", self.world.files[name])),
                {"*": CanonicalSigner(Ed25519Key(public_hex(key(name)), key(name).sign))},
            )
            for name in NOTARIES
        )

    # Visiting

    async def visit(self, ask: Callable[[Ring], Awaitable[T]]) -> T:
        """Ask the daemon something as a client does. Errors: Gone; and what the daemon says."""
        await self.up.wait()
        if not self.alive:
            raise Gone

        async def asked() -> T:
            return await ask(self.ring)

        task = asyncio.get_running_loop().create_task(asked())
        self._visitors.add(cast("asyncio.Task[object]", task))
        try:
            return await task
        except (Dead, LedgerError) as error:
            raise Gone from error
        except asyncio.CancelledError:
            if asyncio.current_task().cancelling():  # type: ignore[union-attr]  # it is we
                task.cancel()
                raise
            raise Gone from None
        finally:
            self._visitors.discard(cast("asyncio.Task[object]", task))
