"""The adapters' own commands beside ours: found by entry point, loaded when typed."""

import click

from bridge.cli.lazy import Lazy, first_sentence
from bridge.cli.overriding import override


class WithAdapters(Lazy):
    """Our commands, and one for each adapter that names one; ours are never taken by theirs."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*super().list_commands(ctx), *_of_adapters()})

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        ours = super().get_command(ctx, cmd_name)
        if ours is not None or cmd_name not in _of_adapters():
            return ours
        from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed
        from bridge.registry import COMMANDS, load  # noqa: PLC0415

        ctx.obj = SystemClock()  # an adapter reads no clock but the one it is given
        command = load(COMMANDS, cmd_name)
        assert isinstance(command, click.Command), f"{cmd_name} is no command"
        return command

    @override
    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        super().format_commands(ctx, formatter)
        ours = super().list_commands(ctx)
        theirs = [name for name in _of_adapters() if name not in ours]
        if theirs:
            with formatter.section("Commands of adapters"):
                formatter.write_dl([(name, self._says(ctx, name)) for name in theirs])

    def _says(self, ctx: click.Context, name: str) -> str:
        try:
            command = self.get_command(ctx, name)
        except Exception as error:  # noqa: BLE001  # a stranger's package, and help is for all
            return f"It does not load: {error}"
        return first_sentence(command) if command is not None else ""


def _of_adapters() -> list[str]:
    """The names without a point: `explain.evm` is a verb of `explain`."""
    from bridge.registry import COMMANDS, found  # noqa: PLC0415  loaded when needed

    return [point.name for point in found(COMMANDS) if "." not in point.name]
