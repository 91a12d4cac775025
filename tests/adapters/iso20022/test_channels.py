"""HTTP and folders: what is answered and when, what a crash leaves, what is never overwritten."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from time import sleep
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.client import (
    DIGEST,
    SIGNATURE,
    Door,
    HttpChannel,
    headers,
    receipt_of,
    signed_of,
)
from adapters.iso20022.folder import FolderChannel, lay_out, put, watching, write
from adapters.iso20022.listener import listening
from adapters.iso20022.settings import Settings
from adapters.iso20022.signed import BadSignature
from bridge.core.canonical import canonical
from bridge.ports import Unavailable, Uncertain
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import OURS, THEIRS, agreed

BANK = Instruct.PACS_008
Post = Callable[..., Coroutine[Any, Any, tuple[int, dict[str, Any]]]]


@asynccontextmanager
async def open_door(script: Script) -> AsyncGenerator[Post]:
    async with (
        listening(script.rail.inbox, "tcp:127.0.0.1:0") as address,
        aiohttp.ClientSession() as session,
    ):

        async def post(raw: bytes, **changed: str) -> tuple[int, dict[str, Any]]:
            sent = {**headers(THEIRS.sign(raw)), **changed}
            async with session.post(f"{address}/messages", data=raw, headers=sent) as answer:
                return answer.status, await answer.json()

        yield post


async def test_the_door_answers_with_what_became_of_a_message() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "ACSP")
    async with open_door(script) as post, script.reading():
        status, said = await post(raw)
        assert (status, said["verdict"], said["entry"]) == (202, "committed", "1")
        assert (await post(raw))[0] == 200
        assert (await post(raw.replace(b"ACSP", b"ACSC")))[0] == 409
        status, said = await post(raw.replace(b"FIToFIPmtStsRpt", b"Other"))
        assert (status, said["verdict"]) == (422, "refused")
        assert any("ISO-ENV-002" in one for one in said["findings"])
        assert (await post(b"<a/>", **{SIGNATURE: ""}))[0] == 401
        assert (await post(b"<a/>", **{DIGEST: "sha-256=:AAAA:"}))[0] == 401


async def test_the_door_waits_for_the_ledger() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    raw = script.status(order, "ACSP")
    async with open_door(script) as post, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(post(raw))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        async with script.reading():
            assert (await waiting)[0] == 202


async def test_a_door_that_closes_lets_nobody_wait() -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    async with open_door(script) as post, asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(post(script.status(order, "ACSP")))
        await asyncio.sleep(0.05)
        script.rail.inbox.close()
        assert (await waiting)[0] == 503


async def test_three_outcomes_of_a_put(unused_tcp_port: int) -> None:
    signed = OURS.sign(b"<a/>")
    answers = [202]
    once: list[bool] = []  # the next connection is closed without an answer

    async def door(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"<a/>")
        if once:
            once.pop()
            writer.close()
            return
        if answers[0]:
            writer.write(f"HTTP/1.1 {answers[0]} X\r\nConnection: close\r\n\r\n".encode())
        writer.close()

    async with aiohttp.ClientSession() as session:
        channel = HttpChannel(
            session, f"http://127.0.0.1:{unused_tcp_port}", {THEIRS.name: THEIRS.public}
        )
        with pytest.raises(Unavailable):
            await channel.put(signed, "")
        server = await asyncio.start_server(door, "127.0.0.1", unused_tcp_port)
        async with server:
            for status in (202, 200, 409, 422):
                answers[0] = status
                await channel.put(signed, "")  # what the door said is asked with `receipt`
            answers[0] = 503
            with pytest.raises(Unavailable):
                await channel.put(signed, "")
            once.append(True)
            answers[0] = 202
            await channel.put(signed, "")  # the first connection was closed without a word
            once.append(True)
            answers[0] = 503
            with pytest.raises(Uncertain):
                await channel.put(signed, "")
            for status in (0, 500, 302, 401):
                answers[0] = status
                with pytest.raises(Uncertain):
                    await channel.put(signed, "")


RECEIPT = {"schema": "lianqiao.receipt/1", "digest": "d", "door": "unknown", "now": "5"}


@pytest.mark.parametrize(
    "changed",
    [{"digest": "e"}, {"door": "open"}, {"now": "-5"}, {"schema": "other"}, {"more": "x"}],
)
def test_a_receipt_is_of_this_message_and_of_this_form(changed: dict[str, str]) -> None:
    keys = {THEIRS.name: THEIRS.public}
    assert receipt_of(THEIRS.sign(canonical(RECEIPT)), "d", keys).door is Door.UNKNOWN
    with pytest.raises(BadSignature):
        receipt_of(THEIRS.sign(canonical({**RECEIPT, **changed})), "d", keys)
    with pytest.raises(BadSignature):
        receipt_of(OURS.sign(canonical(RECEIPT)), "d", keys)


@given(st.binary(max_size=100))
def test_headers_carry_digest_and_signature(raw: bytes) -> None:
    signed = THEIRS.sign(raw)
    assert signed_of(raw, headers(signed)) == signed
    with pytest.raises(BadSignature):
        signed_of(raw + b" ", headers(signed))


@asynccontextmanager
async def desk(script: Script, folder: Path) -> AsyncGenerator[Path]:
    lay_out(folder)
    async with watching(script.rail.inbox, folder, OURS, script.clock), script.reading():
        yield folder


async def there(path: Path) -> bytes:
    """What is in a file, once it is there."""

    def look() -> bytes:
        for _ in range(500):
            if path.exists():
                return path.read_bytes()
            sleep(0.02)
        raise AssertionError(f"{path.name} never came")

    return await asyncio.to_thread(look)


async def test_a_file_is_acknowledged_after_the_ledger_has_it(tmp_path: Path) -> None:
    script = Script(agreed(BANK))
    order, _ = await script.pay()
    signed = THEIRS.sign(script.status(order, "RJCT", "AC04"))
    lay_out(tmp_path)
    async with watching(script.rail.inbox, tmp_path, OURS, script.clock):
        put(tmp_path, signed)
        work = tmp_path / "work" / f"{signed.digest}.xml"
        await there(work)
        await asyncio.sleep(0.3)
        assert not list((tmp_path / "ack").iterdir())
    assert work.exists()  # the process ended: the file waits where it was
    script.restart()
    async with desk(script, tmp_path) as folder:
        await there(folder / "done" / f"{signed.digest}.xml")
    channel = FolderChannel(tmp_path, {OURS.name: OURS.public}, script.clock)
    receipt = await channel.receipt(signed.digest)
    assert receipt is not None
    assert receipt.door is Door.TAKEN
    why = json.loads((tmp_path / "done" / f"{signed.digest}.why").read_bytes())
    assert why["entry"] == "1"
    assert script.told == ["PaymentRejected"]
    put(tmp_path, signed)  # the same bytes again are nothing new
    assert not list((tmp_path / "in").glob("*.xml"))


async def test_what_is_refused_lies_in_bad_with_its_findings(tmp_path: Path) -> None:
    script = Script(agreed(BANK))
    before = dict(script.ledger.held)
    signed = THEIRS.sign(b"<not-a-message/>")
    async with desk(script, tmp_path) as folder:
        put(folder, signed)
        await there(folder / "bad" / f"{signed.digest}.xml")
        why = await there(folder / "bad" / f"{signed.digest}.why")
        assert b"ISO-ENV-001" in why
        unsigned = folder / "in" / "unsigned.xml"
        write(unsigned.with_suffix(".sig"), b"nothing")
        write(unsigned, b"<a/>")
        await there(folder / "bad" / "unsigned.xml")
    assert script.ledger.held == before


async def test_a_file_without_its_signature_is_not_whole_yet(tmp_path: Path) -> None:
    script = Script(agreed(BANK))
    signed = THEIRS.sign(b"<not-a-message/>")
    async with desk(script, tmp_path) as folder:
        write(folder / "in" / f"{signed.digest}.xml", signed.raw)
        await asyncio.sleep(0.5)
        assert (folder / "in" / f"{signed.digest}.xml").exists()
        write(folder / "in" / f"{signed.digest}.sig", signed.frame.partition(b"\n")[0])
        await there(folder / "bad" / f"{signed.digest}.xml")


def test_an_existing_name_with_other_bytes_is_never_overwritten(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one")
    write(tmp_path / "a", b"one")
    with pytest.raises(FileExistsError):
        write(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"one"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_what_a_folder_says_of_a_message(tmp_path: Path) -> None:
    script = Script(agreed(BANK))
    channel = FolderChannel(tmp_path, {THEIRS.name: THEIRS.public}, script.clock)
    signed = OURS.sign(b"<a/>")
    with pytest.raises(Unavailable):
        await channel.put(signed, "")
    assert await channel.receipt(signed.digest) is None
    lay_out(tmp_path)
    receipt = await channel.receipt(signed.digest)
    assert receipt is not None
    assert receipt.door is Door.UNKNOWN
    await channel.put(signed, "")
    assert await channel.receipt(signed.digest) is None  # under way: nobody can say yet
    forged = OURS.sign(canonical({**RECEIPT, "digest": signed.digest}))
    (tmp_path / "ack" / f"{signed.digest}.json").write_bytes(forged.frame)
    with pytest.raises(Unavailable):
        await channel.receipt(signed.digest)


TABLE: dict[str, object] = {
    "network": "rail:iso",
    "instruct": "pain.001",
    "own_bic": "LIANHKHH",
    "bank_bic": "BKCHCNBJ",
    "key_name": "gateway-1",
    "signing_key": "own.pem",
    "bank_keys": {THEIRS.name: THEIRS.public},
    "channel": "http",
    "address": "https://bank.example/door",
    "listen": "tcp:127.0.0.1:8443",
}


def test_settings_as_an_operator_writes_them() -> None:
    assert Settings.model_validate(TABLE).channel == "http"
    more = {**TABLE, "currencies": ["HKD", "CNY"], "cut_off": "17:30"}
    assert Settings.model_validate(more).currencies == ("HKD", "CNY")


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({"address": None}, "address"),
        ({"channel": "folder"}, "inbox_folder"),
        ({"instruct": "pacs.008"}, "account"),
        ({"cover": True}, "cover"),
        ({"method": "CLRG"}, "clearing_system"),
        ({"notice": True}, "notice"),
        ({"bank_keys": {}}, "bank_keys"),
        ({"bank_keys": {"k": "ed25519:00"}}, "bank_keys"),
        ({"own_bic": "nobody"}, "own_bic"),
        ({"network": "rail:a\n"}, "network"),
        ({"message_life_ms": 0}, "message_life_ms"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_settings_that_contradict_themselves_do_not_load(
    changed: dict[str, object], names: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        Settings.model_validate({**TABLE, **changed})
    assert names in str(refused.value)
