"""What is written: docstrings that cite, decisions with reasons, no trace of one machine."""

import ast
import re
from pathlib import Path

import pytest

from tests.tidy.tree import PACKAGES, TREE, Module, files, modules

# A document somebody else can open: a standard by number, a draft by revision, a book by its name.
DOCUMENTS = Path(__file__).with_name("documents.txt")
MACHINE = re.compile(r"(?<![\w.\-/])/(?:root|work|home|Users|mnt|workspace)/\w")
BESIDE = "/".join(["..", "shared"])  # only .ci/run knows what lies beside a checkout


def documented() -> list[tuple[str, str]]:
    """Where and what of every docstring of the product."""
    found = []
    for module in modules(*PACKAGES, "examples"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node)
                name = getattr(node, "name", "")
                if text:
                    found.append((f"{module.name} {name}".strip(), text))
    return found


def known_documents() -> re.Pattern[str]:
    lines = DOCUMENTS.read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line.strip() and not line.startswith("#")]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


def test_every_public_module_function_and_method_that_cites_cites_what_can_be_opened() -> None:
    """A source is a known document, or a file of the tree that exists."""
    known = known_documents()
    lost = []
    for where, text in documented():
        for cited in re.findall(r"^\s*Sources?: *(.+(?:\n +\S.*)*)", text, re.MULTILINE):
            paths = re.findall(r"[\w./\-]+/[\w.\-]+\.\w+|\b[A-Z]+\.md\b", cited)
            here = any((TREE / path).exists() for path in paths)
            if not here and not known.search(cited):
                lost.append(f"{where}: {cited}")
    assert lost == [], f"name the document in {DOCUMENTS.name}, or cite one that is there"


@pytest.mark.parametrize("module", modules(*PACKAGES, "examples"), ids=lambda one: one.name)
def test_every_module_and_public_function_says_what_is_true_after(module: Module) -> None:
    assert ast.get_docstring(module.tree)
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[0] != "_":
            assert ast.get_docstring(node), f"{module.name}: {node.name}"


def readable() -> list[tuple[Path, str]]:
    texts = []
    for path in files():
        try:
            texts.append((path, path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return texts


def test_no_path_of_one_machine_stands_in_the_tree() -> None:
    for path, text in readable():
        match = MACHINE.search(text)
        assert match is None, f"{path}: {match.group(0)!r}"


def test_only_the_ci_script_knows_what_lies_beside_the_checkout() -> None:
    knowing = [path for path, text in readable() if BESIDE in text]
    assert knowing in ([], [TREE / ".ci" / "run"])


def test_nothing_is_left_to_do() -> None:
    """A task stands in the tracker; in the tree it would stand for years."""
    words = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b(?!.*#\d)")
    for module in modules():
        match = words.search(module.text)
        assert match is None, f"{module.name}: {match.group(0)}"


def decisions() -> list[Path]:
    return [path for path in files() if path.name == "WHY.md"]


def test_every_decision_has_a_number_and_a_reason() -> None:
    """`## 1. What was decided` or `1. **What was decided.**`, then because of what."""
    for path in decisions():
        text = path.read_text(encoding="utf-8")
        parts = re.split(r"^(?:## )?(?=\d+\. )", text, flags=re.MULTILINE)[1:]
        assert parts, f"{path}: no decision in it"
        for number, part in enumerate(parts, 1):
            where = f"{path.relative_to(TREE)}, decision {number}"
            assert part.startswith(f"{number}. "), where
            assert re.search(r"\bbecause\b", part, re.IGNORECASE), f"{where}: because of what?"
            lines = [line for line in part.splitlines() if line.strip()]
            assert len(lines) <= 10, f"{where}: {len(lines)} lines"
