"""The same invariants told a second time, in Solidity, by another fuzzer: forge.

Its model of the notaries and its adversary share no line with `test_invariants.py`, so that a
mistake in one of the two is not a mistake in both. The compiler is the pinned one, behind the few
words by which forge asks it.
"""

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest

from adapters.evm.anvil import program
from adapters.evm.contracts import build

HERE = Path(__file__).parent / "forge"
UNCHANGED: Mapping[str, tuple[str, str]] = MappingProxyType({})
PATIENCE_S = 600
COMPILER = """#!/bin/sh
# The compiler's own answer to --version is cut short by its makers' wrapper; this is forge's form.
if [ "$1" = --version ]; then echo "Version: {version}+commit.00000000"; exit; fi
folder=$(mktemp -d)
cat >"$folder/question"
node "{compiler}" --standard-json <"$folder/question" >"$folder/answer"
sed -n '/^{{/,$p' "$folder/answer"
rm -r "$folder"
"""
PROJECT = """
[profile.default]
src = "src"
test = "test"
libs = []
remappings = ["@openzeppelin/={modules}/@openzeppelin/"]
allow_paths = ["{modules}"]
offline = true
solc = "./solc"
via_ir = true
optimizer = true
optimizer_runs = 200
evm_version = "{evm}"
bytecode_hash = "none"

[invariant]
runs = {runs}
depth = {depth}
fail_on_revert = true
"""


@dataclass(frozen=True)
class Campaign:
    """How long the adversary tries. Units: stories, and steps of each."""

    runs: int
    depth: int
    seed: str


def told(
    folder: Path, campaign: Campaign, changed: Mapping[str, tuple[str, str]] = UNCHANGED
) -> str:
    """What forge says; `changed` is what of a contract's source is replaced, and by what."""
    modules = build.toolchain()
    compiler = json.loads((modules / "solc" / "package.json").read_text("utf-8"))
    (folder / "src").mkdir()
    for path in build.HERE.glob("*.sol"):
        text = path.read_text("utf-8")
        if path.stem in changed:
            was, now = changed[path.stem]
            assert text.count(was) == 1, f"{path.name} has not one line {was!r}"
            text = text.replace(was, now)
        (folder / "src" / path.name).write_text(text, "utf-8")
    shutil.copytree(HERE, folder / "test")
    words = {"version": compiler["version"], "compiler": modules / "solc" / "solc.js"}
    (folder / "solc").write_text(COMPILER.format(**words), "utf-8")
    (folder / "solc").chmod(0o700)
    project = PROJECT.format(
        modules=modules, evm=build.EVM_VERSION, runs=campaign.runs, depth=campaign.depth
    )
    (folder / "foundry.toml").write_text(project, "utf-8")
    done = subprocess.run(
        [program("forge"), "test", "--fuzz-seed", campaign.seed],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    return f"{done.stdout[-6_000:]}\n{done.stderr[-2_000:]}\nexit {done.returncode}"


@pytest.mark.slow
def test_an_adversary_who_sends_what_was_ever_signed_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    said = told(tmp_path, Campaign(runs=32, depth=100, seed="0x1"))
    assert "2 tests passed, 0 failed" in said, said
    assert "(runs: 32, calls: 3200, reverts: 0)" in said, said
    assert said.endswith("exit 0")


@pytest.mark.long
@pytest.mark.slow
def test_nor_in_many_more_stories(tmp_path: Path) -> None:
    seed = f"0x{secrets.token_hex(16)}"
    said = told(tmp_path, Campaign(runs=256, depth=150, seed=seed))
    assert said.endswith("exit 0"), f"seed {seed}\n{said}"


PLANTED = {
    "a released slot is open still": (
        "Escrow",
        "        slot.state = State.SPENT;\n        emit Released(",
        "        emit Released(",
    ),
    "a lock is given back after its burn": (
        "Escrow",
        "        slot.state = State.DONE;\n        emit Burned(",
        "        emit Burned(",
    ),
    "two notaries are enough": (
        "NotarySet",
        "if (n < e.threshold) revert TooFew(n, e.threshold);",
        "if (n + 1 < e.threshold) revert TooFew(n, e.threshold);",
    ),
    "what was burned backs nothing": (
        "Vault",
        "        backing[t.asset][t.counterpart] += t.amount;",
        "",
    ),
    "a halted door opens": ("Brakes", "if (inHalted) revert Halted();", ""),
    "the bucket is never drawn from": ("Brakes", "a.tokens = uint128(tokens - amount);", ""),
}


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("bug", PLANTED)
def test_a_planted_bug_is_found(bug: str, tmp_path: Path) -> None:
    contract, was, now = PLANTED[bug]
    said = told(tmp_path, Campaign(runs=64, depth=100, seed="0x1"), {contract: (was, now)})
    assert re.search(r"\[FAIL", said), said
    assert "exit 1" in said
