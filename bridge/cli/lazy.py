"""A group of commands that are loaded when they are typed, so that help is quick."""

import importlib
from collections.abc import Mapping

import click

from bridge.cli.overriding import override


class Lazy(click.Group):
    """Commands by name: where each is, and its line of help."""

    def __init__(
        self,
        name: str | None = None,
        *,
        commands_at: Mapping[str, tuple[str, str]] | None = None,
        **how: object,
    ) -> None:
        super().__init__(name, **how)  # type: ignore[arg-type]  # click's own keywords, passed on
        self._at = dict(commands_at or {})

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return sorted(self._at)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self._at:
            return None
        module, _, name = self._at[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(module), name)
        assert isinstance(found, click.Command), f"{module}:{name} is no command"
        return found

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in sorted(self._at.items())])
