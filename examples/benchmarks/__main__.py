"""Every benchmark, or those asked for, prints its figures.

    python3 -m examples.benchmarks [--only NAME] [--data DIR] [--long] [--output table|jsonl]

A benchmark is a module of this folder with `figures(given)`. The peers are in the dev lock: on a
machine without them this starts again in the environment of tests/run.py.
"""

import argparse
import importlib
import json
import os
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bridge.__main__ import Wishes, check_python, make_environment, python_of, say
from bridge.locks.lock import missing
from bridge.locks.why import Stopped
from examples import benchmarks
from examples.benchmarks.figure import Figure, Given
from examples.benchmarks.machine import machine, pace

FRAME = {"__main__", "channel", "figure", "machine", "unchecked"}
TREE = Path(__file__).resolve().parents[2]
AGAIN = (
    "import runpy, sys; sys.path.insert(0, sys.argv.pop(1)); "
    "runpy.run_module('examples.benchmarks', run_name='__main__', alter_sys=True)"
)


def registry() -> list[str]:
    """The name of every benchmark of this folder."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    return [name for name in found if name not in FRAME]


def loaded(name: str) -> Callable[[Given], Iterator[Figure]]:
    """What gives the figures of a benchmark; only those asked for are imported."""
    figures: Callable[[Given], Iterator[Figure]]
    figures = importlib.import_module(f"examples.benchmarks.{name}").figures
    return figures


def shown(figure: Figure, where: str, output: str) -> str:
    """One figure as one line."""
    ratio = None if figure.ratio is None else float(f"{figure.ratio:.4g}")
    row = {
        "name": figure.name,
        "ours": float(f"{figure.ours:.4g}"),
        "theirs": None if figure.theirs is None else float(f"{figure.theirs:.4g}"),
        "baseline": figure.baseline,
        "unit": figure.unit,
        "ratio": ratio,
        "machine": where,
    }
    if output == "jsonl":
        return json.dumps(row, ensure_ascii=False)
    against = f"{row['theirs']:>12,} {ratio:>8}x" if ratio is not None else f"{'':>22}"
    return f"{figure.name:34} {row['ours']:>12,} {against}  {figure.unit:12} {figure.baseline}"


def with_peers(arguments: list[str]) -> None:
    """This interpreter has the peers, or the process has become one that has.

    Errors: Stopped, with the next command.
    """
    lock = TREE / "bridge" / "locks" / "dev.txt"
    if missing(lock):
        python = str(python_of(make_environment(lock, Wishes([]))))
        os.execv(python, [python, "-I", "-c", AGAIN, str(TREE), *arguments])


def main(arguments: list[str]) -> int:
    """The figures are on stdout; 0 when every benchmark gave some."""
    parser = argparse.ArgumentParser(prog="python3 -m examples.benchmarks")
    parser.add_argument("--only", metavar="NAME", action="append", help="a module of this folder")
    parser.add_argument("--data", metavar="DIR", type=Path, help="folder of outside data")
    parser.add_argument("--long", action="store_true", help="the largest sizes: minutes")
    parser.add_argument("--output", choices=("table", "jsonl"), default="table")
    options = parser.parse_args(arguments)
    try:
        check_python(sys.version.split()[0])
        with_peers(arguments)
    except Stopped as stopped:
        say(f"examples.benchmarks: {stopped}")
        return stopped.code
    known = registry()
    if unknown := set(options.only or ()) - set(known):
        parser.error(f"--only {', '.join(sorted(unknown))}: there is {', '.join(known)}")
    if options.data is not None and not options.data.is_dir():
        parser.error(f"--data {options.data}: no such folder")
    here, silent = machine(), []
    for name in options.only or known:
        where = f"{here}, {pace()}"
        with tempfile.TemporaryDirectory() as scratch:
            count = 0
            for figure in loaded(name)(Given(options.data, Path(scratch), options.long)):
                count += 1
                print(shown(figure, where, options.output), flush=True)
        if not count:
            silent.append(name)
    if silent:
        say(f"no figure from {', '.join(silent)}: it may need --data DIR")
    return 1 if silent else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
