"""A channel is read block by block, each checked, each naming the one before.

A cursor is a block's number, a place in it and the block's hash, so that a reader who comes back
finds out at once whether what it stands on is still the past.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor, NetworkId, TxRef
from bridge.ports import FinalityBroken, Notice, Observation, Page, Unavailable

WHOLE: Final = 2**31 - 1  # the place after every transaction of a block
QUIET: Final = 500  # blocks without a fact, after which the place is kept all the same
PATIENCE: Final = 30  # polls of a ledger that is shorter than what was read of it
_CURSOR = re.compile(r"([0-9]{1,19})\.([0-9]{1,10})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Read:
    """A block that has been checked: its place in the chain, its facts by place, its evidence."""

    number: int
    hash: str
    previous: str
    facts: tuple[tuple[int, Fact], ...]
    evidence: bytes
    txs: Mapping[int, str]  # what the channel calls the transactions, by their place


class Blocks(Protocol):
    """Where blocks are read; whatever it hands out has been verified."""

    @property
    def stopped(self) -> str:
        """Why nothing is sent any more, or nothing."""
        ...

    async def head(self) -> tuple[int, str]:
        """Return how many blocks there are, and the last one's hash. Errors: Unavailable."""
        ...

    async def block(self, number: int) -> Read:
        """Return a block of that number. Errors: Unavailable."""
        ...


def place(cursor: Cursor) -> tuple[int, int, str]:
    """The block, the place in it and the block's hash that a cursor stands for.

    Errors: Unavailable for a cursor of another adapter.
    """
    if cursor == BEGINNING:
        return -1, WHOLE, ""
    found = _CURSOR.fullmatch(cursor)
    if found is None:
        raise Unavailable(f"{cursor[:80]!r} is no cursor of a channel")
    return int(found[1]), int(found[2]), found[3]


class Reader:
    """Reads one channel, whose first block the settings pin. Units: `poll_ms`."""

    def __init__(self, blocks: Blocks, network: NetworkId, genesis: str, *, poll_ms: int) -> None:
        self._blocks = blocks
        self._network = network
        self._genesis = genesis
        self._poll_s = poll_ms / 1000

    async def head(self) -> tuple[int, str]:
        """How many blocks there are, and the last one's hash. Errors: Unavailable."""
        return await self._blocks.head()

    async def block(self, number: int) -> Read:
        """A block. Errors: Unavailable; FinalityBroken where the first is not the pinned one."""
        block = await self._blocks.block(number)
        if not number and block.hash != self._genesis:
            raise FinalityBroken(f"block 0 is {block.hash}, pinned is {self._genesis}")
        return block

    async def pages(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield a page for each block that tells a fact, after `since`, for ever.

        Errors: FinalityBroken, Unavailable.
        """
        number, index, seen = place(since)
        behind = quiet = 0
        if alarmed := bool(self._blocks.stopped):  # before anything is read: reading may be why
            yield (self._alarm(since),)
        if number >= 0:
            await self._until(number)
            block = await self.block(number)
            if block.hash != seen:
                raise FinalityBroken(f"block {number} was {seen}, is {block.hash}")
            if page := _page(block, index):
                yield page
        while True:
            if self._blocks.stopped and not alarmed:
                alarmed = True
                here = Cursor(f"{number}.{WHOLE}.{seen}") if number >= 0 else BEGINNING
                yield (self._alarm(here),)
            height, head = await self.head()
            while number + 1 < height:
                block = await self.block(number + 1)
                if number >= 0 and block.previous != seen:
                    raise FinalityBroken(f"block {number} was {seen}, is {block.previous}")
                number, seen, behind = block.number, block.hash, 0
                page = _page(block, -1)
                quiet = 0 if page else quiet + 1
                if page:
                    yield page
                elif quiet >= QUIET:
                    quiet = 0
                    yield (self._kept(number, seen),)
            if height == number + 1 and head != seen:
                raise FinalityBroken(f"block {number} was {seen}, is {head}")
            behind = behind + 1 if height < number + 1 else 0
            if behind > PATIENCE:
                raise Unavailable(f"the ledger has {height} blocks, {number + 1} were read")
            await asyncio.sleep(self._poll_s)

    async def _until(self, number: int) -> None:
        """Wait for a ledger that lags behind what was read of it."""
        for _ in range(PATIENCE):
            height, _ = await self.head()
            if height > number:
                return
            await asyncio.sleep(self._poll_s)
        raise Unavailable(f"the ledger does not reach block {number}, which was read")

    def _alarm(self, here: Cursor) -> Observation:
        notice = Notice(
            network=self._network, what="gateway.untrusted", detail=self._blocks.stopped
        )
        return Observation(subject=notice, cursor=here)

    def _kept(self, number: int, seen: str) -> Observation:
        """A quiet stretch, noted so that a reader who comes back need not read it again."""
        notice = Notice(network=self._network, what="finality.progress")
        here = Cursor(f"{number}.{WHOLE}.{seen}")
        return Observation(subject=notice, cursor=here, keep=(("bsn/read", here.encode()),))


def _page(block: Read, after: int) -> Page:
    return tuple(
        Observation(
            subject=fact,
            cursor=Cursor(f"{block.number}.{index}.{block.hash}"),
            evidence=block.evidence,
            tx=TxRef(block.txs[index]),
        )
        for index, fact in block.facts
        if index > after
    )
