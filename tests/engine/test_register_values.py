"""What a register's row says of a person lies beside the ledger, and takes two people too."""

from pathlib import Path
from typing import Any

import pytest

from bridge.core.registers import Party
from bridge.engine.admission import Declined
from bridge.notary.fsck import fsck
from bridge.notary.register_forms import party_form
from tests.engine.river import River, river
from tests.notary.ledgers import LI, WANG

KEY = "personal/party/seller/"


def names(water: River) -> dict[str, str]:
    """What lies beside the party's row, without its salt."""
    kept = water.journal.sides(KEY)
    return {key.removeprefix(KEY): value[32:].decode() for key, value in kept.items()}


def waiting(water: River) -> tuple[str, ...]:
    return water.journal.side_keys("personal/proposal/")


async def proposed(water: River, **changes: Any) -> Any:
    row = water.journal.view.get("party", "seller")
    assert isinstance(row, Party)
    made = await water.ring.people.propose(
        "register.party",
        "seller",
        {**party_form(row), **changes},
        maker=LI,
        reason="a test",
        asked=water.request("propose"),
    )
    return made.id


async def test_a_name_is_in_force_once_a_second_person_has_approved_it(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        before = names(water)
        name = await proposed(water, name="Somebody Else", accounts=["A1", "A2"])
        assert names(water) == before, "a proposal is one person's word"
        assert len(waiting(water)) == 3
        await water.check(name, "approve", WANG)
        assert names(water) == {"name": "Somebody Else", "accounts/0": "A1", "accounts/1": "A2"}
        assert waiting(water) == ()
        assert fsck(water.journal._reader) == ()


async def test_a_refused_name_is_nowhere_and_the_old_one_stands(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        before = names(water)
        await water.check(await proposed(water, name="Somebody Else"), "refuse", WANG)
        assert names(water) == before
        assert waiting(water) == ()


async def test_a_row_that_commits_to_the_same_name_keeps_it(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        before = names(water)
        await water.check(await proposed(water, accounts=["A1"]), "approve", WANG)
        assert names(water) == {**before, "accounts/0": "A1"}
        await water.check(await proposed(water, accounts=[]), "approve", WANG)
        assert names(water) == before


@pytest.mark.parametrize("wrong", [["Name"], {"is": "Name"}, {"h": "Name"}, {"h": ["Name"]}, True])
async def test_a_personal_value_that_is_no_text_never_stands_in_a_leaf(
    tmp_path: Path, wrong: object
) -> None:
    async with river(tmp_path) as water:
        size = water.journal.head.seq
        for place, value in (("name", wrong), ("person_id", wrong), ("accounts", [wrong])):
            with pytest.raises(Declined, match=f"{place} holds a personal value") as declined:
                await proposed(water, **{place: value})
            assert "Name" not in declined.value.sentence
        assert water.journal.head.seq == size
