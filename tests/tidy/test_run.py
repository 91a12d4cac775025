"""The one command runs what it is asked to, in order, and fails when one stage does."""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import run
from tests.tidy.tree import TREE

PYTHON = Path(sys.executable)


def a_run(*, fast: bool = False, long: bool = False, data: str | None = None) -> run.Run:
    return run.Run(PYTHON, fast, long, data, ("tests/core", "-k", "money"))


@pytest.mark.parametrize(
    ("which", "marks"),
    [
        (a_run(fast=True), "not slow and not long"),
        (a_run(), "not long"),
        (a_run(long=True), ""),
    ],
)
def test_each_length_leaves_out_its_marks(which: run.Run, marks: str) -> None:
    (command,) = run.tests_stage(which)
    assert command[command.index("-m", command.index("pytest")) + 1] == marks
    assert command[-3:] == ["tests/core", "-k", "money"]


def test_the_data_folder_and_what_follows_the_dashes_go_to_pytest() -> None:
    (command,) = run.tests_stage(a_run(data="somewhere"))
    assert "--data=somewhere" in command
    options, rest = run.asked(["--fast", "--only", "tests", "--", "-k", "money", "--", "x"])
    assert (options.fast, options.only) == (True, "tests")
    assert rest == ("-k", "money", "--", "x")


@pytest.mark.parametrize(
    "wrong", [["--only", "dance"], ["--data", "no-such-folder"], ["--fast", "--long"], ["tests"]]
)
def test_wrong_words_are_a_matter_of_usage(wrong: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run.asked(wrong)
    assert stopped.value.code == 2


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three stages in place of ours: one passes, one fails in its first half, one passes."""

    def says(text: str, code: int) -> list[str]:
        return [sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"]

    monkeypatch.setattr(
        run,
        "STAGES",
        {
            "first": lambda _run: iter([says("well laid out", 0)]),
            "second": lambda _run: iter([says("2 errors", 3), says("no errors", 0)]),
            "third": lambda _run: iter([says("8 passed in 1.00s", 0)]),
        },
    )
    monkeypatch.setattr(run, "tools_python", lambda: PYTHON)


@pytest.mark.usefixtures("stages")
def test_a_failed_stage_fails_the_run_and_the_later_ones_still_speak(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    assert run.main([]) == 1
    out = capfdbinary.readouterr().out.decode()
    summary = out.partition("=== summary")[2].splitlines()[1:]
    assert [line.split()[:2] for line in summary] == [
        ["ok", "first"],
        ["FAILED", "second"],
        ["ok", "third"],
    ]
    assert "2 errors; no errors" in summary[1]
    assert summary[2].endswith("8 passed in 1.00s")


@pytest.mark.usefixtures("stages")
def test_only_the_stage_asked_for_runs(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    options = argparse.Namespace(only="third", fast=False, long=False, data=None)
    monkeypatch.setattr(run, "asked", lambda _arguments: (options, ()))
    assert run.main([]) == 0
    out = capfdbinary.readouterr().out.decode()
    assert "8 passed" in out
    assert "well laid out" not in out


def test_the_stages_are_in_their_order() -> None:
    assert list(run.STAGES) == ["format", "lint", "types", "contracts", "tests", "artifacts"]


def test_a_node_is_on_the_path_of_every_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dev lock brings one, for machines that have none."""
    monkeypatch.setenv("PATH", "/nowhere")
    found = shutil.which("node", path=run.surroundings(PYTHON)["PATH"])
    assert found is not None
    said = subprocess.run([found, "--version"], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("v")


@pytest.mark.parametrize("beside", [True, False])
def test_ci_passes_the_data_folder_where_it_is_there(tmp_path: Path, *, beside: bool) -> None:
    """Without HOME, without stdin, from another folder."""
    tree = tmp_path / "checkout"
    (tree / ".ci").mkdir(parents=True)
    (tree / "tests").mkdir()
    shutil.copy(TREE / ".ci" / "run", tree / ".ci" / "run")
    (tree / "tests" / "run.py").write_text("import sys; print(sys.argv[1:], sys.stdin.read())")
    data = "/".join(["..", "shared", "data"])
    if beside:
        (tree / data).mkdir(parents=True)
    done = subprocess.run(
        [tree / ".ci" / "run", "--fast"],
        cwd="/", env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str([*(["--data", data] if beside else []), "--fast"])
