"""The locks: every package by version and hash, no address, each lock holding the one before."""

import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from bridge.locks.lock import installed, pins
from tests.tidy.tree import TREE

LOCKS = TREE / "bridge" / "locks"
PROJECT = tomllib.loads((TREE / "pyproject.toml").read_text())["project"]


def all_pins(name: str) -> dict[str, str]:
    """Name to version, whatever the platform."""
    text = (LOCKS / name).read_text()
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("path", sorted(LOCKS.glob("*.txt")), ids=lambda path: path.name)
def test_a_lock_holds_names_versions_and_hashes_and_nothing_else(path: Path) -> None:
    for line in path.read_text().splitlines():
        package = re.fullmatch(r"[A-Za-z0-9._-]+==[^\s;]+( ; [^\\]+)? \\", line)
        digest = re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line)
        assert package or digest, line


@pytest.mark.parametrize("path", sorted(LOCKS.iterdir()), ids=lambda path: path.name)
def test_no_lock_says_where_packages_come_from(path: Path) -> None:
    if path.is_file():
        text = path.read_text()
        assert "://" not in text
        assert "index-url" not in text


@pytest.mark.parametrize(("less", "more"), [("core.txt", "demo.txt"), ("demo.txt", "dev.txt")])
def test_each_lock_holds_all_of_the_one_before(less: str, more: str) -> None:
    assert all_pins(less).items() <= all_pins(more).items()


@pytest.mark.parametrize("name", ["core.txt", "demo.txt", "dev.txt"])
def test_what_applies_here_is_read_by_the_first_step(name: str) -> None:
    """The first step reads markers by itself; another judge of markers must agree."""
    from packaging.requirements import Requirement

    text = re.sub(r"\\\n\s*--hash=\S+", "", (LOCKS / name).read_text())
    asked = {}
    for line in text.splitlines():
        requirement = Requirement(line.strip(" \\"))
        if requirement.marker is None or requirement.marker.evaluate():
            asked[requirement.name.lower()] = str(requirement.specifier).removeprefix("==")
    assert pins(LOCKS / name) == asked


def test_pyproject_and_the_locks_agree() -> None:
    """After a changed dependency: python3 tests/lock.py."""
    from packaging.requirements import Requirement

    for name, lock in (("dependencies", "core.txt"), ("dev", "dev.txt")):
        extras = PROJECT["optional-dependencies"]
        for line in PROJECT[name] if name == "dependencies" else extras[name]:
            asked = Requirement(line)
            if asked.name != PROJECT["name"]:
                version = all_pins(lock).get(asked.name.lower())
                assert version is not None, f"{lock} has no {asked.name}"
                assert asked.specifier.contains(version, prereleases=True), f"{lock}: {line}"


def test_the_core_stays_small() -> None:
    assert len(pins(LOCKS / "core.txt")) <= 70


def test_what_is_installed_is_said_as_the_standard_library_says_it() -> None:
    """By the names of folders, which takes a tenth of its time; names in one spelling."""
    said = {
        re.sub(r"[-_.]+", "-", each.metadata["Name"]).lower(): each.version
        for each in reversed(list(metadata.distributions()))
        if str(getattr(each, "_path", "")).endswith(".dist-info")
    }
    assert installed() == said


def test_a_half_removed_package_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "click-8.5.1.dist-info").mkdir()
    monkeypatch.setattr(sys, "path", ["/nowhere", str(tmp_path)])
    assert installed() == {}
    (tmp_path / "click-8.5.1.dist-info" / "METADATA").touch()
    assert installed() == {"click": "8.5.1"}
