"""A chain on anvil that outlives its process: its blocks are made again in the next one.

anvil has its chain in memory only. Whoever keeps the chain remembers of each block its time and its
transactions, and gives them, block after block, to a new process: all else in a block follows from
these and from what was before, so its hash is the same. Before the node stands a relay. It passes
nothing on while a block is made and not yet remembered, and nothing of a node that is not whole: so
no block was ever told that does not come back. What only waited in the pool is gone, as it is with
many a node; whoever sent it sends it again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final

from adapters.evm.anvil import RICH, Running, launched
from adapters.evm.client import Bounds, Call, Endpoint, Json, NodeError, Trouble
from adapters.evm.nodes import found
from adapters.evm.opening import number, raw
from adapters.evm.relay import Relay
from bridge.ports import FinalityBroken, Unavailable

ONCE: Final = Bounds(tries=1)  # a block that was asked for twice is two
HISTORY: Final = 128  # blocks whose states can be asked for; older ones it would write to disk
IDLE_MS: Final = 1_000  # between blocks while nothing happens: each is a second of the chain's time
LOOK_S: Final = 0.05
HASHES: Final = False  # a block with its transactions by hash only


@dataclass(frozen=True, slots=True)
class Made:
    """What a block is made of again. Units: seconds of the chain's own time."""

    timestamp: int
    transactions: tuple[bytes, ...]


class LastingChain:
    """The chain, asked at the relay; killed at any moment and started again, it is the same.

    `rich` are addresses that have coin from the beginning; `now` gives seconds.
    """

    def __init__(
        self,
        door: Relay,
        chain_id: int,
        epoch: int,
        *,
        block_ms: int,
        rich: Sequence[str],
        now: Callable[[], int],
    ) -> None:
        self.paused = False
        self._door = door
        self._chain_id, self._epoch, self._block_ms = chain_id, epoch, block_ms
        self._rich = tuple(rich)
        self._now = now
        self._began = now()
        self._made: list[Made] = []
        self._hash = ""  # of the last block; every one before is in it
        self._turn = asyncio.Lock()  # of whoever makes a block, or starts the node
        self._life = AsyncExitStack()
        self._node: Endpoint | None = None
        self._running: Running | None = None

    @property
    def pid(self) -> int:
        """The node's process now."""
        assert self._running is not None, "it was started"
        return self._running.pid

    async def start(self) -> None:
        """Have a node run that has every block there ever was; from then on it is asked.

        Errors: Unavailable; FinalityBroken where what comes out is another chain.
        """
        async with self._turn:
            await self._ended()
            more = ["--no-mining", "--timestamp", str(self._began), "--prune-history", str(HISTORY)]
            running = self._running = await asyncio.to_thread(
                launched, self._chain_id, self._epoch, *more
            )
            node = await self._life.enter_async_context(Endpoint(running.url, "anvil", ONCE))
            try:
                await self._play(node)
            except (FinalityBroken, Unavailable):
                await self._ended()
                raise
            self._node, self.paused = node, False
            self._door.lead_to(running.port)

    async def ended(self) -> int:
        """Wait until the node has ended, and return its code."""
        assert self._running is not None, "it was started"
        running = self._running
        while (code := running.code()) is None:  # noqa: ASYNC110 a process of no loop
            await asyncio.sleep(LOOK_S)
        return code

    async def kill(self) -> None:
        """Kill the node, as a failing machine would, and wait."""
        assert self._running is not None, "it was started"
        self._running.kill()
        await self.ended()

    async def end(self) -> None:
        """End the node and its chain."""
        async with self._turn:
            await self._ended()

    async def _ended(self) -> None:
        self._door.cut()
        self._node = None
        await self._life.aclose()
        if self._running is not None:
            self._running.kill()  # it has nothing to put away
            await asyncio.to_thread(self._running.end)

    async def _play(self, node: Endpoint) -> None:
        """Make every block again. Errors: Unavailable, FinalityBroken."""
        head = f"block {len(self._made)}, which was {self._hash},"
        try:
            for one in self._rich:
                await node.call("anvil_setBalance", one, RICH)
            for made in self._made:
                for transaction in made.transactions:
                    await node.send(transaction)
                await node.call("evm_mine", made.timestamp)
            last = str(block(await node.call("eth_getBlockByNumber", "latest", HASHES))["hash"])
        except Trouble as error:
            raise Unavailable(f"anvil ended while its chain was made again: {error}") from error
        except NodeError as error:
            raise FinalityBroken(f"{head} cannot be made again: anvil answers {error}") from error
        if self._hash not in {"", last}:
            raise FinalityBroken(f"{head} is {last} when it is made again")
        self._hash = last

    async def tick(self) -> None:
        """Make blocks for ever, while nobody paused it: one each `block_ms` while one is due."""
        idle_ms = 0
        while True:
            await asyncio.sleep(self._block_ms / 1000)
            idle_ms += self._block_ms
            if not self.paused:
                with suppress(Unavailable):  # the node was killed, or was slow
                    if idle_ms >= IDLE_MS or await self._is_busy():
                        await self.mine()
                        idle_ms = 0

    async def _is_busy(self) -> bool:
        """Tell whether something waits for a block, or to be final. Errors: Unavailable."""
        if any(made.transactions for made in self._made[-2 * self._epoch :]):
            return True
        if (node := self._node) is None:
            return False
        try:
            waiting = await node.call("txpool_status")
        except (Trouble, NodeError) as error:
            raise Unavailable(f"anvil does not answer: {error}") from error
        return number(block(waiting)["pending"]) > 0

    async def mine(self) -> None:
        """Make a block; whoever asks sees it once it is remembered. Errors: Unavailable."""
        async with self._turn:
            if self._node is None or self._running is None:
                raise Unavailable("anvil has ended")
            with self._door.held():
                try:
                    await self._mined(self._node)
                except (Trouble, NodeError) as error:
                    self._door.cut()  # nobody hears of what may not come back
                    raise Unavailable(f"anvil does not answer: {error}") from error
                self._door.lead_to(self._running.port)  # one that was only slow is whole again

    async def _mined(self, node: Endpoint) -> None:
        await self._remember(node)  # what others had it make
        last = self._made[-1].timestamp if self._made else self._began
        await node.call("evm_mine", max(last + 1, self._now()))
        await self._remember(node)

    async def _remember(self, node: Endpoint) -> None:
        """Remember the blocks that are new, whoever made them. Errors: Trouble, NodeError."""
        while True:
            told = await node.call("eth_getBlockByNumber", hex(len(self._made) + 1), HASHES)
            if told is None:
                return
            new = block(told)
            hashes = new["transactions"]
            assert isinstance(hashes, list), "they are listed"
            asked: list[Call] = [("debug_getRawTransaction", (one,)) for one in hashes]
            answers = await node.batch(asked)
            transactions = tuple(raw(found(one)) for one in answers)
            self._made.append(Made(number(new["timestamp"]), transactions))
            self._hash = str(new["hash"])


def block(answer: Json) -> Mapping[str, Json]:
    """Return what a node of ours shows as an object."""
    assert isinstance(answer, Mapping), "a node of ours answers so"
    return answer
