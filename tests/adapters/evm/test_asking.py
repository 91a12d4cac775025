"""Who is late, busy or lost beside others: who is asked next, and what counts as an answer."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import pytest
from typing_extensions import override

from adapters.evm.asking import HEDGE_S, Told, Waves
from adapters.evm.client import Answer, Call, Unanswered, Unreachable
from adapters.evm.finality import Finality
from bridge.ports import Unavailable
from tests.adapters.evm.operators import (
    BUSY,
    CALL,
    FALSE,
    HANGS_S,
    HEAD,
    TRUE,
    TURN_S,
    Following,
    Node,
    in_turns,
    over,
    three,
    timed,
)
from tests.adapters.evm.test_strange_nodes import shown_block

OTHER: Call = ("eth_call", ("other", "0x7"))


class Halved(Node):
    """One that lies in the second answer only."""

    @override
    def _answer(self, method: str, params: Sequence[Any]) -> Answer:
        return FALSE if (method, params) == OTHER else super()._answer(method, params)


async def test_one_that_is_always_late_costs_a_short_while_once() -> None:
    nodes = three(east=Node("east", after_s=HEDGE_S + 1))
    asked = over([*nodes.values()])
    spent: list[float] = []
    for _ in range(60):
        _, seconds = await timed(asked.agreed([CALL]))
        spent.append(seconds)
        await asyncio.sleep(TURN_S)
    assert len([seconds for seconds in spent if seconds > 0.2]) == 1
    await asked.close()


async def test_one_that_hangs_is_not_asked_more_and_more() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    for _ in range(100):
        await asked.agreed([CALL])
        assert nodes["east"].under_way <= 2
        await asyncio.sleep(TURN_S)
    await asked.close()


async def test_one_that_was_busy_is_asked_before_one_that_hangs() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    await in_turns(5, lambda: asked.agreed([CALL]))
    nodes["north"].says = BUSY
    with pytest.raises(Unavailable):
        await asked.agreed([CALL])
    nodes["north"].says = TRUE
    for _ in range(10):
        _, seconds = await timed(asked.agreed([CALL]))
        assert seconds < 0.2
        await asyncio.sleep(TURN_S)
    await asked.close()


async def test_where_one_is_lost_the_others_are_asked_at_once() -> None:
    """Nobody waits for who hangs to learn that it will not do without more of them."""
    nodes = [Node("away", away=True), Node("hangs", after_s=HANGS_S)]
    nodes += [Node(name) for name in ("north", "south", "east")]
    first, others = nodes[:3], nodes[3:]

    async def ask(node: Node) -> Answer:
        with suppress(Unreachable, Unanswered):
            return (await node.batch([CALL]))[0]
        return None

    def enough(told: Told[Node, Answer]) -> bool:
        return len(told) == 3

    waves: Waves[Node] = Waves(lambda _: None)
    told, seconds = await timed(waves.asked(ask, [first, others], enough=enough, settled=enough))
    assert len(told) == 3
    assert seconds < 0.3
    await waves.close()


async def test_each_question_has_a_quorum_of_its_own() -> None:
    """Who lies in one of two answers has not spoiled the other, nor what was asked with it."""
    nodes = three(east=Halved("east"))
    asked = over([*nodes.values()])
    for _ in range(20):
        assert await asked.agreed([CALL, OTHER]) == [TRUE, TRUE]
        await asyncio.sleep(TURN_S)
    assert len(asked.caught()) == 1


async def test_two_nodes_of_one_operator_make_no_quorum_that_another_is_not_waited_for() -> None:
    asked = over([Node("north"), Node("north"), Node("south", after_s=HEDGE_S + 1)])
    for _ in range(5):
        assert await asked.head() == 100
        assert {node.operator for node, _ in await asked.each([HEAD])} == {"north", "south"}
        await asyncio.sleep(TURN_S)
    await asked.close()


async def test_what_was_head_or_final_is_not_taken_back_while_each_operator_has_it() -> None:
    names = ("north", "north", "south", "south")
    nodes = [Following(name, head=110, final=shown_block(110)) for name in names]
    asked = over(nodes)
    finality = Finality(asked, None)
    assert await asked.head() == (await finality.final()).header.number == 110
    for node in nodes[::2]:
        node.head, node.final = 100, shown_block(100)
    for _ in range(20):
        assert await asked.head() == 110
        assert (await finality.final()).header.number == 110
        await asyncio.sleep(TURN_S)


async def test_another_block_than_was_asked_for_is_none() -> None:
    with pytest.raises(Unavailable, match="no 1 operators show the same block 90"):
        await Finality(over([Node("north", final=shown_block(100))], 1), None).agreed(90)
