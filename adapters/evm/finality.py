"""Which block is final: called so by a quorum of operators, or deep enough under their head.

Nodes' answers are unsigned. So the reader signs which operators called a block final, and whoever
verifies the evidence pins the readers it trusts.
Source: Ethereum execution-apis, block tags.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adapters.evm.blocks import Header, header_of
from adapters.evm.client import Answer, Call, Json, NodeError
from adapters.evm.evidence import DEPTH, QUORUM
from adapters.evm.nodes import Node, Nodes
from adapters.evm.tries import BadProof
from bridge.core.canonical import Value
from bridge.ports import FinalityBroken, Unavailable


@dataclass(frozen=True, slots=True)
class Final:
    """The latest final block, and what the reader attests of it and of what is under it."""

    header: Header
    told: Mapping[str, Value]


class Finality:
    """Asks the nodes which block is final. Units: `depth` is blocks; None: the nodes' own tag."""

    def __init__(self, nodes: Nodes, depth: int | None) -> None:
        self._nodes = nodes
        self._depth = depth
        self._last: Header | None = None
        self._shown: tuple[Json, Header] | None = None  # the block that was read last

    async def final(self) -> Final:
        """Return the latest final block.

        Errors: Unavailable where too few operators agree; FinalityBroken where a quorum shows
        another block in the place of one that was final.
        """
        if self._depth is None:
            header, operators = await self._tagged()
            told: dict[str, Value] = {"kind": QUORUM, "operators": list(operators)}
        else:
            head = await self._nodes.head()
            if head < self._depth:
                raise Unavailable(f"the chain has {head} blocks, final is {self._depth} under")
            header, _ = await self.agreed(head - self._depth)
            told = {"kind": DEPTH, "head": str(head)}
        last = self._last
        if last is not None and header.number == last.number and header.hash != last.hash:
            raise FinalityBroken(
                f"block {last.number} was 0x{last.hash.hex()}, is 0x{header.hash.hex()}"
            )
        if last is None or header.number > last.number:
            self._last = header
        return Final(header, told)

    async def _tagged(self) -> tuple[Header, tuple[str, ...]]:
        seen = await self._nodes.quorum_of([_block("finalized")], self._header, self._is_final)
        self._nodes.supported([(node, header.number) for node, header in seen])  # so many answer
        for number in sorted({header.number for _, header in seen}, reverse=True):
            callers = {node.operator for node, header in seen if header.number >= number}
            if len(callers) < self._nodes.quorum:
                continue
            here = [(node, header) for node, header in seen if header.number == number]
            try:
                header, shows = self._quorum(here) or await self.agreed(number, callers)
            except Unavailable:
                continue  # a block further down may be agreed upon
            # who has the block and did not call it final is no witness of that
            who = tuple(one for one in shows if one in callers)
            if len(who) >= self._nodes.quorum:
                for node, its in seen:
                    if its.hash != header.hash:
                        self._nodes.behind(node)
                return header, who
        raise Unavailable(f"no {self._nodes.quorum} operators call the same block final")

    async def agreed(
        self, number: int, wanted: Collection[str] = ()
    ) -> tuple[Header, tuple[str, ...]]:
        """Return the block that a quorum of operators has at a number, and who they are.

        Others are asked until a quorum of the `wanted` is among them, or all were.
        Errors: Unavailable.
        """

        def read(node: Node, answers: list[Answer]) -> Header | None:
            header = self._header(node, answers)
            return header if header is not None and header.number == number else None

        def settled(seen: list[tuple[Node, Header]]) -> bool:
            return self._is_same([one for one in seen if not wanted or one[0].operator in wanted])

        seen = await self._nodes.quorum_of(
            [_block(hex(number))], read, settled, enough=self._is_same
        )
        if found := self._quorum(seen):
            return found
        raise Unavailable(f"no {self._nodes.quorum} operators show the same block {number}")

    def _header(self, node: Node, answers: list[Answer]) -> Header | None:
        (block,) = answers
        if block is None or isinstance(block, NodeError):
            return None  # it does not have it yet
        try:
            return self._read(block)
        except BadProof as error:
            self._nodes.lied(node, str(error))
            return None

    def _is_same(self, seen: list[tuple[Node, Header]]) -> bool:
        """Tell whether a quorum of operators shows the same block."""
        return any(len(who) >= self._nodes.quorum for who in _showing(seen).values())

    def _is_final(self, seen: list[tuple[Node, Header]]) -> bool:
        """Tell whether a quorum calls the same block final, and one that does not go back."""
        last = -1 if self._last is None else self._last.number
        return self._is_same([(node, one) for node, one in seen if one.number >= last])

    def _read(self, block: Json) -> Header:
        """Return a block's header, read once for all who show the very same. Errors: BadProof."""
        try:
            if self._shown is not None and self._shown[0] == block:
                return self._shown[1]
        except RecursionError:
            pass  # a liar's: it was read with less of the stack in use
        self._shown = block, shown(block)
        return self._shown[1]

    def _quorum(self, seen: list[tuple[Node, Header]]) -> tuple[Header, tuple[str, ...]] | None:
        said = _showing(seen)
        many = [hash_ for hash_, who in said.items() if len(who) >= self._nodes.quorum]
        if len(many) > 1:
            both = " and ".join(f"0x{one.hex()}" for one in many)
            raise FinalityBroken(f"two blocks in one place, each by a quorum: {both}")
        if not many:
            return None
        for node, header in seen:
            if header.hash != many[0]:
                self._nodes.lied(node, f"block {header.number} is another one to the quorum")
        header = next(header for _, header in seen if header.hash == many[0])
        return header, tuple(sorted(said[many[0]]))


def _showing(seen: list[tuple[Node, Header]]) -> dict[bytes, set[str]]:
    """Return which operators show a block, by its hash."""
    said: dict[bytes, set[str]] = {}
    for node, header in seen:
        said.setdefault(header.hash, set()).add(node.operator)
    return said


def shown(block: Json) -> Header:
    """Return the header of a block as a node shows it. Errors: BadProof."""
    if not isinstance(block, Mapping):
        raise BadProof("a block is no object")
    return header_of(block)


def _block(which: str) -> Call:
    return ("eth_getBlockByNumber", (which, False))
