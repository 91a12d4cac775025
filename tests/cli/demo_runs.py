"""A demo as a newcomer runs it: a process of its own, and what it leaves behind."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TREE = Path(__file__).resolve().parents[2]


def started(folder: Path, *words: str) -> subprocess.Popen[str]:
    """Start the demo, its temporary files in a folder of the test's own."""
    return subprocess.Popen(
        [sys.executable, "-m", "bridge", "demo", *words],
        cwd=TREE,
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left(folder: Path) -> list[str]:
    """What runs with its temporary files in a folder."""
    running = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"TMPDIR={folder}".encode() in (process / "environ").read_bytes().split(b"\0"):
                running.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return [one for one in running if one]  # a process without words has ended


def nothing_runs(folder: Path) -> None:
    until = time.monotonic() + 15
    while left(folder):
        assert time.monotonic() < until, left(folder)
        time.sleep(0.1)


def stories(folder: Path, *words: str, within_s: int = 240) -> dict[str, str]:
    until = time.monotonic() + within_s
    while True:
        with started(folder, "--once", "--output", "json", *words) as run:
            out, said = run.communicate(timeout=within_s)
        if "that port is taken" not in said or time.monotonic() > until:
            break  # else a demo of a test beside this one has it for now
    assert run.returncode == 0, said
    document = json.loads(out)
    assert document["schema"] == "lianqiao.demo/1"
    assert all(isinstance(one["seconds"], float) for one in document["stories"])
    assert all(len(one["settlement"]) == 26 for one in document["stories"])
    return {one["name"]: one["stage"] for one in document["stories"]}


def read_until(run: subprocess.Popen[str], seen: Callable[[str], bool]) -> list[str]:
    assert run.stdout is not None
    lines: list[str] = []
    for line in run.stdout:
        lines.append(line)
        if seen(line):
            return lines
    raise AssertionError("".join(lines))
