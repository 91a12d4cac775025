"""Whole worlds from their seeds: nothing is lost, doubled, paid twice, unscreened or stuck.

The big run is spread over items so that workers share it; each item states the least it must have
met, so what all of them met together is at least as many times that.
"""

from collections import Counter

import pytest

from tests.simulation.story import Told, tell

SIZE = 20  # orders of a world
WORLDS = 20  # of an item
ITEMS = 50  # 20 x 20 x 50 = 20,000 orders
LEAST = {  # of each kind of fault, in every item of 400 orders
    "crash": 180,
    "crash.await": 90,
    "crash.send": 3,
    "crash.sent": 3,
    "crash.store.take": 1,
    "power": 40,
    "disk.full": 1,
    "disk.iofailed": 1,
    "disk.lost_before": 1,
    "disk.lost_after": 1,
    "ledger.second_writer": 5,
    "message.delay": 25,
    "message.drop": 25,
    "message.duplicate": 25,
    "message.lose_answer": 25,
    "message.refuse": 25,
    "message.silence": 10,
    "network.fork": 2,
    "network.lie": 10,
    "network.reorder": 30,
    "network.shut": 30,
    "network.stall": 30,
    "rail.lose": 2,
    "rail.partial": 2,
    "rail.reject": 2,
    "rail.return": 2,
    "rail.silent": 2,
    "rail.twice": 2,
    "rail.wrong": 2,
    "recall.refuse": 15,
    "recall.silent": 15,
    "thief.one_key": 2,
    "thief.retired_keys": 2,
    "client.repeats": 10,
    "declined.LQ-PLACE": 10,
    "cancelled": 10,
    "frozen": 4,
    "held.approve": 15,
    "held.refuse": 8,
    "lane.paused": 15,
    "listed.name": 8,
    "listed.wallet": 8,
    "thawed.give_back": 3,
    "thawed.go_on": 3,
}
SMOKE = 3  # worlds of the everyday run


def told(seed: int, size: int = SIZE) -> Told:
    """Play a world; a violation says which command plays it again."""
    story = tell(seed, size)
    again = f"python3 -m tests.simulation --seed {seed} --size {size} --tail"
    assert not story.violations, "\n".join((*story.violations, f"replay: {again}"))
    return story


@pytest.mark.parametrize("seed", range(1, SMOKE + 1))
def test_a_world_comes_to_rest_and_nothing_is_violated(seed: int) -> None:
    story = told(seed)
    assert story.settlements >= SIZE // 2
    assert story.counts["crash"] > 0


def test_the_same_seed_is_the_same_run() -> None:
    first, second = tell(7, 8), tell(7, 8)
    assert first.entries > 0
    assert (first.root, first.steps, first.counts, first.tail) == (
        second.root,
        second.steps,
        second.counts,
        second.tail,
    )
    assert tell(8, 8).root != first.root


@pytest.mark.slow
@pytest.mark.parametrize("item", range(ITEMS))
def test_many_worlds_with_every_kind_of_fault(item: int) -> None:
    met: Counter[str] = Counter()
    settlements = 0
    for seed in range(1_000 + item * WORLDS, 1_000 + (item + 1) * WORLDS):
        story = told(seed)
        settlements += story.settlements
        met += story.counts
    assert settlements >= SIZE * WORLDS * 9 // 10
    assert {kind: met[kind] for kind, least in LEAST.items() if met[kind] < least} == {}
