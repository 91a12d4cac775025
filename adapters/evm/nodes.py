"""Several nodes of several operators, of whom some may be silent and some may lie.

What can be proved is taken from any one of them; what cannot takes a quorum of operators. Who
failed a proof, or told another story than the quorum, is set aside and written down.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar

import structlog

from adapters.evm.client import Answer, Call, Json, Lied, NodeError, Trouble, of_contract
from adapters.evm.tries import BadProof
from bridge.core.ids import Instant
from bridge.ports import Clock, Unavailable

log = structlog.stdlib.get_logger(__name__)
T = TypeVar("T")


class Node(Protocol):
    """One node's address, as `client.Endpoint` is."""

    @property
    def operator(self) -> str:
        """Who runs it."""
        ...

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        """Return the answers to some reads. Errors: Trouble."""
        ...

    async def send(self, raw: bytes) -> str:
        """Hand a transaction over, once. Errors: Trouble, NodeError."""
        ...


class Nodes:
    """The nodes of one chain. Units: `quarantine_ms` is how long a liar is not asked."""

    def __init__(
        self, network: str, nodes: Sequence[Node], quorum: int, clock: Clock, quarantine_ms: int
    ) -> None:
        self.network = network
        self.quorum = quorum
        self._nodes = tuple(nodes)
        self._clock = clock
        self._quarantine_ms = quarantine_ms
        self._aside: dict[int, Instant] = {}  # until when, by place
        self._silent: set[int] = set()
        self._caught: list[str] = []  # who lied and how, until somebody is told
        self._turns: dict[str, int] = {}  # by what is asked: nobody is spared one question

    def able(self, what: str = "") -> list[Node]:
        """Return who may be asked, the next one's turn at this question first."""
        now = self._clock.now()
        self._aside = {place: until for place, until in self._aside.items() if until > now}
        places = [place for place in range(len(self._nodes)) if place not in self._aside]
        places.sort(key=lambda place: place in self._silent)
        loud = [place for place in places if place not in self._silent]
        if loud:
            turn = self._turns[what] = (self._turns.get(what, 0) + 1) % len(loud)
            places = [*loud[turn:], *loud[:turn], *places[len(loud) :]]
        return [self._nodes[place] for place in places]

    def lied(self, node: Node, why: str) -> None:
        """Set a node aside that failed a proof, and write it down."""
        place = self._nodes.index(node)
        if place not in self._aside:
            log.error(
                "network.endpoint_lied",
                network_id=self.network,
                what=node.operator,
                why=why[:200],
            )
            self._caught.append(f"{node.operator}: {why[:200]}")
        self._aside[place] = Instant(self._clock.now() + self._quarantine_ms)

    def caught(self) -> tuple[str, ...]:
        """Return who was caught lying since this was last asked, and how."""
        told, self._caught = tuple(self._caught), []
        return told

    def heard(self, node: Node, trouble: Trouble | None) -> None:
        """Note whether a node answered; one that lied is set aside, silence is written once."""
        place = self._nodes.index(node)
        if isinstance(trouble, Lied):
            self.lied(node, str(trouble))
        elif trouble is None:
            self._silent.discard(place)
        elif place not in self._silent:
            self._silent.add(place)
            log.warning(
                "network.endpoint_silent",
                network_id=self.network,
                what=node.operator,
                why=str(trouble)[:200],
            )

    async def each(self, calls: Sequence[Call]) -> list[tuple[Node, list[Answer]]]:
        """Return what every node answers that does, asked all at once."""
        found: list[tuple[Node, list[Answer]]] = []

        async def ask(node: Node) -> None:
            try:
                found.append((node, await node.batch(calls)))
            except Trouble as trouble:
                self.heard(node, trouble)
            else:
                self.heard(node, None)

        async with asyncio.TaskGroup() as group:
            for node in self.able():
                group.create_task(ask(node))
        return found

    async def one(self, calls: Sequence[Call], read: Callable[[list[Answer]], T]) -> T:
        """Return what `read` proves from the answers of the first node that can prove it.

        `read` raises BadProof for a lie and NodeError where the node does not have it.
        Errors: Unavailable.
        """
        why = "no node may be asked"
        for node in self.able(calls[0][0] if calls else ""):
            try:
                answers = await node.batch(calls)
                self.heard(node, None)
                return read(answers)
            except Trouble as trouble:
                self.heard(node, trouble)
                why = str(trouble)
            except NodeError as error:
                why = f"{node.operator}: {error}"
            except BadProof as error:
                self.lied(node, str(error))
                why = f"{node.operator}: {error}"
        raise Unavailable(f"nobody could prove it: {why}")

    async def agreed(self, calls: Sequence[Call]) -> list[Answer]:
        """Return the answers that a quorum of operators gives; who says otherwise is set aside.

        The questions name a block by number: two heads are no disagreement. A NodeError among
        them is a contract's refusal; a node's own counts as silence.
        Errors: Unavailable.
        """
        told = await self.each(calls)
        answers: list[Answer] = []
        doubted: dict[Node, Call] = {}
        for place in range(len(calls)):
            said: dict[str, tuple[set[str], Answer]] = {}
            refused = ""
            for node, given in told:
                answer = given[place]
                if isinstance(answer, NodeError) and not of_contract(answer):
                    refused = f"; {node.operator} refuses: {answer.message[:200]}"
                    continue  # busy, or behind: it says nothing of the state
                said.setdefault(_key(answer), (set(), answer))[0].add(node.operator)
            best = max(said.values(), key=lambda one: len(one[0]), default=None)
            if best is None or len(best[0]) < self.quorum:
                heard = len({node.operator for node, _ in told})
                raise Unavailable(
                    f"no {self.quorum} operators agree on {calls[place][0]}, {heard} answered"
                    + refused
                )
            answers.append(best[1])
            for node, given in told:
                if _contradicts(given[place], best[1]):
                    doubted.setdefault(node, calls[place])
        for node, call in doubted.items():
            await self._set_aside(node, call, [one for one, _ in told if one not in doubted])
        return answers

    async def _set_aside(self, node: Node, call: Call, agreed: Sequence[Node]) -> None:
        """Set a node aside that says otherwise of the very block that the others mean.

        Near the head honest nodes may have another block of that number for a moment.
        """
        method, params = call
        if params and isinstance(params[-1], str):
            here = await self.each([("eth_getBlockByNumber", (params[-1], False))])
            hashes = {one: _hash_of(block) for one, (block,) in here}
            if hashes.get(node, "") not in {hashes.get(one) for one in agreed} - {"", None}:
                return
        self.lied(node, f"{method} is another to {len(agreed)} others, of the same block")

    async def head(self) -> int:
        """Return the highest block that a quorum of operators has. Errors: Unavailable."""
        return self.supported(
            [(node, _whole(answers[0])) for node, answers in await self.each([HEAD])]
        )

    def supported(self, told: Sequence[tuple[Node, int]]) -> int:
        """Return the highest number that so many operators reach. Errors: Unavailable."""
        best: dict[str, int] = {}
        for node, number in told:
            best[node.operator] = max(number, best.get(node.operator, number))
        if len(best) < self.quorum:
            raise Unavailable(f"{len(best)} of the {self.quorum} operators answer")
        return sorted(best.values(), reverse=True)[self.quorum - 1]


HEAD: Call = ("eth_blockNumber", ())


def _key(answer: Answer) -> str:
    if isinstance(answer, NodeError):
        return f"refused {answer.data.hex()}"
    try:
        return json.dumps(answer, sort_keys=True)
    except RecursionError:  # it was read with less of the stack in use
        return f"too deep {id(answer)}"


def _contradicts(answer: Answer, agreed: Answer) -> bool:
    """Tell whether two answers say different things of a state; not to know it says nothing."""
    if answer is agreed or (isinstance(answer, str) and answer == agreed):
        return False
    both = (answer, agreed)
    claims = all(one.data if isinstance(one, NodeError) else isinstance(one, str) for one in both)
    return bool(claims) and _key(answer) != _key(agreed)


def _hash_of(block: Answer) -> str:
    return str(block.get("hash")) if isinstance(block, Mapping) else ""


def _whole(answer: Answer) -> int:
    try:
        return int(answer, 16) if isinstance(answer, str) else 0
    except ValueError:
        return 0


@asynccontextmanager
async def beside(asking: Coroutine[Any, Any, T]) -> AsyncGenerator[asyncio.Task[T]]:
    """Ask something beside what the block asks: both leave in one batch.

    It ends with the block; who needs the answer awaits it there, with its errors.
    """
    task = asyncio.get_running_loop().create_task(asking)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # whoever did not wait for it did not need it


def found(answer: Answer) -> Json:
    """Return an answer that is one. Errors: NodeError."""
    if isinstance(answer, NodeError):
        raise answer
    return answer
