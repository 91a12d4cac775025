"""Whoever restarts the daemon: one life after the other, until the story is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from bridge.engine.ring import Ring
from bridge.notary.outcomes import LedgerError
from tests.simulation.life import Dead, Gone, Life
from tests.simulation.world import World

T = TypeVar("T")
EXPECTED = (Dead, LedgerError, OSError, asyncio.CancelledError)  # an end that a restart answers


def leaves(error: BaseException) -> list[BaseException]:
    """Return what lies in a group of errors, and the groups in it."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for one in error.exceptions for leaf in leaves(one)]
    return [error]


class Watchman:
    """Keeps the daemon alive, and lets clients find the one that lives."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lives = 0
        self.life: Life | None = None
        self._started = asyncio.Event()
        self._draw = world.chance("watchman")

    async def run(self) -> None:
        """Start it again whenever it ends."""
        world = self.world
        while True:
            self.lives += 1
            self.life = life = Life(world, self.lives)
            if world.rough and world.counts["crash"] < world.weather.crashes:
                life.doomed()
            task = asyncio.get_running_loop().create_task(life.live())
            self._started.set()
            self._started = asyncio.Event()
            try:
                await asyncio.wait({task})
            finally:
                life.kill("end") if world.rough else task.cancel()
            self._ended(life, task)
            await asyncio.sleep(self._draw.choice((0.0, 0.2, 3.0, 20.0)))

    def _ended(self, life: Life, task: "asyncio.Task[None]") -> None:
        world = self.world
        world.loop.trip_at = 0
        if not task.cancelled() and (error := task.exception()) is not None:
            for leaf in leaves(error):
                if not isinstance(leaf, EXPECTED):
                    world.wrong(f"the daemon stopped by a bug: {type(leaf).__name__}: {leaf}")
                    world.errors.append(leaf)
                elif isinstance(leaf, LedgerError | OSError):
                    world.met(f"stopped.{type(leaf).__name__}")
        if life.power:
            self._power_fails()

    def _power_fails(self) -> None:
        world = self.world
        world.met("power")
        lost = world.ledger.power_fails(lambda: self._draw.random() < 0.5)
        world.met("power.lost_batches", lost)
        for file in world.files.values():
            world.met("power.lost_vote_bytes", file.power_fails(self._draw.randrange))

    async def visit(self, ask: Callable[[Ring], Awaitable[T]]) -> T:
        """Ask the daemon that lives, waiting until one does. Errors: Gone if it dies meanwhile."""
        while self.life is None or not self.life.alive:
            await self._started.wait()
        return await self.life.visit(ask)


__all__ = ["Gone"]
