"""A new installation is whole or is not there, whatever the machine does meanwhile."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.api import tokens
from bridge.cli import found, run
from bridge.cli.machine import HALF_MADE
from bridge.notary import keys
from tests.cli.small_disk import may_mount, on_a_disk

LIANQIAO = (sys.executable, "-c", "import sys; from bridge.cli import main; main()")
Capture = pytest.CaptureFixture[str]
WHOLE = ["data", "keys", "lianqiao.toml"]


def held(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def init(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*LIANQIAO, "init", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("size=4k", "full"),  # not even a key
        ("size=64k", "full"),  # the ledger is not begun
        ("size=88k", "full"),  # the ledger is begun
        ("size=128k", "full"),  # half a first group
        ("size=1m,ro", "read-only"),
    ],
)
def test_a_disk_that_takes_no_installation_is_named_and_keeps_no_half_of_one(
    tmp_path: Path, options: str, says: str
) -> None:
    disk = tmp_path / "disk"
    may_mount(disk)
    command = on_a_disk(disk, options, *LIANQIAO, "init", str(disk / "new" / "here"))
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert made.returncode == 1, made.stderr
    assert made.stdout == "", "something was left"
    error, cause, following = made.stderr.splitlines()
    assert error.startswith(("error LQ-FILE: ", "error LQ-LEDGER: "))
    assert str(disk) in error
    assert (cause.startswith("cause: "), says in cause) == (True, True), cause
    assert following.startswith("next: lianqiao init DIR")


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.1, 0.25, 0.35, 0.45])
def test_it_is_stopped_at_any_moment_and_is_whole_or_not_there(
    tmp_path: Path, asked: signal.Signals, after_s: float
) -> None:
    folder = tmp_path / "new" / "here"
    with init(folder) as child:
        time.sleep(after_s)
        child.send_signal(asked)
        out, err = child.communicate(timeout=60)
    assert "Traceback" not in err or not folder.parent.exists(), err  # Python itself was starting
    if out.startswith("made "):  # the signal may still meet Python itself, ending
        assert held(folder) == WHOLE
    else:
        assert child.returncode
        assert not folder.parent.exists(), out


def test_it_is_stopped_between_any_two_files_and_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a person's Ctrl-C meets in time, at each file that is written durably."""
    write, left = keys.write_durably, 0

    def interrupted(file: Path, data: bytes, *, new: bool = False) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGINT)
        write(file, data, new=new)

    for place in (keys, found, tokens):
        monkeypatch.setattr(place, "write_durably", interrupted)
    handler = signal.getsignal(signal.SIGINT)
    for at in range(1, 40):
        left, folder = at, tmp_path / f"{at}" / "here"
        code = run(["init", str(folder)])
        assert signal.getsignal(signal.SIGINT) is handler
        if code == 0:
            assert at > 10, "nothing was met"
            assert held(folder) == WHOLE
            return
        assert (code, folder.parent.exists()) == (130, False)
    raise AssertionError("it never ended")


def killed_at(folder: Path, number: int) -> int:
    """Run an init that is killed before its file of a number is written; return how it ended."""
    code = (
        "import os, signal, sys\n"
        "from bridge.notary import keys\n"
        "write, left = keys.write_durably, int(sys.argv[1])\n"
        "def killed(file, data, *, new=False):\n"
        "    global left\n"
        "    left -= 1\n"
        "    if not left:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    write(file, data, new=new)\n"
        "keys.write_durably = killed\n"
        "sys.argv[1:] = ['init', sys.argv[2]]\n"
        "from bridge.cli import main\n"
        "main()\n"
    )
    words = [sys.executable, "-c", code, str(number), str(folder)]
    return subprocess.run(words, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.parametrize("number", [1, 4, 9, 17])
def test_what_one_that_was_killed_left_is_cleared_by_the_next(
    tmp_path: Path, capsys: Capture, number: int
) -> None:
    folder = tmp_path / "here"
    assert killed_at(folder, number) == -signal.SIGKILL
    assert HALF_MADE in held(folder)
    for command in (["up", "--folder", str(folder)], ["doctor", "--folder", str(folder)]):
        assert run(command)
        assert f"lianqiao init {folder}" in capsys.readouterr().err
    assert run(["init", str(folder)]) == 0
    assert held(folder) == WHOLE
    assert run(["ledger", "fsck", "--folder", str(folder)]) == 0


def test_what_somebody_put_beside_half_of_one_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    assert killed_at(folder, 4) == -signal.SIGKILL
    (folder / "precious").write_text("theirs")
    before = held(folder)
    assert run(["init", str(folder)]) == 2
    assert held(folder) == before


def test_two_at_once_make_one_installation(tmp_path: Path, capsys: Capture) -> None:
    folder = tmp_path / "here"
    with init(folder) as one, init(folder) as another:
        told = [child.communicate(timeout=60)[1] for child in (one, another)]
    assert sorted((one.returncode, another.returncode)) == [0, 2], told
    assert any("LQ-FOLDER" in text and "next: lianqiao init NEW_FOLDER" in text for text in told)
    assert held(folder) == WHOLE
    assert run(["ledger", "fsck", "--folder", str(folder)]) == 0
    capsys.readouterr()


def test_what_lies_in_a_folder_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("theirs")
    assert run(["init", str(tmp_path)]) == 2
    assert [one.read_text() for one in tmp_path.iterdir()] == ["theirs"]


def test_who_fills_the_folder_now_is_left_alone(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with init(tmp_path) as child:
            _, err = child.communicate(timeout=60)
        assert (child.returncode, "another start" in err) == (2, True), err
    finally:
        os.close(handle)
    assert not list(tmp_path.iterdir())
