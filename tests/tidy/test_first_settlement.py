"""The first settlement of examples/ does what it says, step by step, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bridge.core.settlement import Stage
from tests.tidy.tree import TREE

ROAD = (
    Stage.SCREENING,
    Stage.LOCKING,
    Stage.PREPARING,
    Stage.RESCREENING,
    Stage.PAYING,
    Stage.BURNING,
    Stage.ASSIGNING,
    Stage.SETTLED,
)


def test_the_first_settlement_goes_from_order_to_settled(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "examples.first_settlement"],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said: dict[str, list[str]] = {}
    for line in run.stdout.splitlines():
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest.strip())
    assert said["stage"][1:] == [stage.name for stage in ROAD]
    assert [line.rpartition(" ")[2] for line in said["fact"]] == [
        "AssetLocked",
        "AssetMinted",
        "PaymentSettled",
        "AssetBurned",
        "AssetAssigned",
    ]
    assert [line.rpartition(" ")[2] for line in said["act"]] == ["lock", "mint", "burn", "assign"]
    assert said["holding"] == [
        "999960 units of seller-wallet on memory:shenzhen",
        "40 units of buyer-wallet on memory:hongkong",
    ]
    assert list(tmp_path.iterdir()) == [], "the stage is taken down"


@pytest.mark.parametrize("name", ["first_settlement", "first_integration"])
def test_without_its_packages_an_example_says_what_to_type(name: str) -> None:
    run = subprocess.run(
        [sys.executable, "-S", "-m", f"examples.{name}"],  # -S: no package of others is found
        cwd=TREE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stdout) == (1, "")
    why, following = run.stderr.splitlines()
    assert why.startswith("the examples need the product's packages, and ")
    command = following.removeprefix("next: ")
    assert command in (TREE / "README.md").read_text("utf-8").splitlines()


@pytest.mark.parametrize("lines", [0, 1, 5])
def test_an_example_that_is_interrupted_says_no_word_of_its_inside(
    tmp_path: Path, lines: int
) -> None:
    run = subprocess.Popen(
        [sys.executable, "-m", "examples.first_settlement"],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None
    for _ in range(lines):
        assert run.stdout.readline()
    if lines == 0:
        time.sleep(0.5)  # amid its imports
    run.send_signal(signal.SIGINT)
    _, said = run.communicate(timeout=30)
    assert run.returncode in {-signal.SIGINT, 130}
    is_python_starting = lines == 0 and str(TREE) not in said
    assert said == "" or is_python_starting
    assert list(tmp_path.iterdir()) == [], "the stage is taken down"
