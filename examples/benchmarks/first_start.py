"""From a bare machine to a transfer that has settled: what a first start costs, and a second.

Both are started as a newcomer would: by the Python that the running one was made from (on a bare
Debian /usr/bin/python3), in an environment in which no variable of Python's is set. A first start
compiles what it imports, a second finds it compiled.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from examples.benchmarks.figure import Figure, Given
from examples.benchmarks.machine import newcomers

TREE = Path(__file__).resolve().parents[2]
DEMO = ["-m", "bridge", "demo", "--story", "clean"]  # on its embedded wires


def settled_in(home: Path, path: str) -> float:
    """Seconds until a transfer has settled, from a start with the environments of a cache folder.

    The demo's way down is in it too.
    """
    began = time.perf_counter()
    run = subprocess.run(
        [_base(), *DEMO, "--once", "--output", "json"],
        cwd=TREE,
        env=_fresh(home, path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    took = time.perf_counter() - began
    (story,) = json.loads(run.stdout)["stories"]
    assert story["stage"] == "settled", story
    return took


def ready_in(home: Path, path: str) -> float:
    """Seconds until daemon and wires answer; what orders need is registered next."""
    began = time.perf_counter()
    with subprocess.Popen(
        [_base(), *DEMO],
        cwd=TREE,
        env=_fresh(home, path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stdout is not None, "its standard output is a pipe"
        line = run.stdout.readline()
        took = time.perf_counter() - began
        run.send_signal(signal.SIGINT)
        run.stdout.read()
    assert line.startswith("the daemon answers"), line
    return took


def _base() -> str:
    return str(getattr(sys, "_base_executable", sys.executable))


def _fresh(home: Path, path: str) -> dict[str, str]:
    folder = home / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    fresh = {"LIANQIAO_CACHE": str(home), "PATH": path, "UV_CACHE_DIR": str(home / "uv")}
    return {**newcomers(), **fresh, "PIP_NO_CACHE_DIR": "1", "TMPDIR": str(folder)}


def figures(given: Given) -> Iterator[Figure]:
    """Seconds to a settled transfer, and megabytes. The wheels come from the index in use."""
    bare = os.pathsep.join(["/usr/bin", "/bin"])
    yield Figure(
        name="first_start.pip",
        ours=settled_in(given.scratch / "pip", bare),
        theirs=60.0,
        baseline="the bar: 60 s with pip, nothing cached",
        unit="s",
    )
    tools = given.scratch / "bin"
    tools.mkdir()
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    (tools / "uv").symlink_to(uv)
    yield Figure(
        name="first_start.uv",
        ours=settled_in(given.scratch / "uv", os.pathsep.join([str(tools), bare])),
        theirs=25.0,
        baseline="the bar: 25 s with uv, nothing cached",
        unit="s",
    )
    yield Figure(
        name="first_start.second",
        ours=min(ready_in(given.scratch / "uv", bare) for _ in range(3)),
        theirs=3.0,
        baseline="the bar: 3 s until the daemon answers, where the environment is; best of 3",
        unit="s",
    )
    yield Figure(
        name="first_start.second_settled",
        ours=min(settled_in(given.scratch / "uv", bare) for _ in range(3)),
        theirs=None,
        baseline="and to a settled transfer, the demo's way down in it; best of 3",
        unit="s",
    )
    sizes = [
        path.lstat().st_size
        for path in (given.scratch / "uv").rglob("*")
        if path.is_file() and "uv" not in path.relative_to(given.scratch / "uv").parts[:1]
    ]
    yield Figure(
        name="first_start.size",
        ours=sum(sizes) / 1e6,
        theirs=150.0,
        baseline="the bar: 150 MB of packages",
        unit="MB",
    )
