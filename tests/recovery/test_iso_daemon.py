"""A daemon, a bank and two networks, each a process of its own; all may be killed at any moment."""

import asyncio
import json
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.iso20022.bank_paper import About, Pen
from adapters.iso20022.client import headers
from adapters.iso20022.codec import message_id, short_id
from adapters.iso20022.signed import load_signer
from adapters.memory.stand import WORLD
from bridge import registry
from bridge.cli.stage import Stage, stage
from bridge.cli.stories import Teller
from bridge.clock import SystemClock
from bridge.core.ids import Instant, SettlementId, uetr_of
from tests.adapters.iso20022.test_bank import key_file

DEBTOR, CREDITOR = "HK00123", "CN00456"
OPENING, PAID = 10**12, 134_567_800  # minor units of HKD


@dataclass
class BankProcess:
    """The bank, killed and started again over the same tape."""

    config: Path
    state: Path
    address: str = ""
    child: Process | None = None

    async def start(self) -> None:
        self.child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.iso20022.bank", "--config", str(self.config),
            "--state", str(self.state), stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert self.child.stdout is not None
        async with asyncio.timeout(30):
            self.address = str(json.loads(await self.child.stdout.readline())["listen"])

    async def kill(self) -> None:
        assert self.child is not None
        if self.child.returncode is None:
            self.child.kill()
        await self.child.wait()

    async def tell(self, **words: str) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.address}/panel", json=words) as said,
        ):
            assert said.status == 204, await said.text()

    async def books(self) -> dict[str, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self.address}/books") as said,
        ):
            found: dict[str, Any] = await said.json()
            return found

    async def has_a_payment(self) -> None:
        """Wait until it has taken one."""
        for _ in range(400):
            if (await self.books())["payments"]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("no instruction ever came")


@asynccontextmanager
async def town(
    folder: Path, port: Callable[[], int], patch: pytest.MonkeyPatch
) -> AsyncGenerator[tuple[Stage, BankProcess]]:
    """The demo's stage, with a bank that speaks ISO 20022 beside it."""
    bank_port, own_port = port(), port()
    own_key, bank_key = key_file(folder / "own.pem", "own"), key_file(folder / "bank.pem", "bank")
    config = folder / "bank.json"
    settings = {
        "bic": "HSBCHKHH",
        "partner_bic": "LIANHKHH",
        "customer": True,
        "key_name": "bank-1",
        "signing_key": bank_key,
        "partner_keys": {"gateway-1": load_signer("", Path(own_key)).public},
        "partner": f"http://127.0.0.1:{own_port}",
        "port": bank_port,
        "life_ms": 20_000,
    }
    config.write_text(json.dumps(settings))
    rail = {
        "adapter": "iso20022",
        "network": "rail:iso",
        "instruct": "pain.001",
        "recall": "camt.056",
        "proof": "status_and_booking",
        "own_bic": "LIANHKHH",
        "bank_bic": "HSBCHKHH",
        "key_name": "gateway-1",
        "signing_key": own_key,
        "bank_keys": {"bank-1": load_signer("", Path(bank_key)).public},
        "channel": "http",
        "address": f"http://127.0.0.1:{bank_port}",
        "listen": f"tcp:127.0.0.1:{own_port}",
        "message_life_ms": 20_000,
    }

    class World:
        @staticmethod
        @asynccontextmanager
        async def start(*how: Any) -> AsyncGenerator[Any]:
            async with WORLD.start(*how) as stand:
                yield replace(stand, rails={"bank": rail})

    bank = BankProcess(config, folder / "bank")
    await bank.start()
    try:
        for account, minor in ((DEBTOR, OPENING), (CREDITOR, 0)):
            await bank.tell(do="open", account=account, currency="HKD", minor=str(minor))
        patch.setattr(registry, "load", lambda group, name: _loaded(group, name, World))
        async with stage(folder / "stage", f"tcp:localhost:{port()}") as built:
            patch.undo()
            yield built, bank
    finally:
        await bank.kill()


_load = registry.load


def _loaded(group: str, name: str, world: object) -> object:
    return world if group == registry.WORLDS else _load(group, name)


def draw(_: str) -> None:
    return


@pytest.mark.slow
async def test_daemon_and_bank_are_killed_and_the_money_moves_once(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, unused_tcp_port_factory, monkeypatch) as (built, bank):
        teller = Teller(built, 1, draw)
        await bank.tell(do="fate", **{"is": "wait"})
        order = teller.order("ISO")
        of = (await teller.send(order))["settlement"]
        await teller.until(of, "paying")
        await bank.has_a_payment()
        await built.daemon.kill()
        (uetr,) = (await bank.books())["payments"]
        await bank.tell(do="settle", uetr=uetr)  # while nobody listens
        await bank.kill()
        await built.daemon.start()  # and now the bank is away
        await asyncio.sleep(0.5)
        await bank.start()
        await teller.until(of, "settled")
        books = await bank.books()
        assert books["accounts"][f"{CREDITOR}/HKD"] == str(PAID)
        assert books["accounts"][f"{DEBTOR}/HKD"] == str(OPENING - PAID)
        assert list(books["payments"]) == [uetr]


@pytest.mark.slow
async def test_a_recall_by_two_people_gives_asset_and_money_back(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, unused_tcp_port_factory, monkeypatch) as (built, bank):
        teller = Teller(built, 2, draw)
        await bank.tell(do="fate", **{"is": "wait"})
        of = (await teller.send(teller.order("ISO")))["settlement"]
        await teller.until(of, "paying")
        await bank.has_a_payment()
        await built.desk.two("settlement.recall", of, {})
        await teller.until(of, "released")
        books = await bank.books()
        assert books["accounts"][f"{CREDITOR}/HKD"] == "0"
        assert books["accounts"][f"{DEBTOR}/HKD"] == str(OPENING)
        (payment,) = books["payments"].values()
        assert payment["state"] == "rejected"


async def typed(built: Stage, who: str, *words: str) -> tuple[int, list[dict[str, Any]]]:
    """What the command line answers a person."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *words, "--as", who, "--folder", str(built.folder),
        "--output", "jsonl", "--quiet", stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await child.communicate()
    assert child.returncode is not None
    return child.returncode, [json.loads(line) for line in out.splitlines()]


def half_understood(of: SettlementId, now: Instant) -> bytes:
    """The bank says of our payment what nobody knows, and rejects it: VAL-006 holds all of it."""
    pen = Pen(bic="HSBCHKHH", partner="LIANHKHH", header=False, service="")
    about = About(
        message=message_id(of, "P", 1),
        kind="pain.001.001.09",
        batch=of,
        instruction=short_id(of, "pay"),
        end_to_end=of,
        transaction="",
        uetr=uetr_of(of),
    )
    raw = pen.status("ODD1", now, about, "RJCT", "AC04")[1]
    line = raw[raw.index(b"<TxInfAndSts>") : raw.index(b"</TxInfAndSts>")] + b"</TxInfAndSts>"
    return raw.replace(line, line.replace(b">RJCT<", b">ZZZZ<") + line)


@pytest.mark.slow
async def test_a_held_message_takes_effect_when_two_people_say_so_on_the_command_line(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with town(tmp_path, unused_tcp_port_factory, monkeypatch) as (built, bank):
        teller = Teller(built, 3, draw)
        await bank.tell(do="fate", **{"is": "wait"})
        of = SettlementId((await teller.send(teller.order("ISO")))["settlement"])
        await teller.until(of, "paying")
        await bank.has_a_payment()
        raw = half_understood(of, SystemClock().now())
        signed = load_signer("bank-1", tmp_path / "bank.pem").sign(raw)
        ours = json.loads(bank.config.read_text())["partner"]
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{ours}/messages", data=raw, headers=headers(signed)) as said,
        ):
            assert said.status == 202, await said.text()
        code, (held,) = await typed(built, "wang.fang", "held", "ls")
        assert (code, held["network"], held["name"]) == (0, "rail:iso", signed.digest)
        assert (held["what"], held["why"].split()[0]) == ("pain.002.001.10", "ISO-VAL-006")
        other = ("held", "release", "rail:iso", "0" * 64, "--reason", "x")
        assert (await typed(built, "wang.fang", *other))[0] == 3
        release = ("held", "release", "rail:iso", signed.digest, "--reason", "the bank confirms")
        code, (made,) = await typed(built, "wang.fang", *release)
        assert code == 5
        await built.daemon.kill()  # what waits for people outlives the process
        await built.daemon.start()
        assert (await typed(built, "wang.fang", "approve", made["id"]))[0] == 4
        assert (await typed(built, "zhao.min", "approve", made["id"]))[0] == 0
        await teller.until(of, "released")
        assert (await typed(built, "wang.fang", "held", "ls"))[1] == []
        assert (await typed(built, "wang.fang", *release))[0] == 3
