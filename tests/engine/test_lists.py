"""Lists come in whole; one that shrank, or is older than what is in force, waits for two people."""

import pytest

from bridge.core.ids import Instant
from bridge.engine.lists import list_draft, pack_payload, refreshed
from bridge.policy.params import BadPack
from bridge.screening.lists import BadList
from tests.engine.customs import HEADER, opened
from tests.strategies import NOW


def people(count: int, name: str = "Name") -> bytes:
    return (HEADER + "".join(f"P{n:03d},person,{name} {n},,,,\n" for n in range(count))).encode()


async def test_a_list_that_grows_or_loses_little_is_one_persons_to_bring() -> None:
    customs = await opened(listed=people(100).decode())
    for count in (120, 114, 109):
        taken = refreshed(customs.journal, "house", people(count), source="s", as_of=Instant(NOW))
        assert taken.quarantine == ""
        await customs.bring_list(people(count).decode())
    await customs.journal.close()


async def test_a_list_that_shrank_waits_for_two_and_says_why() -> None:
    customs = await opened(listed=people(100).decode())
    taken = refreshed(customs.journal, "house", people(94), source="s", as_of=Instant(NOW))
    assert "100 entries became 94" in taken.quarantine
    with pytest.raises(AssertionError, match="two people"):
        list_draft(customs.entry_id(), taken)
    await customs.journal.close()


async def test_yesterdays_list_does_not_replace_todays_unseen() -> None:
    customs = await opened(listed=people(10).decode())
    old = refreshed(customs.journal, "house", people(10), source="s", as_of=Instant(NOW - 1))
    assert "older than the list in force" in old.quarantine
    await customs.journal.close()


async def test_the_delta_is_told_with_the_list() -> None:
    customs = await opened(listed=people(3).decode())
    taken = refreshed(customs.journal, "house", people(4, "Other"), source="s", as_of=Instant(NOW))
    assert taken.delta.added == ("P003",)
    assert taken.delta.changed == ("P000", "P001", "P002")
    await customs.journal.close()


async def test_an_empty_or_broken_list_is_not_taken() -> None:
    customs = await opened()
    for data in (HEADER.encode(), b"", people(3)[:-20] + b'"'):
        with pytest.raises(BadList):
            refreshed(customs.journal, "house", data, source="s", as_of=Instant(NOW))
    await customs.journal.close()


def test_a_pack_that_does_not_load_is_never_proposed() -> None:
    with pytest.raises(BadPack):
        pack_payload(b"{}")
