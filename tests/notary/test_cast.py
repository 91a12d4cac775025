"""What a vote book remembers: every vote of every settlement, in few bytes each."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.effects import Verb
from bridge.core.ids import Instant, SettlementId, new_ulid
from bridge.notary import cast
from bridge.notary.cast import Cast


def settlement(number: int) -> SettlementId:
    """The id of one made at that millisecond."""
    return SettlementId(new_ulid(Instant(number), bytes(10)))


def weight(votes: Cast) -> int:
    """Bytes of what it holds, but for the verbs' own small numbers."""
    runs = (sys.getsizeof(run.data) for run in votes._runs)
    young = sum(sys.getsizeof(name) for name in votes._young)
    return sum(runs) + young + sys.getsizeof(votes._young) + sys.getsizeof(votes._runs)


@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from(list(Verb))), max_size=60))
def test_it_forgets_nothing_whatever_the_order_of_the_ids(votes: list[tuple[int, Verb]]) -> None:
    """Told against a dictionary of sets, with runs of three: settlements come again and again."""
    told: dict[int, set[Verb]] = {}
    with pytest.MonkeyPatch.context() as few:
        few.setattr(cast, "RUN", 3)
        held = Cast()
        for number, verb in votes:
            held.add(settlement(number), verb)
            told.setdefault(number, set()).add(verb)
            for one in range(13):
                assert held.of(settlement(one)) == told.get(one, set())


def test_a_settlement_at_rest_takes_its_eighteen_bytes_and_the_place_of_its_run() -> None:
    held = Cast()

    def after(count: int) -> int:
        for number in range(count):
            for verb in (Verb.MINT, Verb.BURN, Verb.ASSIGN):
                held.add(settlement(count + number), verb)
        return weight(held)

    few, many = after(4 * cast.RUN), after(8 * cast.RUN)
    assert many - few < 8 * cast.RUN * 19


def test_who_is_asked_of_and_never_votes_is_not_remembered() -> None:
    held = Cast()
    for number in range(2 * cast.RUN):
        assert held.of(settlement(number)) == frozenset()
    assert weight(held) == weight(Cast())
