"""A demo's folder: nobody else's, kept, taken up where it was left, emptied when asked."""

import fcntl
import os
import re
import signal
import socket
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import click
import pytest

from bridge.cli import demo, kept
from bridge.cli import run as run_main
from bridge.cli.drawing import Show
from bridge.cli.kept import MARK, Kept, free_address
from bridge.cli.stage import Stage
from bridge.notary.entries import read
from bridge.notary.store.sqlite import SqliteReader
from tests.cli.demo_runs import nothing_runs, read_until, started, stories


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


def test_a_taken_port_is_passed_over() -> None:
    with free_address() as first, free_address() as second:
        port = int(first.rpartition(":")[2])
        assert int(second.rpartition(":")[2]) > port
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", port))
        with free_address() as other:
            assert int(other.rpartition(":")[2]) > port


def a_link(place: Path) -> None:
    place.symlink_to(place.parent / "theirs")


def open_to_all(place: Path) -> None:
    place.touch()
    place.chmod(0o666)


def of_another(place: Path) -> None:
    place.touch(0o600)
    os.chown(place, 12_345, -1)


@pytest.mark.parametrize("made", [a_link, open_to_all, of_another, Path.mkdir, os.mkfifo])
def test_where_a_demo_says_that_it_runs_nobody_else_writes(
    tmp_path: Path, made: Callable[[Path], None]
) -> None:
    """In a folder of everybody's the name may be taken: what is read there would be shown."""
    place = tmp_path / f"lianqiao-demo-{os.getuid()}"
    if made is of_another and os.getuid():
        pytest.skip("only root gives a file away")
    made(place)
    with started(tmp_path, "--wires", "memory", "--story", "clean") as run:
        out, said = run.communicate(timeout=30)
    assert (run.returncode, out) == (1, ""), said
    assert f"{place} is no file of ours alone" in said
    assert f"next: rm -r {place}, or TMPDIR=DIR" in said
    assert {one.name for one in tmp_path.iterdir()} == {place.name}


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
    monkeypatch.setattr(kept, "_found", lambda _folder, **_: None)  # it was, when both looked
    monkeypatch.setattr(signal, "signal", lambda _number, _action: None)
    with kept.place_of(tmp_path / "river", reset=False) as first:
        (first.folder / "state").touch()
        with pytest.raises(kept.Runs), kept.place_of(tmp_path / "river", reset=False):
            raise AssertionError("it waited, or went in")
        assert (first.folder / "state").exists()


def test_a_second_demo_in_the_folder_of_one_says_where_that_answers(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    keep.mkdir()
    (keep / MARK).write_text(Kept(url="http://localhost:8427", wires="memory").text())
    with (keep / MARK).open("ab") as mark:
        fcntl.flock(mark, fcntl.LOCK_EX)
        with started(tmp_path, "--keep", str(keep)) as run:
            out, said = run.communicate(timeout=30)
    assert (run.returncode, out.endswith("answers at http://localhost:8427\n")) == (0, True), said


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
    assert f"again     python3 -m bridge demo --keep {keep}\n" in out
    was = reader_of(keep)
    assert stories(tmp_path, "--keep", str(keep), "--story", "clean") == {"clean": "settled"}
    assert reader_of(keep)[: len(was)] == was, "it goes on where it was"
    with started(tmp_path, *words, "--reset") as run:
        out, said = run.communicate(timeout=120)
    assert (run.returncode, "settled" in out) == (0, True), said
    assert reader_of(keep)[: len(was)] != was


def reader_of(keep: Path) -> list[bytes]:
    """The entries of a kept ledger."""
    reader = SqliteReader(keep / "data" / "ledger.db")
    entries = list(reader.entries(0, 10_000))
    reader.close()
    return entries


@pytest.mark.parametrize(
    ("wires", "words", "says"),
    [
        ("memory", ["--wires", "embedded"], "runs on memory wires, not on embedded"),
        ("memory", ["--story", "bank-killed"], "no story bank-killed on memory wires"),
        ("real", [], "whose chain was in memory and is gone; --reset empties it"),
        ("", [], "of another release; --reset empties it"),
    ],
)
def test_what_cannot_be_taken_up_is_left_as_it_is(
    tmp_path: Path, wires: str, words: list[str], says: str
) -> None:
    keep = tmp_path / "kept"
    keep.mkdir()
    mark = Kept(url="http://localhost:8427", wires=wires).text()
    (keep / MARK).write_text(mark)
    with started(tmp_path, "--once", "--keep", str(keep), *words) as run:
        _, said = run.communicate(timeout=30)
    assert (run.returncode, says in said) == (2, True), said
    assert (keep / MARK).read_text() == mark


@pytest.mark.parametrize("words", [{MARK: "http://localhost:8427\nmemory\n"}, {}])
@pytest.mark.parametrize("mode", [0o700, 0o757])
def test_what_another_user_may_have_put_there_is_not_taken_up(
    tmp_path: Path, mode: int, words: dict[str, str]
) -> None:
    """In a folder of everybody's the name may be taken: its settings and keys would be ours."""
    keep = tmp_path / "kept"
    keep.mkdir()
    for name, text in words.items():
        (keep / name).write_text(text)
    keep.chmod(mode)
    if mode == 0o700:
        if os.getuid():
            pytest.skip("only root gives a folder away")
        os.chown(keep, 12_345, -1)
    with started(tmp_path, "--once", "--keep", str(keep)) as run:
        _, said = run.communicate(timeout=30)
    assert (run.returncode, f"{keep} is not yours alone" in said) == (2, True), said
    assert {one.name: one.read_text() for one in keep.iterdir()} == words


def open_folder(keep: Path) -> None:
    keep.mkdir()
    keep.chmod(0o757)


def linked_folder(keep: Path) -> None:
    theirs = keep.parent / "precious"
    theirs.mkdir()
    keep.symlink_to(theirs)


@pytest.mark.parametrize("made", [open_folder, linked_folder])
def test_what_another_user_puts_there_once_we_looked_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: Callable[[Path], None]
) -> None:
    keep = tmp_path / "kept"

    def looked(*_: object, **__: object) -> None:
        made(keep)

    monkeypatch.setattr(kept, "_found", looked)
    monkeypatch.setattr(signal, "signal", lambda _number, _action: None)
    with (
        pytest.raises(click.UsageError, match="is not yours alone"),
        kept.place_of(keep, reset=False),
    ):
        raise AssertionError("it went in")
    assert list(keep.iterdir()) == []


def test_what_was_never_whole_is_begun_anew(tmp_path: Path) -> None:
    """A kill -9 left it; an end that we see removes it."""
    keep = tmp_path / "kept"
    keep.mkdir()
    (keep / MARK).touch()
    (keep / "keys").mkdir()
    words = ("--wires", "memory", "--story", "clean", "--keep", str(keep))
    assert stories(tmp_path, *words) == {"clean": "settled"}


def test_a_kept_demo_whose_port_is_taken_says_by_whom(tmp_path: Path) -> None:
    keep = tmp_path / "kept"
    keep.mkdir()
    with socket.socket() as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.listen()
        url = f"http://localhost:{theirs.getsockname()[1]}"
        (keep / MARK).write_text(Kept(url=url, wires="memory").text())
        with started(tmp_path, "--once", "--keep", str(keep)) as run:
            _, said = run.communicate(timeout=30)
    assert (run.returncode, f"answers at {url}, and that port is taken" in said) == (6, True), said
    assert f"(process {os.getpid()}) listens there" in said
    assert "down --folder" in said


@pytest.mark.parametrize(
    ("wires", "story", "at"),
    [("memory", "time-out", "preparing"), ("embedded", "bank-killed", "paying")],
)
def test_a_story_that_was_cut_goes_on_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wires: str, story: str, at: str
) -> None:
    """A network that the story stopped resumes, and a bank that it silenced pays."""
    keep = tmp_path / "kept"
    words = ("--wires", wires, "--keep", str(keep), "--story", story)
    with started(tmp_path, *words) as run:
        until = time.monotonic() + 60
        while at not in entered(keep):  # what was entered stays in the ledger, where it may pass
            assert time.monotonic() < until
            time.sleep(0.02)
        run.kill()
        run.communicate(timeout=30)
    nothing_runs(tmp_path)
    assert stories(tmp_path, "--keep", str(keep), "--story", "clean") == {"clean": "settled"}
    assert run_main(["ledger", "fsck", "--folder", str(keep)]) == 0
    capsys.readouterr()
    told = [one for one in map(read, reader_of(keep)) if one.kind == "saga"]
    stages = {str(one.body["settlement"]): str(one.body["to"]) for one in told}
    assert set(stages.values()) <= {"settled", "released"}, stages
    assert len(stages) == 2


def entered(keep: Path) -> set[str]:
    """The stages that a running demo's settlements have entered; none before its ledger is."""
    if not (keep / MARK).exists() or not (keep / MARK).stat().st_size:
        return set()
    return {str(one.body["to"]) for one in map(read, reader_of(keep)) if one.kind == "saga"}


@pytest.mark.parametrize("below", ["", "deeper/river"])
def test_what_is_no_folder_is_said_to_be_none(tmp_path: Path, below: str) -> None:
    """A file needs another name, not a disk with room."""
    file = tmp_path / "notes.txt"
    file.write_text("precious")
    with started(tmp_path, "--once", "--wires", "memory", "--keep", str(file / below)) as run:
        _, said = run.communicate(timeout=30)
    assert run.returncode == 2, said
    assert f"{file} is no folder: choose another" in said
    assert "200 MB" not in said
    assert file.read_text() == "precious"


@pytest.mark.parametrize(("wires", "comes_back"), [("memory", True), ("real", False)])
@pytest.mark.parametrize("pause_s", [None, 3.0])
def test_only_what_comes_back_is_offered_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], *,
    wires: str, comes_back: bool, pause_s: float | None,
) -> None:  # fmt: skip
    stood = SimpleNamespace(folder=tmp_path, daemon=SimpleNamespace(url="http://h"), processes={})
    telling = demo.Telling(
        show=Show(json=False), wires=wires, are_named=True, names=(), pause_s=pause_s, is_kept=True
    )
    demo._close(telling, cast("Stage", stood), {})
    said = capsys.readouterr().out
    assert (f"again     lianqiao demo --keep {tmp_path}\n" in said) is comes_back, said
    assert f"reset     lianqiao demo --keep {tmp_path} --reset --wires {wires}\n" in said
    assert ("its chain ends with it" in said) is not comes_back


def test_a_demo_that_is_still_starting_is_said_to_be(tmp_path: Path) -> None:
    place = tmp_path / f"lianqiao-demo-{os.getuid()}"
    place.touch(0o600)
    with place.open("r+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with started(tmp_path) as run:
            out, said = run.communicate(timeout=60)
    assert (run.returncode, said) == (0, "")
    assert out == "a demo runs already: its daemon is still starting; Ctrl-C there ends it\n"
