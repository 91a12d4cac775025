"""Groups of commands: whose help is whole, and whose commands are loaded when they are typed."""

import importlib
from collections.abc import Mapping

import click

from bridge.cli.overriding import override


class Verbs(click.Group):
    """Commands, each with the whole first sentence of its help, where click would break it off."""

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl([(name, first_sentence(one)) for name, one in found if one])


def first_sentence(command: click.Command) -> str:
    """Return what a command says it does, in its first sentence."""
    says = " ".join((command.help or "").split("\n\n")[0].split())
    return says.partition(". ")[0].rstrip(".") + "."


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
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.exceptions.NoSuchCommand as error:  # click looks among what it has loaded
            names = self.list_commands(ctx)
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=names, ctx=ctx
            ) from error

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, says) for name, (_, says) in sorted(self._at.items())])
