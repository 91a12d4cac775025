"""Settlements are listed from either end, and found by how their names begin."""

from pathlib import Path

import pytest

from bridge.core.ids import SettlementId
from bridge.core.settlement import Stage
from tests.api.front import front, order
from tests.api.test_bodies import SEND, refused


@pytest.mark.parametrize("state", ["", "&state=open"])
async def test_the_newest_can_come_first(tmp_path: Path, state: str) -> None:
    """Who looks at what happens now reads no page of what was."""
    async with front(tmp_path) as desk:
        for number in (1, 2, 3):
            await desk.ask("POST", SEND, order(desk.water, number))
        newest = f"{SEND}?limit=2&order=newest{state}"
        first = (await desk.ask("GET", newest)).json
        rest = (await desk.ask("GET", f"{newest}&cursor={first['next']}")).json
        assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
        ids = [one["id"] for one in (*first["items"], *rest["items"])]
        assert ids == sorted(set(ids), reverse=True)
        refused(await desk.ask("GET", f"{SEND}?limit=2&cursor={first['next']}"), 400)


async def test_settlements_are_found_by_how_their_names_begin(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        for number in (1, 2, 3):
            await desk.ask("POST", SEND, order(desk.water, number))
        lines = (await desk.ask("GET", SEND)).json["items"]
        ids = {one["id"] for one in lines}
        for one in lines:
            for begins in (one["id"][:25], one["id"].lower(), one["uetr"][:12], one["uetr"]):
                told = (await desk.ask("GET", f"{SEND}?begins={begins}")).json["items"]
                assert [found["id"] for found in told] == [one["id"]]
        common = min(ids)[:4]  # days of the clock
        told = (await desk.ask("GET", f"{SEND}?begins={common}")).json
        assert ({one["id"] for one in told["items"]}, told["next"]) == (ids, None)
        for state in ("all", "open"):
            two = f"{SEND}?begins={common}&limit=2&state={state}"
            newest = sorted(ids)[1:]
            told = (await desk.ask("GET", two)).json["items"]
            assert [one["id"] for one in told] == newest
            told = (await desk.ask("GET", f"{two}&order=newest")).json["items"]
            assert [one["id"] for one in told] == newest[::-1]
        rests = await desk.send(4)
        await desk.water.until(SettlementId(rests), Stage.SETTLED)
        told = (await desk.ask("GET", f"{SEND}?begins={rests[:4]}&state=open")).json["items"]
        assert {one["id"] for one in told} == ids
        assert (await desk.ask("GET", f"{SEND}?begins=zzzz")).json["items"] == []
        for wrong in ("abc", "a" * 37, "01%25"):
            refused(await desk.ask("GET", f"{SEND}?begins={wrong}"), 400)
