"""The inbox and the single writer: absorb what was heard, append it as one group commit.

What is appended is drawn from the committed state alone: a settlement is touched once a batch, and
what else concerns it waits for the next, so no step is ever computed on a step that may be refused.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

import structlog

from bridge.core.ids import SettlementId
from bridge.notary.entries import Group, Malformed
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, LedgerError, Outcome, Overloaded, WrongClock
from bridge.notary.state.view import View

log = structlog.stdlib.get_logger(__name__)

INBOX_MAX = 4_096  # items; watchers and people wait beyond it, nothing is dropped
BATCH_MAX = 256  # items absorbed into one commit; a group has at most 64 entries
NO_ROOM_S = 0.05  # before a ledger that had no room is asked again; it says so within 2 s


class Item(Protocol):
    """Something heard: an observation, an answer, or what a person asks."""

    @property
    def reader(self) -> str:
        """Whose order must be kept; empty where there is none."""
        ...

    @property
    def asked(self) -> bool:
        """Whether somebody asked this and can be told no; else it is ours, or the world's."""
        ...

    @property
    def concerns(self) -> tuple[SettlementId, ...]:
        """The settlements its group touches."""
        ...

    def build(self, view: View) -> Group | None:
        """Return the group to append, drawn from the committed state, or None for nothing."""
        ...

    def settle(self, outcome: Outcome | None) -> None:
        """Hear what became of the group; None where there was nothing to write."""
        ...

    def fail(self, error: BaseException) -> None:
        """Hear that the group has no form or the ledger trouble; nothing is known to be there."""
        ...


class Inbox:
    """A bounded queue that keeps what a batch may not take yet."""

    def __init__(self, limit: int = INBOX_MAX) -> None:
        self._items: deque[Item] = deque()
        self._limit = limit
        self._filled = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()

    async def put(self, item: Item) -> None:
        """Queue `item`, waiting for room."""
        while len(self._items) >= self._limit:
            self._room.clear()
            await self._room.wait()
        self._items.append(item)
        self._filled.set()

    async def filled(self) -> None:
        """Return once something waits."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()

    async def batch(self) -> tuple[Item, ...]:
        """Return the next items that touch each settlement once and keep each reader's order."""
        await self.filled()
        taken: list[Item] = []
        kept: deque[Item] = deque()
        touched: set[SettlementId] = set()
        stayed: set[str] = set()
        while self._items and len(taken) < BATCH_MAX:
            item = self._items.popleft()
            waits = item.reader in stayed if item.reader else False
            if waits or not touched.isdisjoint(item.concerns):
                kept.append(item)
                stayed.add(item.reader)
            else:
                taken.append(item)
            touched.update(item.concerns)
        kept.extend(self._items)
        self._items = kept
        self._room.set()
        return tuple(taken)

    def fail(self, error: BaseException) -> None:
        """Tell all that waits that it will not be written."""
        items, self._items = self._items, deque()
        self._room.set()
        for item in items:
            item.fail(error)

    def turn_away(self, error: LedgerError) -> None:
        """Tell who asked and can ask again that it is not written now; the rest waits on."""
        asked = [item for item in self._items if item.asked]
        self._items = deque(item for item in self._items if not item.asked)
        self._room.set()
        for item in asked:
            item.fail(error)

    def __len__(self) -> int:
        return len(self._items)


class Loop:
    """The one place that appends events; everyone else asks by the inbox."""

    def __init__(
        self,
        journal: Journal,
        inbox: Inbox,
        moved: Callable[[Iterable[SettlementId]], None],
    ) -> None:
        self._journal = journal
        self._inbox = inbox
        self._moved = moved

    async def run(self) -> None:
        """Absorb for ever. Errors: LedgerError stops the daemon; every waiter hears it first."""
        again: tuple[Item, ...] = ()
        while True:
            if not again:
                await self._inbox.filled()
                await self._journal.gathered()  # what is heard until then is part of the commit
            again = await self.absorb(again or await self._inbox.batch())
            if again:
                await asyncio.sleep(NO_ROOM_S)

    async def absorb(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Append what `items` say in one commit, and tell each what became of it.

        Return what has to be absorbed again, because the ledger had no room: who asked is told so.
        Errors: LedgerError; Malformed for a group of our own making, which is a bug.
        """
        built = [(item, item.build(self._journal.view)) for item in items]
        groups = [group for _, group in built if group is not None]
        try:
            answers = iter(await self._journal.answers(groups) if groups else ())
        except Overloaded as error:
            if isinstance(error, WrongClock):  # it may last: nobody waits behind what is kept
                self._inbox.turn_away(error)
            return _kept(items, error)
        except BaseException as error:
            for item in items:
                item.fail(error)
            raise
        touched: dict[SettlementId, None] = {}
        bugs: list[Malformed] = []
        for item, group in built:
            answer = next(answers) if group is not None else None
            if isinstance(answer, Malformed):
                item.fail(answer)
                bugs += [] if item.asked else [answer]
                continue
            item.settle(answer)
            if isinstance(answer, Committed):
                touched.update(dict.fromkeys(item.concerns))
        if bugs:
            raise bugs[0]
        self._moved(touched)
        return ()


def _kept(items: tuple[Item, ...], error: Overloaded) -> tuple[Item, ...]:
    """Turn away who can ask again; return the rest, in order."""
    for item in items:
        if item.asked:
            item.fail(error)
    return tuple(item for item in items if not item.asked)
