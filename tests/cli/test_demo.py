"""The demo as a newcomer runs it: stories end as told, a killed daemon comes back, one runs."""

import asyncio
import fcntl
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.cli.demo import PAUSE_S
from bridge.cli.drawing import Show, ticking
from tests.cli.demo_runs import TREE, left, nothing_runs, read_until, started, stories

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


def test_a_story_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    assert stories(tmp_path, "--wires", "memory", "--story", "clean") == {"clean": "settled"}
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.parametrize(("wires", "more"), [("embedded", OF_A_WIRE), ("memory", {})])
def test_every_story_ends_as_told(tmp_path: Path, wires: str, more: dict[str, str]) -> None:
    """And once more as told on what is left of the first time."""
    keep = ("--keep", str(tmp_path / "river"))
    assert stories(tmp_path, "--wires", wires, *keep) == ENDS | more
    again = [word for name in ENDS | more for word in ("--story", name)]
    assert stories(tmp_path, *keep, *again) == ENDS | more


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
            line = read_until(run, lambda line: line.startswith("clean") and "settled" in line)[-1]
            told_s = float(line.split()[2])  # however long a settlement takes here
            assert time.monotonic() - began < told_s + PAUSE_S
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
    assert "Traceback" not in said or str(TREE) not in said, said  # Python itself was starting
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
        (["--story", "nothing"], "no story nothing on embedded wires; there are clean, "),
        (["--story", "title"], "no story title on embedded wires; --wires real tells it"),
        (["--reset"], "name it"),
        (["--speed", "0"], "more than 0"),
    ],
)
def test_a_wrong_wish_changes_nothing(tmp_path: Path, words: list[str], says: str) -> None:
    with started(tmp_path, *words) as run:
        _, said = run.communicate(timeout=30)
    assert (run.returncode, says in said) == (2, True), said
    assert not list(tmp_path.iterdir())
