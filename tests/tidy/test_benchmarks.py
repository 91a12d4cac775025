"""The benchmarks print figures anybody can compare: one JSON object a line, with its machine."""

import ast
import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from examples.benchmarks.__main__ import FRAME
from examples.benchmarks.embedded import HTTP, PARTS, Stretch, part_of, parts
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


def test_every_part_of_the_daemon_is_a_file_of_ours() -> None:
    """A room that moved would be counted as its caller's."""
    for begins, part in PARTS:
        assert list(TREE.glob(f"{begins}*")), (begins, part)


def test_a_stack_is_of_the_innermost_part_and_http_is_a_part() -> None:
    def compiled(file: str, body: str) -> object:
        named: dict[str, object] = {"part_of": part_of, "sys": sys}
        exec(compile(body, file, "exec"), named)
        return named["told"]

    asks = "told = part_of(sys._getframe())"
    assert compiled(str(TREE / "bridge/notary/journal.py"), asks) == "ledger"
    assert compiled(str(TREE / "bridge/notary/keys.py"), asks) == "signatures"
    assert compiled("/elsewhere/site-packages/aiohttp/client.py", asks) == HTTP
    assert compiled("/elsewhere/site-packages/rlp/codec.py", asks) == "other"


def test_what_it_takes_idle_is_taken_off_each_part(tmp_path: Path) -> None:
    samples = [
        (1.0, "core", 0.5, 0.25),  # in the quiet stretch
        (11.0, "core", 2.0, 1.0),
        (12.0, "api", 1.0, 0.0),
        (99.0, "api", 7.0, 7.0),  # in neither
    ]
    (tmp_path / "samples").write_text(json.dumps(samples))
    idle = Stretch(began=0.0, ended=4.0, cpu=0.75)
    busy = Stretch(began=10.0, ended=18.0, cpu=4.0)
    found = parts(tmp_path / "samples", busy, idle)
    assert found == {"core": 1.0, "ledger": 0.5, "api": 1.0}
