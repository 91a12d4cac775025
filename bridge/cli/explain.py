"""What an adapter can say of its own files and wires; found by entry point, loaded when typed."""

import click

from bridge.cli.lazy import Verbs
from bridge.cli.overriding import override

PREFIX = "explain."


class Explain(Verbs):
    """One command for each adapter that has one."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        from bridge.registry import COMMANDS, found  # noqa: PLC0415  loaded when needed

        names = [point.name for point in found(COMMANDS)]
        return [name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)]

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        from bridge.registry import COMMANDS, NotFound, load  # noqa: PLC0415

        try:
            command = load(COMMANDS, PREFIX + cmd_name)
        except NotFound:
            return None
        assert isinstance(command, click.Command), f"{PREFIX}{cmd_name} is no command"
        return command


@click.group(cls=Explain)
@click.pass_context
def explain(ctx: click.Context) -> None:
    """Read an adapter's own files and wires; no daemon is asked."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed

    ctx.obj = SystemClock()  # an adapter reads no clock but the one it is given
