"""A promise names the test that keeps it, a threat its test, a figure what measures it.

No link is dead, and a figure that misses its bar says so.
"""

import ast
import re
from datetime import date
from functools import cache
from itertools import groupby

import pytest

from examples.benchmarks.__main__ import registry
from tests.tidy.tree import TREE

LINK = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
FIGURE = re.compile(r"`(\w+)\.[\w.]+`")
BAR = re.compile(r"(<=|>=) ([\d.]+)")
MISSED = " (missed)"
DOCUMENTS = ("PROMISES.md", "THREATS.md")


def rows(document: str, table: int = 0) -> list[list[str]]:
    """The rows of one of a document's tables, without its head."""
    lines = (TREE / document).read_text("utf-8").splitlines()
    found = [
        list(group) for is_row, group in groupby(lines, lambda line: line[:1] == "|") if is_row
    ]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in found[table][2:]]


def holds(last: str, bar: str) -> bool:
    """Whether a figure is on the right side of its bar."""
    found = BAR.fullmatch(bar)
    assert found is not None, f"no bar: {bar}"
    limit = float(found[2])
    return float(last) <= limit if found[1] == "<=" else float(last) >= limit


@cache
def named(file: str) -> frozenset[str]:
    """The tests of a file, also those of its classes; state machines name theirs at the top."""
    tree = ast.parse((TREE / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, kinds) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_line_names_a_test_that_is_there(document: str) -> None:
    found = rows(document)
    assert len(found) >= 20
    for row in found:
        links = LINK.findall(row[-1])
        assert links or row[-1] == "`open`", f"{document}: {row[0]}: names no test"
        for file, test in links:
            assert (TREE / file).is_file(), f"{document}: {file} is not there"
            assert not test or test in named(file), f"{document}: {file} has no {test}"


def test_no_promise_is_open() -> None:
    assert all(row[-1] != "`open`" for row in rows("PROMISES.md"))


def test_a_dead_link_is_seen() -> None:
    assert "test_that_is_not_there" not in named("tests/tidy/test_promises.py")
    assert LINK.findall("`tests/a/test_b.py::test_c`, `tests/a/test_d.py`") == [
        ("tests/a/test_b.py", "test_c"),
        ("tests/a/test_d.py", ""),
    ]


def test_a_figure_names_its_benchmark_its_day_and_whether_it_holds() -> None:
    found = rows("PROMISES.md", 1)
    assert len(found) >= 15
    for what, name, last, bar, _unit, day in found:
        (benchmark,) = FIGURE.findall(name)
        assert benchmark in registry(), f"{what}: {name} is measured by nothing"
        assert (TREE / "examples" / "benchmarks" / f"{benchmark}.py").is_file()
        assert date.fromisoformat(day) >= date(2026, 11, 1), f"{what}: measured too long ago"
        told = not last.endswith(MISSED)
        assert holds(last.removesuffix(MISSED), bar) is told, f"{what}: {last} against {bar}"


def test_a_missed_bar_is_seen() -> None:
    assert holds("8", "<= 8")
    assert not holds("8.01", "<= 8")
    assert holds("120", ">= 120")
    assert not holds("119.9", ">= 120")
