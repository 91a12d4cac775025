"""A function has at most 60 lines and a file 400; what was longer before may only shrink."""

import ast
from pathlib import Path

from tests.tidy.tree import TREE, modules

FUNCTION, FILE = 60, 400
LISTED = Path(__file__).with_name("ratchet.txt")  # `path[:function] lines`, for what was longer


def listed() -> dict[str, int]:
    rows = [line.split() for line in LISTED.read_text().splitlines() if line.strip()]
    return {name: int(lines) for name, lines in (row for row in rows if row[0] != "#")}


def long_ones() -> dict[str, int]:
    """What passes the limits now, with its lines; modules of generated data are no prose."""
    found = {}
    for module in modules():
        if module.is_generated:
            continue
        length = len(module.text.splitlines())
        if length > FILE:
            found[module.name] = length
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > FUNCTION:
                    found[f"{module.name}:{node.name}"] = length
    return found


def test_nothing_grows_past_the_limits() -> None:
    allowed = listed()
    grown = {name: lines for name, lines in long_ones().items() if lines > allowed.get(name, 0)}
    assert grown == {}, f"longer than {FUNCTION} (function) or {FILE} (file) lines"


def test_what_shrank_is_no_longer_allowed_to_grow() -> None:
    now = long_ones()
    loose = {name: lines for name, lines in listed().items() if now.get(name, 0) < lines}
    assert loose == {}, f"take these numbers down in {LISTED.relative_to(TREE)}"
