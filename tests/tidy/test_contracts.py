"""Each import contract of pyproject.toml is broken on purpose, in a copy of the tree."""

import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((TREE / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]


@dataclass(frozen=True, slots=True)
class Breach:
    """Files of a sinner, and the contract that has to see them."""

    says: str
    contract: str
    files: dict[str, str]


BREACHES = (
    Breach("a clock in the core", "pure", {"bridge/core/hours.py": "import time"}),
    Breach("chance in the core", "pure", {"bridge/core/dice.py": "from secrets import choice"}),
    Breach("a library in policy", "pure", {"bridge/policy/models.py": "import pydantic"}),
    Breach("a shape of the wire in policy", "pure", {"bridge/policy/shape.py": "import schemas"}),
    Breach(
        "the core looks up",
        "floors",
        {"bridge/core/turning.py": "import bridge.engine"},
    ),
    Breach("a file with no room", "floors", {"bridge/helpers.py": "HELP = 1"}),
    Breach(
        "policy talks to the notary",
        "floors",
        {"bridge/policy/writing.py": "import bridge.notary"},
    ),
    Breach("pydantic in the engine", "pydantic", {"bridge/engine/models.py": "import pydantic"}),
    Breach(
        "the engine reads settings",
        "settings",
        {"bridge/settings.py": "LIMIT = 1", "bridge/engine/limits.py": "import bridge.settings"},
    ),
    Breach("an adapter sees the engine", "ports", {"adapters/evm/turn.py": "import bridge.engine"}),
    Breach(
        "an adapter reads time itself",
        "ports",
        {"adapters/evm/hours.py": "from bridge.clock import SystemClock"},
    ),
    Breach(
        "an adapter knows another",
        "strangers",
        {"adapters/other/__init__.py": "import adapters.evm"},
    ),
    Breach(
        "the bridge knows an adapter",
        "entry-points",
        {"bridge/engine/shortcut.py": "import adapters.evm"},
    ),
    Breach("a schema knows the core", "wire", {"schemas/clever.py": "import bridge.core"}),
    Breach(
        "a circle in the core",
        "circles",
        {
            "bridge/core/chicken.py": "import bridge.core.egg",
            "bridge/core/egg.py": "import bridge.core.chicken",
        },
    ),
)


def judged(tree: Path, contract: str | None = None) -> subprocess.CompletedProcess[str]:
    """What import-linter says of a tree."""
    code = "from importlinter.cli import lint_imports_command as check; check()"
    chosen = ["--contract", contract] if contract else []
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--no-logo", *chosen],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the three packages and their contracts."""
    shutil.copy(TREE / "pyproject.toml", tmp_path)
    for name in ("bridge", "adapters", "schemas"):
        shutil.copytree(TREE / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_tree_as_it_stands_keeps_every_contract(copied: Path) -> None:
    run = judged(copied)
    assert run.returncode == 0, run.stdout
    assert f"Contracts: {len(CONTRACTS)} kept, 0 broken." in run.stdout


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: breach.says.replace(" ", "-"))
def test_a_breach_is_seen(copied: Path, breach: Breach) -> None:
    for name, text in breach.files.items():
        path = copied / name
        path.parent.mkdir(exist_ok=True)
        before = path.read_text() if path.exists() else '"""A sinner."""\n'
        path.write_text(f"{before}\n{text}\n")
    run = judged(copied, breach.contract)
    broken = next(one["name"] for one in CONTRACTS if one["id"] == breach.contract)
    assert run.returncode == 1, run.stdout
    assert f"{broken} BROKEN" in run.stdout


def test_every_contract_is_broken_by_somebody() -> None:
    assert {breach.contract for breach in BREACHES} == {one["id"] for one in CONTRACTS}


def test_no_contract_has_an_exception() -> None:
    """An exception to a boundary lives for years; the boundary moves instead, in the open."""
    for contract in CONTRACTS:
        assert not contract.get("ignore_imports"), contract["name"]
