"""The command `lianqiao` as typed: its help, and the status of a daemon that runs."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from examples.benchmarks.figure import Figure, Given

TREE = Path(__file__).resolve().parents[2]
LIANQIAO = "import sys; sys.path.insert(0, sys.argv.pop(1)); from bridge.start import main; main()"
TIMES = 21


def command(*words: str) -> list[str]:
    """What an installed `lianqiao` runs, of this tree."""
    return [sys.executable, "-I", "-c", LIANQIAO, str(TREE), *words]


def spent(*words: str) -> tuple[float, float]:
    """The median of the clock on the wall and of CPU, each of its own. Units: milliseconds."""
    walls: list[float] = []
    busy: list[float] = []
    for _ in range(TIMES):
        began = time.perf_counter()
        child = os.spawnv(os.P_NOWAIT, sys.executable, command(*words))
        _, status, used = os.wait4(child, 0)
        walls.append((time.perf_counter() - began) * 1e3)
        busy.append((used.ru_utime + used.ru_stime) * 1e3)
        assert os.waitstatus_to_exitcode(status) == 0, words
    return sorted(walls)[TIMES // 2], sorted(busy)[TIMES // 2]


@contextmanager
def daemon(folder: Path) -> Iterator[None]:
    """A founded installation, and its daemon on a socket."""
    subprocess.run(command("init", str(folder)), stdout=subprocess.DEVNULL, check=True)
    config, client = folder / "lianqiao.toml", folder / "data" / "client.json"
    lines = config.read_text("utf-8").splitlines()
    lines = ['listen = "unix:api.sock"' if one.startswith("listen") else one for one in lines]
    config.write_text("\n".join(lines), "utf-8")
    told = json.loads(client.read_text("utf-8"))
    client.write_text(json.dumps({**told, "url": "unix:api.sock"}), "utf-8")
    child = subprocess.Popen(
        command("up", "--folder", str(folder)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert child.stdout is not None
        with child.stdout:
            assert child.stdout.readline().startswith("ready ")
            yield
    finally:
        child.terminate()
        child.wait(20)


@contextmanager
def unheard() -> Iterator[None]:
    """Figures alone go to standard output: what the commands print goes nowhere meanwhile."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def figures(given: Given) -> Iterator[Figure]:
    """Milliseconds of `--help` and of `status`, by the clock and of CPU."""
    folder = given.scratch / "here"
    with unheard(), daemon(folder):
        measured = (
            ("help", 100.0, spent("--help")),
            ("status", 150.0, spent("status", "--folder", str(folder))),
        )
    for name, bar, (wall, busy) in measured:
        yield Figure(
            name=f"command_line.{name}",
            ours=wall,
            theirs=bar,
            baseline=f"the bar, by the clock: median of {TIMES}",
            unit="ms",
        )
        yield Figure(
            name=f"command_line.{name}_cpu",
            ours=busy,
            theirs=bar,
            baseline=f"the bar; CPU alone, where others share the machine: median of {TIMES}",
            unit="ms CPU",
        )
