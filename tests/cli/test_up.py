"""The daemon as a person runs it: up, looked at, told to stop; and one an installation."""

import fcntl
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from bridge.cli import run
from bridge.cli.up import LOCK, _locked

LIANQIAO = "import sys; from bridge.cli import main; main()"
Capture = pytest.CaptureFixture[str]


def installation(folder: Path) -> list[str]:
    """A founded installation that listens on a socket of its own; return how to name it."""
    assert run(["init", str(folder)]) == 0
    config = folder / "lianqiao.toml"
    lines = config.read_text("utf-8").splitlines()
    lines = ['listen = "unix:api.sock"' if one.startswith("listen") else one for one in lines]
    config.write_text("\n".join(lines), "utf-8")
    file = folder / "data" / "client.json"
    client = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**client, "url": "unix:api.sock"}), "utf-8")
    return ["--folder", str(folder)]


@contextmanager
def daemon(where: list[str]) -> Iterator[subprocess.Popen[str]]:
    """A daemon that has said it is ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", LIANQIAO, "up", *where],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert child.stdout is not None
        with child.stdout:
            assert child.stdout.readline().startswith("ready ")
            yield child
    finally:
        child.kill()
        child.wait(20)


def test_it_comes_up_answers_and_goes_down_once(tmp_path: Path, capsys: Capture) -> None:
    where = installation(tmp_path / "here")
    capsys.readouterr()
    assert run(["status", *where]) == 6
    with daemon(where) as child:
        assert run(["status", *where]) == 0
        assert "ready up " in capsys.readouterr().out
        assert run(["ls", "persons", *where]) == 0
        second = subprocess.run(
            [sys.executable, "-c", LIANQIAO, "up", *where],
            check=False,
            capture_output=True,
            text=True,
        )
        assert second.returncode == 1
        assert "LQ-RUNNING" in second.stderr
        assert run(["down", *where]) == 0
        assert child.wait(20) == 0
    assert not list((tmp_path / "here").rglob("lianqiao.pid"))
    assert run(["down", *where]) == 6
    assert run(["ledger", "fsck", *where]) == 0


def test_a_file_that_is_missing_is_named_and_is_no_address_in_use(tmp_path: Path) -> None:
    where = installation(tmp_path / "here")
    (key,) = (tmp_path / "here").rglob("fingerprint*")
    key.unlink()
    up = [sys.executable, "-c", LIANQIAO, "up", *where]
    ended = subprocess.run(up, check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert "LQ-FILE" in ended.stderr
    assert key.name in ended.stderr
    assert "address" not in ended.stderr
    assert "lianqiao doctor" in ended.stderr


def test_a_setting_is_explained_with_or_without_its_instance_and_a_section_by_its_keys(
    capsys: Capture,
) -> None:
    for named in ("lane.rail", "lane.sz-hk.rail"):
        assert run(["config", "explain", named]) == 0
        assert capsys.readouterr().out.startswith("lane.rail = ")
    assert run(["config", "explain", "lane", "-o", "csv"]) == 0, "a section lists its keys"
    listed = capsys.readouterr().out
    assert "\nlane.rail," in listed
    assert not re.search("^(?!key|lane)", listed.strip(), re.MULTILINE)
    for unknown in ("network.window_ms", "api.x.listen", "nothing"):
        assert run(["config", "explain", unknown]) == 3
        said = capsys.readouterr().err
        assert "an adapter's own: those stand in its README" in said
        following = said.rpartition("next: lianqiao ")[2].split()
        assert run(following) == 0, "it is a command"
        capsys.readouterr()


def test_an_address_that_is_taken_is_named_with_who_has_it(tmp_path: Path) -> None:
    where = installation(tmp_path / "here")
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        listen = f"tcp:127.0.0.1:{theirs.getsockname()[1]}"
        config = tmp_path / "here" / "lianqiao.toml"
        config.write_text(config.read_text("utf-8").replace("unix:api.sock", listen), "utf-8")
        up = [sys.executable, "-c", LIANQIAO, "up", *where]
        ended = subprocess.run(up, check=False, capture_output=True, text=True, timeout=60)
    error, cause, following = ended.stderr.splitlines()[-3:]
    assert (ended.returncode, ended.stdout) == (6, "")
    assert error.startswith(f"error LQ-LISTEN: the daemon cannot listen at {listen}: ")
    assert f"(process {os.getpid()}) listens there" in cause
    assert following == "next: lianqiao config explain api.listen"
    assert run(["config", "explain", "api.listen"]) == 0, "it is a command"
    assert not list((tmp_path / "here").rglob("lianqiao.pid"))


def test_a_ledger_of_another_release_is_called_that_and_not_damaged(
    tmp_path: Path, capsys: Capture
) -> None:
    where = installation(tmp_path / "here")
    file = tmp_path / "here" / "data" / "ledger.db"
    older = sqlite3.connect(file, isolation_level=None)
    older.execute("DROP TABLE side")
    older.execute(
        "CREATE TABLE side (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID"
    )
    older.execute("PRAGMA user_version = 2")
    older.close()
    before = file.read_bytes()
    capsys.readouterr()
    assert run(["up", *where]) == 1
    said = capsys.readouterr().err
    assert "LQ-LEDGER-LAYOUT" in said
    assert "version 2" in said
    assert "the release that wrote it" in said
    assert "fsck" not in said
    assert run(["ledger", "fsck", *where]) != 0
    told = capsys.readouterr()
    assert "version 2, this release reads 3 only" in told.out + told.err
    assert file.read_bytes() == before


def test_an_interrupt_stops_it_too(tmp_path: Path) -> None:
    where = installation(tmp_path / "here")
    with daemon(where) as child:
        child.send_signal(signal.SIGINT)
        assert child.wait(20) in {0, 130}


def test_who_waited_for_a_file_that_was_taken_away_holds_the_one_that_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, lock, waited = tmp_path / LOCK, fcntl.flock, list[int]()

    def ended_meanwhile(held: TextIO, how: int) -> None:
        if not waited:
            file.unlink()
        waited.append(how)
        lock(held, how)

    monkeypatch.setattr("bridge.cli.up.fcntl.flock", ended_meanwhile)
    with _locked(file) as held:
        assert len(waited) == 2
        assert file.stat().st_ino == os.fstat(held.fileno()).st_ino
