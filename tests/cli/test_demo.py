"""The demo as a newcomer runs it: stories end as told, a killed daemon comes back, one runs."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.cli.demo import MARK

TREE = Path(__file__).resolve().parents[2]
ENDS = {
    "clean": "settled",
    "home": "settled",
    "free-of-payment": "settled",
    "not-filed": "rejected",
    "quota": "rejected",
    "name-hit": "settled",
    "time-out": "released",
    "listed-while-locked": "settled",
    "recalled": "released",
    "recalled-too-late": "settled",
    "returned": "released",
    "second-pledge": "settled",
    "two-lots": "settled",
    "killed": "settled",
}
OF_A_BANK = {"bank-killed": "settled"}


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the demo, its temporary files in a folder of the test's own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", *words],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def stories(folder: Path, *words: str) -> dict[str, str]:
    with started(folder, "--once", "--output", "json", *words) as run:
        out, said = run.communicate(timeout=240)
    assert run.returncode == 0, said
    document = json.loads(out)
    assert document["schema"] == "lianqiao.demo/1"
    assert all(isinstance(one["seconds"], float) for one in document["stories"])
    assert all(len(one["settlement"]) == 26 for one in document["stories"])
    return {one["name"]: one["stage"] for one in document["stories"]}


def test_a_story_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    assert stories(tmp_path, "--wires", "memory", "--story", "clean") == {"clean": "settled"}
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("wires", "more"), [("embedded", OF_A_BANK), ("memory", {})])
def test_every_story_ends_as_told(tmp_path: Path, wires: str, more: dict[str, str]) -> None:
    assert stories(tmp_path, "--wires", wires) == ENDS | more


def masked(line: str) -> str:
    """A line of the demo's without what differs from run to run."""
    line = re.sub(r"/[\w/.-]*/[\w.-]+", "DIR", re.sub(r"http://localhost:\d+", "URL", line))
    line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UETR", line)
    return re.sub(r"\s+\d+\.\d s", " 0 s", re.sub(r"kill -9 \d+", "kill -9 N", line)).rstrip()


def shown_in_the_readme() -> list[str]:
    """What the README shows of a demo that goes on, the stories between left out."""
    text = (TREE / "README.md").read_text("utf-8")
    (block,) = re.findall(r"^```\n(the daemon answers.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [masked(line) for line in block.splitlines() if line != "…"]


def test_the_readme_names_every_story_and_is_short() -> None:
    text = (TREE / "README.md").read_text("utf-8")
    table = text.partition("| story | ends |")[2].partition("\n\n")[0]
    named = {
        name
        for row in table.splitlines()[2:]
        for name in re.findall(r"`([a-z-]+)`", row.split("|")[1])
    }
    assert named == set(ENDS | OF_A_BANK)
    assert len(text.splitlines()) <= 200


def read_until(run: subprocess.Popen[str], seen: Callable[[str], bool]) -> list[str]:
    assert run.stdout is not None
    lines: list[str] = []
    for line in run.stdout:
        lines.append(line)
        if seen(line):
            return lines
    raise AssertionError("".join(lines))


def is_held(file: Path) -> bool:
    with file.open() as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_daemon_killed_by_hand_comes_back_and_goes_on(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    with started(tmp_path, "--wires", "memory", "--story", "clean", "--keep", str(keep)) as run:
        try:
            told = read_until(run, lambda line: line.startswith("stop"))
            assert [masked(line) for line in told] == shown_in_the_readme()
            said = "".join(told)
            number = re.search("kill -9 ([0-9]+)", said)
            assert number is not None, said
            again = subprocess.run(
                [sys.executable, "-m", "bridge", "demo"],
                cwd=TREE,
                env={**os.environ, "TMPDIR": str(tmp_path)},
                capture_output=True,
                text=True,
                check=True,
                timeout=30,
            )
            assert "runs already" in again.stdout
            assert "http://localhost:" in again.stdout
            os.kill(int(number[1]), signal.SIGKILL)
            read_until(run, lambda line: "is back" in line)
            read_until(run, lambda line: line.startswith("clean") and "settled" in line)
        finally:
            run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 0
    assert not is_held(keep / "data" / "lianqiao.pid")


@pytest.mark.parametrize(
    ("words", "says"),
    [(["--story", "nothing"], "no story nothing"), (["--reset"], "name it")],
)
def test_a_wrong_wish_changes_nothing(tmp_path: Path, words: list[str], says: str) -> None:
    with started(tmp_path, *words) as run:
        _, said = run.communicate(timeout=30)
    assert (run.returncode, says in said) == (2, True), said
    assert not list(tmp_path.iterdir())


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "ledger.db").write_text("precious")
    with started(tmp_path, "--once", "--keep", str(theirs), "--reset") as run:
        _, said = run.communicate(timeout=30)
    assert run.returncode == 2, said
    assert (theirs / "ledger.db").read_text() == "precious"


def test_the_folder_of_a_running_demo_is_left_alone(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    keep.mkdir()
    (keep / MARK).touch()
    (keep / "ledger.db").write_text("in use")
    with (keep / MARK).open("ab") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        with started(tmp_path, "--once", "--keep", str(keep), "--reset") as run:
            _, said = run.communicate(timeout=30)
    assert (run.returncode, "a demo runs in" in said) == (2, True), said
    assert (keep / "ledger.db").read_text() == "in use"
