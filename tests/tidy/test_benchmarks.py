"""The benchmarks print figures anybody can compare: one JSON object a line, with its machine."""

import ast
import json
import platform
import subprocess
import sys

import pytest

from examples.benchmarks.__main__ import FRAME
from tests.tidy.tree import TREE, modules

KEYS = ["name", "ours", "theirs", "baseline", "unit", "ratio", "machine"]


def benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "examples.benchmarks", *arguments],
        cwd=TREE, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def test_a_figure_is_one_line_with_its_baseline_and_its_machine() -> None:
    run = benchmarks("--only", "leaves", "--output", "jsonl")
    assert run.returncode == 0, run.stderr
    (row,) = [json.loads(line) for line in run.stdout.splitlines()]
    assert list(row) == KEYS
    assert row["ratio"] == pytest.approx(row["ours"] / row["theirs"], rel=0.01)
    assert platform.python_version() in row["machine"]
    assert platform.node() not in row["machine"].split()


def test_an_unknown_benchmark_is_a_matter_of_usage() -> None:
    run = benchmarks("--only", "nothing")
    assert run.returncode == 2
    assert "leaves" in run.stderr


def test_every_module_of_the_folder_is_a_benchmark_or_a_part_of_the_frame() -> None:
    assert len(FRAME) <= 5, "what is no benchmark is small"
    for module in modules("examples/benchmarks"):
        if module.path.stem not in {"__init__", *FRAME}:
            names = {node.name for node in module.tree.body if isinstance(node, ast.FunctionDef)}
            assert "figures" in names, module.name
