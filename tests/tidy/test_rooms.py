"""Every package has its room card, and nothing is called what says nothing."""

import ast
import re
import sys

import pytest

from tests.tidy.tree import PACKAGES, TREE, Module, files, modules

LINES = ("Holds:", "Knows:", "Never:", "Enters:", "Proof:")
SAY_NOTHING = {"base", "common", "helper", "helpers", "misc", "util", "utils"}
GRAND = re.compile(r"(Manager|Handler|Service|Processor|Orchestrator)$")
PURE = ("bridge/core", "bridge/policy")
# What a pure room may take from the standard library: words, numbers and structure, no world.
HARMLESS = {
    "abc",
    "base64",
    "bisect",
    "collections",
    "dataclasses",
    "decimal",
    "enum",
    "fractions",
    "functools",
    "hashlib",
    "hmac",
    "itertools",
    "json",
    "math",
    "operator",
    "re",
    "string",
    "struct",
    "types",
    "typing",
    "unicodedata",
}


def cards() -> list[Module]:
    return [module for module in modules(*PACKAGES) if module.path.name == "__init__.py"]


@pytest.mark.parametrize("module", cards(), ids=lambda module: module.name)
def test_a_package_has_its_card(module: Module) -> None:
    card = ast.get_docstring(module.tree)
    assert card, "a package begins with its room card"
    first, *rest = card.splitlines()
    assert re.match(r"\S.*[.:]?", first)
    assert rest[:1] == [""], "one sentence, an empty line, then the card"
    keys = [line.partition(" ")[0] for line in rest if re.match(r"[A-Z][a-z]+:", line)]
    assert tuple(keys) == LINES, f"a card has five lines: {' '.join(LINES)}"
    for key in LINES:
        (said,) = [line for line in rest if line.startswith(key)]
        assert said.removeprefix(key).strip(), f"{key} says nothing"


def test_every_folder_with_python_in_it_is_a_package() -> None:
    for module in modules(*PACKAGES):
        assert (module.path.parent / "__init__.py").exists(), module.name


def test_no_file_has_a_name_that_says_nothing() -> None:
    named = [path for path in files() if {path.stem, path.parent.name} & SAY_NOTHING]
    assert named == []


def test_no_class_has_a_grand_name() -> None:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                assert not GRAND.search(node.name), f"{module.name}: {node.name}"


def test_core_and_policy_know_no_float() -> None:
    """Not the type, not a literal, not a division of two whole numbers."""
    for module in modules(*PURE):
        exact = re.search(r"\b(Decimal|Fraction)\b", module.text)
        for node in ast.walk(module.tree):
            where = f"{module.name}:{getattr(node, 'lineno', 0)}"
            assert not (isinstance(node, ast.Name) and node.id == "float"), where
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), where
            assert exact or not isinstance(node, ast.Div), f"{module.name}: / makes a float, // not"


def test_core_and_policy_take_only_the_harmless_part_of_the_standard_library() -> None:
    """The contract `pure` names the usual sinners; this names who may come in."""
    for module in modules(*PURE):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ImportFrom):
                roots = {str(node.module).partition(".")[0]}
            elif isinstance(node, ast.Import):
                roots = {alias.name.partition(".")[0] for alias in node.names}
            else:
                continue
            strangers = roots - HARMLESS - {"bridge"}
            assert not strangers, f"{module.name} imports {sorted(strangers)}"


def test_the_standard_library_knows_what_is_called_harmless() -> None:
    assert set(sys.stdlib_module_names) >= HARMLESS


def test_tests_are_no_package() -> None:
    assert not list((TREE / "tests").rglob("__init__.py"))
