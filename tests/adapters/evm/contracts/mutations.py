"""Each line of a contract is weakened in turn; a named test must see it, or the line says nothing.

`python -m tests.adapters.evm.contracts.mutations CONTRACT` compiles every mutant with the pinned
compiler, some in one go, runs the contract's tests on it, and names those that lived.
"""

import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from adapters.evm.contracts import build
from adapters.evm.contracts.code import Artifact, artifact
from tests.adapters.evm import chain

HERE = Path(__file__).parent
SOURCE = "artifact"  # the name by which the tests' chain reads what it deploys
BATCH = 16  # mutants in one run of the compiler
SWAPS: tuple[tuple[str, str], ...] = (
    (" < ", " <= "),
    (" <= ", " < "),
    (" > ", " >= "),
    (" >= ", " > "),
    (" == ", " != "),
    (" != ", " == "),
    (" && ", " || "),
    (" || ", " && "),
    (" + ", " - "),
    (" - ", " + "),
    ("2 * ", "1 * "),
    ("3 * ", "2 * "),
    ("true", "false"),
    ("false", "true"),
    ("++latest", "latest"),
    ("--former", "former = 1"),
    ("onlyGovernor ", ""),
    ("onlyGuardian ", ""),
    ("onlyEscrow ", ""),
    ("State.SPENT", "State.DONE"),
    ("State.DONE", "State.SPENT"),
    ("State.OPEN", "State.NONE"),
    ("State.NONE", "State.OPEN"),
    ("State.ESCAPED", "State.SPENT"),
    ("State.DELIVERING", "State.OPEN"),
    (" hours", " minutes"),
    ("180 days", "181 days"),
    ("30 days", "29 days"),
    ("LARGEST = 32", "LARGEST = 33"),
    ("origin[", "destination["),
    ("destination[", "origin["),
    ("Acts.RELEASE", "Acts.UNMINT"),
    ("Acts.UNMINT", "Acts.RELEASE"),
    ("Acts.ASSIGN", "Acts.RELEASE"),
    ("Acts.BURN", "Acts.MINT"),
    ("Acts.HOLD", "Acts.BURN"),
)
DELETED = re.compile(r"^\s+[^/{}]*[^{}];(?: //.*)?$")
DECLARES = re.compile(  # without it the rest does not compile
    r"^\s*(?:event|error|using|import|return|mapping|Slot storage|Asset storage|Epoch"
    r"|(?:uint\d*|address|bytes32) \w+ =|.*\b(?:constant|immutable|public)\b)"
)


@dataclass(frozen=True)
class Mutant:
    """One line, weakened."""

    contract: str
    line: int  # from 1
    was: str
    now: str

    @override
    def __str__(self) -> str:
        now = self.now.strip() or "(nothing)"
        return f"{self.contract}.sol:{self.line}: {self.was.strip()} -> {now}"


@dataclass(frozen=True)
class Target:
    """What is weakened, and by which tests it must be seen."""

    files: tuple[str, ...]  # sources whose lines are weakened; the first is the contract
    tests: tuple[str, ...]
    equal: Mapping[str, str]  # a weakened line that does the same, and why
    bar: float


TARGETS = {
    "NotarySet": Target(
        files=("NotarySet",),
        tests=("test_notary_set.py", "test_rotations.py"),
        equal={
            "this.verify(now_, _digest(structHash), sigs, true);"
            " -> this.verify(now_, _digest(structHash), sigs, false);": (
                "only an epoch that is retired has hours of grace, and the one that stands is not"
            ),
        },
        bar=1.0,
    ),
    "Escrow": Target(
        files=("Escrow",),
        tests=(
            "test_slots.py",
            "test_limits.py",
            "test_consent.py",
            "../attacks/test_contracts.py",
        ),
        equal={
            "if (holder.code.length == 0) revert BadConsent(); -> (nothing)": (
                "where there is no code a call answers nothing, which is too short to be a yes"
            ),
        },
        bar=1.0,
    ),
    "Vault": Target(
        files=("Vault",),
        tests=("test_custody.py",),
        equal={
            "if (t.asset.code.length == 0) revert NoCode(t.asset); -> (nothing)": (
                "an asset is listed with its code and entered only with the same code"
            ),
        },
        bar=0.95,  # where all is handed over at once, nobody asks what `accepted` says
    ),
    "TwinVault": Target(
        files=("TwinVault",),
        tests=("test_custody.py",),
        equal={},
        bar=0.95,
    ),
    "TitleVault": Target(
        files=("TitleVault",),
        tests=(
            "test_title_vault.py",
            "../instruments/test_titles.py",
            "../instruments/test_title_delivery.py",
            "test_titles.py",
        ),
        equal={},
        bar=0.95,
    ),
}


def mutants(contract: str) -> Iterator[Mutant]:
    """Every weakened line of a contract's code."""
    text = (build.HERE / f"{contract}.sol").read_text("utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        code = line.split("//")[0]
        if not code.strip() or re.match(r"\s*(?:event|error|import|pragma)\b", code):
            continue
        if DELETED.match(line) and not DECLARES.match(line):
            yield Mutant(contract, number, line, "")
        for old, new in SWAPS:
            for found in re.finditer(re.escape(old), code):
                changed = code[: found.start()] + new + code[found.end() :]
                yield Mutant(contract, number, line, changed)


def compiled(target: str, batch: Sequence[Mutant]) -> list[bytes | None]:
    """The creation code of each mutant; None where the compiler refuses it."""
    modules = build.toolchain()
    plain = build.sources(modules)
    wrong: set[int] = set()
    while True:
        out = _asked(modules, _question(target, batch, plain, wrong))
        errors = [one for one in out.get("errors", ()) if one["severity"] == "error"]
        if not errors:
            break
        wrong |= {int(one["sourceLocation"]["file"][1:].partition("/")[0]) for one in errors}
    codes: list[bytes | None] = []
    for place in range(len(batch)):
        made = None if place in wrong else out["contracts"][f"m{place}/{target}.sol"][target]
        codes.append(bytes.fromhex(made["evm"]["bytecode"]["object"]) if made else None)
    return codes


def _question(
    target: str, batch: Sequence[Mutant], plain: Mapping[str, str], left_out: set[int]
) -> dict[str, Any]:
    """Every mutant under a folder of its own. The quick way of the compiler: the meaning is one."""
    texts = {name: text for name, text in plain.items() if not name.startswith("lianqiao/")}
    wanted: dict[str, Any] = {}
    for place, mutant in enumerate(batch):
        if place in left_out:
            continue
        for name, text in plain.items():
            if name.startswith("lianqiao/"):
                lines = text.splitlines()
                if name == f"lianqiao/{mutant.contract}.sol":
                    lines[mutant.line - 1] = mutant.now
                texts[name.replace("lianqiao/", f"m{place}/")] = "\n".join(lines)
        wanted[f"m{place}/{target}.sol"] = {target: ["evm.bytecode.object"]}
    settings = {name: value for name, value in build.SETTINGS.items() if name != "viaIR"}
    return {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in texts.items()},
        "settings": {**settings, "outputSelection": wanted},
    }


def _asked(modules: Path, question: Mapping[str, Any]) -> dict[str, Any]:
    node = shutil.which("node")
    assert node is not None, "the compiler is JavaScript"
    with tempfile.TemporaryDirectory() as folder:
        said, told = Path(folder) / "in", Path(folder) / "out"
        said.write_text(json.dumps(question), "utf-8")
        with said.open("rb") as stdin, told.open("wb") as stdout:
            command = [node, str(modules / "solc" / "solc.js"), "--standard-json"]
            subprocess.run(
                command, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, check=False
            )
        text = told.read_text("utf-8")
    found: dict[str, Any] = json.loads(text[text.find("{") :])
    return found


class Seen:
    """Which test saw the mutant."""

    def __init__(self) -> None:
        self.by = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed and not self.by:
            self.by = report.nodeid.rpartition("::")[2]


def seen_by(target: str, code: bytes, tests: Sequence[str]) -> str:
    """The first test that fails on this code, or nothing. What it costs is not its meaning."""

    def mutated(contract: str, evm_version: str = "cancun") -> Artifact:
        real = artifact(contract, evm_version)
        return replace(real, creation=code) if contract == target else real

    seen = Seen()
    words = [
        "-x",
        "-q",
        "-p",
        "no:randomly",
        "-k",
        "not costs",
        *(str(HERE / test) for test in tests),
    ]
    before = getattr(chain, SOURCE)
    setattr(chain, SOURCE, mutated)
    try:
        with redirect_stdout(io.StringIO()):
            ended = pytest.main(words, plugins=[seen])
    finally:
        setattr(chain, SOURCE, before)
    assert ended in {pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED}, "the tests did not run"
    assert bool(seen.by) == (ended != pytest.ExitCode.OK)
    return seen.by


def main(target: str) -> int:
    """0 when enough were seen: the bar of the target."""
    aim = TARGETS[target]
    every = [one for file in aim.files for one in mutants(file)]
    (same,) = compiled(target, [Mutant(target, 1, "", "// SPDX-License-Identifier: Apache-2.0")])
    assert same is not None
    assert not seen_by(target, same, aim.tests), "the tests fail as it is"
    lived, killed, refused, equal = [], 0, 0, 0
    for first in range(0, len(every), BATCH):
        batch = every[first : first + BATCH]
        for mutant, code in zip(batch, compiled(target, batch), strict=True):
            if code is None:
                refused += 1
            elif code == same or str(mutant).partition(": ")[2] in aim.equal:
                equal += 1
            elif by := seen_by(target, code, aim.tests):
                killed += 1
                sys.stdout.write(f"seen by {by}: {mutant}\n")
            else:
                lived.append(mutant)
                sys.stdout.write(f"LIVED: {mutant}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{target}: {killed} of {killed + len(lived)} seen")
    sys.stdout.write(f" ({equal} equal, {refused} that do not compile)\n")
    return 0 if killed >= aim.bar * (killed + len(lived)) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
