"""Finds adapters, commands, holders' keys and demo worlds by entry point; imports none of them.

An installed distribution names its entry points in its metadata. Run from a source tree, ours
names them in the `pyproject.toml` beside the package, so that one environment serves many trees.
"""

import sys
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

import bridge

ADAPTERS = "bridge.adapters"
COMMANDS = "bridge.commands"
WORLDS = "bridge.worlds"
HOLDERS = "bridge.holders"  # by kind of consent: how a holder's key in PEM signs a message


class NotFound(LookupError):
    """Raised where no installed package names what was asked for; the sentence lists what is."""


@dataclass(frozen=True, slots=True)
class Named:
    """An entry point: its name and the object reference it loads."""

    name: str
    value: str

    def load(self) -> object:
        """Import and return what the entry point names."""
        module, _, attributes = self.value.partition(":")
        named: object = import_module(module.strip())
        for attribute in attributes.strip().split(".") if attributes.strip() else ():
            named = getattr(named, attribute)
        return named


@cache
def found(group: str) -> tuple[Named, ...]:
    """Return every entry point of `group`, by name; our own tree's win over an installed copy's."""
    named = dict(_installed(group)) if _is_named(group) else {}
    named.update(_of_the_tree().get(group, {}))
    return tuple(Named(name, value) for name, value in sorted(named.items()))


def _installed(group: str) -> dict[str, str]:
    from importlib import metadata  # noqa: PLC0415  20 ms, and help waits for it

    return {point.name: point.value for point in metadata.entry_points(group=group)}


def _is_named(group: str) -> bool:
    """Tell whether any distribution on the path may name the group at all."""
    heading = f"[{group}]"
    return any(
        heading in file.read_text("utf-8", "replace")
        for folder in sys.path
        for kind in ("dist-info", "egg-info")
        for file in Path(folder).glob(f"*.{kind}/entry_points.txt")
    )


def load(group: str, name: str) -> object:
    """Return the object that `name` stands for in `group`.

    Errors: NotFound, with the names there are.
    """
    for point in found(group):
        if point.name == name:
            return point.load()
    known = ", ".join(point.name for point in found(group)) or "none"
    raise NotFound(f"no entry point {name!r} in {group}; installed: {known}")


@cache
def _of_the_tree() -> dict[str, dict[str, str]]:
    project = Path(bridge.__file__).resolve().parent.parent / "pyproject.toml"
    if not project.is_file():
        return {}
    table = tomllib.loads(project.read_text("utf-8")).get("project", {})
    if table.get("name") != "lianqiao":
        return {}
    groups: dict[str, dict[str, str]] = table.get("entry-points", {})
    return groups
