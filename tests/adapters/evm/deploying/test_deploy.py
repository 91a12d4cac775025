"""`lianqiao evm deploy` and `check`: reviewed, cut at every step, compared, on two chains."""

import asyncio
import json
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from eth_utils.address import to_checksum_address

from adapters.evm import calls
from adapters.evm.accounts import Account, Transaction, sealed
from adapters.evm.adapter import ADAPTER
from adapters.evm.anvil import Node
from adapters.evm.deploying.command import AGREES, DIFFERS, DOWN, REFUSED, USAGE
from adapters.evm.deploying.plan import as_toml
from adapters.evm.deploying.sending import Sending
from adapters.evm.network import EscrowNetwork
from adapters.evm.stand import process
from bridge.cli import run
from bridge.clock import SystemClock
from tests.adapters.evm.anvil import anvil
from tests.adapters.evm.chain import (
    CHAIN_ID,
    GOVERNOR,
    GUARDIAN,
    NOTARIES,
    OPERATOR,
    STRANGER,
    Party,
)
from tests.adapters.evm.test_world import Nothing

DEPLOYER = Party("deployer")
READER = bytes(range(32))
STEPS = 9  # four contracts, one operator, the governor's name in four


def right(party: Party) -> str:
    return right_spelling(party.address)


def right_spelling(address: str) -> str:
    return str(to_checksum_address(address))


@dataclass
class Desk:
    """A chain, a folder, and what was typed there."""

    folder: Path
    urls: Mapping[str, str]
    node: Node
    changes: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (self.folder / "keys").mkdir()
        key = sealed(DEPLOYER.key.secret, b"secret", salt=bytes(32), iv=bytes(16), n=2)
        (self.folder / "keys" / "deployer.json").write_bytes(key)
        entry = sealed(OPERATOR.key.secret, b"secret", salt=bytes(32), iv=bytes(16), n=2)
        (self.folder / "keys" / "entry.json").write_bytes(entry)
        (self.folder / "keys" / "password").write_bytes(b"secret\n")
        (self.folder / "keys" / "reader.key").write_bytes(READER)
        self.genesis = str(self.node.ask("eth_getBlockByNumber", "0x0", False)["hash"])
        self.plan()

    def network(self) -> dict[str, object]:
        key = {"password_file": "keys/password"}
        reader = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
        return {
            "network": f"eip155:{CHAIN_ID}",
            "genesis_hash": self.genesis,
            "endpoints": [{"url": url, "operator": name} for name, url in self.urls.items()],
            "quorum": min(2, len(self.urls)),
            "finality": "finalized",
            "readers": [reader],
            "reader_key_file": "keys/reader.key",
            "entry_key": {"keystore": "keys/entry.json", **key},
            "max_fee_wei": 10**11,
            "finality_ms": 1_000,
            "poll_ms": 50,
        }

    def plan(self, **changes: object) -> Path:
        words: dict[str, object] = {
            "governor": right(GOVERNOR),
            "guardian": right(GUARDIAN),
            "notaries": [right(one) for one in reversed(NOTARIES[:3])],
            "threshold": 2,
            "operators": [right(OPERATOR)],
            **{name: value for name, value in changes.items() if name != "settings"},
        }
        table = {**self.network(), **dict(changes.get("settings", {}))}  # type: ignore[call-overload]
        whole = as_toml("plan", words).partition("\n")[2] + "\n"
        whole += as_toml("it", table).replace("[network.it]", "[settings]")
        file = self.folder / "plan.toml"
        file.write_text(whole)
        return file

    async def typed(self, verb: str, *more: str) -> int:
        words = ["evm", verb, str(self.folder / "plan.toml"), "--network", "harbour"]
        words += ["--settings", str(self.folder / "lianqiao.toml"), *more]
        return await asyncio.to_thread(_run, words)

    async def deploy(self, *more: str) -> int:
        keys = self.folder / "keys"
        key = ("--keystore", str(keys / "deployer.json"), "--password-file", str(keys / "password"))
        return await self.typed("deploy", *key, *more)

    def lie(self, name: str, kind: str) -> None:
        """One node lies of logs from now on, or of nothing."""
        panel = urlsplit(self.urls[name])._replace(path="/panel").geturl()
        told = {"do": "lie", "at": name, "is": kind, "methods": ["eth_getLogs"], "times": 10**6}
        asked = Request(panel, json.dumps(told).encode(), {"Content-Type": "application/json"})
        with urlopen(asked, timeout=10) as answer:
            assert answer.status == 200

    def nonce(self, who: Party) -> int:
        return int(self.node.ask("eth_getTransactionCount", who.address, "latest"), 16)

    async def accept(self) -> None:
        """The governor takes the seat in each contract."""
        file = tomllib.loads((self.folder / "lianqiao.toml").read_text())["network"]["harbour"]
        at = [file["escrow"], *(one["address"] for one in file["contracts"])]
        await self.spend(GOVERNOR, at, calls.call("Escrow", "acceptGovernor"))

    async def spend(self, who: Party, at: Sequence[str], data: bytes) -> None:
        """Somebody sends the same to each, and it is mined."""
        first = self.nonce(who)
        for place, where in enumerate(at):
            raw = Transaction(
                chain_id=CHAIN_ID,
                nonce=first + place,
                tip=10**9,
                max_fee=10**11,
                gas=100_000,
                to=bytes.fromhex(where[2:]),
                data=data,
            ).signed(Account(who.key.secret))
            self.node.ask("eth_sendRawTransaction", f"0x{raw.hex()}")
        async with asyncio.timeout(20):
            while self.nonce(who) < first + len(at):  # noqa: ASYNC110 blocks ring no bell
                await asyncio.sleep(0.05)


def _run(words: Sequence[str]) -> int:
    try:
        return run(list(words))
    except SystemExit as left:
        return int(left.code or 0)


class Cut(Exception):
    """The process ends here."""


@contextmanager
def cut(monkeypatch: pytest.MonkeyPatch, *, before: bool) -> Iterator[None]:
    """The next time bytes would leave, the process ends, before or after they did."""
    hand = Sending._hand

    async def ended(self: Sending, signed: bytes) -> None:
        if not before:
            await hand(self, signed)
        raise Cut

    with monkeypatch.context() as patched:
        patched.setattr(Sending, "_hand", ended)
        yield


def digest_in(said: str) -> str:
    return said.rpartition("review ")[2].split()[0]


async def test_a_plan_is_reviewed_cut_at_every_step_and_stands_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    funded = [one.bytes20 for one in (DEPLOYER, GOVERNOR)]
    async with process(funded, tmp_path / "chain.tape") as (said, _):
        urls = {str(name): f"{said['url']}/{name}" for name in ("north", "south", "east")}
        node = Node(urls["north"])
        desk = Desk(tmp_path, urls, node)
        assert await desk.deploy() == AGREES
        told = capsys.readouterr()
        digest = digest_in(told.out)
        assert "nothing was sent" in told.err
        assert told.out.count("code 0x") == 4
        assert not (tmp_path / "lianqiao.toml").exists()
        assert await desk.deploy("--reviewed", "ab" * 32) == REFUSED
        assert "what was reviewed" in capsys.readouterr().err
        assert desk.nonce(DEPLOYER) == 0

        cuts, journal = 0, list[str]()
        for times in range(100):
            with cut(monkeypatch, before=times % 3 == 0), pytest.raises(Cut):
                await desk.deploy("--reviewed", digest)
            cuts += 1
            journal = (tmp_path / "plan.toml.journal").read_text().splitlines()
            if len(journal) == 1 + STEPS and times % 3:
                break
        assert cuts >= STEPS
        assert (tmp_path / "plan.toml.journal").stat().st_mode & 0o777 == 0o600
        assert await desk.deploy("--reviewed", digest) == DIFFERS  # until the governor accepts
        told = capsys.readouterr()
        failed = [line for line in told.out.splitlines() if line.startswith("FAIL")]
        assert {line.split()[2] for line in failed} == {"governor", "next"}
        assert "acceptGovernor" in told.err
        assert desk.nonce(DEPLOYER) == STEPS
        nonces = [json.loads(line).get("nonce") for line in journal[1:]]
        assert nonces == list(range(STEPS))

        await desk.accept()
        assert await desk.typed("check") == AGREES
        assert "FAIL" not in capsys.readouterr().out
        assert await desk.deploy("--reviewed", digest) == AGREES
        assert desk.nonce(DEPLOYER) == STEPS
        capsys.readouterr()
        await _differs(desk, capsys)
        await _opens(desk)
        node.close()


async def _differs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Each thing that is otherwise is named, and nothing else."""
    stranger = right(STRANGER)
    names = [right(one) for one in NOTARIES[:3]]
    made = ("Escrow", "NotarySet", "Vault", "TwinVault")
    for changes, what in (
        ({"guardian": stranger}, {"Escrow: guardian", "NotarySet.GUARDIAN"}),
        (
            {"governor": stranger},
            {f"{one}: governor" for one in made},
        ),
        ({"operators": [right(OPERATOR), stranger]}, {f"operator {stranger}"}),
        ({"notaries": [*names[:2], stranger]}, {"NotarySet: members"}),
        ({"threshold": 3}, {"NotarySet: retired; threshold; size; vetoed"}),
        ({"escape_days": 30}, {"Escrow.ESCAPE_AFTER"}),
        ({"anchor": stranger}, {"NotarySet.ANCHOR"}),
    ):
        desk.plan(**changes)
        assert await desk.typed("check", "-o", "json") == DIFFERS, changes
        told = json.loads(capsys.readouterr().out)
        assert {one["what"] for one in told["findings"] if not one["holds"]} == what
    desk.plan()
    settings = desk.folder / "lianqiao.toml"
    kept = settings.read_text()
    table = tomllib.loads(kept)["network"]["harbour"]
    for old, new, named in (
        (table["genesis_hash"], "0x" + "ab" * 32, ("genesis", "Vault: domain", "Escrow.SEPARATOR")),
        (table["escrow_code_hash"], "0x" + "ab" * 32, ("Escrow: code hash, settings",)),
        (
            table["contracts"][1]["address"],
            stranger,
            ("Vault: code, immutables aside", "Vault: domain"),
        ),
    ):
        settings.write_text(kept.replace(old, new))
        assert await desk.typed("check") == DIFFERS
        failed = [line for line in capsys.readouterr().out.splitlines() if line[:4] == "FAIL"]
        assert all(any(name in line for line in failed) for name in named), failed
    settings.write_text(kept)
    await _outsider(desk, capsys)


async def _outsider(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has a role is named, known or not, whichever node leaves them out."""
    settings = desk.folder / "lianqiao.toml"
    table = tomllib.loads(settings.read_text())["network"]["harbour"]

    async def told() -> set[str]:
        code = await desk.typed("check", "-o", "json")
        findings = json.loads(capsys.readouterr().out)["findings"]
        failed = {one["what"] for one in findings if not one["holds"]}
        assert code == (DIFFERS if failed else AGREES)
        return failed

    async def operator(party: Party, *, holds: bool) -> None:
        data = calls.call("Escrow", "setOperator", party.address, holds)
        await desk.spend(GOVERNOR, [table["escrow"]], data)

    await operator(STRANGER, holds=True)
    extra = f"Escrow: isOperator of {right(STRANGER)}, whom the plan does not know"
    assert await told() == {extra}
    desk.lie("north", "omit")
    assert await told() == {extra}  # two operators' logs are whole
    desk.lie("south", "omit")
    one = {f"{name}: logs of EscrowJoined" for name in ("Vault", "TwinVault")}
    assert await told() == {extra, "Escrow: logs of OperatorChanged", *one}
    desk.lie("east", "omit")
    assert extra not in await told()  # all hide them, and are found out by whom they hide too
    for name in desk.urls:
        desk.lie(name, "")
    await operator(STRANGER, holds=False)
    assert await told() == set()


async def _opens(desk: Desk) -> None:
    """What was written is what the daemon opens."""
    text = (desk.folder / "lianqiao.toml").read_text().replace('"keys/', f'"{desk.folder}/keys/')
    table = tomllib.loads(text)["network"]["harbour"]
    assert table.pop("adapter") == ADAPTER.name
    async with ADAPTER.open(ADAPTER.settings(table), SystemClock(), Nothing()) as door:
        assert isinstance(door, EscrowNetwork)
        await door._ready()


async def test_what_is_not_as_planned_is_refused_and_nothing_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with process([], tmp_path / "chain.tape") as (said, _):
        urls = {str(name): f"{said['url']}/{name}" for name in ("north", "south", "east")}
        node = Node(urls["north"])
        desk = Desk(tmp_path, urls, node)
        node.close()
        assert await desk.deploy() == AGREES
        digest = digest_in(capsys.readouterr().out)
        for changes, code, words in (
            ({}, REFUSED, "fund it"),
            ({"settings": {"genesis_hash": "0x" + "ab" * 32}}, REFUSED, "genesis_hash: the chain"),
            (
                {"settings": {"network": "eip155:1"}},
                REFUSED,
                "chain says eip155:31337",
            ),
            ({"settings": {"escrow": right(STRANGER)}}, USAGE, "settings.escrow"),
            ({"threshold": 4}, USAGE, "threshold: 4 of 3"),
            ({"governor": right(GOVERNOR).lower()}, USAGE, right(GOVERNOR)),
            ({"notaries": [right(NOTARIES[0])] * 3}, USAGE, "twice"),
            ({"operators": ["0x" + "00" * 20]}, USAGE, "zero address"),
            ({"owner": right(GOVERNOR)}, USAGE, "owner"),
        ):
            desk.plan(**changes)
            assert await desk.deploy("--reviewed", digest) == code, changes
            told = capsys.readouterr()
            assert words in told.err + told.out
        desk.plan()
        settings = tmp_path / "lianqiao.toml"
        for text, words in (
            ('[network.harbour]\nadapter = "evm"\n', "another [network.harbour]"),
            ("[network\n", "cannot be written there"),
            ('network = "none"\n', "cannot be written there"),
        ):
            settings.write_text(text)
            assert await desk.deploy("--reviewed", digest) == REFUSED
            assert words in capsys.readouterr().err
            assert settings.read_text() == text
        settings.unlink()
        assert not (tmp_path / "plan.toml.journal").exists()
    assert await desk.deploy() == DOWN


async def test_it_stands_on_a_node_of_somebody_elses_making(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with anvil("--block-time", "0.2") as url:
        node = Node(url)
        for party in (DEPLOYER, GOVERNOR):
            node.ask("anvil_setBalance", party.address, hex(10**24))
        desk = Desk(tmp_path, {"north": url}, node)
        assert await desk.deploy() == AGREES
        digest = digest_in(capsys.readouterr().out)
        with cut(monkeypatch, before=True), pytest.raises(Cut):
            await desk.deploy("--reviewed", digest)
        await desk.spend(DEPLOYER, [DEPLOYER.address], b"")  # another program has the same key
        assert await desk.deploy("--reviewed", digest) == REFUSED
        assert "nonce 0 of" in capsys.readouterr().err
        (tmp_path / "plan.toml.journal").unlink()
        assert await desk.deploy("--reviewed", digest) == REFUSED  # its addresses are others now
        digest = digest_in(capsys.readouterr().out)
        assert await desk.deploy("--reviewed", digest) == DIFFERS
        await desk.accept()
        capsys.readouterr()
        assert await desk.typed("check") == AGREES, capsys.readouterr().out
        await _opens(desk)
        node.close()
