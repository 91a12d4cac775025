"""Malformed, contradictory and hostile requests: a problem document, and nothing written."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.api.routes import NO_REQUEST
from bridge.core.ids import EntryId, PersonId, SettlementId, new_ulid
from bridge.core.settlement import Stage
from bridge.engine.asking import ask
from bridge.notary.entries import Draft, Group, Malformed
from bridge.notary.outcomes import Damaged, Fenced, IoFailed, LedgerError, Overloaded
from bridge.notary.state.rows import FreezeRow
from tests.api.front import Front, Told, front, order
from tests.notary.ledgers import LI

SEND = "/v1/settlements"


def refused(told: Told, *statuses: int) -> None:
    """A problem with every member, and no trace of our files in it."""
    assert told.status in statuses, (told.status, told.raw[:300])
    assert told.headers["Content-Type"] == "application/problem+json"
    document = told.json
    assert set(document) == {
        "type", "title", "status", "detail", "instance", "code", "remedy", "request_id", "errors",
    }  # fmt: skip
    assert document["status"] == told.status
    assert document["code"].startswith("LQ-")
    assert document["detail"]
    assert document["remedy"]
    for word in ("Traceback", ".py", "site-packages"):
        assert word not in told.raw.decode()


Spoiled = Callable[[dict[str, Any]], object]
SPOILED: dict[str, Spoiled] = {
    "a member nobody knows": lambda o: o.update(colour="red"),
    "an inner member nobody knows": lambda o: o["payment"].update(fee="1"),
    "no id": lambda o: o.pop("id"),
    "an id in lower case": lambda o: o.update(id=o["id"].lower()),
    "a number for units": lambda o: o.update(units=10),
    "units below nothing": lambda o: o.update(units="-1"),
    "units beyond 256 bits": lambda o: o.update(units="9" * 78),
    "no units": lambda o: o.update(units="0"),
    "more decimals than the currency": lambda o: o["payment"]["amount"].update(amount="1.001"),
    "a payment of nothing": lambda o: o["payment"]["amount"].update(amount="0.00"),
    "a currency that is none": lambda o: o["payment"]["amount"].update(currency="ABC"),
    "a null payment amount": lambda o: o["payment"].update(amount=None),
    "a day that is none": lambda o: o.update(deadline="2026-02-30T00:00:00Z"),
    "a time with an offset": lambda o: o.update(deadline="2026-12-01T00:00:00+08:00"),
    "a deadline in the past": lambda o: o.update(deadline="2020-01-01T00:00:00Z"),
    "a lane that is none": lambda o: o.update(lane="moon-sun"),
    "a lane with a path in it": lambda o: o.update(lane="../sz-hk"),
    "a party that is none": lambda o: o["originator"].update(party="nobody"),
    "another's account": lambda o: o["originator"].update(account="buyer-wallet"),
    "a seed too short": lambda o: o.update(seed="ab"),
    "a bond without maturity": lambda o: o["instrument"].pop("maturity"),
    "a kind that is none": lambda o: o["instrument"].update(kind="share"),
    "another kind than registered": lambda o: o["instrument"].update(kind="receivable"),
    "a number not in normal form": lambda o: o["instrument"].update(number="bond 1"),
    "a control character": lambda o: o["payment"]["debtor"].update(name="Buyer\x00Ltd"),
    "a lone surrogate": lambda o: o["payment"]["debtor"].update(name="Buyer\ud800"),
    "a BIC that is none": lambda o: o["payment"]["debtor"].update(agent="hsbc"),
    "a list for an object": lambda o: o.update(originator=["seller"]),
    "seventeen conditions": lambda o: o.update(conditions=[{"kind": "x", "key": "ab" * 32}] * 17),
    "an id of last year": lambda o: o.update(id="01ARZ3NDEKTSV4RRFFQ69G5FAV"),
    "more than the paper has": lambda o: o.update(units="101"),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


async def test_a_spoiled_order_is_named_and_not_written(folder: Path) -> None:
    async with front(folder) as desk:
        written = desk.water.journal.head.seq
        for what, spoil in SPOILED.items():
            body = order(desk.water)
            spoil(body)
            told = await desk.ask("POST", SEND, body)
            assert 400 <= told.status < 500, (what, told.raw)
            refused(told, 400, 409, 422)
            assert told.json["errors"], what
            refused(await desk.ask("POST", f"{SEND}:simulate", body), 400, 409, 422)
        assert desk.water.journal.head.seq == written
        assert (await desk.ask("POST", SEND, order(desk.water))).status == 201


def raw_bodies(desk: Front) -> dict[str, bytes]:
    whole = json.dumps(order(desk.water)).encode()
    return {
        "nothing": b"",
        "not JSON": b"hello",
        "not UTF-8": b'{"id":"\xff"}',
        "a list": b"[]",
        "a text": b'"x"',
        "a number": b"1",
        "null": b"null",
        "infinity": b"Infinity",
        "half": whole[: len(whole) // 2],
        "two": whole + whole,
        "a member twice": whole[:-1] + b',"lane":"sz-hk"}',
        "a float": whole[:-1] + b',"x":1.5}',
        "a huge number": whole[:-1] + b',"x":' + b"9" * 5000 + b"}",
        "deep": whole[:-1] + b',"x":' + b"[" * 40 + b"]" * 40 + b"}",
        "very deep": b"[" * 100_000,
        "a byte order mark": b"\xef\xbb\xbf" + whole,
    }


async def test_bytes_that_are_no_order_are_refused_and_not_written(folder: Path) -> None:
    async with front(folder) as desk:
        written = desk.water.journal.head.seq
        for what, raw in raw_bodies(desk).items():
            told = await desk.ask("POST", SEND, raw=raw)
            assert told.status in {400, 415, 422}, (what, told.status)
            refused(told, 400, 415, 422)
        assert desk.water.journal.head.seq == written


async def test_what_stands_around_a_body_is_checked_too(folder: Path) -> None:
    async with front(folder) as desk:
        written, whole = desk.water.journal.head.seq, json.dumps(order(desk.water)).encode()
        large = json.dumps(order(desk.water, purpose="A" * 300_000)).encode()
        refused(await desk.ask("POST", SEND, raw=large), 413)
        for header in ({"Content-Encoding": "gzip"}, {"Content-Type": "text/plain"}):
            refused(await desk.ask("POST", SEND, raw=whole, headers=header), 415)
        for key in ("", "a b", "é", "k" * 129):
            told = await desk.ask("POST", SEND, raw=whole, headers={"Idempotency-Key": key})
            refused(told, 400)
            assert told.json["code"] == "LQ-IDEMPOTENCY-KEY"
        refused(await desk.ask("GET", SEND, raw=whole), 400)
        refused(await desk.ask("POST", f"{SEND}?dry=1", raw=whole), 400)
        assert desk.water.journal.head.seq == written


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/settlements/x", 404),
        ("GET", "/v1/settlements/01ARZ3NDEKTSV4RRFFQ69G5FAV:cancel", 405),
        ("GET", "/v1/settlements/01ARZ3NDEKTSV4RRFFQ69G5FAV", 404),
        ("GET", "/v1/settlements/..%2f..%2fetc", 404),
        ("DELETE", "/v1/settlements", 405),
        ("OPTIONS", "/v1/settlements", 405),
        ("HEAD", "/v1/settlements", 405),
        ("POST", "/v1/accounts", 405),
        ("GET", "/v1/settlements?limit=501", 400),
        ("GET", "/v1/settlements?limit=0", 400),
        ("GET", "/v1/settlements?limit=1&limit=2", 400),
        ("GET", "/v1/settlements?state=late", 400),
        ("GET", "/v1/settlements?offset=10", 400),
        ("GET", "/v1/settlements?cursor=AAAAAAAAAAAAAAAAAAAAAAAA", 400),
        ("GET", "/v1/entries/99999", 404),
        ("GET", "/v1/lanes/none", 404),
        ("GET", "/v1/accounts/none", 404),
    ],
)
async def test_addresses_and_queries_that_are_none(
    folder: Path, method: str, path: str, status: int
) -> None:
    async with front(folder) as desk:
        told = await desk.ask(method, path)
        assert told.status == status
        if method != "HEAD":
            refused(told, status)


async def test_a_cursor_of_one_list_is_none_of_another(folder: Path) -> None:
    async with front(folder) as desk:
        for number in (1, 2, 3):
            await desk.ask("POST", SEND, order(desk.water, number))
        first = (await desk.ask("GET", f"{SEND}?limit=2")).json
        assert len(first["items"]) == 2
        rest = (await desk.ask("GET", f"{SEND}?limit=2&cursor={first['next']}")).json
        assert len(rest["items"]) == 1
        assert rest["next"] is None
        ids = [one["id"] for one in (*first["items"], *rest["items"])]
        assert ids == sorted(set(ids))
        refused(await desk.ask("GET", f"/v1/proposals?cursor={first['next']}"), 400)
        refused(await desk.ask("GET", f"{SEND}?state=open&cursor={first['next']}"), 400)


async def test_a_body_that_never_ends_is_not_waited_for(folder: Path) -> None:
    async with front(folder) as desk:
        reader, writer = await asyncio.open_connection("localhost", desk.client.port)
        writer.write(
            b"POST /v1/settlements HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + desk.texts["li.wei"].encode() + b"\r\n"
            b"Idempotency-Key: slow\r\nContent-Length: 1000\r\n\r\n{"
        )
        async with asyncio.timeout(5):
            assert b"408" in await reader.readline()
        writer.close()


async def test_two_of_one_key_at_once_write_once(folder: Path) -> None:
    async with front(folder) as desk:
        body, key = order(desk.water), {"Idempotency-Key": "same"}
        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(desk.ask("POST", SEND, body, headers=key)) for _ in range(8)]
        told = [one.result() for one in asked]
        assert {one.status for one in told} <= {201, 409}
        assert any(one.status == 201 for one in told)
        orders = [one for one in desk.water.journal.entries(-1, 500) if one.kind == "order"]
        assert len(orders) == 1


async def test_what_breaks_inside_is_a_number_for_who_asked_and_a_trace_for_the_log(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(folder) as desk:

        def broken(*_: object) -> None:
            raise RuntimeError("secret /etc/thing.py")

        monkeypatch.setattr(desk.water.ring.desk, "send", broken)
        with structlog.testing.capture_logs() as logs:
            told = await desk.ask("POST", SEND, order(desk.water))
        refused(told, 500)
        assert "secret" not in told.raw.decode()
        (line,) = [one for one in logs if one["event"] == "api.failed"]
        assert line["request_id"] == told.json["request_id"]


@pytest.mark.parametrize("trouble", [Overloaded("full"), IoFailed("sda1"), Fenced("other")])
async def test_a_ledger_that_does_not_write_says_when_to_ask_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, trouble: LedgerError
) -> None:
    async with front(folder) as desk:
        whole = order(desk.water)

        async def troubled(*_: object) -> None:
            raise trouble

        with monkeypatch.context() as patch:
            patch.setattr(desk.water.ring.desk, "send", troubled)
            told = await desk.ask("POST", SEND, whole, headers={"Idempotency-Key": "again"})
            refused(told, 503)
            assert int(told.headers["Retry-After"]) >= 1
            assert "sda1" not in told.raw.decode()
        again = await desk.ask("POST", SEND, whole, headers={"Idempotency-Key": "again"})
        assert again.status == 201


async def test_a_ledger_only_read_is_not_ready_and_still_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(folder) as desk:
        assert (await desk.ask("GET", "/readyz", who="")).json["ready"] is True
        monkeypatch.setattr(desk.water.journal, "trouble", Damaged(7, "a leaf"))
        told = await desk.ask("GET", "/readyz?verbose=1", who="")
        assert (told.status, told.json["trouble"]) == (503, "Damaged: entry 7")
        assert (await desk.ask("GET", "/livez", who="")).status == 200
        assert (await desk.ask("GET", SEND)).status == 200
        monkeypatch.undo()


async def test_the_figures_name_nobody(folder: Path) -> None:
    async with front(folder) as desk:
        await desk.send()
        told = (await desk.ask("GET", "/metrics")).raw.decode()
        assert "lianqiao_ledger_entries" in told
        for word in ("seller", "buyer", "Buyer Ltd", "li.wei", "HK00123"):
            assert word not in told


async def test_no_personal_value_is_told_by_any_read(folder: Path) -> None:
    async with front(folder) as desk:
        of = await desk.send()
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        one = f"/v1/settlements/{of}"
        reads = [one, f"{one}/events", f"{one}/postings", f"{one}/findings", f"{one}/consents"]
        reads += ["/v1/settlements", "/v1/parties", "/v1/persons", "/v1/accounts", "/v1/status"]
        reads += ["/v1/entries?limit=500", "/v1/proposals", "/metrics"]
        for path in reads:
            told = await desk.ask("GET", path)
            assert told.status == 200, path
            for secret in ("Buyer Ltd", "Seller Co", "HK00123", "CN00456"):
                assert secret.encode() not in told.raw, (path, secret)


HOPELESS: dict[str, dict[str, Any]] = {
    "more than an entry holds": {"id": "sz-hk", "pack": "y" * 100_000},
    "no lane at all": {"id": "sz-hk"},
}


@pytest.mark.parametrize("what", HOPELESS)
async def test_what_has_no_form_is_refused_to_who_asked_and_spoils_nothing_else(
    folder: Path, what: str
) -> None:
    async with front(folder) as desk:
        written = desk.water.journal.head.seq
        body = {"subject": "register.lane", "target": "sz-hk", "reason": "x"}
        refused(
            await desk.ask("POST", "/v1/proposals", {**body, "payload": HOPELESS[what]}), 400, 422
        )
        assert desk.water.journal.head.seq == written
        assert (await desk.ask("POST", SEND, order(desk.water))).status == 201


async def test_one_bad_group_of_a_batch_is_told_to_its_own_asker(folder: Path) -> None:
    async with front(folder) as desk:
        people, inbox = desk.water.ring.people, desk.water.ring.inbox
        name = EntryId(new_ulid(desk.water.ring.clock.now(), desk.water.draw(10)))
        bad = Group(id=name, drafts=(Draft(id=name, kind="lane", body={"id": "x"}),))
        by = PersonId(LI)
        async with asyncio.TaskGroup() as both:
            spoiled = both.create_task(told(ask(inbox, (), lambda _: bad)))
            frozen = both.create_task(
                people.freeze("lane/sz-hk", person=by, reason="x", asked=NO_REQUEST)
            )
        assert isinstance(spoiled.result(), Malformed)
        assert isinstance(frozen.result(), FreezeRow)


async def told(asking: Awaitable[object]) -> object:
    """What was answered, or what was raised instead."""
    try:
        return await asking
    except Malformed as error:
        return error


async def test_a_ledger_without_room_stops_nobody_and_is_asked_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with front(folder) as desk:
        journal = desk.water.journal
        turned_away = {"answers": 0, "append": 0}

        def crowded(name: str) -> Callable[[Sequence[Group]], Awaitable[Any]]:
            real = getattr(journal, name)

            async def asked(groups: Sequence[Group]) -> Any:
                await asyncio.sleep(0)
                turned_away[name] += 1
                if turned_away[name] <= 3:
                    raise Overloaded("10000 groups wait")
                return await real(groups)

            return asked

        of = await desk.send()
        for name in turned_away:
            monkeypatch.setattr(journal, name, crowded(name))
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        assert min(turned_away.values()) > 3
        monkeypatch.setattr(journal, "answers", crowded("answers"))
        turned_away["answers"] = 2
        refused(await desk.ask("POST", SEND, order(desk.water, 2)), 503)
