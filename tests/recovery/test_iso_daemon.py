"""A daemon, a bank and two networks, each a process of its own; all may be killed at any moment."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from adapters.iso20022.bank_paper import About, Pen
from adapters.iso20022.client import headers
from adapters.iso20022.codec import message_id, short_id
from adapters.iso20022.signed import load_signer
from adapters.iso20022.stand import MONEY, RAIL, THEIRS
from bridge.cli.stage import Stage, stage
from bridge.cli.teller import Teller
from bridge.cli.wires import CASTS, Wires
from bridge.clock import SystemClock
from bridge.core.ids import Instant, SettlementId, uetr_of

DEBTOR, CREDITOR = "HK00123", "CN00456"
PAID = 134_567_800  # minor units of HKD


@dataclass(frozen=True)
class BankProcess:
    """The bank of the stage, killed and started again over the same tape."""

    wires: Wires
    config: Path

    async def tell(self, **words: str) -> None:
        await self.wires.do({"at": RAIL, **words})

    async def start(self) -> None:
        await self.tell(do="start")

    async def kill(self) -> None:
        await self.tell(do="kill")

    async def books(self) -> dict[str, Any]:
        return dict(await self.wires.ask(RAIL, {}))

    async def has_a_payment(self) -> None:
        """Wait until it has taken one."""
        for _ in range(400):
            if (await self.books())["payments"]:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("no instruction ever came")


@asynccontextmanager
async def town(folder: Path, port: int) -> AsyncGenerator[tuple[Stage, BankProcess]]:
    """The demo's stage on memory networks, its bank one that speaks ISO 20022."""
    async with stage(folder / "stage", f"tcp:localhost:{port}", CASTS["bank"]) as built:
        yield built, BankProcess(built.wires, folder / "stage/world/iso20022/bank.json")


def draw(_: str) -> None:
    return


@pytest.mark.slow
async def test_daemon_and_bank_are_killed_and_the_money_moves_once(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with town(tmp_path, unused_tcp_port) as (built, bank):
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
        assert books["accounts"][f"{CREDITOR}/HKD"] == str(MONEY[CREDITOR] + PAID)
        assert books["accounts"][f"{DEBTOR}/HKD"] == str(MONEY[DEBTOR] - PAID)
        assert list(books["payments"]) == [uetr]


@pytest.mark.slow
async def test_a_recall_by_two_people_gives_asset_and_money_back(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with town(tmp_path, unused_tcp_port) as (built, bank):
        teller = Teller(built, 2, draw)
        await bank.tell(do="fate", **{"is": "wait"})
        of = (await teller.send(teller.order("ISO")))["settlement"]
        await teller.until(of, "paying")
        await bank.has_a_payment()
        await built.desk.two("settlement.recall", of, {})
        await teller.until(of, "released")
        books = await bank.books()
        assert books["accounts"][f"{CREDITOR}/HKD"] == str(MONEY[CREDITOR])
        assert books["accounts"][f"{DEBTOR}/HKD"] == str(MONEY[DEBTOR])
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
    tmp_path: Path, unused_tcp_port: int
) -> None:
    async with town(tmp_path, unused_tcp_port) as (built, bank):
        teller = Teller(built, 3, draw)
        await bank.tell(do="fate", **{"is": "wait"})
        of = SettlementId((await teller.send(teller.order("ISO")))["settlement"])
        await teller.until(of, "paying")
        await bank.has_a_payment()
        raw = half_understood(of, SystemClock().now())
        signed = load_signer(THEIRS, bank.config.parent / f"{THEIRS}.pem").sign(raw)
        ours = json.loads(bank.config.read_text())["partner"]
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{ours}/messages", data=raw, headers=headers(signed)) as said,
        ):
            assert said.status == 202, await said.text()
        code, (held,) = await typed(built, "wang.fang", "held", "ls")
        assert (code, held["network"], held["name"]) == (0, RAIL, signed.digest)
        assert (held["what"], held["why"].split()[0]) == ("pain.002.001.10", "ISO-VAL-006")
        other = ("held", "release", RAIL, "0" * 64, "--reason", "x")
        assert (await typed(built, "wang.fang", *other))[0] == 3
        release = ("held", "release", RAIL, signed.digest, "--reason", "the bank confirms")
        code, (made,) = await typed(built, "wang.fang", *release)
        assert code == 5
        await built.daemon.kill()  # what waits for people outlives the process
        await built.daemon.start()
        assert (await typed(built, "wang.fang", "approve", made["id"]))[0] == 4
        assert (await typed(built, "zhao.min", "approve", made["id"]))[0] == 0
        await teller.until(of, "released")
        assert (await typed(built, "wang.fang", "held", "ls"))[1] == []
        assert (await typed(built, "wang.fang", *release))[0] == 1
