"""One lock: the exact packages our program needs, and which of them this interpreter has.

Standard library only, and no syntax newer than Python 3.6: the first step of the program reads it.
Source: PEP 508 (markers), in the plain form that `uv pip compile` writes.
"""

import hashlib
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path


def lock_id(lock: Path) -> str:
    """What the environment of this lock is called: another lock, Python or platform has another."""
    python = f"{sys.implementation.name} {platform.python_version()}"
    text = lock.read_bytes() + f"\n{python}\n{sysconfig.get_platform()}\n".encode()
    return hashlib.sha256(text).hexdigest()[:16]


def cache_home() -> Path:
    """The folder that holds our environments: LIANQIAO_CACHE, else one in the user's cache folder.

    LIANQIAO_HOME is another: the folder of an installation, which is backed up. A user without a
    home (a container's bare number) gets a folder among the temporary ones.
    """
    if os.environ.get("LIANQIAO_CACHE"):
        return Path(os.environ["LIANQIAO_CACHE"]).resolve()
    if os.environ.get("XDG_CACHE_HOME"):
        return Path(os.environ["XDG_CACHE_HOME"]).resolve() / "lianqiao"
    try:
        return Path.home() / ".cache" / "lianqiao"
    except RuntimeError:
        import tempfile  # noqa: PLC0415  # seldom needed, and 10 ms

        return Path(tempfile.gettempdir()) / f"lianqiao-{os.getuid()}"


def pins(lock: Path) -> "dict[str, str]":
    """Name to version of every package the lock asks for on this platform."""
    asked = {}
    for line in lock.read_text(encoding="utf-8").splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)==([^\s;]+)\s*(?:;\s*(.*?))?\s*\\?$", line)
        if match and applies(match.group(3) or ""):
            asked[re.sub(r"[-_.]+", "-", match.group(1)).lower()] = match.group(2)
    return asked


def applies(marker: str) -> bool:
    """Whether a PEP 508 marker holds here; one we cannot read counts as holding: the careful side.

    Only the plain form uv writes is read: comparisons joined by `and`, then by `or`, no brackets.
    """
    return not marker or any(
        all(holds(term) for term in choice.split(" and ")) for choice in marker.split(" or ")
    )


def holds(term: str) -> bool:
    """Whether one comparison of a marker holds here."""
    match = re.fullmatch(r"\s*([a-z_]+)\s*(==|!=|<=|>=|<|>)\s*'([^']*)'\s*", term)
    facts = {
        "implementation_name": sys.implementation.name,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_system": platform.system(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }
    if match is None or match.group(1) not in facts:
        return True
    name, sign, said = match.groups()
    if "version" in name:
        ours, theirs = numbers(facts[name]), numbers(said)
        order = (ours > theirs) - (ours < theirs)
    else:
        order = (facts[name] > said) - (facts[name] < said)
    return {
        "==": order == 0,
        "!=": order != 0,
        "<": order < 0,
        "<=": order <= 0,
        ">": order > 0,
        ">=": order >= 0,
    }[sign]


def numbers(version: str) -> "tuple[int, ...]":
    """The leading numbers of a version, for comparing."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def served_by(lock: Path) -> "list[str]":
    """The ids of the locks beside this one that ask for nothing more, its own among them."""
    beside = [one for one in sorted(lock.parent.glob("*.txt")) if pins(one)]
    return [lock_id(one) for one in beside if pins(one).items() <= pins(lock).items()]


def missing(lock: Path) -> bool:
    """Whether the lock asks for anything that this interpreter does not have at that version."""
    there = installed()
    return any(there.get(name) != version for name, version in pins(lock).items())


def installed() -> "dict[str, str]":
    """Name to version of what this interpreter has, as the folders that installers leave say it.

    `importlib.metadata` would say the same, and takes 50 ms to load at every start.
    Source: PEP 376 (names of .dist-info), PEP 503 (one spelling of a name).
    """
    found = {}  # type: dict[str, str]
    for place in sys.path:
        try:
            folders = os.listdir(place or ".")  # noqa: PTH208  # a third of the time
        except OSError:  # none is there, or an archive
            continue
        for folder in folders:
            if folder.endswith(".dist-info") and Path(place, folder, "METADATA").is_file():
                name, _, version = folder[: -len(".dist-info")].partition("-")
                found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return found
