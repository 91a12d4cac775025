"""Every planted bug is seen: a simulation that stays silent over one would be blind."""

import pytest

from tests.simulation.bugs import BUGS
from tests.simulation.story import tell

WORLDS = 40  # seeds tried; most bugs are seen in the first
SIZE = 20


@pytest.mark.slow
@pytest.mark.parametrize("bug", sorted(BUGS))
def test_a_planted_bug_is_seen(bug: str) -> None:
    seen = (tell(seed, SIZE, bug=bug).violations for seed in range(1, WORLDS + 1))
    assert any(seen), f"{bug} was planted in {WORLDS} worlds, and nobody saw it"


@pytest.mark.parametrize("bug", ["no_vote_book", "stop_ignored", "no_fsync"])
def test_a_bug_is_seen_in_the_everyday_run(bug: str) -> None:
    assert any(tell(seed, SIZE, bug=bug).violations for seed in range(1, 4))
