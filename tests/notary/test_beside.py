"""What was just kept is read from memory, and memory has a bound of bytes, not of values alone."""

from bridge.notary.beside import BYTES, LARGE, Beside
from bridge.notary.store.memory import MemoryStore


def held(beside: Beside) -> int:
    return sum(map(len, (*beside._young.values(), *beside._old.values())))


def test_what_is_kept_stays_within_its_bytes() -> None:
    """A bank's message may have ten megabytes, and thousands of values are kept in memory."""
    beside = Beside(MemoryStore())
    for number in range(5_000):
        beside.lay(((f"{number}", bytes(LARGE)),))
        assert held(beside) <= 2 * (BYTES + LARGE)
    assert beside.get("4999") == bytes(LARGE)


def test_what_is_large_is_left_to_the_store_and_hides_nothing_older() -> None:
    beside = Beside(MemoryStore())
    beside.lay((("a", b"one"),))
    beside.lay((("a", bytes(LARGE + 1)),))
    assert held(beside) == 0
    assert beside.get("a") is None  # this store has it not


def test_an_empty_value_hides_the_one_before_it() -> None:
    beside = Beside(MemoryStore())
    beside.lay((("a", b"one"),))
    for number in range(BYTES // LARGE):  # what was kept is of the older generation now
        beside.lay(((f"{number}", bytes(LARGE)),))
    assert "a" in beside._old
    beside.lay((("a", b""),))
    assert beside.get("a") == b""
