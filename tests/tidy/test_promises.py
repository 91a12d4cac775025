"""A promise names the test that keeps it, and a threat the test that plays it: no link is dead."""

import ast
import re
from functools import cache

import pytest

from tests.tidy.tree import TREE

LINK = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
DOCUMENTS = ("PROMISES.md", "THREATS.md")


def rows(document: str) -> list[list[str]]:
    """The rows of a document's table, without its head."""
    lines = [line for line in (TREE / document).read_text("utf-8").splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


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
