"""What a door holds is shown, and two people decide it: once, by its own name, one of two ways."""

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bridge.core.canonical import canonical
from bridge.core.ids import EntryId, NetworkId, new_ulid
from bridge.engine.held import KeptValues, held
from bridge.notary.entries import Draft, Group
from bridge.notary.fsck import fsck
from bridge.notary.outcomes import Committed, RefusedGroup
from tests.api.front import Front, front
from tests.notary.ledgers import WANG, ZHAO
from tests.strategies import RAIL

SAYS = {"what": "pacs.002.001.10", "why": "BAH-007 AppHdr/CreDt"}


async def holding(desk: Front, *names: str, reader: str = RAIL) -> None:
    """Have a reader, the rail's where none is named, keep what it asks people to decide."""
    journal = desk.water.journal
    name = EntryId(new_ulid(desk.water.ring.clock.now(), desk.water.draw(10)))
    said = canonical(SAYS)
    keep = [{"key": f"held/{one}", "sha256": sha256(said).hexdigest()} for one in names]
    body: dict[str, Any] = {"reader": reader, "cursor": "1", "keep": keep}
    side = tuple((f"kept/{reader}/held/{one}", said) for one in names)
    group = Group(id=name, drafts=(Draft(id=name, kind="evidence", body=body),), side=side)
    (outcome,) = await journal.append((group,))
    assert isinstance(outcome, Committed)


def asked(name: str, way: str, network: str = RAIL) -> dict[str, Any]:
    return {
        "subject": "held.decide",
        "target": f"{network}/{name}",
        "payload": {"network": network, "name": name, "way": way},
        "reason": "the bank says so by telephone",
    }


async def test_what_is_held_is_listed_page_by_page(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "b", "a", "c")
        first = (await desk.ask("GET", "/v1/held?limit=2")).json
        assert first["items"] == [{"network": RAIL, "name": one, "says": SAYS} for one in "ab"]
        rest = (await desk.ask("GET", f"/v1/held?limit=2&cursor={first['next']}")).json
        assert ([one["name"] for one in rest["items"]], rest["next"]) == (["c"], None)


async def test_no_page_leaves_out_what_another_door_holds(tmp_path: Path) -> None:
    """The name of one door begins with the other's: `-` sorts before the `/` after a name."""
    async with front(tmp_path) as desk:
        for reader in ("rail:a", "rail:a-b"):
            await holding(desk, "x", "y", reader=reader)
        journal = desk.water.journal
        networks = [NetworkId("rail:a"), NetworkId("rail:a-b")]
        seen: list[str] = []
        while page := held(journal, networks, seen[-1] if seen else "", 1):
            seen += [one.target for one in page]
        assert sorted(seen) == ["rail:a-b/x", "rail:a-b/y", "rail:a/x", "rail:a/y"]


@pytest.mark.parametrize("way", ["release", "refuse"])
async def test_the_word_of_two_is_what_the_door_finds(tmp_path: Path, way: str) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "a")
        made = await desk.ask("POST", "/v1/proposals", asked("a", way), who=WANG)
        rival = await desk.ask("POST", "/v1/proposals", asked("a", "refuse"), who=WANG)
        assert (made.status, rival.status) == (202, 202)
        key = f"kept/desk:people/{RAIL}/a"
        own = await desk.decide(made.json, "approve", WANG)
        assert (own.status, own.json["code"]) == (403, "LQ-MAKER-CHECKER")
        assert desk.water.journal.side(key) is None
        assert (await desk.decide(made.json, "approve", ZHAO)).status == 200
        assert desk.water.journal.side(key) == way.encode()
        late = await desk.decide(rival.json, "approve", ZHAO)
        assert (late.status, late.json["code"]) == (409, "LQ-OVERTAKEN")
        assert desk.water.journal.side(key) == way.encode()
        kept = KeptValues(desk.water.journal, RAIL)
        assert kept.keys("people/") == ("people/a",)
        assert kept.get("people/a") == way.encode()
        assert (await desk.decide(rival.json, "refuse", ZHAO)).status == 200
        assert fsck(desk.water.journal._reader) == ()


async def test_of_two_words_at_the_same_moment_the_ledger_takes_one(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "a")
        made = [
            (await desk.ask("POST", "/v1/proposals", asked("a", way), who=WANG)).json
            for way in ("release", "refuse")
        ]
        async with asyncio.TaskGroup() as both:
            said = [both.create_task(desk.decide(one, "approve", ZHAO)) for one in made]
        assert sorted(one.result().status for one in said) == [200, 409]
        kept = KeptValues(desk.water.journal, RAIL).get("people/a")
        assert kept == (b"release" if said[0].result().status == 200 else b"refuse")
        assert fsck(desk.water.journal._reader) == ()


async def test_nobody_says_the_word_of_people_without_them(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "a")
        name = EntryId(new_ulid(desk.water.ring.clock.now(), desk.water.draw(10)))
        keep = [{"key": f"{RAIL}/a", "sha256": sha256(b"release").hexdigest()}]
        body: dict[str, Any] = {"reader": "desk:people", "cursor": "1", "keep": keep}
        group = Group(id=name, drafts=(Draft(id=name, kind="evidence", body=body),))
        (outcome,) = await desk.water.journal.append((group,))
        assert isinstance(outcome, RefusedGroup)


async def test_a_refused_proposal_decides_nothing(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "a")
        made = await desk.ask("POST", "/v1/proposals", asked("a", "release"), who=WANG)
        assert (await desk.decide(made.json, "refuse", ZHAO)).status == 200
        assert desk.water.journal.side(f"kept/desk:people/{RAIL}/a") is None
        again = await desk.ask("POST", "/v1/proposals", asked("a", "refuse"), who=WANG)
        assert again.status == 202


async def test_only_what_is_held_can_be_decided_and_only_one_of_two_ways(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        await holding(desk, "a")
        wrong = {
            (404, "LQ-NOT-FOUND"): (asked("b", "release"), asked("a", "release", "rail:other")),
            (400, "LQ-HELD-WAY"): (asked("a", "burn"),),
            (400, "LQ-TARGET"): ({**asked("a", "release"), "target": f"{RAIL}/b"},),
        }
        for (status, code), bodies in wrong.items():
            for body in bodies:
                said = await desk.ask("POST", "/v1/proposals", body, who=WANG)
                assert (said.status, said.json["code"]) == (status, code)
