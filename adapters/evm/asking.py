"""One question to several nodes in waves: the first is to suffice, the next go where it does not.

Who is late is no more waited for once others tell enough, and is heard to its end beside what
comes after: whether it answers must be known, and nobody has to wait for that.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Generic, TypeVar

HEDGE_S = 2.0  # an answer that takes longer is late; others are asked, and one who answers does not
N = TypeVar("N")
R = TypeVar("R")
Told = list[tuple[N, R]]


class Waves(Generic[N]):
    """Asks nodes; `late` is told who has not answered in time."""

    def __init__(self, late: Callable[[N], None]) -> None:
        self._late = late
        self._under_way: set[asyncio.Task[Any]] = set()  # nobody waits for them any more

    async def asked(
        self,
        ask: Callable[[N], Coroutine[Any, Any, R | None]],
        waves: Sequence[Sequence[N]],
        *,
        enough: Callable[[Told[N, R]], bool],
        settled: Callable[[Told[N, R]], bool] | None = None,
        spare: Sequence[N] = (),
    ) -> Told[N, R]:
        """Return what was told, in the order it came: as much as settles it, or else all there is.

        A wave is waited for until it is `settled`, lost or late; where nothing is said of that,
        until all have answered. `spare` are asked only where all others did not tell `enough`;
        then, and only then, who is late is waited for. `ask` gives None for no answer.
        """
        loop = asyncio.get_running_loop()
        told: Told[N, R] = []
        pending: dict[asyncio.Task[R | None], N] = {}
        try:
            for place, wave in enumerate((*waves, spare)):
                if place == len(waves) and enough(told):
                    break
                fresh = {loop.create_task(ask(node)): node for node in wave}
                pending |= fresh
                if await self._wave(pending, set(fresh), told, enough, settled):
                    break
            while pending and not enough(told):
                await _heard(pending, told, None)
        except BaseException:
            for task in pending:
                task.cancel()
            raise
        finally:
            for task in pending:
                self._keep(task)
        return told

    def beside(self, asking: Coroutine[Any, Any, object]) -> None:
        """Ask something that nobody waits for."""
        self._keep(asyncio.get_running_loop().create_task(asking))

    async def close(self) -> None:
        """End what is under way."""
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _keep(self, task: asyncio.Task[Any]) -> None:
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _wave(
        self,
        pending: dict[asyncio.Task[R | None], N],
        fresh: set[asyncio.Task[R | None]],
        told: Told[N, R],
        enough: Callable[[Told[N, R]], bool],
        settled: Callable[[Told[N, R]], bool] | None,
    ) -> bool:
        """Hear a wave out; tell whether it is settled."""
        loop = asyncio.get_running_loop()
        until = loop.time() + HEDGE_S
        while fresh:
            before = len(told)
            done = await _heard(pending, told, until - loop.time())
            if not done:
                for node in pending.values():
                    self._late(node)
                return False
            if settled is not None:
                if settled(told):
                    return True
                is_lost = len(told) - before < len(done)
                if is_lost and not enough(told):
                    return False
            fresh -= done
        return False


async def _heard(
    pending: dict[asyncio.Task[R | None], N], told: Told[N, R], timeout_s: float | None
) -> set[asyncio.Task[R | None]]:
    """Move to `told` what was answered by the next who answer; return their tasks."""
    done, _ = await asyncio.wait(pending, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        node = pending.pop(task)
        if (answer := task.result()) is not None:
            told.append((node, answer))
    return done
