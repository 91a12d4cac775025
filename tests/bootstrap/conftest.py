"""A small tree: our first step, a lock of one package, and a program that says where it runs."""

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TREE = Path(__file__).resolve().parents[2]
# The Python this environment was made from: like a user's, it has pip and none of our packages.
BASE = str(getattr(sys, "_base_executable", sys.executable))

FIRST_STEP = (
    "__init__.py",
    "__main__.py",
    "locks/__init__.py",
    "locks/lock.py",
    "locks/why.py",
)
PROGRAM = """
import importlib.metadata, json, sys
def main():
    print(json.dumps({
        "prefix": sys.prefix, "python": sys.executable, "arguments": sys.argv[1:],
        "path": sys.path[0], "isolated": sys.flags.isolated,
        "probe": importlib.metadata.version("lianqiao-probe"),
    }))
"""


def make_wheel(folder: Path, version: str) -> str:
    """A wheel of the probe package lies in `folder`; its SHA-256 is returned. Source: PEP 427."""
    info = f"lianqiao_probe-{version}.dist-info"
    files = {
        "lianqiao_probe.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: lianqiao-probe\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record += f"{name},sha256={digest.decode()},{len(text)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n"
    folder.mkdir(exist_ok=True)
    path = folder / f"lianqiao_probe-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Place:
    """A tree, a cache folder, a folder of wheels, and a path on which tools can be put."""

    root: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        return self.root / "tree"

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def wheels(self) -> Path:
        return self.root / "wheels"

    def lock(self, version: str, name: str = "core.txt") -> Path:
        """The named lock asks for the probe package at this version."""
        digest = make_wheel(self.wheels, version)
        path = self.tree / "bridge" / "locks" / name
        path.write_text(f"lianqiao-probe=={version} \\\n    --hash=sha256:{digest}\n")
        return path

    def tool(self, name: str, script: str) -> None:
        """An executable of this name stands first on the path; it is Python, or shell."""
        path = self.root / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)

    def environment(self) -> dict[str, str]:
        """What the start sees: no uv, and none of this machine's settings for installers."""
        path = os.pathsep.join([str(self.root / "bin"), "/usr/bin", "/bin"])
        kept = {"PATH": path, "HOME": str(self.root), "LIANQIAO_CACHE": str(self.home)}
        return {**kept, **self.settings}

    def command(self, *arguments: str, python: str = BASE) -> list[str]:
        return [python, "-m", "bridge", *arguments]

    def start(
        self, *arguments: str, python: str = BASE, offline: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """The program was started, as a user would, with only the local wheels to install from."""
        wishes = ["--offline", "--wheels", str(self.wheels)] if offline else []
        return subprocess.run(
            self.command(*wishes, *arguments, python=python),
            cwd=self.tree,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def told(self, run: subprocess.CompletedProcess[str]) -> dict[str, object]:
        """What the program said of itself; its answer is all there is on stdout."""
        assert run.returncode == 0, run.stderr
        answer = json.loads(run.stdout)
        assert isinstance(answer, dict)
        return answer

    def environments(self) -> list[Path]:
        """Every folder among our environments, whole or not."""
        return sorted(path for path in self.home.glob("*") if path.is_dir())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A tree whose core lock asks for version 1.0 of the probe."""
    made = Place(tmp_path)
    locks = made.tree / "bridge" / "locks"
    locks.mkdir(parents=True)
    for name in (
        "__init__.py",
        "__main__.py",
        "locks/__init__.py",
        "locks/lock.py",
        "locks/why.py",
    ):
        shutil.copy(TREE / "bridge" / name, made.tree / "bridge" / name)
    shutil.copy(TREE / "bridge" / "locks" / "wheels.tsv", locks)
    (made.tree / "bridge" / "cli.py").write_text(PROGRAM)
    (made.tree / "pyproject.toml").write_text("")
    made.lock("1.0")
    made.lock("1.0", "demo.txt")
    return made
