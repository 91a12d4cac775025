"""Reads that wait for one endpoint at the same time leave as one batch, each question once.

As a journal commits groups: what is asked while a batch is under way waits until it is answered,
and leaves as the next one. Nobody waits for a clock, and an answer is never older than its
question. A batch that is slow stops holding up the others, and who is cancelled ends no other.
Source: JSON-RPC 2.0, section 6 (batch).
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, Protocol, TypeVar

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

HOLDS_S = 0.1  # a batch under way longer than this is no more waited for
GROWS_S = 60.0  # after so long without a refusal twice as many are shared


class Spoiled(Exception):
    """Raised where a batch of several askers failed: whose question did it nobody knows."""


class Exchange(Protocol[T_co]):
    """Carries questions to an endpoint, and its answers back in their order."""

    def __call__(self, questions: Sequence[str], *, shared: bool) -> Awaitable[Sequence[T_co]]:
        """Return the answers; `shared` says whether several asked."""
        ...


@dataclass(slots=True, eq=False)
class _Asker(Generic[T]):
    questions: Sequence[str]
    told: asyncio.Future[dict[str, T]]


@dataclass(slots=True, eq=False)
class _Batch(Generic[T]):
    questions: set[str] = field(default_factory=set)
    askers: list[_Asker[T]] = field(default_factory=list)
    under_way: asyncio.Task[None] | None = None


class Coalescer(Generic[T]):
    """Takes the questions of many askers to an exchange; `most` is how many one batch may have."""

    def __init__(self, exchange: Exchange[T], most: int) -> None:
        self._largest = most
        self._most = most
        self._grows = 0.0  # when more are tried again, by the loop's time
        self._exchange = exchange
        self._waiting: deque[_Batch[T]] = deque()
        self._holding: _Batch[T] | None = None  # under way, and waited for
        self._under_way: set[asyncio.Task[None]] = set()

    async def ask(self, questions: Sequence[str]) -> list[T]:
        """Return the answers in their order.

        Errors: what the exchange raised, where nobody shared it; Spoiled where others did.
        """
        batch = self._joined(questions)
        asker: _Asker[T] = _Asker(questions, asyncio.get_running_loop().create_future())
        batch.askers.append(asker)
        try:
            told = await asker.told
        except asyncio.CancelledError:
            if batch.under_way is not None and all(one.told.done() for one in batch.askers):
                batch.under_way.cancel()  # nobody is left who waits for it
            raise
        finally:
            del asker, batch  # what is raised holds this frame
        return [told[question] for question in questions]

    def share_fewer(self, most: int) -> None:
        """Have a batch of several ask at most so much, until larger ones are tried again."""
        self._most = max(1, min(self._most, most))
        self._grows = asyncio.get_running_loop().time() + GROWS_S

    async def close(self) -> None:
        """End what is under way; whoever still waits is cancelled."""
        while self._waiting:
            for asker in self._waiting.popleft().askers:
                asker.told.cancel()
        for task in self._under_way:
            task.cancel()
        if self._under_way:
            await asyncio.wait(self._under_way)

    def _joined(self, questions: Sequence[str]) -> _Batch[T]:
        """Return the batch that these questions leave with."""
        if self._most < self._largest:
            self._grow()
        if self._waiting:
            last = self._waiting[-1]
            together = last.questions.union(questions)
            if len(together) <= self._most:
                last.questions = together
                return last
        elif self._holding is None:
            loop = asyncio.get_running_loop()  # two turns: who asks all nodes does it in tasks
            loop.call_soon(loop.call_soon, self._depart)
        self._waiting.append(_Batch(set(questions)))
        return self._waiting[-1]

    def _grow(self) -> None:
        """Share more where the last refusal was a while ago: it may take them now."""
        now = asyncio.get_running_loop().time()
        if now >= self._grows:
            self._most = min(2 * self._most, self._largest)
            self._grows = now + GROWS_S

    def _depart(self) -> None:
        """Send the next batch on its way, where none is waited for."""
        loop = asyncio.get_running_loop()
        while self._holding is None and self._waiting:
            batch = self._waiting.popleft()
            batch.askers = [one for one in batch.askers if not one.told.done()]
            if batch.askers:
                self._holding = batch
                batch.under_way = loop.create_task(self._exchanged(batch))
                batch.under_way.add_done_callback(partial(self._ended, batch))
                self._under_way.add(batch.under_way)
                loop.call_later(HOLDS_S, self._let_on, batch)

    def _let_on(self, batch: _Batch[T]) -> None:
        if self._holding is batch:
            self._holding = None
            self._depart()

    async def _exchanged(self, batch: _Batch[T]) -> None:
        shared = len(batch.askers) > 1
        questions = list(dict.fromkeys(one for asker in batch.askers for one in asker.questions))
        try:
            answers = await self._exchange(questions, shared=shared)
            told = dict(zip(questions, answers, strict=True))
            for asker in batch.askers:
                if not asker.told.done():
                    asker.told.set_result(told)
        except Exception as error:  # noqa: BLE001 handed on to who asked, whatever it is
            if error.__traceback__ is not None:
                error.__traceback__ = error.__traceback__.tb_next  # this frame holds who is told
            for asker in batch.askers:
                if not asker.told.done():
                    asker.told.set_exception(Spoiled(str(error)) if shared else error)

    def _ended(self, batch: _Batch[T], task: asyncio.Task[None]) -> None:
        """Let the next on; also where it was cancelled before it began."""
        self._under_way.discard(task)
        for asker in batch.askers:
            asker.told.cancel()  # who is not answered by now will not be
        self._let_on(batch)
