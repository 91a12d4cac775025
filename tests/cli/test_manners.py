"""The command line against a running desk: what a person sees, and the exit codes."""

import asyncio
import fcntl
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import structlog
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.cli import COMMANDS, run
from bridge.cli.link import DEMO
from bridge.core.canonical import canonical
from bridge.core.ids import SettlementId
from bridge.core.settlement import Stage
from bridge.notary.state.rows import PreparedRow
from tests.api.front import Front, front, order
from tests.api.test_proofs import sealed
from tests.engine.river import key
from tests.notary.ledgers import LI, WANG, ZHAO, key_of
from tests.policy.packs import pack_value
from tests.tidy.tree import TREE


def write_key(file: Path, secret: Ed25519PrivateKey) -> None:
    file.touch(mode=0o600)
    file.write_bytes(
        secret.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


@dataclass
class Said:
    """What a command printed, and how it went."""

    exit: int
    out: str
    err: str


@dataclass
class Terminal:
    """A person's terminal, before the installation's folder."""

    desk: Front
    folder: Path
    capture: pytest.CaptureFixture[str]

    async def type(self, *words: str, who: str = LI) -> Said:
        line = [*words, "--folder", str(self.folder), "--as", who]
        code = await asyncio.to_thread(run, line)
        told = self.capture.readouterr()
        return Said(code, told.out, told.err)

    def order_file(self, number: int = 1, **changes: object) -> str:
        file = self.folder / f"order-{number}.json"
        file.write_text(json.dumps(order(self.desk.water, number, **changes)), "utf-8")
        return str(file)


@asynccontextmanager
async def terminal(folder: Path, capture: pytest.CaptureFixture[str]) -> AsyncIterator[Terminal]:
    # the daemon's log goes elsewhere: what a command prints is its own
    with structlog.testing.capture_logs():
        async with front(folder) as desk:
            for person in (LI, WANG, ZHAO):
                (folder / f"{person}.token").write_text(desk.texts[person], "utf-8")
                write_key(folder / f"{person}.pem", key_of(person))
            write_key(folder / "seller.pem", key("seller"))
            client = {
                "url": str(desk.client.make_url("/")).rstrip("/"),
                "tokens": {person: f"{person}.token" for person in (LI, WANG, ZHAO)},
                "keys": {person: f"{person}.pem" for person in (LI, WANG, ZHAO)},
            }
            (folder / "client.json").write_text(json.dumps(client), "utf-8")
            yield Terminal(desk, folder, capture)


async def test_an_order_is_sent_consented_and_traced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        sent = await at.type("send", at.order_file(), "--output", "json")
        assert sent.exit == 0, sent.err
        told = json.loads(sent.out)
        assert told["schema"] == "lianqiao.sent/1"
        of = told["settlement"]
        shown = await at.type("consent", "show", of)
        assert "seller-wallet" in shown.out
        signed = await at.type("consent", "sign", of, "--key", str(tmp_path / "seller.pem"))
        assert signed.exit == 0, signed.err
        await at.desk.water.until(SettlementId(of), Stage.SETTLED)
        traced = await at.type("trace", told["uetr"])
        assert "✓ settled" in traced.out
        assert traced.out.count("✓ proposed") == 1
        assert re.search(r"✓ settled .* entry \d+ +AssetAssigned$", traced.out, re.MULTILINE)
        ((_, made),) = at.desk.water.journal.view.scan("prepared", f"{of}/", 1)
        assert isinstance(made, PreparedRow)
        assert (await at.type("trace", made.tx)).out == traced.out
        watched = await at.type("trace", of, "--watch")
        assert watched.exit == 0
        status = await at.type("status")
        assert status.out.startswith("ready up ")
        assert "lanes 2 open" in status.out


async def test_a_cancel_waits_for_another_person_who_signs_with_their_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        sent = json.loads((await at.type("send", at.order_file(), "-o", "json")).out)
        of, uetr = sent["settlement"], sent["uetr"]
        asked = await at.type("cancel", uetr, "--reason", "buyer withdrew", "--output", "json")
        assert asked.exit == 5
        proposal = json.loads(asked.out)["id"]
        assert proposal in (await at.type("ls", "approvals")).out
        own = await at.type("approve", proposal)
        assert own.exit == 4
        assert own.err.splitlines()[-1].startswith("next: ")
        done = await at.type("approve", proposal, who=WANG)
        assert done.exit == 0, done.err
        assert done.out == f"proposal {proposal} done\n"
        ended = await at.type("trace", of, "--output", "json")
        assert json.loads(ended.out)["stage"] == "rejected"


async def test_a_lane_is_paused_by_one_and_opened_by_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        assert (await at.type("lane", "pause", "sz-hk", "--reason", "odd")).exit == 0
        shut = await at.type("send", at.order_file())
        assert shut.exit == 4
        assert "LQ-LANE-SHUT" in shut.err
        asked = await at.type("lane", "open", "sz-hk", "--reason", "seen to", "-o", "json")
        assert asked.exit == 5, asked.err
        proposal = json.loads(asked.out)["id"]
        assert (await at.type("approve", proposal, who=ZHAO)).exit == 0
        assert (await at.type("send", at.order_file())).exit == 0


async def test_a_freeze_and_its_thaw(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with terminal(tmp_path, capsys) as at:
        of = json.loads((await at.type("send", at.order_file(), "-o", "json")).out)["settlement"]
        frozen = await at.type("freeze", f"settlement/{of}", "--reason", "a court's order")
        assert frozen.exit == 0
        assert (await at.type("thaw", of, "--reason", "x")).exit == 2
        asked = await at.type(
            "thaw", of, "--give-back", "--reason", "ended", "-o", "json", who=WANG
        )
        assert asked.exit == 5, asked.err
        done = await at.type("approve", json.loads(asked.out)["id"], who=ZHAO)
        assert done.exit == 0, done.err


async def test_what_is_not_there_is_3_and_who_may_not_is_4_and_a_bad_order_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        lost = await at.type("trace", "01JX")
        assert lost.exit == 3
        assert lost.err.startswith("error LQ-NOT-FOUND: ")
        assert "next: lianqiao ls settlements" in lost.err
        gone = await at.type("trace", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "--output", "json")
        assert gone.exit == 3
        assert json.loads(gone.err)["code"] == "LQ-NOT-FOUND"
        assert gone.out == ""
        bad = await at.type("send", at.order_file(units="ten"))
        assert bad.exit == 2
        assert "units" in bad.err
        (at.folder / f"{LI}.token").write_text("lq_other", "utf-8")
        assert (await at.type("status")).exit == 4


async def test_the_trial_balance_is_even_and_a_settlement_shows_its_postings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        of = await at.desk.send()
        await at.desk.water.until(SettlementId(of), Stage.SETTLED)
        even = await at.type("ledger", "balance", "--output", "json")
        assert even.exit == 0
        units = json.loads(even.out)["items"]
        assert units
        assert all(one["balanced"] for one in units)
        await sealed(at.desk)
        proved = await at.type("ledger", "prove", "0")
        assert json.loads(proved.out.splitlines()[0])["n"] == "0"
        assert proved.out.splitlines()[1].startswith("entry 0 of ")
        assert "\ntest/river\n" in proved.out, "the checkpoint is a note of lines"
        unborn = await at.type("ledger", "prove", "99999")
        assert "next: a number below " in unborn.err
        assert (await at.type("ledger", "prove", "x")).exit == 2
        shown = await at.type("ledger", "postings", of, "--output", "csv")
        assert "posted" in shown.out
        (uetr,) = json.loads((await at.type("ls", "settlements", "--output", "json")).out)["items"]
        for words in (["ledger", "postings"], ["consent", "show"]):
            named = await at.type(*words, uetr["uetr"], "--output", "csv")
            assert (named.exit, named.out) == (0, (await at.type(*words, of, "-o", "csv")).out)
            lost = await at.type(*words, "no such")
            assert (lost.exit, "next: lianqiao ls settlements" in lost.err) == (3, True)
        lists = await at.type("lists", "status")
        assert "house" in lists.out
        for noun in ("settlements", "lanes", "parties", "assets", "persons"):
            assert (await at.type("ls", noun)).exit == 0
        first = await at.type("ls", "parties", "--limit", "1", "--output", "json")
        page = json.loads(first.out)
        assert (page["schema"], len(page["items"])) == ("lianqiao.parties/1", 1)


async def test_registers_rates_packs_and_people_are_proposals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        rates = tmp_path / "rates.csv"
        rates.write_text(
            "day,base,quote,numerator,denominator,source\n2026-01-02,USD,HKD,78,10,a bank\n"
        )
        asked = await at.type("rates", "import", str(rates), "--reason", "daily", "-o", "json")
        assert asked.exit == 5, asked.err
        proposal = json.loads(asked.out)["items"][0]["id"]
        assert (await at.type("approve", proposal, who=WANG)).exit == 0
        assert at.desk.water.journal.view.rate("USD", "HKD") is not None
        rates.write_text("base,quote\n", "utf-8")
        assert (await at.type("rates", "import", str(rates), "--reason", "x")).exit == 2

        pack = tmp_path / "pack.json"
        pack.write_bytes(canonical(pack_value()))
        asked = await at.type("rules", "publish", str(pack), "--reason", "yearly", "-o", "json")
        assert asked.exit == 5, asked.err

        made = ["person", "add", "chen.yu", "--called", "Chen Yu", "--role", "operator"]
        key_file = str(tmp_path / "chen.pem")
        asked = await at.type(*made, "--key", key_file, "--reason", "new", "-o", "json")
        assert asked.exit == 5, asked.err
        assert "Chen Yu" not in asked.out  # a name stands beside the ledger only
        done = await at.type("approve", json.loads(asked.out)["id"], who=ZHAO)
        assert done.exit == 0, done.err
        assert at.desk.water.journal.view.person("chen.yu") is not None
        gone = await at.type("person", "revoke", "chen.yu", "--reason", "left")
        assert gone.exit == 5, gone.err


def test_a_tree_that_nobody_installed_names_commands_as_they_are_typed(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "bridge", "status", "--folder", str(tmp_path)]
    lost = subprocess.run(words, cwd=TREE, capture_output=True, text=True, check=False)
    assert lost.returncode == 2
    assert "next: the same with --folder DIR" in lost.stderr
    assert "python3 -m bridge init DIR makes one" in lost.stderr


def test_where_a_demo_runs_its_daemon_is_waited_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "client.json").write_text(
        '{"url": "http://localhost:9", "tokens": {"li.wei": "t"}}', "utf-8"
    )
    (tmp_path / "t").write_text("lq_x", "utf-8")
    where = ["--folder", str(tmp_path)]
    assert run(["status", *where]) == 6
    assert f"next: lianqiao up --folder {tmp_path}" in capsys.readouterr().err
    with (tmp_path / DEMO).open("wb") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        assert run(["status", *where]) == 6
        assert "a demo runs there, and starts its daemon again" in capsys.readouterr().err
    assert run(["status", *where]) == 6
    following = f"lianqiao demo --keep {tmp_path}"  # its networks are gone too: `up` starts none
    assert f"next: {following}" in capsys.readouterr().err


def test_no_daemon_is_6_and_no_installation_is_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["status", "--folder", str(tmp_path)]) == 2
    (tmp_path / "t").write_text("lq_x", "utf-8")
    where = ["--url", "http://localhost:9", "--token-file", str(tmp_path / "t")]
    assert run(["status", *where]) == 6
    assert "next: lianqiao up" in capsys.readouterr().err
    assert run(["no-such-command"]) == 2
    assert run(["send"]) == 2


def test_help_and_version_load_no_daemon() -> None:
    """A budget of modules, not of milliseconds: the same on a busy machine."""
    code = (
        "import sys; from bridge.cli import run; run(['--help']); run(['version']);"
        "print('LOADED', *sorted(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.partition("LOADED ")[2].split())
    assert not loaded & {"aiohttp", "pydantic", "cryptography", "asyncio", "bridge.daemon"}
    assert len([name for name in loaded if name.startswith("bridge.")]) <= 12
    assert set(COMMANDS) <= set(told.stdout.split())
