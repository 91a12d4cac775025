"""What `config check` says of a lane's time: from the settings alone, and beside a register."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.cli import run
from bridge.core.canonical import Value
from bridge.notary.entries import Group
from bridge.notary.journal import Journal
from bridge.notary.store.sqlite import SqliteStore
from tests.engine.river import NOTARIES, Chance, genesis
from tests.notary.ledgers import SetClock
from tests.strategies import DESTINATION, ORIGIN, RAIL

Capture = pytest.CaptureFixture[str]
NETWORK = """
[{section}.{name}]
adapter = "{adapter}"
network = "{network}"
key = "{key}"
world = "unix:world.sock"
finality_ms = {finality}
"""
LANE = """
[lane.sz-hk]
origin = "sz"
destination = "hk"
rail = "bank"
pack = "cn-hk"
limit = "{limit}"
verifier = "2of3"
acknowledge = "committed"
"""
EACH = f"{ORIGIN} 4000 ms, {DESTINATION} 900000 ms, {RAIL} 86400000 ms"


def written(folder: Path, *, limit: str = "100000000000.00 HKD") -> Path:
    """Settings of two networks, a bank and the lane between them."""
    parts = [
        NETWORK.format(
            section=section, name=name, adapter=adapter, network=at, key="ab" * 32, finality=ms
        )
        for section, name, adapter, at, ms in (
            ("network", "sz", "memory", ORIGIN, 4_000),
            ("network", "hk", "memory", DESTINATION, 900_000),
            ("rail", "bank", "memory-rail", RAIL, 86_400_000),
        )
    ]
    parts += [
        f'[notary.{name}]\ned25519 = "keys/{name}.pem"\nvotes = "data/votes-{name}"\n'
        for name in NOTARIES
    ]
    file = folder / "lianqiao.toml"
    file.write_text("\n".join([*parts, LANE.format(limit=limit)]), "utf-8")
    return file


def lasting(group: Group, lapse_ms: int) -> Group:
    """The first group, with lanes whose locks live so long."""

    def body(kind: str, was: Mapping[str, Value]) -> Mapping[str, Value]:
        return {**was, "lapse_ms": str(lapse_ms)} if kind == "lane" else was

    drafts = tuple(replace(one, body=body(one.kind, one.body)) for one in group.drafts)
    return replace(group, drafts=drafts)


async def registered(folder: Path, lapse_ms: int) -> None:
    """A ledger beside the settings, whose register has both lanes."""
    (folder / "data").mkdir()
    clock = SetClock()
    journal = Journal.open(SqliteStore(folder / "data" / "ledger.db"), clock)
    await journal.append((lasting(genesis(clock, Chance(1)), lapse_ms),))
    await journal.close()


def test_settings_alone_say_what_a_lock_must_outlast_and_why_they_cannot_say_more(
    tmp_path: Path, capsys: Capture
) -> None:
    file = written(tmp_path)
    assert run(["config", "check", str(file)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{file} loads"
    assert said[1] == f"lane sz-hk: finality: {EACH}; 87304000 ms in all"
    assert "cut-off and calendar are asked order by order" in said[2]
    assert "in the register, which is not here (no ledger at data/ledger.db)" in said[3]
    assert said[3].endswith("lianqiao status")


async def test_beside_a_register_both_are_compared_as_the_daemon_does(
    tmp_path: Path, capsys: Capture
) -> None:
    file = written(tmp_path)
    await registered(tmp_path, 2 * 87_304_000 + 2)
    assert run(["config", "check", str(file), "-o", "json"]) == 0
    lanes = {one["lane"]: one for one in json.loads(capsys.readouterr().out)["lanes"]}
    assert set(lanes) == {"sz-hk", "hk-sz"}, "those of the register that no settings propose too"
    for one in lanes.values():
        assert one["says"][-1] == "half of its lock's life is 87304001 ms, which outlasts that"
        assert (one["code"], one["remedy"]) == ("", "")


async def test_a_lock_that_is_too_short_fails_the_check_with_what_mends_it(
    tmp_path: Path, capsys: Capture
) -> None:
    file = written(tmp_path)
    await registered(tmp_path, 2 * 87_304_000 + 1)
    assert run(["config", "check", str(file)]) == 1
    told = capsys.readouterr()
    assert "lane sz-hk: half of its lock's life is 87304000 ms" in told.out
    first, cause, following = told.err.splitlines()
    assert first.startswith("error LQ-LOCK-LIFE: lane ")
    assert cause.startswith("cause: shut: lapse_ms: half of a lock's life is 87304000 ms")
    assert following == "next: let two people register a longer lapse_ms"


async def test_a_lane_that_differs_from_the_register_fails_the_check(
    tmp_path: Path, capsys: Capture
) -> None:
    file = written(tmp_path, limit="1.00 HKD")
    await registered(tmp_path, 400 * 86_400_000)
    assert run(["config", "check", str(file)]) == 1
    told = capsys.readouterr()
    assert "error LQ-LANE-DIFFERS: lane sz-hk takes no order" in told.err
    assert "limit: 1.00 HKD in the settings" in told.err
    assert "lane hk-sz: half of its lock's life" in told.out


async def test_a_ledger_that_cannot_be_read_is_said_and_hinders_nothing(
    tmp_path: Path, capsys: Capture
) -> None:
    file = written(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "ledger.db").write_bytes(b"no database at all" * 100)
    assert run(["config", "check", str(file)]) == 0
    assert "the ledger cannot be read" in capsys.readouterr().out
