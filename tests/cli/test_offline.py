"""Commands that need no daemon: settings, tokens, packs, the ledger's own files."""

import json
import stat
from pathlib import Path

import pytest

from bridge.api.tokens import Tokens
from bridge.cli import run
from bridge.cli.exporting import exported
from bridge.cli.manners import Stopped
from bridge.core.canonical import canonical
from bridge.core.ids import Instant
from bridge.notary.checkpoint import Checkpoint, read_checkpoint, read_key, sign
from bridge.notary.journal import Journal
from bridge.notary.keys import make_ed25519
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.tiles import bundle_entries
from tests.engine.river import Chance, genesis
from tests.notary.ledgers import SetClock
from tests.policy.packs import pack_value

Capture = pytest.CaptureFixture[str]


async def installation(folder: Path, *, seal: bool = True) -> Path:
    """A folder with settings, a log key and a ledger of one group."""
    (folder / "data").mkdir()
    (folder / "keys").mkdir()
    (folder / "lianqiao.toml").write_text('[ledger]\norigin = "localhost/test"\n', "utf-8")
    key = make_ed25519(folder / "keys" / "log.pem")
    database = folder / "data" / "ledger.db"
    clock = SetClock()
    journal = Journal.open(SqliteStore(database), clock)
    await journal.append((genesis(clock, Chance(1)),))
    if seal:
        head = journal.head
        note = sign(Checkpoint("localhost/test", head.seq, bytes.fromhex(head.root)), key)
        await journal.keep_checkpoint(head.seq, note)
    await journal.close()
    return database


async def test_an_export_is_the_whole_log_and_verifies_with_its_own_key(
    tmp_path: Path, capsys: Capture
) -> None:
    database, target = await installation(tmp_path), tmp_path / "out"
    where = ["--folder", str(tmp_path)]
    assert run(["ledger", "export", str(target), "--output", "json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "lianqiao.export/1"
    trusted = read_key((target / "vkey").read_text("utf-8").strip())
    signed = read_checkpoint((target / "checkpoint").read_bytes(), trusted)
    size = signed.checkpoint.size
    assert size == int(told["entries"]) > 0
    bundle = (target / "tile" / "entries" / "000.p" / str(size)).read_bytes()
    assert len(bundle_entries(bundle, size)) == size
    assert run(["ledger", "export", str(target), *where]) == 2  # never over what is there
    with pytest.raises(Stopped, match="not empty"):
        exported(database, tmp_path, target)


async def test_a_sound_ledger_is_sound_and_a_flipped_byte_is_named(
    tmp_path: Path, capsys: Capture
) -> None:
    database = await installation(tmp_path)
    where = ["--folder", str(tmp_path)]
    assert run(["ledger", "fsck", *where]) == 0
    assert "everything is as they make it" in capsys.readouterr().out
    raw = database.read_bytes()
    place = raw.index(b'"seller-wallet"')
    database.write_bytes(raw[: place + 1] + b"S" + raw[place + 2 :])
    assert run(["ledger", "fsck", "--output", "json", *where]) == 1
    told = capsys.readouterr()
    assert json.loads(told.err)["code"] == "LQ-DAMAGED"
    assert json.loads(told.out)["findings"]


async def test_a_forged_checkpoint_and_a_ledger_that_lost_its_end_are_named(
    tmp_path: Path, capsys: Capture
) -> None:
    database = await installation(tmp_path)
    where = ["--folder", str(tmp_path)]
    assert run(["ledger", "export", str(tmp_path / "out"), *where]) == 0
    journal = Journal.open(SqliteStore(database), SetClock())
    head = journal.head
    thief = make_ed25519(tmp_path / "thief.pem")
    checkpoint = Checkpoint("localhost/test", head.seq, bytes.fromhex(head.root))
    await journal.keep_checkpoint(head.seq, sign(checkpoint, thief))  # all true, but who signed
    await journal.close()
    vkey = ["--vkey", str(tmp_path / "out" / "vkey")]
    for how in ([], vkey):
        capsys.readouterr()
        assert run(["ledger", "fsck", "--output", "json", *how, *where]) == 1
        (finding,) = json.loads(capsys.readouterr().out)["findings"]
        assert finding["what"] == "checkpoint"
        assert "no known key signed it" in finding["why"]
    (tmp_path / "lianqiao.toml").unlink()
    assert run(["ledger", "fsck", *vkey, *where]) == 1
    assert run(["ledger", "fsck", *where]) == 0  # and it says that it looked at no signature
    assert "--vkey" in capsys.readouterr().err
    for size, why in ((head.seq + 3, "an older copy"), (head.seq, "another root")):
        (tmp_path / "data" / "sealed.mark").write_text(f"{size} {'ab' * 32}", "ascii")
        assert run(["ledger", "fsck", *where]) == 1
        assert why in capsys.readouterr().out


def test_settings_are_checked_with_the_key_and_the_nearest_spelling(
    tmp_path: Path, capsys: Capture
) -> None:
    file = tmp_path / "lianqiao.toml"
    file.write_text("[ledger]\nseal_every_ms = 500\n", "utf-8")
    assert run(["config", "check", str(file)]) == 0
    assert run(["config", "show", str(file)]) == 0
    assert "ledger.seal_every_ms = 500" in capsys.readouterr().out
    file.write_text("[ledger]\nseal_evry_ms = 500\n", "utf-8")
    assert run(["config", "check", str(file)]) == 2
    assert "seal_every_ms" in capsys.readouterr().err
    assert run(["config", "check", str(tmp_path / "none.toml")]) == 2
    file.write_text('[network.sz]\nadapter = "memory"\nnetwork = "memory:sz"\n', "utf-8")
    assert run(["config", "check", str(file)]) == 2, "an adapter's own settings are looked at too"
    assert "network.sz" in capsys.readouterr().err


def test_a_token_is_shown_once_and_only_its_hash_is_kept(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "data").mkdir()
    where = ["--folder", str(tmp_path)]
    assert run(["token", "create", "--person", "li.wei", "--role", "operator", *where]) == 0
    text = capsys.readouterr().out.strip()
    assert text.startswith("lq_")
    file = tmp_path / "data" / "tokens.json"
    assert text not in file.read_text("utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    tokens = Tokens(file)
    found = tokens.find(text, Instant(0))
    assert found is not None
    assert (found.person, found.roles) == ("li.wei", ("operator",))
    assert run(["token", "list", "--output", "json", *where]) == 0
    name = json.loads(capsys.readouterr().out)["items"][0]["id"]
    assert run(["token", "revoke", name, *where]) == 0
    assert tokens.find(text, Instant(0)) is None  # seen by a daemon that has the file open
    assert run(["token", "revoke", name, *where]) == 3
    assert run(["token", "create", "--person", "x", "--role", "king", *where]) == 2
    assert run(["token", "list", "--folder", str(tmp_path / "data" / "x")]) == 2


def test_a_pack_is_checked_without_a_daemon(tmp_path: Path, capsys: Capture) -> None:
    file = tmp_path / "pack.json"
    file.write_bytes(canonical(pack_value()))
    assert run(["rules", "check", str(file)]) == 0
    assert " loads: " in capsys.readouterr().out
    file.write_text("{}", "utf-8")
    assert run(["rules", "check", str(file)]) == 2


def test_down_without_a_daemon_is_6_and_touches_no_process(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "lianqiao.pid").write_text("1", "ascii")  # a number alone is no daemon
    assert run(["down", "--folder", str(tmp_path)]) == 6
    assert "no daemon runs" in capsys.readouterr().err
