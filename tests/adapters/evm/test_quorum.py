"""Whoever lies, lags, is slow or away: what a quorum of operators says, and nothing less."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.evm.asking import HEDGE_S
from adapters.evm.client import Answer, NodeError
from adapters.evm.finality import Finality
from bridge.ports import Unavailable
from tests.adapters.evm.operators import (
    BUSY,
    CALL,
    FALSE,
    HANGS_S,
    REST_S,
    TRUE,
    TURN_S,
    Following,
    Node,
    over,
    timed,
)
from tests.adapters.evm.test_strange_nodes import shown_block
from tests.adapters.virtual_loop import VirtualLoop


@dataclass(frozen=True)
class Kind:
    """How a node of the property behaves."""

    says: Answer
    after_s: float
    away: bool = False

    @property
    def is_honest(self) -> bool:
        return self.says == TRUE and not self.away and self.after_s < HANGS_S

    @property
    def is_prompt(self) -> bool:
        return self.is_honest and self.after_s < HEDGE_S


KINDS = {
    "honest": Kind(TRUE, 0.1),
    "slower": Kind(TRUE, 1.5),
    "slow": Kind(TRUE, 5.0),
    "lies": Kind(FALSE, 0.05),
    "lies late": Kind(FALSE, 3.0),
    "reverts": Kind(NodeError(3, "execution reverted", b"\x01"), 0.1),
    "has nothing": Kind(None, 0.1),
    "busy": Kind(BUSY, 0.1),
    "away": Kind(TRUE, 0.3, away=True),
    "hangs": Kind(TRUE, HANGS_S),
}


def says(answer: Answer, one: Kind) -> bool:
    return one.says is answer


WHO = st.tuples(st.integers(0, 4), st.sampled_from(sorted(KINDS)))


@given(
    st.lists(WHO, min_size=1, max_size=7),
    st.lists(st.sampled_from([0.0, 0.4, TURN_S, REST_S]), min_size=1, max_size=6),
)
@example([(0, "honest"), (1, "honest"), (2, "hangs")], [TURN_S] * 6)
@example([(0, "honest"), (1, "lies"), (2, "hangs"), (3, "honest"), (4, "slower")], [TURN_S] * 6)
def test_an_answer_is_never_less_than_a_quorums_and_comes_where_a_quorum_is_honest(
    who: list[tuple[int, str]], pauses: list[float]
) -> None:
    nodes = [
        Node(str(operator), KINDS[kind].says, KINDS[kind].after_s, KINDS[kind].away)
        for operator, kind in who
    ]
    quorum = len({operator for operator, _ in who}) // 2 + 1

    def operators(has: Callable[[Kind], bool]) -> int:
        return len({operator for operator, kind in who if has(KINDS[kind])})

    async def story() -> None:
        asked = over(nodes, quorum)
        for pause in pauses:
            try:
                (answer,), seconds = await timed(asked.agreed([CALL]))
            except Unavailable:
                assert operators(lambda one: one.is_honest) < quorum
                return
            if answer == TRUE:
                assert operators(lambda one: one.is_honest) >= quorum
            else:
                assert operators(partial(says, answer)) >= quorum
            if operators(lambda one: one.is_prompt) >= quorum:
                assert seconds <= 4 * HEDGE_S  # first, others, who was late; whose block it is
            await asyncio.sleep(pause)
        await asked.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


@given(st.lists(st.integers(95, 105), min_size=1, max_size=6), st.integers(1, 12))
def test_the_head_is_what_a_quorum_of_all_reaches_whoever_is_asked(
    heads: list[int], turns: int
) -> None:
    quorum = len(heads) // 2 + 1
    nodes = [Node(str(place), head=head) for place, head in enumerate(heads)]

    async def story() -> None:
        asked = over(nodes, quorum)
        for _ in range(turns):
            assert await asked.head() == sorted(heads, reverse=True)[quorum - 1]
            await asyncio.sleep(TURN_S)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())


@given(st.lists(st.integers(97, 103), min_size=1, max_size=5), st.integers(1, 6))
@example([100, 101, 90], 6)
def test_the_final_block_is_what_a_quorum_of_all_has_passed_whoever_is_asked(
    finals: list[int], turns: int
) -> None:
    quorum = len(finals) // 2 + 1
    nodes = [Following(str(place), final=shown_block(at)) for place, at in enumerate(finals)]
    passed = sorted(finals, reverse=True)[quorum - 1]

    async def story() -> None:
        finality = Finality(over(nodes, quorum), None)
        for _ in range(turns):
            final = await finality.final()
            assert final.header.number == passed
            told = final.told["operators"]
            assert isinstance(told, list)
            who = {str(one) for one in told}
            assert len(who) >= quorum
            assert all(finals[int(one)] >= passed for one in who)
            await asyncio.sleep(TURN_S)

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(story())
