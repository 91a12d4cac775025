"""Several nodes of several operators, of whom some may be silent and some may lie.

What can be proved is taken from any one of them; what cannot takes a quorum of operators. Who
failed a proof, or told another story than the quorum, is set aside and written down.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, TypeVar

import structlog

from adapters.evm.asking import HEDGE_S, Waves
from adapters.evm.client import Answer, Call, Json, Lied, NodeError, Trouble
from adapters.evm.polling import Poll
from adapters.evm.tries import BadProof
from adapters.evm.turns import Turns
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


Heard = list[tuple[Node, T]]


class Nodes:
    """The nodes of one chain. Units: `quarantine_ms` is how long a liar is not asked.

    A question goes to a quorum of operators, and to the others where one of those is silent, busy,
    behind or of another opinion. Where a quorum is no majority, all are asked.
    """

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
        self._sends = 0
        self._head = 0  # the highest that a quorum was heard to have
        operators = [node.operator for node in nodes]
        self._turns = Turns(operators, clock)
        self._is_majority = 2 * quorum > len(set(operators))
        self._waves: Waves[Node] = Waves(lambda node: self._turns.late(self._nodes.index(node)))

    async def close(self) -> None:
        """End what is asked and no more waited for."""
        await self._waves.close()

    def able(self) -> list[Node]:
        """Return who may be handed something, the next one's turn first."""
        places = sorted(self._able())
        loud = [place for place in places if not self._turns.is_late(place)]
        if loud:
            self._sends += 1
            turn = self._sends % len(loud)
            places = [*loud[turn:], *loud[:turn], *(one for one in places if one not in loud)]
        return [self._nodes[place] for place in places]

    def _able(self) -> list[int]:
        """Return the places of who may be asked, as it is their turn."""
        now = self._clock.now()
        self._aside = {place: until for place, until in self._aside.items() if until > now}
        places = [place for place in range(len(self._nodes)) if place not in self._aside]
        return self._turns.ranked(places)

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

    def behind(self, node: Node) -> None:
        """Note a node that could not say what others could: for a while it is asked after them."""
        self._turns.behind(self._nodes.index(node))

    def heard(self, node: Node, trouble: Trouble | None, *, in_time: bool = True) -> None:
        """Note whether a node answered; one that lied is set aside, silence is written once."""
        place = self._nodes.index(node)
        if isinstance(trouble, Lied):
            self.lied(node, str(trouble))
            return
        if trouble is None:
            self._silent.discard(place)
            if in_time:
                self._turns.in_time(place)
            return
        self._turns.late(place)
        if place not in self._silent:
            self._silent.add(place)
            log.warning(
                "network.endpoint_silent",
                network_id=self.network,
                what=node.operator,
                why=str(trouble)[:200],
            )

    async def _answers(self, node: Node, calls: Sequence[Call]) -> list[Answer]:
        """Return what a node answers; whether it does is noted. Errors: Trouble."""
        began = asyncio.get_running_loop().time()
        try:
            answers = await node.batch(calls)
        except Trouble as trouble:
            self.heard(node, trouble)
            raise
        self.heard(node, None, in_time=asyncio.get_running_loop().time() - began <= HEDGE_S)
        return answers

    def _try_again(self, calls: Sequence[Call]) -> None:
        """Ask who was late a while ago, which nobody waits for: it may be back."""

        async def ask(node: Node) -> None:
            with suppress(Trouble):
                await self._answers(node, calls)

        for place in self._turns.due():
            if place not in self._aside:
                self._waves.beside(ask(self._nodes[place]))

    async def each(self, calls: Sequence[Call]) -> Heard[list[Answer]]:
        """Return what every node answers that does so in time, asked all at once.

        Who is late is waited for only where no quorum of operators answered.
        """
        return await self._heard(calls, lambda _, answers: answers, settled=None)

    async def quorum_of(
        self,
        calls: Sequence[Call],
        read: Callable[[Node, list[Answer]], T | None],
        settled: Callable[[Heard[T]], bool],
        *,
        enough: Callable[[Heard[T]], bool] | None = None,
    ) -> Heard[T]:
        """Return what nodes answer: of a quorum of operators where it is `settled` by them.

        Else of all; of those who are late only where the others have not told `enough`, which is a
        quorum of operators unless said otherwise. What `read` finds nothing in is no answer.
        """
        return await self._heard(
            calls, read, settled=settled if self._is_majority else None, enough=enough
        )

    async def _heard(
        self,
        calls: Sequence[Call],
        read: Callable[[Node, list[Answer]], T | None],
        *,
        settled: Callable[[Heard[T]], bool] | None,
        enough: Callable[[Heard[T]], bool] | None = None,
    ) -> Heard[T]:
        async def ask(node: Node) -> T | None:
            try:
                answer = read(node, await self._answers(node, calls))
            except Trouble:
                return None
            if answer is None:
                self.behind(node)
            return answer

        self._try_again(calls)
        first, others = self._turns.split(self._able(), self.quorum)
        late = [self._nodes[place] for place in others if self._turns.is_late(place)]
        then = [self._nodes[place] for place in others if not self._turns.is_late(place)]
        begin = [self._nodes[place] for place in first]
        return await self._waves.asked(
            ask,
            [[*begin, *then]] if settled is None else [begin, then],
            enough=enough or self._are_quorum,
            settled=settled,
            spare=late,
        )

    def _are_quorum(self, told: Heard[Any]) -> bool:
        return len({node.operator for node, _ in told}) >= self.quorum

    async def one(self, calls: Sequence[Call], read: Callable[[list[Answer]], T]) -> T:
        """Return what `read` proves from the answers of the first node that can prove it.

        The next one is asked where that takes long. `read` raises BadProof for a lie and NodeError
        where the node does not have it.
        Errors: Unavailable.
        """
        why = "no node may be asked"

        async def ask(node: Node) -> tuple[T] | None:
            nonlocal why
            try:
                return (read(await self._answers(node, calls)),)
            except Trouble as trouble:
                why = str(trouble)
            except NodeError as error:
                self.behind(node)
                why = f"{node.operator}: {error}"
            except BadProof as error:
                self.lied(node, str(error))
                why = f"{node.operator}: {error}"
            return None

        self._try_again(calls)
        waves = [[self._nodes[place]] for place in self._able()]
        told = await self._waves.asked(ask, waves, enough=bool, settled=bool)
        if not told:
            raise Unavailable(f"nobody could prove it: {why}")
        return told[0][1][0]

    async def agreed(self, calls: Sequence[Call]) -> list[Answer]:
        """Return the answers that a quorum of operators gives; who says otherwise is set aside.

        The questions name a block by number: two heads are no disagreement. A NodeError among
        them is a contract's refusal; a node's own counts as silence.
        Errors: Unavailable.
        """
        poll: Poll[Node] = Poll(calls, self.quorum)

        def read(node: Node, answers: list[Answer]) -> list[Answer]:
            poll.add(node, answers)
            return answers

        def is_agreed(_: Heard[Any]) -> bool:
            return poll.is_agreed()

        await self.quorum_of(calls, read, is_agreed, enough=is_agreed)
        result = poll.result()
        for node in result.others:
            self.behind(node)
        if result.doubted:
            async with asyncio.TaskGroup() as group:
                for node, call in result.doubted.items():
                    group.create_task(self._set_aside(node, call, result.agreed))
        return result.answers

    async def _set_aside(self, node: Node, call: Call, agreed: Sequence[Node]) -> None:
        """Set a node aside that says otherwise of the very block that the others mean.

        Near the head honest nodes may have another block of that number for a moment.
        """
        method, params = call
        if params and isinstance(params[-1], str):
            shown: list[Call] = [("eth_getBlockByNumber", (params[-1], False))]

            async def ask(one: Node) -> str | None:
                try:
                    return _hash_of((await self._answers(one, shown))[0])
                except Trouble:
                    return None

            here = await self._waves.asked(ask, [[node, *agreed]], enough=lambda _: True)
            hashes = dict(here)
            if hashes.get(node, "") not in {hashes.get(one) for one in agreed} - {"", None}:
                return
        self.lied(node, f"{method} is another to {len(agreed)} others, of the same block")

    async def head(self) -> int:
        """Return the highest block that a quorum of operators has. Errors: Unavailable.

        Where those who are asked first have not the same one, or one that is no news, the others
        are asked: who lags behind, or says so, holds nothing up.
        """

        def settled(told: Heard[int]) -> bool:
            for number in {number for _, number in told if number >= self._head}:
                if self._are_quorum([one for one in told if one[1] == number]):
                    return True
            return False

        told = await self.quorum_of([HEAD], lambda _, answers: _whole(answers[0]), settled)
        number = self.supported(told)
        for node, its in told:
            if its != number:
                self.behind(node)
        self._head = max(self._head, number)
        return number

    def supported(self, told: Sequence[tuple[Node, int]]) -> int:
        """Return the highest number that so many operators reach. Errors: Unavailable."""
        best: dict[str, int] = {}
        for node, number in told:
            best[node.operator] = max(number, best.get(node.operator, number))
        if len(best) < self.quorum:
            raise Unavailable(f"{len(best)} of the {self.quorum} operators answer")
        return sorted(best.values(), reverse=True)[self.quorum - 1]


HEAD: Call = ("eth_blockNumber", ())


def _hash_of(block: Answer) -> str:
    return str(block.get("hash")) if isinstance(block, Mapping) else ""


def _whole(answer: Answer) -> int | None:
    try:
        return int(answer, 16) if isinstance(answer, str) else None
    except ValueError:
        return None


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
