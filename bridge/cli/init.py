"""`lianqiao init`: settings, keys and the ledger's first group in a new folder."""

from pathlib import Path

import click

from bridge.cli.machine import see_the_clock, unusable, unwritten, whole
from bridge.cli.manners import ourselves

PORT = 8420
ELSEWHERE = "lianqiao init DIR, on a disk that has room and that you may write"


@click.command()
@click.option(
    "--profile",
    type=click.Choice(["pilot", "single"]),
    default="pilot",
    show_default=True,
    help="Development custody for a pilot, or for a single machine.",
)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def init(*, profile: str, folder: Path) -> None:
    """Write a commented lianqiao.toml, keys (0600) and the first group; never overwrite."""
    from bridge.cli.found import PEOPLE, found, keys_of, write_settings  # noqa: PLC0415 when asked
    from bridge.notary.outcomes import LedgerError  # noqa: PLC0415  loaded when needed

    see_the_clock()
    listen = f"tcp:localhost:{PORT}"
    try:
        with whole(folder):
            keys = keys_of(folder)
            write_settings(folder, profile=profile, listen=listen, networks={}, rails={})
            found(folder, keys, profile=profile, url=f"http://localhost:{PORT}")
    except OSError as error:
        raise unusable(error, folder, ELSEWHERE) from error
    except LedgerError as error:
        raise unwritten(error, ELSEWHERE) from error
    click.echo(f"made    {folder / 'lianqiao.toml'}")
    click.echo(f"people  {', '.join(one.id for one in PEOPLE)}: keys and tokens in keys/")
    click.echo(f"next    {ourselves()} up --config {folder / 'lianqiao.toml'}")
