"""Every planted bug is seen: a simulation that stays silent over one would be blind."""

import pytest

from tests.simulation.bugs import BUGS, WEATHERS
from tests.simulation.story import tell

WORLDS = 12  # seeds tried until one shows it; each bug was seen in every second world or more
SIZE = 20
EVERY_DAY = ("no_vote_book", "stop_ignored", "no_fsync")


def seen(bug: str) -> bool:
    """Tell whether a world shows a planted bug."""
    return any(tell(seed, SIZE, bug=bug).violations for seed in range(1, WORLDS + 1))


@pytest.mark.slow
@pytest.mark.parametrize("bug", sorted(BUGS.keys() - set(EVERY_DAY)))
def test_a_planted_bug_is_seen(bug: str) -> None:
    assert seen(bug), f"{bug} was planted in {WORLDS} worlds, and nobody saw it"


@pytest.mark.parametrize("bug", EVERY_DAY)
def test_a_bug_is_seen_in_the_everyday_run(bug: str) -> None:
    assert seen(bug), f"{bug} was planted in {WORLDS} worlds, and nobody saw it"


@pytest.mark.slow
@pytest.mark.parametrize("bug", sorted(WEATHERS))
def test_the_weather_that_brings_a_bug_out_violates_nothing_by_itself(bug: str) -> None:
    assert [tell(seed, SIZE, under=bug).violations for seed in range(1, 5)] == [()] * 4
