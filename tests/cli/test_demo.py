"""The demo as a newcomer runs it: stories end as told, a killed daemon comes back, one runs."""

import asyncio
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import pytest

from bridge.cli import demo
from bridge.cli import run as run_main
from bridge.cli.demo import MARK, PAUSE_S, free_address
from bridge.cli.drawing import Show, ticking
from bridge.notary.entries import read
from bridge.notary.store.sqlite import SqliteReader

TREE = Path(__file__).resolve().parents[2]
IN_A_ROW, BAR_S = 10, 300  # of all embedded stories, and within how long each time
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
OF_A_WIRE = {"gateway-killed": "settled", "chain-killed": "settled", "bank-killed": "settled"}
OF_INSTRUMENTS = {"permissioned-token": "settled", "title": "settled"}  # on real wires


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


def left(folder: Path) -> list[str]:
    """What runs with its temporary files in a folder."""
    running = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                running.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [one for one in running if one]  # a process without words has ended


def nothing_runs(folder: Path) -> None:
    until = time.monotonic() + 15
    while left(folder):
        assert time.monotonic() < until, left(folder)
        time.sleep(0.1)


def stories(folder: Path, *words: str, within_s: int = 240) -> dict[str, str]:
    with started(folder, "--once", "--output", "json", *words) as run:
        out, said = run.communicate(timeout=within_s)
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
@pytest.mark.parametrize(("wires", "more"), [("embedded", OF_A_WIRE), ("memory", {})])
def test_every_story_ends_as_told(tmp_path: Path, wires: str, more: dict[str, str]) -> None:
    assert stories(tmp_path, "--wires", wires) == ENDS | more


@pytest.mark.long
def test_every_embedded_story_ends_as_told_ten_times_in_a_row(tmp_path: Path) -> None:
    for number in range(IN_A_ROW):
        folder = tmp_path / str(number)
        folder.mkdir()
        told = stories(folder, "--wires", "embedded", within_s=BAR_S)
        assert told == ENDS | OF_A_WIRE, f"run {number + 1} of {IN_A_ROW}"
        nothing_runs(folder)
        assert not list(folder.iterdir()), "a demo that stops leaves no folder"


def masked(line: str) -> str:
    """A line of the demo's without what differs from run to run."""
    line = re.sub(r"/[\w/.-]*/[\w.-]+", "DIR", re.sub(r"http://localhost:\d+", "URL", line))
    line = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UETR", line)
    line = re.sub(r"any of .*", "any of NUMBERS", line)
    return re.sub(r"\s+\d+\.\d s", " 0 s", line).rstrip()


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
    assert named == set(ENDS | OF_A_WIRE | OF_INSTRUMENTS)
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


def test_what_is_killed_by_hand_comes_back_and_the_readme_says_what_is_shown(
    tmp_path: Path,
) -> None:
    words = ["--wires", "memory", "--speed", "100"]
    for story in ("clean", "name-hit", "time-out", "killed"):
        words += ["--story", story]
    with started(tmp_path, *words) as run:
        try:
            told = read_until(run, lambda line: line.startswith("stop"))
            lines, shown = [masked(line) for line in told], shown_in_the_readme()
            assert lines[:2] + lines[-len(shown) + 2 :] == shown
            began = time.monotonic()
            read_until(run, lambda line: line.startswith("clean") and "settled" in line)
            assert time.monotonic() - began < PAUSE_S
            numbers = dict(re.findall(r"([0-9]+) \(([a-z]+)\)", "".join(told)))
            assert set(numbers.values()) == {"daemon", "world"}
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
            for number, name in numbers.items():
                os.kill(int(number), signal.SIGKILL)
                read_until(run, lambda line, name=name: f"the {name} is back" in line)  # type: ignore[misc]
                read_until(run, lambda line: line.startswith("clean") and "settled" in line)
        finally:
            run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 0
    nothing_runs(tmp_path)
    assert not list(tmp_path.glob("lianqiao-*/"))


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("after_s", [0.2, 0.7, 1.3])
def test_it_is_stopped_at_any_moment_and_nothing_is_left(
    tmp_path: Path, asked: signal.Signals, after_s: float
) -> None:
    keep = tmp_path / "kept"
    words = ["--keep", str(keep)] if asked == signal.SIGINT else []
    with started(tmp_path, "--wires", "channel", *words) as run:
        time.sleep(after_s)  # while it imports, starts its wires, its daemon
        run.send_signal(asked)
        out, said = run.communicate(timeout=30)
    assert "clean" not in out, "it was to be stopped before it told anything"
    assert "Traceback" not in said, said
    nothing_runs(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_it_says_where_it_answers_as_soon_as_it_does_and_half_made_it_is_not_kept(
    tmp_path: Path,
) -> None:
    keep = tmp_path / "kept"
    with started(tmp_path, "--keep", str(keep)) as run:
        read_until(run, lambda line: line.startswith("the daemon answers"))
        assert not (keep / MARK).read_text(), "its registers are still being made"
        run.send_signal(signal.SIGINT)
        out, said = run.communicate(timeout=30)
    assert ("clean" in out, "Traceback" in said) == (False, False), said
    nothing_runs(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_all_its_processes_end_when_it_is_killed(tmp_path: Path) -> None:
    with started(tmp_path, "--wires", "embedded", "--story", "clean") as run:
        read_until(run, lambda line: line.startswith("clean"))
        assert len(left(tmp_path)) == 5  # the demo, its daemon, gateway, chain and bank
        run.kill()
        run.communicate(timeout=30)
    nothing_runs(tmp_path)


def test_two_at_once_do_not_meet(tmp_path: Path) -> None:
    words = ("--wires", "memory", "--once", "--story", "clean")
    with started(tmp_path, *words) as one, started(tmp_path, *words) as another:
        said = [run.communicate(timeout=120)[0] for run in (one, another)]
    assert (one.returncode, another.returncode) == (0, 0), said
    urls = {url for text in said for url in re.findall(r"http://localhost:\d+", text)}
    assert len(urls) == 2


def test_a_taken_port_is_passed_over() -> None:
    with free_address() as first, free_address() as second:
        port = int(first.rpartition(":")[2])
        assert int(second.rpartition(":")[2]) > port
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", port))
        with free_address() as other:
            assert int(other.rpartition(":")[2]) > port


def on_a_terminal(folder: Path, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """Start a demo of one story on a terminal of its own, and return the reading end of that."""
    ours, theirs = os.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", "--wires", "memory", "--story", "clean", *words],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    return run, ours


def test_what_settles_after_the_stories_does_not_push_the_closing_block_away(
    tmp_path: Path,
) -> None:
    run, ours = on_a_terminal(tmp_path, "--speed", "100")
    with run:
        seen = b""
        while seen.partition(b"Ctrl-C")[2].count(b" settled ") < 3:
            seen += os.read(ours, 65_536)
        run.send_signal(signal.SIGINT)
        assert run.wait(timeout=30) == 0
    os.close(ours)
    assert b"\n" not in seen.partition(b"Ctrl-C\r\n")[2]


async def test_what_lasts_is_drawn_with_its_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    monkeypatch.setattr(Show, "draw", lambda _, text: drawn.append(text))
    draw, begun = ticking(Show(json=False))
    draw("building")
    await asyncio.sleep(1.5)
    begun()
    assert drawn == ["building", "building, 1 s"]
    await asyncio.sleep(1.2)
    assert drawn == ["building", "building, 1 s"]


def test_a_terminal_is_drawn_on_while_it_waits(tmp_path: Path) -> None:
    run, ours = on_a_terminal(tmp_path, "--once")
    with run:
        seen = b""
        with suppress(OSError):  # the end of a terminal
            while more := os.read(ours, 65_536):
                seen += more
        assert run.wait(timeout=60) == 0
    os.close(ours)
    drawn = [part.removeprefix(b"\x1b[K") for part in seen.split(b"\r")]
    for waited_for in (b"starting two", b"starting the daemon", b"two people register"):
        assert any(part.startswith(waited_for) for part in drawn), seen
    assert any(re.match(rb"clean +(locking|preparing|paying|burning)", one) for one in drawn), seen


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--story", "nothing"], "no story nothing"),
        (["--reset"], "name it"),
        (["--speed", "0"], "more than 0"),
    ],
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


def test_of_two_that_find_a_folder_empty_at_once_one_leaves_it_to_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "_empty", lambda _folder, **_: None)  # it was, when both looked
    monkeypatch.setattr(signal, "signal", lambda _number, _action: None)
    with demo._folder(tmp_path / "river", reset=False) as first:
        (first / "state").touch()
        with pytest.raises(demo.Runs), demo._folder(tmp_path / "river", reset=False):
            raise AssertionError("it waited, or went in")
        assert (first / "state").exists()


def test_a_second_demo_in_the_folder_of_one_says_where_that_answers(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    keep.mkdir()
    (keep / MARK).write_text("http://localhost:8427")
    with (keep / MARK).open("ab") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        with started(tmp_path, "--keep", str(keep)) as run:
            out, said = run.communicate(timeout=30)
    assert (run.returncode, "http://localhost:8427" in out) == (0, True), said


def test_a_folder_that_was_kept_is_emptied_by_the_command_it_says(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    words = ("--once", "--wires", "memory", "--story", "clean", "--keep", str(keep))
    with started(tmp_path, *words) as run:
        out, _ = run.communicate(timeout=120)
    assert f"demo --keep {keep} --reset" in out
    (check,) = re.findall(r"^check +python3 -m bridge (.*)", out, re.MULTILINE)
    assert "trace" not in out, "its daemon has ended"
    assert run_main(check.split()) == 0
    where = ("--folder", str(keep))
    reader = SqliteReader(keep / "data" / "ledger.db")
    told = [entry for entry in map(read, reader.entries(0, 10_000)) if "shows" in entry.body]
    reader.close()
    assert told[0].body["shows"] == "AssetLocked"
    for number in (told[0].n, told[0].n + 1):  # the evidence, and the step that it let happen
        file = tmp_path / f"evidence-{number}"
        assert run_main(["ledger", "evidence", str(number), str(file), *where]) == 0
        assert sha256(file.read_bytes()).hexdigest() == told[0].body["sha256"]
    for none in ("0", "99999"):
        assert run_main(["ledger", "evidence", none, str(tmp_path / "none"), *where]) == 3
    assert not (tmp_path / "none").exists()
    first = (keep / MARK).read_text()
    with started(tmp_path, *words) as run:
        _, said = run.communicate(timeout=30)
    assert (run.returncode, "--reset empties it" in said) == (2, True)
    with started(tmp_path, *words, "--reset") as run:
        out, said = run.communicate(timeout=120)
    assert (run.returncode, "settled" in out) == (0, True), said
    assert first
