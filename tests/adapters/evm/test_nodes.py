"""A quorum of operators is asked first, in turn, and the others where that decides nothing."""

import asyncio
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from adapters.evm.asking import HEDGE_S
from adapters.evm.client import Answer, Call, NodeError, Unanswered
from adapters.evm.finality import Finality
from adapters.evm.tries import BadProof
from bridge.ports import FinalityBroken, Unavailable
from tests.adapters.evm.operators import (
    BUSY,
    CALL,
    FALSE,
    HANGS_S,
    HEAD,
    REST_S,
    TRUE,
    TURN_S,
    Following,
    Node,
    had,
    in_turns,
    over,
    three,
    timed,
)
from tests.adapters.evm.test_strange_nodes import shown_block


async def test_only_a_quorum_is_asked_where_it_agrees_and_in_turn_everybody_is() -> None:
    nodes = three()
    asked = over([*nodes.values()])
    seen: set[tuple[int, ...]] = set()
    for _ in range(30):
        assert await asked.agreed([CALL]) == [TRUE]
        assert await asked.head() == 100
        count = tuple(had(nodes))
        assert sorted(count) == [0, 2, 2], "both questions of one turn go to the same"
        seen.add(count)
        await asyncio.sleep(TURN_S)
    assert len(seen) == 3


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 6, 12])
async def test_no_rhythm_of_questions_spares_an_operator(stride: int) -> None:
    nodes = three()
    asked = over([*nodes.values()])
    spared = longest = dict.fromkeys(nodes, 0)
    for _ in range(60):
        had(nodes)
        await asked.agreed([CALL])
        spared = {name: 0 if node.asked else spared[name] + 1 for name, node in nodes.items()}
        longest = {name: max(longest[name], times) for name, times in spared.items()}
        for _ in range(stride):
            await asyncio.sleep(TURN_S)
            await asked.head()
    assert max(longest.values()) < 12


async def test_two_nodes_of_one_operator_are_not_asked_for_two() -> None:
    nodes = [Node("north"), Node("north"), Node("south")]
    asked = over(nodes)
    for _ in range(20):
        assert await asked.agreed([CALL]) == [TRUE]
        await asyncio.sleep(TURN_S)
    counts = [len(node.asked) for node in nodes]
    assert counts[2] == 20
    assert counts[0] + counts[1] == 20
    assert min(counts) > 0


async def test_another_node_of_an_operator_answers_for_one_that_is_away() -> None:
    nodes = [Node("north", away=True), Node("north"), Node("south")]
    asked = over(nodes)
    for _ in range(10):
        assert await asked.agreed([CALL]) == [TRUE]
        await asyncio.sleep(TURN_S)


async def test_who_lies_among_the_first_is_contradicted_and_set_aside_within_some_turns() -> None:
    nodes = three(east=Node("east", FALSE))
    asked = over([*nodes.values()])
    await in_turns(10, lambda: asked.agreed([CALL]))
    assert asked.caught() == ("east: eth_call is another to 2 others, of the same block",)
    had(nodes)
    await in_turns(10, lambda: asked.agreed([CALL]))
    assert had(nodes)[2] == 0


async def test_a_liar_gains_nothing_by_being_asked_first_with_one_who_hangs() -> None:
    """Without a quorum there is no answer, whatever is waited for."""
    nodes = three(east=Node("east", FALSE), north=Node("north", after_s=HANGS_S))
    asked = over([*nodes.values()])
    for _ in range(5):
        with pytest.raises(Unavailable, match="no 2 operators agree"):
            await asked.agreed([CALL])
        await asyncio.sleep(TURN_S)


class Evasive(Node):
    """One that lies, and says nothing where it would be found out."""

    @override
    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        if calls[0][0] == "eth_getBlockByNumber":
            await asyncio.sleep(HANGS_S)
            raise Unanswered(f"{self.operator}: TimeoutError")
        return await super().batch(calls)


async def test_a_liar_who_will_not_be_found_out_holds_up_next_to_nothing() -> None:
    nodes = three(east=Evasive("east", FALSE))
    asked = over([*nodes.values()])
    spent = 0.0
    for _ in range(100):
        answers, seconds = await timed(asked.agreed([CALL]))
        assert answers == [TRUE]
        spent += seconds - 0.1
        await asyncio.sleep(TURN_S)
    assert spent <= (100 / REST_S + 2) * (HEDGE_S + 0.2)
    await asked.close()


async def test_one_that_hangs_costs_a_short_while_once_and_is_written_down_once() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    spent: list[float] = []
    with capture_logs() as said:
        for _ in range(40):
            answers, seconds = await timed(asked.agreed([CALL]))
            assert answers == [TRUE]
            spent.append(seconds)
            await asyncio.sleep(TURN_S)
        await asyncio.sleep(HANGS_S)
    slow = [seconds for seconds in spent if seconds > 0.2]
    assert len(slow) == 1
    assert slow[0] <= HEDGE_S + 0.2
    silent = [one["what"] for one in said if one["event"] == "network.endpoint_silent"]
    assert silent == ["east"]
    await asked.close()


async def test_a_node_that_came_back_is_noticed_and_nobody_waited_for_it() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    await in_turns(10, lambda: asked.agreed([CALL]))
    await asyncio.sleep(HANGS_S)
    nodes["east"].after_s = 0.1
    had(nodes)
    for _ in range(60):
        _, seconds = await timed(asked.agreed([CALL]))
        assert seconds < 0.2
        await asyncio.sleep(TURN_S)
    assert had(nodes)[2] > 20 / 2, "it has its turns again"


async def test_one_that_stays_away_is_tried_now_and_then_only() -> None:
    nodes = three(east=Node("east", away=True))
    asked = over([*nodes.values()])
    await in_turns(10, lambda: asked.agreed([CALL]))
    had(nodes)
    await in_turns(60, lambda: asked.agreed([CALL]))
    assert 1 <= had(nodes)[2] <= 60 / REST_S + 2


async def test_one_that_is_busy_or_lags_is_asked_after_the_others_for_a_while() -> None:
    nodes = three(east=Node("east", BUSY))
    asked = over([*nodes.values()])
    await in_turns(5, lambda: asked.agreed([CALL]))
    had(nodes)
    await in_turns(20, lambda: asked.agreed([CALL]))
    assert had(nodes)[2] <= 1
    nodes["east"].says = TRUE
    await asyncio.sleep(REST_S)
    await in_turns(20, lambda: asked.agreed([CALL]))
    assert had(nodes)[2] > 5


@pytest.mark.parametrize("lag", [1, 20])
async def test_a_node_that_lags_holds_the_head_back_for_no_question(lag: int) -> None:
    nodes = three()
    asked = over([*nodes.values()])
    for number in range(100, 160):
        for node in nodes.values():
            node.head = number
        nodes["east"].head -= lag
        assert await asked.head() == number
        await asyncio.sleep(TURN_S)
    assert len(nodes["east"].asked) < 10, "it is asked after the others"


async def test_a_head_that_one_operator_claims_is_nobodys() -> None:
    nodes = three(east=Node("east", head=10**9))
    asked = over([*nodes.values()])
    for _ in range(20):
        assert await asked.head() == 100
        await asyncio.sleep(TURN_S)


async def test_an_operators_lagging_node_is_made_good_by_another_of_theirs() -> None:
    """What was told before is not taken back while somebody still has it."""
    nodes = [Node("north"), Node("north"), Node("south")]
    asked = over(nodes)
    assert await asked.head() == 100
    for node in nodes[1:]:
        node.head = 110
    await asyncio.sleep(TURN_S)
    heads: list[int] = []
    for _ in range(20):
        heads.append(await asked.head())
        await asyncio.sleep(TURN_S)
    assert heads[2:] == [110] * 18


async def test_the_final_block_is_asked_of_a_quorum_and_of_all_where_they_differ() -> None:
    old, new = shown_block(90), shown_block(100)
    nodes = three(
        north=Node("north", final=new), south=Node("south", final=new), east=Node("east", final=old)
    )
    finality = Finality(over([*nodes.values()]), None)
    for _ in range(20):
        final = await finality.final()
        assert final.header.number == 100
        assert final.told == {"kind": "quorum", "operators": ["north", "south"]}
        await asyncio.sleep(TURN_S)
    assert len(nodes["east"].asked) < 5
    for node in nodes.values():
        node.final = new
    had(nodes)
    await finality.final()
    assert sorted(had(nodes)) == [0, 1, 1]


async def test_who_calls_an_older_block_final_holds_none_back_where_the_others_differ() -> None:
    """A block that a quorum had reached is final, whoever is asked what it looks like."""
    finals = {"north": 100, "south": 101, "east": 90}
    nodes = {name: Following(name, final=shown_block(at)) for name, at in finals.items()}
    finality = Finality(over([*nodes.values()]), None)
    for _ in range(20):
        final = await finality.final()
        assert final.header.number == 100
        assert final.told == {"kind": "quorum", "operators": ["north", "south"]}
        await asyncio.sleep(TURN_S)


async def test_where_two_quorums_could_stand_side_by_side_all_are_asked() -> None:
    one, other = shown_block(100), shown_block(100, 7)
    nodes = [Node(str(n), final=one if n < 2 else other) for n in range(4)]
    finality = Finality(over(nodes), None)
    for _ in range(20):
        with pytest.raises(FinalityBroken, match="two blocks in one place"):
            await finality.final()
        await asyncio.sleep(TURN_S)


async def test_what_all_are_asked_waits_for_nobody_who_is_late() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    told, seconds = await timed(asked.each([HEAD]))
    assert {node.operator for node, _ in told} == {"north", "south"}
    assert seconds <= HEDGE_S + 0.1
    told, seconds = await timed(asked.each([HEAD]))
    assert seconds < 0.2
    nodes["north"].after_s = 1.0
    told, _ = await timed(asked.each([HEAD]))
    assert {node.operator for node, _ in told} == {"north", "south"}, "who is in time is heard"


async def test_all_are_asked_what_all_are_to_answer_also_who_lagged_or_was_busy() -> None:
    """Else the middle of what nodes say of the market would be one of two, and a liar's."""
    nodes = three(east=Node("east", BUSY))
    asked = over([*nodes.values()])
    await in_turns(5, lambda: asked.agreed([CALL]))
    assert len(await asked.each([HEAD])) == 3


def proved(answers: list[Answer]) -> str:
    (answer,) = answers
    if isinstance(answer, NodeError):
        raise answer
    if answer != TRUE:
        raise BadProof("it proves nothing")
    return TRUE


async def test_a_proof_is_asked_of_one_and_of_the_next_where_it_takes_long() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    spent: list[float] = []
    for _ in range(20):
        told, seconds = await timed(asked.one([CALL], proved))
        assert told == TRUE
        spent.append(seconds)
        await asyncio.sleep(TURN_S)
    assert [seconds for seconds in spent if seconds > 0.2] == [pytest.approx(HEDGE_S + 0.1)]
    assert sum(had(nodes)) <= 20 + 2


async def test_a_proof_is_taken_from_whoever_has_it_and_a_forger_is_set_aside() -> None:
    nodes = three(east=Node("east", FALSE), north=Node("north", BUSY))
    asked = over([*nodes.values()])
    await in_turns(10, lambda: asked.one([CALL], proved))
    assert asked.caught() == ("east: it proves nothing",)
    nodes["south"].away = True
    with pytest.raises(Unavailable, match="nobody could prove it"):
        await asked.one([CALL], proved)


async def test_who_is_cancelled_leaves_no_question_under_way() -> None:
    nodes = three()
    asked = over([*nodes.values()])
    for asking in (asked.agreed([CALL]), asked.each([CALL]), asked.one([CALL], proved)):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await asking
        await asyncio.sleep(0)
        assert [node.under_way for node in nodes.values()] == [0, 0, 0]


async def test_what_nobody_waits_for_ends_with_the_nodes() -> None:
    nodes = three(east=Node("east", after_s=HANGS_S))
    asked = over([*nodes.values()])
    await asked.each([HEAD])
    assert nodes["east"].under_way == 1
    await asked.close()
    assert nodes["east"].under_way == 0
