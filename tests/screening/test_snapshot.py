"""Snapshots: one root whatever the order, an exact delta, and quarantine for a list that shrank."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.screening.lists import Listed
from bridge.screening.snapshot import delta, merkle_root, shrunk, snapshot

HEADER = "id,type,names,ids,dates,countries,wallets\n"


def listed(number: int, of: str = "person", name: str = "") -> Listed:
    return Listed(
        id=f"E{number:04d}",
        type=of,
        names=(name or f"name {number}",),
        ids=(),
        dates=(),
        countries=(),
        wallets=(),
    )


def rfc_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, as it is written there: recursion on the largest power of two."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + rfc_root(leaves[:split]) + rfc_root(leaves[split:])).digest()


@given(st.lists(st.binary(max_size=8), max_size=40))
def test_the_root_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == rfc_root(leaves).hex()


def test_the_order_of_rows_changes_no_root_and_a_name_does() -> None:
    one = snapshot((HEADER + "A,person,x,,,,\nB,person,y,,,,\n").encode())
    other = snapshot((HEADER + "B,person,y,,,,\nA,person,x,,,,\n").encode())
    assert one.root == other.root
    assert one.digest != other.digest
    assert snapshot((HEADER + "A,person,x,,,,\nB,person,z,,,,\n").encode()).root != one.root


@given(st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_the_delta_is_exact(before: set[int], after: set[int], changed: set[int]) -> None:
    then = [listed(number) for number in before]
    now = [listed(number, name="other" if number in changed else "") for number in after]
    found = delta(then, now)
    assert found.added == tuple(sorted(f"E{n:04d}" for n in after - before))
    assert found.removed == tuple(sorted(f"E{n:04d}" for n in before - after))
    assert found.changed == tuple(sorted(f"E{n:04d}" for n in before & after & changed))


@pytest.mark.parametrize(
    ("kept", "waits"), [(100, False), (95, False), (94, True), (0, True), (120, False)]
)
def test_more_than_five_percent_fewer_waits_for_two_people(kept: int, waits: bool) -> None:
    before = [listed(number) for number in range(100)]
    assert bool(shrunk(before, [listed(number) for number in range(kept)])) is waits


def test_a_type_that_vanished_is_seen_though_the_list_grew() -> None:
    before = [listed(n) for n in range(900)] + [listed(n, "vessel") for n in range(900, 920)]
    after = [listed(n) for n in range(1_000)]
    assert shrunk(before, after).startswith("vessel: 20 entries became 0")


def test_a_first_list_shrinks_from_nothing() -> None:
    assert shrunk([], [listed(1)]) == ""
