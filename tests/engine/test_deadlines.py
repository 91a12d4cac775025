"""Deadlines: the earliest first, each once, and none of what has come to rest."""

from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ids import Instant, SettlementId, new_ulid
from bridge.engine.deadlines import Deadlines


def settlement(number: int) -> SettlementId:
    return SettlementId(new_ulid(Instant(number), bytes(10)))


MOVES = st.lists(
    st.tuples(st.integers(0, 4), st.one_of(st.none(), st.integers(0, 30)), st.booleans()),
    max_size=200,
)


@given(MOVES)
def test_each_that_has_passed_is_told_once_the_earliest_first(
    moves: list[tuple[int, int | None, bool]],
) -> None:
    """Told against a dictionary; a third member that is true has the clock go to that instant."""
    held, told = Deadlines(), dict[SettlementId, int]()
    for number, until, is_clock in moves:
        if is_clock:
            now = until or 0
            passed = sorted((at, of) for of, at in told.items() if at <= now)
            assert list(held.passed(Instant(now))) == [of for _, of in passed]
            for _, of in passed:
                del told[of]
        else:
            held.put(settlement(number), None if until is None else Instant(until))
            if until is None:
                told.pop(settlement(number), None)
            else:
                told[settlement(number)] = until
            assert len(held) <= 2 * len(told)


def test_one_told_is_told_again_where_it_is_put_again() -> None:
    """Its answer may be dropped: the settlement is looked at, and still has no time left."""
    held = Deadlines()
    held.put(settlement(1), Instant(5))
    assert list(held.passed(Instant(5))) == [settlement(1)]
    held.put(settlement(1), Instant(5))
    assert list(held.passed(Instant(9))) == [settlement(1)]
    assert list(held.passed(Instant(9))) == []
