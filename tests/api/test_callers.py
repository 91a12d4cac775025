"""Every route against every kind of wrong caller, drawn from the route table: none gets through."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.api import events
from bridge.api.app import ROUTES
from bridge.api.routes import Route
from bridge.core.ids import EntryId, Instant, PersonId, new_ulid
from bridge.core.registers import ROLES
from bridge.notary.entries import Draft, Group
from bridge.notary.outcomes import Committed
from tests.api.front import Front, front, order

ULID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
NAMES = {
    "uetr": "eb6305c9-1f7f-4ade-aed0-16487c27b42d",
    "tx": "0x" + "ab" * 32,
    "register": "lanes",
    "n": "0",
    "level": "0",
    "index": "000",
}
BODIES: Mapping[str, dict[str, Any]] = {
    "ReasonBody": {"reason": "x"},
    "ThawBody": {"way": "go_on", "reason": "x"},
    "ResumeBody": {"to": "paying", "reason": "x"},
    "ProposalBody": {"subject": "freeze.lift", "target": "lane/sz-hk", "reason": "x"},
    "DecisionBody": {"signature": "ab" * 64, "reason": "x"},
    "FreezeBody": {"scope": "lane/sz-hk", "reason": "x"},
    "ConsentBody": {
        "terms": "ab" * 32,
        "network": "memory:sz",
        "by": "x",
        "kind": "ed25519",
        "signature": "ab",
        "not_after": "2027-01-01T00:00:00Z",
    },
    "PaperBody": {
        "terms": "ab" * 32,
        "kind": "x",
        "digest": "ab" * 32,
        "issued": "2026-01-01T00:00:00Z",
        "says": "given",
        "key": "ab" * 32,
        "signature": "ab",
    },
}


def address(route: Route) -> str:
    """An address of the route, whatever it names."""

    def named(found: re.Match[str]) -> str:
        name = found[1]
        if name == "id":
            return ULID if re.fullmatch(found[2], ULID) else "sz-hk"
        return NAMES.get(name, "0")

    return re.sub(r"\{([a-z]+):([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", named, route.path)


def body(desk: Front, route: Route) -> dict[str, Any] | None:
    """A well-formed body of the route."""
    if route.takes is None:
        return None
    name = route.takes.__name__
    return order(desk.water) if name == "OrderBody" else BODIES[name]


async def enrol(desk: Front, person: str, *roles: str, since: int = 0, until: str = "") -> None:
    """Put a person in the register, beside the desk, as a test may: in the ledger's first group."""
    clock = desk.water.ring.clock
    name = EntryId(new_ulid(clock.now(), desk.water.draw(10)))
    row: dict[str, Any] = {
        "id": person,
        "name": {"h": "ab" * 32},
        "key": "cd" * 32,
        "roles": list(roles),
        "since": str(since),
    }
    if until:
        row["until"] = until
    draft = Draft(id=name, kind="person", body=row)
    (outcome,) = await desk.water.journal.append((Group(id=name, drafts=(draft,)),))
    assert isinstance(outcome, Committed), outcome


async def test_no_wrong_caller_gets_a_right_answer(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        expired = desk.tokens.create(PersonId("li.wei"), (), Instant(1))
        stranger = desk.tokens.create(PersonId("nobody"))
        revoked = desk.tokens.create(PersonId("li.wei"))
        desk.tokens.revoke(next(t.id for t in desk.tokens.listed() if _is(t.sha256, revoked)))
        written = desk.water.journal.head.seq
        asked = 0
        for route in ROUTES:
            if route.roles is None:
                continue
            callers = {
                "nobody": "",
                "a made-up token": "lq_" + "A" * 43,
                "an expired token": expired,
                "a token of nobody in the register": stranger,
                "a revoked token": revoked,
                "a token's hash": next(iter(desk.tokens.listed())).sha256,
            }
            for role in sorted(ROLES - route.roles):
                callers[role] = desk.tokens.create(PersonId("li.wei"), (role,))
            for kind, token in callers.items():
                told = await desk.ask(route.method, address(route), body(desk, route), who=token)
                asked += 1
                assert told.status in {401, 403}, (route.name, kind, told.status)
                assert told.headers["Content-Type"] == "application/problem+json"
                assert told.json["remedy"]
        assert asked > 200
        assert desk.water.journal.head.seq == written


def _is(held: str, text: str) -> bool:
    from hashlib import sha256

    return held == sha256(text.encode()).hexdigest()


async def test_a_token_wider_than_its_person_gives_nothing(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        wide = desk.tokens.create(PersonId("li.wei"), ("auditor",))  # a role li.wei has not
        told = await desk.ask("GET", "/v1/entries", who=wide)
        assert (told.status, told.json["code"]) == (403, "LQ-ROLE")


async def test_a_form_of_authorization_that_is_not_bearer_is_refused(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        right = desk.texts["li.wei"]
        forms = (right, f"Basic {right}", f"Bearer  {right}", f"Bearer {right} x", "Bearer")
        for said in (*forms, "Bearer \udcff\udcfe"):  # bytes that are no UTF-8
            told = await desk.ask("GET", "/v1/status", who="", headers={"Authorization": said})
            assert told.status == 401, said
        assert (await desk.ask("GET", "/v1/status")).status == 200


async def test_findings_are_told_to_the_desk_only(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        of = await desk.send()
        operator = desk.tokens.create(PersonId("li.wei"), ("operator",))
        checker = desk.tokens.create(PersonId("li.wei"), ("compliance",))
        path = f"/v1/settlements/{of}/findings"
        await desk.water.journal.changed(desk.water.journal.head.seq)
        assert (await desk.ask("GET", path, who=operator)).json == {
            "state": "pending",
            "decisions": [],
        }
        told = (await desk.ask("GET", path, who=checker)).json
        assert told["state"] == "told"


async def test_more_than_its_rate_is_put_off_and_says_until_when(tmp_path: Path) -> None:
    async with front(tmp_path, rate_per_s=5) as desk:
        told = [await desk.ask("GET", "/v1/status") for _ in range(7)]
        assert [one.status for one in told[:5]] == [200] * 5
        assert told[-1].status == 429
        assert int(told[-1].headers["Retry-After"]) >= 1
        assert (await desk.ask("GET", "/v1/status", who="wang.fang")).status == 200


async def test_who_guesses_tokens_is_slowed_down(tmp_path: Path) -> None:
    async with front(tmp_path, rate_per_s=5) as desk:
        told = [await desk.ask("GET", "/v1/status", who=f"lq_guess{n}") for n in range(8)]
        assert {one.status for one in told} == {401, 429}
        assert (await desk.ask("GET", "/v1/status")).status == 200


async def test_a_token_file_that_is_gone_knows_nobody(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        assert (await desk.ask("GET", "/v1/status")).status == 200
        (tmp_path / "tokens.json").unlink()
        assert (await desk.ask("GET", "/v1/status")).status == 401


async def test_streams_are_bounded(tmp_path: Path) -> None:
    async with front(tmp_path) as desk:
        sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
        path = f"/v1/settlements/{sent.json['settlement']}/events"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(events, "STREAMS", 1)
            headers = {"Authorization": f"Bearer {desk.texts['li.wei']}"}
            async with desk.client.get(path, headers=headers) as first:
                assert first.status == 200
                assert (await desk.ask("GET", path)).status == 503
