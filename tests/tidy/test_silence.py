"""A test that does not run says why, and some may not be silent at all."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tidy.tree import TREE, Module, modules

NEVER_SILENT = ("tests/recovery/", "tests/security/", "tests/notary/", "tests/adapters/evm/")


def calls_and_marks(module: Module) -> list[tuple[ast.expr, ast.Call | None]]:
    """Every mention of a pytest word that silences, called or bare."""
    called = {id(node.func): node for node in ast.walk(module.tree) if isinstance(node, ast.Call)}
    words = {"pytest.skip", "pytest.importorskip", "pytest.mark.skip", "pytest.mark.skipif"}
    words |= {"pytest.mark.xfail"}
    return [
        (node, called.get(id(node)))
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in words
    ]


def test_every_skip_has_a_reason() -> None:
    for module in modules("tests", "adapters", "examples"):
        for node, call in calls_and_marks(module):
            where = f"{module.name}:{node.lineno}"
            assert call is not None, f"{where}: a bare mark gives no reason"
            given = [keyword.value for keyword in call.keywords if keyword.arg == "reason"]
            first = call.args[:1] if ast.unparse(node) in {"pytest.skip"} else []
            reasons = [*given, *first]
            assert reasons, f"{where}: no reason"
            assert all(not isinstance(one, ast.Constant) or one.value for one in reasons), where


def test_no_module_hides_where_nobody_may_be_silent() -> None:
    """A module left out while it is collected never reaches the report that would tell."""
    for module in modules("tests"):
        if module.name.startswith(NEVER_SILENT):
            assert "importorskip" not in module.text, module.name
            assert "allow_module_level" not in module.text, module.name
            assert "collect_ignore" not in module.text, module.name


TESTS = """
import pytest

def test_passes(): pass

@pytest.mark.data
def test_with_data(data_dir):
    if not list(data_dir.iterdir()):
        pytest.skip("nothing in it")

def test_may_skip():
    {skip}
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with our conftest and configuration."""
    (tmp_path / "tests").mkdir()
    shutil.copy(TREE / "pyproject.toml", tmp_path)
    shutil.copy(TREE / "tests" / "conftest.py", tmp_path / "tests")
    return tmp_path


def ran(project: Path, room: str, skip: str, *options: str) -> subprocess.CompletedProcess[str]:
    folder = project / "tests" / room
    folder.mkdir()
    (folder / "test_some.py").write_text(TESTS.format(skip=skip))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", *options],
        cwd=project, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("room", ["recovery", "security", "notary"])
def test_a_skip_where_nobody_may_be_silent_fails_the_run(project: Path, room: str) -> None:
    run = ran(project, room, "pytest.skip('not today')")
    assert run.returncode == 1
    assert "not today" in run.stdout.partition("nobody may be silent")[2]


def test_a_skip_elsewhere_and_data_that_was_not_given_are_no_failure(project: Path) -> None:
    run = ran(project, "core", "pytest.skip('no such capability')")
    assert run.returncode == 0, run.stdout
    assert "1 passed, 2 skipped" in run.stdout


def test_data_tests_in_a_strict_room_may_wait_for_their_data(project: Path) -> None:
    run = ran(project, "notary", "pass")
    assert run.returncode == 0, run.stdout
    assert "2 passed, 1 skipped" in run.stdout


def test_a_data_test_that_skips_although_the_folder_was_given_fails_the_run(project: Path) -> None:
    (project / "empty").mkdir()
    run = ran(project, "core", "pass", "--data=empty")
    assert run.returncode == 1
    assert "nothing in it" in run.stdout.partition("nobody may be silent")[2]


def test_a_data_test_with_its_data_passes(project: Path) -> None:
    (project / "full").mkdir()
    (project / "full" / "case").touch()
    run = ran(project, "core", "pass", "--data=full")
    assert run.returncode == 0, run.stdout
    assert "3 passed" in run.stdout
