"""The demo's bank: a process of its own, opened by the settings it tells, killed and back again."""

from collections.abc import ItemsView
from pathlib import Path

import pytest

from adapters.iso20022.adapter import ADAPTER
from adapters.iso20022.rail import IsoRail
from adapters.iso20022.stand import INSTANCE, MONEY, RAIL, WORLD, Stand
from bridge import registry
from bridge.clock import SystemClock
from bridge.core.canonical import Value
from bridge.ports import Refused, Unavailable
from tests.adapters.iso20022.teller import Ledger

BOOKS = {f"{account}/HKD": str(minor) for account, minor in MONEY.items()}


async def accounts(stand: Stand) -> ItemsView[str, Value]:
    books = (await stand.ask(RAIL, {}))["accounts"]
    assert isinstance(books, dict)
    return books.items()


def test_the_entry_point_names_it() -> None:
    assert registry.load(registry.WORLDS, "iso20022") is WORLD


async def test_its_settings_open_a_rail_and_a_killed_bank_comes_back_with_its_books(
    tmp_path: Path,
) -> None:
    async with WORLD.start(tmp_path / "bank", (), 2) as stand:
        table = dict(stand.rails[INSTANCE])
        assert table.pop("adapter") == ADAPTER.name
        async with ADAPTER.open(ADAPTER.settings(table), SystemClock(), Ledger()) as door:
            assert isinstance(door, IsoRail)
            assert door.id == RAIL
        assert await accounts(stand) >= BOOKS.items()
        await stand.do({"at": RAIL, "do": "kill"})
        with pytest.raises(Unavailable):
            await stand.ask(RAIL, {})
        await stand.do({"at": RAIL, "do": "start"})
        assert await accounts(stand) >= BOOKS.items()
        with pytest.raises(Refused):
            await stand.fault(RAIL, {"do": "nothing known"})
        with pytest.raises(Refused):
            await stand.fault("rail:other", {"do": "settle", "uetr": "1"})
    async with WORLD.start(tmp_path / "bank", (), 2) as again:
        assert await accounts(again) >= BOOKS.items()


async def test_its_keys_are_its_owners_alone(tmp_path: Path) -> None:
    async with WORLD.start(tmp_path / "bank", (), 2):
        files = list((tmp_path / "bank").glob("*.pem"))
        assert len(files) == 2
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
