"""A stranger's package is installed beside the wheel of ours and sits the exam there.

Nothing of the tree is on the path of that environment: what is found there, a wheel brought.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.conformance.destination import DestinationConformance
from adapters.conformance.origin import OriginConformance
from tests.tidy.tree import PACKAGES, TREE, files, modules

EXAMPLE = TREE / "examples" / "write_an_adapter"
EXAM = EXAMPLE / "tests" / "test_exam.py"
CARDS = [
    name
    for exam in (OriginConformance, DestinationConformance)
    for name in dir(exam)
    if name.startswith("test_")
]


@dataclass(frozen=True, slots=True)
class Installed:
    """An environment of its own with both distributions, and the stranger's test beside it."""

    folder: Path
    wheel: Path
    exam: Path  # the test and its settings alone: what it imports was installed

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def run(
        self, *command: str | Path, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command as somebody who has this environment and no tree."""
        return ran(*command, cwd=cwd if cwd is not None else self.folder)


def ran(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of ours in its surroundings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    surroundings = {**kept, "COLUMNS": "80", "NO_COLOR": "1", "LANG": "C.UTF-8"}
    return subprocess.run(
        command, cwd=cwd, env=surroundings, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Build our wheel, make an environment, install the wheel and the stranger's sources."""
    folder = tmp_path_factory.mktemp("stranger")
    built = ran(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=TREE)
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("lianqiao-*.whl")
    sources = folder / "sources"
    shutil.copytree(EXAMPLE, sources, ignore=shutil.ignore_patterns("__pycache__"))
    made = Installed(folder / "environment", wheel, folder / "exam")
    venv = ran(sys.executable, "-m", "venv", "--without-pip", made.folder, cwd=folder)
    assert venv.returncode == 0, venv.stderr
    (site,) = made.folder.glob("lib/python*/site-packages")
    others = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    (site / "libraries.pth").write_text("\n".join(others) + "\n")  # only what is not ours
    install = ran(
        sys.executable, "-m", "uv", "--no-config", "pip", "install",
        "--offline", "--no-deps", "--no-build-isolation", "--cache-dir", folder / "cache",
        "--python", made.python, wheel, sources, cwd=folder,
    )  # fmt: skip
    assert install.returncode == 0, install.stderr
    made.exam.mkdir()
    for name in ("pyproject.toml", "tests"):
        (sources / name).rename(made.exam / name)
    return made


@pytest.mark.slow
def test_the_stranger_sits_the_whole_exam_where_it_is_installed(installed: Installed) -> None:
    exam = installed.run(installed.python, "-m", "pytest", "-q", "-rs", cwd=installed.exam)
    assert exam.returncode == 0, exam.stdout
    assert f"{len(CARDS)} passed" in exam.stdout, "every card, none skipped"
    assert "skipped" not in exam.stdout


def test_a_bug_of_the_stranger_is_found_there(installed: Installed) -> None:
    """What sits the exam is the installed copy: a bug planted in it is found."""
    (codec,) = installed.folder.glob("lib/python*/site-packages/lianqiao_folio/codec.py")
    honest = codec.read_text("utf-8")
    planted = honest.replace('return same and state != ""', "return False  # never landed")
    assert planted != honest
    codec.write_text(planted, "utf-8")
    try:
        exam = installed.run(
            installed.python, "-m", "pytest", "-q", "-k", "on02 or dn02", cwd=installed.exam
        )
    finally:
        codec.write_text(honest, "utf-8")
    assert exam.returncode == 1, exam.stdout
    assert "2 failed" in exam.stdout


def test_the_registry_finds_the_stranger_by_its_entry_point(installed: Installed) -> None:
    code = """
from bridge import registry
from bridge.ports import Adapter
for one in registry.found(registry.ADAPTERS):
    adapter = registry.load(registry.ADAPTERS, one.name)
    assert isinstance(adapter, Adapter) and adapter.name == one.name, one
    print(one.name, adapter.verify.__module__)
"""
    said = installed.run(installed.python, "-c", code)
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert "folio lianqiao_folio.codec" in lines
    assert "memory adapters.memory.codec" in lines


def test_lianqiao_speaks_from_its_wheel(installed: Installed) -> None:
    where = installed.run(installed.python, "-c", "import bridge; print(bridge.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(installed.folder)
    helped = installed.run(installed.folder / "bin" / "lianqiao", "--help")
    assert helped.returncode == 0, helped.stderr
    tree = subprocess.run(
        [sys.executable, "-m", "bridge", "--help"], cwd=TREE, env=os.environ | {"COLUMNS": "80"},
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert "Commands of adapters" in tree.stdout
    assert helped.stdout == re.sub(r"python3? -m bridge", "lianqiao", tree.stdout)
    version = installed.run(installed.folder / "bin" / "lianqiao", "version")
    assert version.returncode == 0, version.stderr


def test_the_wheel_holds_the_three_packages_whole_and_nothing_else(installed: Installed) -> None:
    """Every file of the packages, as artifacts, ABIs, locks; no tests; of examples the corridor."""
    with zipfile.ZipFile(installed.wheel) as wheel:
        held = set(wheel.namelist())
        metadata = {name for name in held if ".dist-info/" in name}
        (points,) = (name for name in metadata if name.endswith("entry_points.txt"))
        assert "lianqiao = bridge.start:main" in wheel.read(points).decode()
    ours = {
        path.relative_to(TREE).as_posix()
        for path in files()
        if path.relative_to(TREE).parts[0] in PACKAGES
    }
    project = tomllib.loads((TREE / "pyproject.toml").read_text("utf-8"))
    copied = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert set(copied) == {"examples/policy_pack", "examples/lianqiao.toml"}
    for source, place in copied.items():
        names = (path.relative_to(TREE).as_posix() for path in files())
        ours |= {
            place + name.removeprefix(source)
            for name in names
            if name == source or name.startswith(f"{source}/")
        }
    assert ours - held == set(), "files of the packages that the wheel leaves behind"
    hidden = {name for name in held if "/." in name}
    assert held - metadata - hidden - ours == set(), "files of the wheel that are nobody's"


def test_the_stranger_knows_the_ports_the_core_and_the_exam_only() -> None:
    """Not the reference adapters, and no room above the ports; its register knows nothing of us."""
    allowed = re.compile(
        r"bridge\.(ports|core\.\w+)|adapters\.conformance\.\w+|(lianqiao_)?folio\b"
    )
    for module in modules("examples/write_an_adapter"):
        for node in ast.walk(module.tree):
            imported = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            imported += [one.name for one in node.names] if isinstance(node, ast.Import) else []
            for name in imported:
                is_ours = name.partition(".")[0] in {*PACKAGES, "tests", "examples"}
                assert not is_ours or allowed.match(name), f"{module.name} imports {name}"
                if module.path.parent.name == "folio":
                    assert not is_ours, f"{module.name} imports {name}"


def test_the_stranger_has_four_files_and_a_test_of_fifteen_lines() -> None:
    named = {path.name for path in (EXAMPLE / "lianqiao_folio").glob("*.py")}
    beside = {"__init__.py", "devnet.py"}  # the room card, and the register its test runs
    assert named - beside == {"settings.py", "codec.py", "client.py", "network.py"}
    tree = ast.parse(EXAM.read_text("utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert sum((node.end_lineno or 0) - node.lineno + 1 for node in classes) <= 15


def blocks(path: Path, kind: str = "") -> list[str]:
    """The fenced blocks of that kind in a document."""
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [text for its_kind, text in fenced if its_kind == kind]


@pytest.fixture(scope="module")
def copied(installed: Installed) -> Path:
    """A copy of the template, made by the very commands of the README, with its three files.

    Its first line makes the environment, from the network; here it stands already.
    """
    (commands,) = [one for one in blocks(TREE / "README.md") if "\ncp -r" in one]
    environment, _, rest = commands.partition("\n")
    assert environment.startswith("python3 -m venv ~/lianqiao ")
    home = installed.folder.parent / "newcomer"
    home.mkdir()
    folder = home / "mychain"
    path = f"{installed.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    made = ran("env", f"PATH={path}", f"HOME={home}", "bash", "-e", "-c", rest, cwd=home)
    assert made.returncode == 0, made.stderr
    devnet, exam = blocks(folder / "mychain" / "README.md", "python")
    (project,) = blocks(folder / "mychain" / "README.md", "toml")
    (folder / "tests" / "devnet.py").write_text(devnet, "utf-8")
    (folder / "tests" / "test_exam.py").write_text(exam, "utf-8")
    (folder / "pyproject.toml").write_text(project, "utf-8")
    return folder


def test_a_copy_of_the_template_fails_every_card_and_says_what_to_write(
    installed: Installed, copied: Path
) -> None:
    exam = installed.run(installed.python, "-m", "pytest", "-q", "--tb=line", cwd=copied)
    assert exam.returncode == 1, exam.stdout + exam.stderr
    assert f"{len(CARDS)} failed in" in exam.stdout, "every card, none passed and none skipped"
    said = re.findall(r"NotImplementedError: (\S+: .+)", exam.stdout)
    assert len(said) >= len(CARDS)
    assert {one.partition(":")[0] for one in said} == {"devnet.original", "devnet.twin"}
    readme = " ".join((TREE / "README.md").read_text("utf-8").split())  # a line may end anywhere
    (first,) = re.findall(r"`NotImplementedError: (.+?)`", readme)
    assert first in said, "what the README promises is what is said"


def test_a_copy_of_the_template_is_found_once_it_is_installed(
    installed: Installed, copied: Path
) -> None:
    install = ran(
        sys.executable, "-m", "uv", "--no-config", "pip", "install", "--offline", "--no-deps",
        "--no-build-isolation", "--cache-dir", installed.folder.parent / "cache",
        "--python", installed.python, copied, cwd=copied,
    )  # fmt: skip
    assert install.returncode == 0, install.stderr
    code = "from bridge import registry; print(registry.load(registry.ADAPTERS, 'mychain'))"
    said = installed.run(installed.python, "-c", code)
    assert "name='mychain'" in said.stdout, said.stderr


@pytest.mark.slow
def test_a_copy_of_the_template_passes_a_strict_type_checker(
    installed: Installed, copied: Path
) -> None:
    """Against our wheel, which says that it is typed; the doors' protocols among it."""
    checked = installed.run(
        installed.python, "-m", "mypy", "--strict", "--cache-dir", os.devnull, "mychain", "tests",
        cwd=copied,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
