"""The first start on a bare machine that has bad luck: it works, or says why and what to type."""

import os
import pty
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.locks.lock import lock_id
from tests.bootstrap.conftest import BASE, Place
from tests.bootstrap.test_main import put_uv
from tests.cli.small_disk import may_mount, on_a_disk

OLD = ("3.6", "3.10")
LOUD = """#!{python}
import sys
for number in range(200):
    print("Downloading", "x" * 150, number, flush=True)
sys.exit(1)
"""


def bare(place: Place, **changes: str) -> dict[str, str]:
    """The surroundings of a newcomer: a home, a path, and nothing of ours named."""
    given = {name: word for name, word in place.environment().items() if name != "LIANQIAO_CACHE"}
    return {**given, "PIP_RETRIES": "1", **changes}


def started(
    command: list[str], place: Place, surroundings: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=place.tree,
        env=surroundings,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def told_why(run: subprocess.CompletedProcess[str], code: int) -> tuple[str, str]:
    """The sentence and the next command, which are all that stands at the end."""
    assert (run.returncode, run.stdout.strip()) == (code, ""), run.stderr
    assert "Traceback" not in run.stderr
    sentence, following = run.stderr.rstrip().splitlines()[-2:]
    assert sentence.startswith("lianqiao: ")
    assert following.startswith("next: ")
    return sentence, following


def test_a_home_that_nobody_may_write_is_named_and_another_folder_serves(place: Place) -> None:
    home = place.root / "read-only"
    may_mount(home)
    command = on_a_disk(
        home, "ro,size=1m", *place.command("--offline", "--wheels", str(place.wheels))
    )
    sentence, following = told_why(started(command, place, bare(place, HOME=str(home))), 1)
    assert f"{home}/.cache/lianqiao: " in sentence
    assert "Read-only file system" in sentence
    assert following.startswith("next: set LIANQIAO_CACHE to a folder")
    other = {"HOME": str(home), "LIANQIAO_CACHE": str(place.home)}
    run = started(command, place, bare(place, **other))
    assert str(place.home) in str(place.told(run)["prefix"])


def test_a_disk_that_gets_full_is_named_and_holds_no_half_an_environment(place: Place) -> None:
    home = place.root / "small"
    may_mount(home)
    command = on_a_disk(
        home, "size=40k", *place.command("--offline", "--wheels", str(place.wheels))
    )
    run = started(command, place, bare(place, LIANQIAO_CACHE=str(home)))
    assert run.returncode == 1
    assert ".building-" not in run.stdout
    assert "No space left on device" in run.stderr.splitlines()[-2]
    assert run.stderr.splitlines()[-1].startswith("next: set LIANQIAO_CACHE")


def test_without_a_network_it_says_so_and_how_to_do_without(place: Place) -> None:
    alone = ["unshare", "-rn"]
    if subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace of our own here")
    surroundings = bare(place, PIP_INDEX_URL="https://pypi.org/simple")
    run = started([*alone, *place.command()], place, surroundings)
    sentence, following = told_why(run, 6)
    assert "The package index cannot be reached: " in sentence
    assert "--offline --wheels DIR" in following


@pytest.mark.parametrize(
    "locale",
    [
        {"LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"LANG": "zh_CN.UTF-8"},
        {"NO_COLOR": "1", "TERM": "dumb"},
        {},
    ],
    ids=["c", "posix", "hanzi", "no colour", "none"],
)
def test_no_locale_is_needed_and_folders_may_have_any_name(
    place: Place, locale: dict[str, str]
) -> None:
    """In a home named in Hanzi, and where the environment cannot be made: both are said."""
    home = place.root / "連橋"
    home.mkdir()
    offline = place.command("--offline", "--wheels", str(place.wheels), "status")
    made = started(offline, place, bare(place, HOME=str(home), **locale))
    assert made.returncode == 0, made.stderr
    name = lock_id(place.tree / "bridge" / "locks" / "core.txt")
    assert (home / ".cache" / "lianqiao" / name).is_dir()
    (home / "file").touch()
    refused = started(offline, place, bare(place, HOME=str(home / "file"), **locale))
    told_why(refused, 1)


@pytest.mark.parametrize("plain", [{}, {"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_what_is_drawn_fits_eighty_columns_and_nothing_is_drawn_where_it_may_not(
    place: Place, plain: dict[str, str]
) -> None:
    place.tool("uv", LOUD.format(python=BASE))
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        place.command("--offline", "--wheels", str(place.wheels)),
        cwd=place.tree,
        env={**place.environment(), "TERM": "xterm", **plain},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    ) as run:
        os.close(theirs)
        said = b""
        with suppress(OSError):  # the end of a terminal
            while more := os.read(ours, 65_536):
                said += more
        os.close(ours)
        assert run.wait(120) == 0
    drawn = re.findall(rb"\r\x1b\[K(Downloading[^\r\n]*)", said)
    assert bool(drawn) is not bool(plain)
    assert (b"\x1b" in said) is not bool(plain)
    assert all(len(one) < 80 for one in drawn)


@pytest.mark.parametrize("version", OLD)
def test_an_old_python_of_this_machine_says_that_it_is_too_old(place: Place, version: str) -> None:
    known = [str(one) for one in Path.home().glob(f".pyenv/versions/{version}.*/bin/python")]
    python = next(iter(known), None) or shutil.which(f"python{version}")
    if python is None:
        pytest.skip(f"no Python {version} here")
    run = started(place.command(python=python), place, bare(place))
    sentence, following = told_why(run, 2)
    assert f"needs Python 3.11 or newer; this is {version}." in sentence
    assert "python3.11" in following
    assert place.environments() == []


def running(place: Place) -> list[str]:
    """What runs with this place's folder as its home."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "environ").read_bytes().split(b"\0")
            if f"HOME={place.root}".encode() in words:
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [one for one in found if one]


@pytest.mark.parametrize("to_all", [True, False], ids=["terminal", "kill"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("after_s", [0.0, 0.7])
def test_it_is_stopped_while_it_makes_its_environment_and_nothing_is_left(
    place: Place, *, to_all: bool, number: signal.Signals, after_s: float
) -> None:
    """A terminal's Ctrl-C meets all, `kill` meets one: neither leaves an installer behind."""
    log = put_uv(place, pause=60)
    with subprocess.Popen(
        place.command("--offline", "--wheels", str(place.wheels)),
        cwd=place.tree,
        env=place.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - nohup ignores it
    ) as start:
        until = time.monotonic() + 60
        while not list(place.home.glob("*.building-*")) and time.monotonic() < until:
            time.sleep(0.01)  # from here on it is venv, then uv, that it waits for
        while after_s and not log.exists() and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(after_s / 10)
        (os.killpg if to_all else os.kill)(start.pid, number)
        _, said = start.communicate(timeout=30)
    assert start.returncode == 130, said
    assert "Traceback" not in said
    assert place.environments() == []
    time.sleep(0.2)
    assert running(place) == []
    put_uv(place)
    assert place.told(place.start())["probe"] == "1.0"


def test_the_folder_of_an_installation_is_none_of_environments(place: Place) -> None:
    """LIANQIAO_HOME is backed up; what can be made again does not lie in it."""
    home = place.root / "installation"
    place.settings = {"LIANQIAO_HOME": str(home)}
    assert str(place.home) in str(place.told(place.start())["prefix"])
    assert not home.exists()
