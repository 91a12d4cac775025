"""Time that jumps, and a count of every step: where a life may end."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, TypeVar

from typing_extensions import override

T = TypeVar("T")
STEPS_MAX = 400_000  # of one world; more is a ring that turns without getting anywhere


class StandsStill(AssertionError):
    """Raised where nothing is due and somebody still waits."""


class _Jumping(selectors.SelectSelector):
    """Never waits and never asks the machine: where it would sleep, time jumps."""

    now = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise StandsStill("nothing is due, and somebody waits")
        self.now += max(0.0, timeout)
        return []


class SimTask(asyncio.Task[T]):
    """A task whose place in a set is its number: a group ends its tasks in one order, always."""

    numbers = 0

    def __init__(self, coro: Coroutine[Any, Any, T], **how: Any) -> None:
        SimTask.numbers += 1
        self._number = SimTask.numbers
        super().__init__(coro, **how)

    @override
    def __hash__(self) -> int:
        return self._number


class SimLoop(asyncio.SelectorEventLoop):
    """One thread, virtual time, no sockets. `trip` is called at the step numbered `trip_at`."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        self.steps = 0
        self.trip_at = 0
        self.trip: Callable[[], object] = int
        self.ended = ""  # why it was ended before its time
        super().__init__(self._jumping)
        SimTask.numbers = 0
        self.set_task_factory(lambda loop, coro, **how: SimTask(coro, loop=loop, **how))

    @override
    def time(self) -> float:
        return self._jumping.now

    @override
    def call_soon(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        self.steps += 1
        if self.steps == self.trip_at:
            self.trip()
        if self.steps == STEPS_MAX:
            self.end(f"{STEPS_MAX} steps, and no end")
        return super().call_soon(callback, *args, context=context)

    def end(self, why: str) -> None:
        """Run no further, once: what is left can still be let go of in an orderly way."""
        if not self.ended:
            self.ended = why
            self.stop()

    @override
    def call_soon_threadsafe(
        self, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.Handle:
        return self.call_soon(callback, *args, context=context)

    @override
    def run_in_executor(
        self, executor: object, func: Callable[..., T], *args: object
    ) -> "asyncio.Future[T]":
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 handed on to whoever waits, as a thread does
            done.set_exception(error)
        return done
