"""Settings: whether they load, and what is in force; secrets are files and never shown."""

from pathlib import Path

import click

from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Stopped, show


@click.group()
def config() -> None:
    """Check or show the settings."""


@config.command("check")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@spoken
def check(talk: Talk, file: Path | None) -> None:
    """Load the settings, and say what is wrong with them."""
    from bridge.settings import BadSettings, load  # noqa: PLC0415  loaded when needed

    chosen = file if file is not None else talk.folder / "lianqiao.toml"
    try:
        load(chosen)
    except BadSettings as error:
        raise Stopped(USAGE, "LQ-SETTINGS", str(error)) from error
    show(talk.form, "config", {"file": str(chosen), "loads": True}, lambda: [f"{chosen} loads"])


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
        raise Stopped(USAGE, "LQ-SETTINGS", str(error)) from error
    whole = settings.model_dump(mode="json")
    show(talk.form, "config", whole, lambda: _lines(whole))


def _lines(value: object, place: str = "") -> list[str]:
    if isinstance(value, dict) and value:
        return [
            line
            for name, inner in value.items()
            for line in _lines(inner, f"{place}.{name}" if place else str(name))
        ]
    secret = any(word in place.lower() for word in ("password", "secret", "passphrase"))
    return [f"{place} = {'***' if secret and value else 'off' if value is None else value}"]
