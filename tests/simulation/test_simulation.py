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
    assert met["crash"] >= SIZE * WORLDS * 2 // 5
