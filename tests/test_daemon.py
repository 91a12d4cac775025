"""How the daemon runs what it has built, and what settings it does not run with."""

import asyncio
import gc
import re
import tomllib
from collections import deque
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evm.adapter import ADAPTER
from bridge import registry
from bridge.cli import run as run_main
from bridge.cli.found import keys_of, write_settings
from bridge.daemon import COLLECTED, rare_collections, serve
from bridge.notary.journal import Journal
from bridge.notary.keys import BadKey, load_ed25519, make_ed25519
from bridge.settings import BadSettings, load, parse

READER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CHAIN = {
    "adapter": "evm",
    "network": "eip155:31337",
    "genesis_hash": "0x" + "07" * 32,
    "escrow": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "escrow_code_hash": "0x" + "08" * 32,
    "start_block": 0,
    "endpoints": [{"url": "http://localhost:1", "operator": "north"}],
    "quorum": 1,
    "finality": "finalized",
    "readers": [READER.public_key().public_bytes_raw().hex()],
    "reader_key_file": "keys/reader.key",
    "max_fee_wei": 10**11,
    "finality_ms": 1_000,
}


def installed(folder: Path) -> Path:
    """An installation whose one network is a chain of Ethereum's kind; its settings."""
    keys_of(folder)
    networks = {"chain": CHAIN}
    return write_settings(
        folder, profile="demo", listen="tcp:localhost:0", networks=networks, rails={}
    )


def test_while_it_turns_cycles_are_sought_seldom_and_never_among_what_was_built() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    built: list[object] = [[], {}]
    with rare_collections():
        assert gc.get_freeze_count() > frozen
        assert not any(one is built for one in gc.get_objects())
        assert gc.get_threshold()[0] > 10 * before[0]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
    assert any(one is built for one in gc.get_objects())


def test_cycles_that_outlive_a_look_are_found_soon_after() -> None:
    """Wires that are away leave some under way at each look; none may stay for good."""

    class Knot:
        alive = 0

        def __init__(self) -> None:
            self.own = self
            self.parts: list[list[Knot]] = [[] for _ in range(20)]
            Knot.alive += 1

        def __del__(self) -> None:
            Knot.alive -= 1

    under_way: deque[Knot] = deque(maxlen=500)
    most = 0
    with rare_collections():
        for _ in range(100_000):
            under_way.append(Knot())
            most = max(most, Knot.alive)
    between_looks = COLLECTED[0] / 20  # as many as are under way
    assert most < 10 * between_looks


def test_a_chain_no_notary_can_sign_for_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = installed(tmp_path)
    table: dict[str, Any] = tomllib.loads(file.read_text())
    assert parse(table, "it").notary["lantern"].secp256k1 is not None
    del table["notary"]["lantern"]["secp256k1"]
    says = "it: settings: .*network.chain: no act on eip155:31337 .* notary.lantern.secp256k1; name"
    with pytest.raises(BadSettings, match=says):
        parse(table, "it")
    table["network"]["chain"]["network"] = "memory:there"
    assert parse(table, "it").notary["lantern"].secp256k1 is None


async def test_the_ledgers_views_hold_as_many_rows_as_the_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = installed(tmp_path)
    file.write_text(file.read_text().replace("rows_held = 20_000", "rows_held = 7_000"))

    def opened(*_: object, rows: int) -> NoReturn:
        raise BadSettings(f"{rows} rows")

    monkeypatch.setattr(Journal, "open", opened)
    (tmp_path / "data").mkdir()
    make_ed25519(tmp_path / "keys" / "log.pem")
    assert await refused(file) == "7000 rows"


def one_word(_: str) -> None:
    raise AssertionError("it never gets ready")


async def refused(file: Path) -> str:
    """Why the daemon does not start with these settings."""
    with pytest.raises((BadSettings, BadKey)) as error:
        await serve(load(file), file.parent, one_word)
    return str(error.value)


@pytest.mark.parametrize("setting", ["ledger.origin", "log_key"])
async def test_a_ledger_is_not_signed_under_another_name_or_by_another_key_than_it_tells(
    tmp_path: Path, setting: str
) -> None:
    """Who follows the log would take nothing that is signed from then on."""
    begun = ["init", "--profile", "single", str(tmp_path / "it")]
    assert await asyncio.to_thread(run_main, begun) == 0
    file = tmp_path / "it" / "lianqiao.toml"
    table = tomllib.loads(file.read_text())
    if setting == "log_key":
        key = file.parent / table[setting]
        was = load_ed25519(key).public
        key.unlink()
        make_ed25519(key)
        told = f"{table[setting]}: this ledger is signed by {was}: bring that key's file back"
    else:
        was = table["ledger"]["origin"]
        assert f'origin = "{was}"' in file.read_text()
        file.write_text(file.read_text().replace(f'"{was}"', '"example.net/other"'))
        told = f"ledger.origin: this ledger is signed as {was}: set it back"
    assert (await refused(file)).startswith(told)


@pytest.mark.parametrize("own", ["genesis", "keystore", "key of a notary"])
async def test_a_chain_is_not_opened_with_half_of_what_it_needs(
    tmp_path: Path, own: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = installed(tmp_path)
    (tmp_path / "keys" / "reader.key").write_bytes(READER.private_bytes_raw())
    match own:
        case "genesis":
            without = replace(ADAPTER, pinned=lambda _: {})
            monkeypatch.setattr(registry, "load", lambda *_: without)
            says = "network.chain: its adapter pins no genesis, the hash of block 0"
        case "keystore":
            for name in ("entry.json", "entry.password"):
                (tmp_path / "keys" / name).write_text("{}")
            files = "keystore = 'keys/entry.json', password_file = 'keys/entry.password'"
            file.write_text(f"{file.read_text()}entry_key = {{{files}}}\n")
            says = "network.chain: entry_key: .*keystore"
        case _:
            mine = tmp_path / "keys" / "notary-lantern.secp256k1.pem"
            mine.unlink()
            make_ed25519(mine)
            says = "notary-lantern.secp256k1.pem holds no secp256k1 key"
    (tmp_path / "data").mkdir()
    make_ed25519(tmp_path / "keys" / "log.pem")
    assert re.search(says, await refused(file))
