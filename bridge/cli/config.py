"""Settings: whether they load, and what is in force; secrets are files and never shown."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import ELSEWHERE, NOWHERE, Talk, spoken
from bridge.cli.manners import FAILED, NOT_FOUND, USAGE, Json, Stopped, show, show_all

if TYPE_CHECKING:
    from bridge.settings import BadSettings

INSTANCE: Final = re.compile(r"^(notary|network|rail|lane)\.[^.]+\.")  # as an operator names it

SECRET: Final = re.compile("(?i)password|secret|passphrase")
USER: Final = re.compile(r"://[^/@\s]+@")  # a name or password before a host


@click.group(cls=Verbs)
def config() -> None:
    """Check, show or explain the settings."""


@config.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@spoken
def check(talk: Talk, file: Path | None) -> None:
    """Load the settings, and say what is wrong with them, their adapters' and each lane's."""
    from bridge.cli.relations import related  # noqa: PLC0415  loaded when needed
    from bridge.settings import BadSettings, load  # noqa: PLC0415

    chosen = file if file is not None else talk.folder / "lianqiao.toml"
    try:
        lanes = related(load(chosen), chosen.parent)
    except BadSettings as error:
        raise unloaded(error, chosen) from error
    told: list[Json] = [
        {"lane": one.lane, "says": list(one.says), "code": one.code, "remedy": one.remedy}
        for one in lanes
    ]
    show(
        talk.form,
        "config",
        {"file": str(chosen), "loads": True, "lanes": told},
        lambda: [
            f"{chosen} loads",
            *(f"lane {one.lane}: {says}" for one in lanes for says in one.says),
        ],
    )
    if shut := [one for one in lanes if one.code]:
        first = shut[0]
        raise Stopped(
            FAILED,
            first.code,
            f"lane {first.lane} takes no order",
            cause=first.says[-1],
            following=first.remedy,
        )


def unloaded(error: "BadSettings", file: Path) -> Stopped:
    """Return what to say of settings that do not load: which, what it takes, what to type."""
    from bridge.cli.settings_text import explained  # noqa: PLC0415  loaded when needed

    if not file.exists():
        return Stopped(USAGE, "LQ-SETTINGS", str(error), cause=NOWHERE, following=ELSEWHERE)
    if error.adapter:
        return Stopped(
            USAGE,
            "LQ-SETTINGS",
            str(error),
            cause=f"the keys of [{error.key}] are those of its adapter {error.adapter}",
            following=f"mend {file}; that adapter's README says what each key takes",
        )
    key = INSTANCE.sub(r"\1.", error.key)
    said = explained().get(key)
    takes = f"{key} is {said.says}" if said is not None else ""
    return Stopped(
        USAGE,
        "LQ-SETTINGS",
        str(error),
        cause=takes or "a setting is missing, unknown or out of its bounds",
        following=f"mend {file}; lianqiao config explain {key if said is not None else 'KEY'} "
        "says what a setting takes",
    )


@config.command("show")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@spoken
def shown(talk: Talk, file: Path | None) -> None:
    """Print every setting in force, with its default where the file says nothing."""
    from bridge.settings import BadSettings, load  # noqa: PLC0415  loaded when needed

    chosen = file if file is not None else talk.folder / "lianqiao.toml"
    try:
        settings = load(chosen)
    except BadSettings as error:
        raise unloaded(error, chosen) from error
    whole = _unsecret(settings.model_dump(mode="json"))
    assert isinstance(whole, dict), "settings are a table"
    show(talk.form, "config", whole, lambda: _lines(whole))


@config.command("explain")
@click.argument("key")
@spoken
def explain(talk: Talk, key: str) -> None:
    """Say what a setting is, its unit, bounds and default: `ledger.seal_every_ms`.

    A key of a network, rail, lane or notary may leave out the instance: `lane.limit`. A section,
    such as `lane`, lists its keys.
    """
    import difflib  # noqa: PLC0415  loaded when needed

    from bridge.cli.settings_text import INSTANCES, explained  # noqa: PLC0415  loaded when needed

    known = explained()
    kind, _, rest = key.partition(".")
    bare = f"{kind}.{rest.partition('.')[2]}" if key.startswith(INSTANCES) else key
    said = known.get(key) or known.get(bare)
    inside = [one for name, one in known.items() if name.startswith(f"{key}.")]
    if inside:
        rows = [
            {"key": one.key, "example": one.value.strip('"'), "says": one.says} for one in inside
        ]
        show_all(talk.form, "setting", rows, ("key", "says"))
        return
    if said is None:
        close = difflib.get_close_matches(key, known, 1) or [
            name for name in known if name.endswith(f".{key}")
        ]
        raise Stopped(
            NOT_FOUND,
            "LQ-NO-SETTING",
            f"there is no setting {key[:80]}",
            cause="it is misspelled, or an adapter's own: those stand in its README",
            following=f"lianqiao config explain {close[0] if close else 'network'}",
        )
    value = {"key": said.key, "example": said.value.strip('"'), "says": said.says}
    show(talk.form, "setting", value, lambda: [f"{said.key} = {said.value}", said.says])


def _lines(value: object, place: str = "") -> list[str]:
    """Return settings as they may be written; what is off stands behind `#`."""
    if isinstance(value, dict):
        return [
            line
            for name, inner in value.items()
            for line in _lines(inner, f"{place}.{_name(name)}" if place else _name(name))
        ]
    if value is None:
        return [f"# {place} = off"]
    return [f"{place} = {_toml(value)}"]


def _unsecret(value: Json, name: str = "") -> Json:
    """Return settings with `***` for what an adapter's own keys or addresses give away."""
    if isinstance(value, dict):
        return {key: _unsecret(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_unsecret(one, name) for one in value]
    if value and SECRET.search(name) and not name.endswith(("_file", "_key")):  # those are paths
        return "***"
    return USER.sub("://***@", value) if isinstance(value, str) else value


def _toml(value: object) -> str:
    """Return a value as TOML writes it in a line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{_name(k)} = {_toml(v)}' for k, v in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str | bool):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")
    return str(value)


def _name(key: object) -> str:
    return str(key) if re.fullmatch("[A-Za-z0-9_-]+", str(key)) else json.dumps(str(key))
