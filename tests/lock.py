"""Every lock of the tree is made anew from pyproject.toml, by this one command.

    python3 tests/lock.py             keep every version that may stay
    python3 tests/lock.py --upgrade   take the newest that pyproject.toml allows

Run it with the interpreter of tests/run.py or any other; uv comes with the dev lock. The locks
hold names, versions and hashes, never an address: where packages come from is the affair of
whoever installs them (tests/tidy/test_locks.py).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

TREE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TREE))

from tests.run import tools_python  # noqa: E402  # the tree is on the path only now

LOCKS = TREE / "bridge" / "locks"
EXTRAS = {"core": (), "demo": ("demo",), "dev": ("dev",)}  # each holds all of the one before
FORM = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-annotate"),
)
SYSTEMS = (
    (r"manylinux.*?_(x86_64|aarch64|i686|armv7l|ppc64le|s390x|riscv64)$", "Linux {}"),
    (r"musllinux.*?_(x86_64|aarch64|i686|armv7l|ppc64le|s390x|riscv64)$", "Linux (musl) {}"),
    (r"linux_(armv6l|armv7l)$", "Linux {}"),
    (r"macosx_\d+_\d+_(x86_64|arm64|universal2)$", "macOS {}"),
    (r"win_(amd64|arm64)$", "Windows {}"),
    (r"(win32)$", "Windows {}"),
)


def compiled(python: Path, extras: tuple[str, ...], *options: str) -> None:
    """The packages of pyproject.toml with these extras are resolved, by uv."""
    chosen = [word for extra in extras for word in ("--extra", extra)]
    subprocess.run(
        [python, "-m", "uv", "pip", "compile", "--quiet", "pyproject.toml", *chosen, *options],
        cwd=TREE,
        env={**os.environ, "UV_SYSTEM_CERTS": "1", "UV_NATIVE_TLS": "1"},
        stdin=subprocess.DEVNULL,
        check=True,
    )


def platforms(file_names: list[str]) -> str:
    """What these wheels run on, in words; nothing when one of them runs anywhere.

    Source: PEP 427 (file names), PEP 600 and 656 (manylinux, musllinux).
    """
    found = set()
    for name in file_names:
        tag = name.removesuffix(".whl").rpartition("-")[2]
        if tag == "any":
            return ""
        for part in tag.split("."):
            for pattern, words in SYSTEMS:
                if match := re.match(pattern, part):
                    found.add(words.format(match.group(1)))
    return ", ".join(sorted(found))


def wheels_table(pylock: str) -> str:
    """Package, tab, its platforms: of every package that has no wheel for all.

    The first step reads it to say where a package does run when it does not run here.
    Source: PEP 751, `packages.wheels`.
    """
    rows = []
    for package in tomllib.loads(pylock)["packages"]:
        wheels = [one.get("name") or one["url"].rpartition("/")[2] for one in package["wheels"]]
        if where := platforms(wheels):
            rows.append(f"{package['name']}\t{where}\n")
    return "".join(rows)


def main() -> None:
    """The three locks and the table of wheels stand in bridge/locks."""
    parser = argparse.ArgumentParser(prog="python3 tests/lock.py", description=__doc__)
    parser.add_argument("--upgrade", action="store_true", help="take newer versions too")
    newer = ["--upgrade"] if parser.parse_args().upgrade else []
    python = tools_python()
    compiled(python, EXTRAS["dev"], *FORM, *newer, "-o", str(LOCKS / "dev.txt"))
    alike = ("-c", str(LOCKS / "dev.txt"))  # one version of a package in all locks
    for name in ("core", "demo"):
        compiled(python, EXTRAS[name], *FORM, *newer, *alike, "-o", str(LOCKS / f"{name}.txt"))
    with tempfile.TemporaryDirectory() as folder:
        pylock = Path(folder) / "pylock.toml"
        compiled(python, EXTRAS["dev"], "--universal", "--python-version", "3.11", *alike,
                 "--format", "pylock.toml", "-o", str(pylock))  # fmt: skip
        table = wheels_table(pylock.read_text(encoding="utf-8"))
    (LOCKS / "wheels.tsv").write_text(table, encoding="utf-8")


if __name__ == "__main__":
    main()
