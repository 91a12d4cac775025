"""The events of all settlements: each once, resumed anywhere, to whoever may read, and no more."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bridge.api.app import ROUTES
from bridge.api.events import QUIET_S
from bridge.api.routes import DESK, READERS
from bridge.core.canonical import Value
from bridge.core.ids import SettlementId
from bridge.core.settlement import Stage
from tests.api.front import Front, front
from tests.engine import river as world
from tests.engine.river import BACK
from tests.notary.ledgers import LI
from tests.policy.packs import pack_value, rule

EVENTS = "/v1/events"
ALL = f"{EVENTS}?since=2026-01-01T00:00:00Z"
Event = Mapping[str, Any]


async def told(
    desk: Front, path: str, until: int, *, after: str = "", who: str = LI
) -> tuple[list[Event], bytes]:
    """What a stream tells up to an entry, as events and as the bytes of the wire."""
    headers = {"Authorization": f"Bearer {desk.texts.get(who, who)}"}
    headers |= {"Last-Event-ID": after} if after else {}
    found, raw = list[Event](), b""
    async with asyncio.timeout(10), desk.client.get(path, headers=headers) as answer:
        assert answer.status == 200
        async for line in answer.content:
            raw += line
            if line.startswith(b"data: "):
                found.append(json.loads(line[6:]))
                if int(found[-1]["id"]) >= until:
                    break
    return found, raw


async def of_one(desk: Front, of: str) -> list[Event]:
    """A settlement's own events, once it is at rest."""
    raw = (await desk.ask("GET", f"/v1/settlements/{of}/events")).raw.decode()
    return [json.loads(line[6:]) for line in raw.splitlines() if line.startswith("data: ")]


async def settled(desk: Front, number: int, **changes: object) -> str:
    of = await desk.send(number, **changes)
    await desk.water.until(SettlementId(of), Stage.SETTLED)
    return of


@pytest.mark.parametrize("together", [1, 1_000, 16_384])
async def test_every_settlements_events_are_told_once_in_order_and_resume_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr("bridge.api.events.TOGETHER", together)
    async with front(tmp_path) as desk:
        both = [await settled(desk, number) for number in (1, 2)]
        own = [event for of in both for event in await of_one(desk, of)]
        own.sort(key=lambda event: int(event["id"]))
        last = int(own[-1]["id"])
        whole, _ = await told(desk, ALL, last)
        assert whole == own
        for place in (0, len(own) // 2, len(own) - 2):
            rest, _ = await told(desk, ALL, last, after=own[place]["id"])
            assert rest == own[place + 1 :]
        middle = own[len(own) // 2]["time"]
        since, _ = await told(desk, f"{EVENTS}?since={middle}", last)
        assert since == [event for event in own if event["time"] >= middle]


async def test_without_a_time_it_begins_now_and_goes_on_as_things_happen(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        before = await settled(desk, 1)
        headers = {"Authorization": f"Bearer {desk.texts[LI]}"}
        async with desk.client.get(EVENTS, headers=headers) as answer:
            after = await settled(desk, 2)
            async with asyncio.timeout(10):
                seen: list[Event] = []
                while not seen or seen[-1]["data"].get("to") != "settled":
                    line = await answer.content.readline()
                    if line.startswith(b"data: "):
                        seen.append(json.loads(line[6:]))
        assert {event["subject"] for event in seen} == {after} != {before}
        assert seen == await of_one(desk, after)


async def test_an_idle_reader_is_told_where_to_go_on_by_an_id_that_is_no_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HTML Living Standard, 9.2.6: an id without data is remembered and dispatches nothing."""
    monkeypatch.setattr("bridge.api.events.QUIET_S", 0.2)
    async with front(tmp_path) as desk:
        out = await settled(desk, 1)
        last = int((await of_one(desk, out))[-1]["id"])
        headers = {"Authorization": f"Bearer {desk.texts[LI]}"}
        path = f"{EVENTS}?lane={BACK}"
        async with desk.client.get(path, headers=headers) as answer, asyncio.timeout(10):
            first = await answer.content.readuntil(b"\n\n")
            at = re.fullmatch(rb"id: (\d+)\n\n", first)
            assert at is not None
            assert int(at[1]) >= last
            other = await settled(desk, 2)  # of another lane: nothing is told of it
            end = int((await of_one(desk, other))[-1]["id"])
            while int(at[1]) < end:
                quiet = await answer.content.readuntil(b"\n\n")
                at = re.fullmatch(rb": still here\nid: (\d+)\n\n", quiet)
                assert at is not None, quiet
        third = await settled(desk, 3)
        end = int((await of_one(desk, third))[-1]["id"])
        rest, _ = await told(desk, EVENTS, end, after=at[1].decode())
        assert rest == await of_one(desk, third)


async def test_a_lanes_events_are_its_own_and_an_unknown_lane_or_time_is_said(
    tmp_path: Path,
) -> None:
    async with front(tmp_path) as desk:
        out = await settled(desk, 1)
        last = int((await of_one(desk, out))[-1]["id"])
        lane, _ = await told(desk, f"{ALL}&lane=sz-hk", last)
        assert lane == await of_one(desk, out)
        headers = {"Authorization": f"Bearer {desk.texts[LI]}"}
        async with desk.client.get(f"{ALL}&lane={BACK}", headers=headers) as answer:
            assert (await answer.content.readuntil(b"\n\n")).startswith(b"id: ")
            second = await settled(desk, 2)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await answer.content.readline()
        assert second != out
        for path, status, code in (
            (f"{EVENTS}?lane=nowhere", 404, "LQ-NOT-FOUND"),
            (f"{EVENTS}?since=2026-02-30T00:00:00Z", 422, "LQ-TIME"),
            (f"{EVENTS}?since=yesterday", 400, "LQ-QUERY"),
        ):
            refused = await desk.ask("GET", path)
            assert (refused.status, refused.json["code"]) == (status, code)
            assert refused.json["remedy"]


async def test_a_desk_that_closes_ends_its_streams_at_once(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        headers = {"Authorization": f"Bearer {desk.texts[LI]}"}
        async with desk.client.get(EVENTS, headers=headers) as answer:
            async with asyncio.timeout(QUIET_S - 1):  # before its next word
                await desk.client.server.close()
                assert b"data:" not in await answer.content.read()


def shown(raw: bytes) -> str:
    """An answer without what differs from world to world by chance alone: ids, hashes, times."""
    text = raw.decode()
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32,}", "HASH", text)
    text = re.sub(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", "ULID", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "TIME", text)
    text = re.sub(r'"(up_s|oldest_s|age_s)":"\d+"', r'"\1":"N"', text)
    return re.sub(r'"(next|cursor)":"[^"]+"', r'"\1":"CURSOR"', text)


def addresses(of: str, uetr: str) -> dict[str, str]:
    """An address of every route that is read, about this settlement where it is about one."""
    fills = {"uetr": uetr, "n": "3", "level": "0", "index": "000", "tx": "none"}
    registers = ("lanes", "parties", "assets", "persons")
    found: dict[str, str] = {}
    for route in ROUTES:
        if route.method != "GET":
            continue
        names = registers if "{register:" in route.path else ("",)
        for register in names:
            held = {**fills, "register": register, "id": "sz-hk"}
            if "/settlements/" in route.path:
                held["id"] = of
            path = re.sub(r"\{([a-z]+):(?:[^{}]|\{[^{}]*\})*\}", r"{\1}", route.path)
            found[f"{route.name} {register}"] = path.format_map(held)
    return found


@asynccontextmanager
async def held_by(folder: Path, kind: str) -> AsyncIterator[tuple[Front, str]]:
    """A world in which one thing holds an order; its desk, and the settlement."""
    folder.mkdir()  # noqa: ASYNC240  a test's own
    rules = [rule(kind, HOLDS[kind])] if HOLDS[kind] else []
    pack = pack_value(*rules, corridor=["CN-HK", "HK-CN"])
    named = b"Buyer Ltd" if kind == "screening" else b"Nobody Here"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(world, "_both_ways", lambda: pack)
        patch.setattr(world, "LIST", world.LIST.replace(b"Nobody Here", named))
        async with front(folder) as desk:
            of = await desk.send()
            await desk.water.until(SettlementId(of), Stage.SCREENING, stop="held")
            yield desk, of


async def everything(desk: Front, of: str, role: str) -> dict[str, str]:
    """Every answer there is to somebody with that role, by the name of its route."""
    who = desk.tokens.create(LI, (role,)) if role else ""
    uetr = (await desk.ask("GET", f"/v1/settlements/{of}")).json["uetr"]
    last = desk.water.journal.head.seq - 1
    found: dict[str, str] = {}
    for name, path in addresses(of, uetr).items():
        if name.startswith("follow") and role in READERS:
            since = ALL if name.startswith("followSettlements") else path
            found[name] = shown((await told(desk, since, last, who=who))[1])
        else:
            answer = await desk.ask("GET", path, who=who)
            found[name] = f"{answer.status} {shown(answer.raw)}"
    for n in range(last + 1):  # of every entry, also of the one that says what policy decided
        for form in ("json", "tlog"):
            answer = await desk.ask("GET", f"/v1/proofs/{n}?form={form}", who=who)
            found[f"prove {n} {form}"] = f"{answer.status} {shown(answer.raw)}"
    return found


HOLDS: Mapping[str, dict[str, Value]] = {
    "list_freshness": {"list": "house", "warn_hours": "0", "hold_hours": "0"},
    "document_set": {
        "purposes": ["*"], "currency": "HKD", "above": "0", "border": "gt", "all_of": ["invoice"],
        "any_of": [], "amount_cover": False, "single_use": [],
    },
    "screening": {},  # every pack has it: here the buyer is listed
}  # fmt: skip


async def test_no_outward_byte_of_a_held_order_says_why_and_the_desk_is_told(
    tmp_path: Path,
) -> None:
    """Whatever holds an order, who is not of the desk reads the same of every route."""
    clerk, desk_reads = dict[str, dict[str, str]](), dict[str, dict[str, str]]()
    for kind in HOLDS:
        async with held_by(tmp_path / kind, kind) as (desk, of):
            clerk[kind] = {}
            for role in ("operator", "admin", "engineer", ""):  # none of the desk, and nobody
                told = await everything(desk, of, role)
                clerk[kind] |= {f"{role} {name}": said for name, said in told.items()}
            desk_reads[kind] = await everything(desk, of, "compliance")
    first, *others = clerk.values()
    assert {role for role in READERS if f"{role} readFindings " in first} == READERS - DESK
    assert sum(one.startswith(("200", "id:")) for one in first.values()) > 20
    for role in READERS - DESK:
        assert '"state":"pending"' in first[f"{role} readFindings "]
        assert "PolicyHeld" in first[f"{role} followSettlements "]
    for role, status in (("engineer", "403"), ("", "401")):
        assert first[f"{role} readSettlement "].startswith(status)
    for other in others:
        assert other == first
    told_to_desk = {desk_reads[kind]["readFindings "] for kind in HOLDS}
    assert len(told_to_desk) == len(HOLDS)
    assert all('"state":"told"' in one for one in told_to_desk)
