"""The first settlement of examples/ does what it says, step by step, and leaves nothing behind."""

import os
import subprocess
import sys
from pathlib import Path

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
