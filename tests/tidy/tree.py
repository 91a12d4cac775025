"""What the tidy tests read: the files of the tree that are ours, parsed."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]
PACKAGES = ("bridge", "adapters", "schemas")
PLACES = (*PACKAGES, "tests", "examples")
NOT_OURS = {"__pycache__", "node_modules", "build", "dist"}  # and every hidden folder but .ci
GENERATED = "Generated"  # begins the first line of a module of data that a program of ours wrote


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(TREE).as_posix()

    @property
    def is_generated(self) -> bool:
        return self.text.partition("\n")[0].lstrip('"# ').startswith(GENERATED)


def is_ours(path: Path) -> bool:
    """Whether a path below the tree is source, not something a tool left behind."""
    parts = path.relative_to(TREE).parts
    hidden = any(part.startswith(".") and part not in {".ci", ".gitignore"} for part in parts)
    made = any(part in NOT_OURS or part.endswith(".egg-info") for part in parts)
    return path.is_file() and not hidden and not made


@cache
def files() -> tuple[Path, ...]:
    """Every source file of the tree."""
    return tuple(sorted(path for path in TREE.rglob("*") if is_ours(path)))


@cache
def modules(*places: str) -> tuple[Module, ...]:
    """Every Python file below these folders of the tree, parsed; all of ours without argument."""
    roots = tuple(TREE / place for place in places or PLACES)
    return tuple(
        _parsed(path)
        for path in files()
        if path.suffix == ".py" and any(path.is_relative_to(root) for root in roots)
    )


@cache  # the sets of places overlap
def _parsed(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    return Module(path, text, ast.parse(text, str(path)))
