"""examples/lianqiao.toml shows every setting there is, with unit, bounds and default."""

import re
import tomllib
import types
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from annotated_types import Ge, Le
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bridge import registry
from bridge.ports import Adapter
from bridge.settings import Settings, load, parse
from tests.tidy.tree import TREE, modules

FILE = TREE / "examples" / "lianqiao.toml"
LINE = re.compile(r"(?P<off># )?(?P<key>[a-z_0-9]+) = (?P<value>\"[^\"]*\"|\S+)(  # (?P<says>.+))?")
UNITS = {"_ms": "milliseconds", "_s": "second"}


@dataclass(frozen=True, slots=True)
class Shown:
    """One setting as the example shows it: switched on or off, with what is said of it."""

    value: object
    is_on: bool
    says: str


def shown() -> dict[str, dict[str, Shown]]:
    """Every section of the example, in order, with its settings."""
    sections: dict[str, dict[str, Shown]] = {"": {}}
    section = ""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
            sections[section] = {}
        elif (match := LINE.fullmatch(line)) and not (match["off"] and not match["says"]):
            (value,) = tomllib.loads(f"one = {match['value']}").values()
            one = Shown(value, match["off"] is None, match["says"] or "")
            assert match["key"] not in sections[section], line
            sections[section][match["key"]] = one
        else:
            assert line[:1] in {"", "#"}, f"no setting, and no comment: {line}"
    return sections


def models() -> dict[str, type[BaseModel]]:
    """The model of every section of settings, found by walking them from the root.

    A table of tables is shown at length once, in its first instance; an adapter's own keys are
    those of the model that the adapter's settings parse into.
    """
    found: dict[str, type[BaseModel]] = {"": Settings}
    for name, info in Settings.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            found[name] = kind
        elif get_origin(kind) is dict:
            first = next(key for key in shown() if key.startswith(f"{name}."))
            inner = get_args(kind)[1]
            is_model = isinstance(inner, type) and issubclass(inner, BaseModel)
            found[first] = inner if is_model else adapter_model(first)
    return found


def adapter_model(section: str) -> type[BaseModel]:
    kind, _, name = section.partition(".")
    table = dict(tomllib.loads(FILE.read_text("utf-8"))[kind][name])
    adapter = registry.load(registry.ADAPTERS, table.pop("adapter"))
    assert isinstance(adapter, Adapter)
    parsed = adapter.settings(table)
    assert isinstance(parsed, BaseModel)
    return type(parsed)


def is_section(info: FieldInfo) -> bool:
    kind: Any = info.annotation
    return get_origin(kind) is dict or (isinstance(kind, type) and issubclass(kind, BaseModel))


FIELDS = [
    pytest.param(section, name, info, id=f"{section}.{name}".lstrip("."))
    for section, model in models().items()
    for name, info in model.model_fields.items()
    if not is_section(info)
]


def choices(kind: Any) -> tuple[str, ...]:
    """The words a setting may be, where they are counted."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) in {Union, types.UnionType}:
        return tuple(word for part in get_args(kind) for word in choices(part))
    return ()


@pytest.mark.parametrize(("section", "name", "info"), FIELDS)
def test_a_setting_is_shown_with_its_unit_its_bounds_and_its_default(
    section: str, name: str, info: FieldInfo
) -> None:
    one = shown()[section].get(name)
    assert one is not None, f"show {name} under [{section}] of {FILE.name}"
    if info.is_required():
        assert one.is_on
        assert one.says.endswith("; required")
    elif info.default is None:
        assert not one.is_on, "off by default: it stands behind #"
        assert re.search(r"; default off\b", one.says)
    else:
        assert one.is_on
        assert one.value == info.default
        assert f"; default {info.default}" in one.says
    low = next((rule.ge for rule in info.metadata if isinstance(rule, Ge)), None)
    high = next((rule.le for rule in info.metadata if isinstance(rule, Le)), None)
    if low is not None or high is not None:
        assert f"{low} to {high}" in one.says, "say its bounds"
    for ending, unit in UNITS.items():
        assert not name.endswith(ending) or unit in one.says, f"say its unit: {unit}"
    assert [word for word in choices(info.annotation) if word not in one.says] == []


@pytest.mark.parametrize("section", models())
def test_a_setting_is_read_by_something_besides_its_model(section: str) -> None:
    room = "adapters" if section.startswith(("network.", "rail.")) else "bridge"
    own = ("bridge/settings.py", "settings.py")[room == "adapters"]
    source = "\n".join(
        module.path.read_text("utf-8")
        for module in modules(room)
        if not str(module.path).endswith(own)
    )
    source += (TREE / "bridge" / "settings.py").read_text("utf-8").partition("\ndef load")[2]
    unread = [
        name
        for name in models()[section].model_fields
        if not re.search(rf"(settings|held|proposed|api|ledger|self|chosen|one)\.{name}\b", source)
    ]
    assert unread == [], "use it, or take it out"


def test_nothing_is_shown_that_is_no_setting() -> None:
    for section, model in models().items():
        known = set(model.model_fields)
        assert set(shown()[section]) - known <= {"adapter"}, section


def test_the_example_loads_and_is_the_default_where_there_is_one() -> None:
    loaded, default = load(FILE), Settings()
    for name, info in Settings.model_fields.items():
        if get_origin(info.annotation) is not dict:
            assert getattr(loaded, name) == getattr(default, name), name


def test_the_example_loads_with_everything_that_is_off_switched_on(tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    for section in shown().values():
        for name in (name for name, one in section.items() if not one.is_on):
            text, changed = re.subn(rf"^# ({name} = )", r"\1", text, flags=re.MULTILINE)
            assert changed >= 1
    settings = parse(tomllib.loads(text), "all on")
    assert settings.api.tls_key is not None
    for kind in ("network", "rail"):
        for table in getattr(settings, kind).values():
            own = {key: value for key, value in table.items() if key != "adapter"}
            adapter = registry.load(registry.ADAPTERS, table["adapter"])
            assert isinstance(adapter, Adapter)
            adapter.settings(own)
