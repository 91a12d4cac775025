"""Every log line is an event of the vocabulary of bridge/log.py, with keys of its list."""

import ast
import re

from bridge.log import EVENTS, KEYS
from tests.tidy.tree import PACKAGES, modules

LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}


def logged() -> list[tuple[str, ast.Call]]:
    """Where and how something is logged: `log.LEVEL(...)`, the one name a logger may have."""
    found = []
    for module in modules(*PACKAGES):
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LEVELS
                and isinstance(node.func.value, ast.Name | ast.Attribute)
                and ast.unparse(node.func.value).rpartition(".")[2] in {"log", "_log", "logger"}
            ):
                found.append((f"{module.name}:{node.lineno}", node))
    return found


def test_an_event_is_a_constant_of_the_vocabulary() -> None:
    for where, call in logged():
        assert len(call.args) == 1, where
        assert isinstance(call.args[0], ast.Constant), f"{where}: an event is a constant"
        assert call.args[0].value in EVENTS, f"{where}: {call.args[0].value!r}"


def test_its_keys_are_of_the_vocabulary() -> None:
    for where, call in logged():
        stray = {str(keyword.arg) for keyword in call.keywords} - KEYS - {"exc_info"}
        assert not stray, f"{where}: {sorted(stray)}"


def test_an_event_says_what_happened_to_what() -> None:
    for event in EVENTS:
        assert re.fullmatch(r"[a-z]+\.[a-z_]+", event), event


def test_only_structlog_writes_the_log() -> None:
    for module in modules(*PACKAGES):
        assert not re.search(r"^(import|from) logging\b", module.text, re.MULTILINE), module.name
