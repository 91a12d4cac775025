"""What is broken is named with what mends it, and what rests on it is not asked."""

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge.cli import run
from bridge.cli.doctor import CHECKS, Found, Ground, examined, lines
from bridge.cli.link import DEMO, Doc
from bridge.settings import parse
from tests.cli.test_up import daemon, installation

Capture = pytest.CaptureFixture[str]
NOW = 1_800_000_000_000


OPEN = {"id": "sz-hk", "state": "open", "why": "", "remedy": ""}
SHORT = {**OPEN, "state": "shut", "why": "LQ-LOCK-LIFE: lapse_ms: half", "remedy": "live longer"}


def status(**changes: object) -> Doc:
    """A daemon that does well."""
    well: dict[str, object] = {
        "ready": True,
        "version": "1",
        "up_s": "7",
        "entries": "9",
        "sealed": "9",
        "last_entry": "2027-01-15T07:59:59Z",
        "lanes": [OPEN],
        "doors": [{"id": "memory:hk", "away": ""}],
        "lists": [{"name": "house", "age_s": "60"}],
        "alarms": [],
    }
    return Doc({**well, **changes})  # type: ignore[dict-item]  # as the wire has it


def well(folder: Path) -> Ground:
    """An installation with nothing wrong."""
    (folder / "keys").mkdir()
    for name in ("fingerprint.key", "log.pem"):
        file = folder / "keys" / name
        file.touch(mode=0o600)
    return Ground(folder, parse({}, "a test"), "", status(), "", NOW)


def only(found: list[Found], *results: str) -> dict[str, Found]:
    return {one.name: one for one in found if one.result in results}


def test_an_installation_that_does_well_says_so(tmp_path: Path) -> None:
    found = examined(well(tmp_path))
    assert only(found, "fail", "warn", "skip") == {} or set(only(found, "warn")) == {"disk"}
    assert len({one.name for one in found}) >= len(CHECKS)


def _mode(seen: Ground, mode: int) -> Ground:
    (seen.folder / "keys" / "log.pem").chmod(mode)
    return seen


def _gone(seen: Ground) -> Ground:
    (seen.folder / "keys" / "log.pem").unlink()
    return seen


def _later(seen: Ground, told: Doc) -> Ground:
    return replace(seen, status=told, now_ms=NOW + 120_000)


def _certificate(seen: Ground) -> Ground:
    return replace(seen, settings=parse({"api": {"tls_certificate": "no.pem"}}, "a test"))


Break = Callable[[Ground], Ground]
CASES: dict[str, tuple[str, str, Break]] = {
    "readable": ("fail", "files", lambda seen: _mode(seen, 0o644)),
    "gone": ("fail", "files", _gone),
    "read only": (
        "fail",
        "ledger",
        lambda seen: replace(
            seen, status=status(ready=False, alarms=["ledger.read_only: entry 7"])
        ),
    ),
    "behind": ("fail", "clock", lambda seen: replace(seen, now_ms=NOW - 60_000)),
    "unsealed": ("warn", "ledger", lambda seen: _later(seen, status(sealed="3"))),
    "away": (
        "fail",
        "wire memory:hk",
        lambda seen: replace(seen, status=status(doors=[{"id": "memory:hk", "away": "silent"}])),
    ),
    "none": ("warn", "wires", lambda seen: replace(seen, status=status(doors=[]))),
    "old list": (
        "warn",
        "list house",
        lambda seen: replace(seen, status=status(lists=[{"name": "house", "age_s": "90000"}])),
    ),
    "paused": (
        "warn",
        "lane sz-hk",
        lambda seen: replace(seen, status=status(lanes=[{**OPEN, "state": "paused"}])),
    ),
    "locks too short": (
        "warn",
        "lane sz-hk",
        lambda seen: replace(seen, status=status(lanes=[SHORT])),
    ),
    "alarm": ("warn", "alarm", lambda seen: replace(seen, status=status(alarms=["hold.refused"]))),
    "certificate": ("fail", "certificate", _certificate),
    "full": ("fail", "disk", lambda seen: seen),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_named_with_what_mends_it(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, name, broken = CASES[case]
    if case == "full":
        usage = (1 << 40, 1 << 40, 4096)
        monkeypatch.setattr(shutil, "disk_usage", lambda _: os_usage(*usage))
    found = examined(broken(well(tmp_path)))
    assert only(found, result)[name].remedy
    said = next(one for one in lines(found) if one.split()[1] == name.split()[0])
    assert "fix: " in said


def os_usage(total: int, used: int, free: int) -> object:
    return SimpleNamespace(total=total, used=used, free=free)


def test_what_rests_on_what_failed_is_not_asked(tmp_path: Path) -> None:
    seen = replace(well(tmp_path), settings=None, unread="unknown key", status=None, down="no")
    found = examined(seen)
    assert set(only(found, "fail")) == {"settings"}
    assert set(only(found, "skip")) == set(CHECKS) - {"python", "settings"}


def test_a_running_one_does_well_and_a_stopped_one_is_down(tmp_path: Path, capsys: Capture) -> None:
    where = installation(tmp_path / "here")
    capsys.readouterr()
    assert run(["doctor", *where]) == 6
    said = capsys.readouterr()
    assert "fail  daemon" in said.out
    assert "skip  ledger" in said.out
    assert "next: lianqiao up" in said.err
    (tmp_path / "here" / DEMO).touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["bridge/__main__.py"])
        assert run(["doctor", *where]) == 6
    said = capsys.readouterr()
    following = f"python3 -m bridge demo --keep {tmp_path / 'here'}"
    assert f"fix: {following}" in said.out, "as it was typed, and with a demo's networks"
    assert f"next: {following}" in said.err
    (tmp_path / "here" / DEMO).unlink()
    with daemon(where):
        assert run(["doctor", "-o", "json", *where]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["schema"] == "lianqiao.doctor/1"
        assert {one["name"] for one in told["checks"]} >= {"files", "ledger", "clock"}
    key = tmp_path / "here" / "keys" / "log.pem"
    key.chmod(0o640)
    assert run(["doctor", *where]) == 1
    assert f"chmod 600 {key}" in capsys.readouterr().out
