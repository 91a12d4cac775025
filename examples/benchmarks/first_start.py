"""From a bare machine to a working environment: what a first start costs."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from examples.benchmarks.figure import Figure, Given

TREE = Path(__file__).resolve().parents[2]
MAKE = (
    "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
    "from bridge.__main__ import Wishes, make_environment; "
    "make_environment(Path(sys.argv[1], 'bridge', 'locks', 'demo.txt'), Wishes([]))"
)


def made_in(home: Path, path: str) -> float:
    """Seconds until the demo's environment stands in an empty cache folder."""
    base = str(getattr(sys, "_base_executable", sys.executable))
    fresh = {"LIANQIAO_HOME": str(home), "PATH": path, "UV_CACHE_DIR": str(home / "uv")}
    began = time.perf_counter()
    subprocess.run(
        [base, "-c", MAKE, str(TREE)],
        env={**os.environ, **fresh, "PIP_NO_CACHE_DIR": "1"},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def figures(given: Given) -> Iterator[Figure]:
    """Seconds to make the environment, and its size. The wheels come from the index in use."""
    bare = os.pathsep.join(["/usr/bin", "/bin"])
    yield Figure(
        name="first_start.pip",
        ours=made_in(given.scratch / "pip", bare),
        theirs=60.0,
        baseline="the bar: 60 s with pip, to the first settled transfer",
        unit="s",
    )
    tools = given.scratch / "bin"
    tools.mkdir()
    uv = shutil.which("uv") or str(Path(sys.executable).with_name("uv"))
    (tools / "uv").symlink_to(uv)
    yield Figure(
        name="first_start.uv",
        ours=made_in(given.scratch / "uv", os.pathsep.join([str(tools), bare])),
        theirs=25.0,
        baseline="the bar: 25 s with uv, to the first settled transfer",
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
