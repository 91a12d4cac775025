"""Nodes of several operators that answer, lie, lag, hang or are away as they are told to."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from typing_extensions import override

from adapters.evm.client import Answer, Call, NodeError, Unanswered, Unreachable
from adapters.evm.nodes import Nodes
from adapters.evm.turns import REST_MS, TURN_MS
from bridge.core.ids import Instant
from tests.adapters.evm.test_strange_nodes import shown_block

T = TypeVar("T")
CALL: Call = ("eth_call", ("to", "0x7"))
HEAD: Call = ("eth_blockNumber", ())
TRUE, FALSE = "0x01", "0x02"
BLOCK = {"hash": "0xaa"}
BUSY = NodeError(-32005, "too many requests")
TURN_S, REST_S = TURN_MS / 1_000, REST_MS / 1_000
HANGS_S = 30.0  # as long as an endpoint tries


class Clock:
    """Time that goes with the loop's."""

    def now(self) -> Instant:
        return Instant(1_000_000 + int(asyncio.get_running_loop().time() * 1_000))


@dataclass(eq=False)
class Node:
    """One that answers as it is told to, after a while."""

    operator: str
    says: Answer = TRUE
    after_s: float = 0.1
    away: bool = False
    head: int = 100
    final: Answer = None
    asked: list[str] = field(default_factory=list)
    under_way: int = 0

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        self.asked += [method for method, _ in calls]
        self.under_way += 1
        try:
            await asyncio.sleep(self.after_s)
        finally:
            self.under_way -= 1
        if self.away:
            raise Unreachable(f"{self.operator}: no connection")
        if self.after_s >= HANGS_S:
            raise Unanswered(f"{self.operator}: TimeoutError")
        return [self._answer(*call) for call in calls]

    def _answer(self, method: str, params: Sequence[Any]) -> Answer:
        if method == "eth_blockNumber":
            return self.says if isinstance(self.says, NodeError) else hex(self.head)
        if method != "eth_getBlockByNumber":
            return self.says
        if params[0] == "finalized":
            return self.final
        return BLOCK if self.final is None else self.final

    async def send(self, raw: bytes) -> str:
        raise NodeError(0, f"{len(raw)} bytes are not taken")


class Following(Node):
    """One that calls a block final, and has all others of the chain too."""

    @override
    def _answer(self, method: str, params: Sequence[Any]) -> Answer:
        if method == "eth_getBlockByNumber" and params[0] != "finalized":
            return shown_block(int(params[0], 16))
        return super()._answer(method, params)


def three(**changes: Node) -> dict[str, Node]:
    return {name: changes.get(name, Node(name)) for name in ("north", "south", "east")}


def over(nodes: Sequence[Node], quorum: int = 2) -> Nodes:
    return Nodes("eip155:1", nodes, quorum, Clock(), 3_600_000)


def had(nodes: dict[str, Node]) -> list[int]:
    """How many questions each was asked since this was last looked at."""
    counts = [len(node.asked) for node in nodes.values()]
    for node in nodes.values():
        node.asked.clear()
    return counts


async def timed(asking: Coroutine[Any, Any, T]) -> tuple[T, float]:
    loop = asyncio.get_running_loop()
    began = loop.time()
    return await asking, loop.time() - began


async def in_turns(count: int, ask: Callable[[], Coroutine[Any, Any, object]]) -> None:
    """Ask once in each of some turns."""
    for _ in range(count):
        await ask()
        await asyncio.sleep(TURN_S)
