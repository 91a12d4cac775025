"""A demo whose disk gets full ends with a sentence, and leaves neither folder nor process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.demo_runs import TREE, nothing_runs
from tests.cli.small_disk import may_mount, on_a_disk

AGAIN = "python3 -m bridge demo, TMPDIR or --keep on a disk that has 200 MB free"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("size", "wires", "code", "exit_"),
    [
        ("60k", "memory", "LQ-FILE", 1),  # while keys are made
        ("600k", "memory", "LQ-READ-ONLY", 1),  # while registers are made
        ("1500k", "memory", "LQ-READ-ONLY", 1),  # while stories are told
        ("300k", "embedded", "LQ-DEMO", 6),  # a wire of its own has no room
    ],
)
def test_a_demo_whose_disk_gets_full_says_so_and_leaves_nothing(
    tmp_path: Path, size: str, wires: str, code: str, exit_: int
) -> None:
    disk = tmp_path / "disk"
    may_mount(disk)
    words = ["demo", "--once", "--wires", wires, "--story", "quota", "--story", "clean"]
    told = subprocess.run(
        on_a_disk(disk, f"size={size}", sys.executable, "-m", "bridge", *words),
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(disk)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert (told.returncode, "Traceback" in told.stderr) == (exit_, False), told.stderr
    error, cause, following = told.stderr.splitlines()[-3:]
    assert error.startswith(f"error {code}: "), told.stderr
    assert cause.startswith("cause: ")
    assert following == f"next: {AGAIN}"
    if wires == "embedded":
        assert "tape: No space left on device" in told.stderr
    left = [line for line in told.stdout.splitlines() if line.startswith("lianqiao-")]
    assert not left, "a folder stays on the disk"
    nothing_runs(disk)
