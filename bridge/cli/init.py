"""`lianqiao init`: settings, keys and the ledger's first group in a new folder."""

import sys
from pathlib import Path

import click

PORT = 8420


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

    if folder.exists() and any(folder.iterdir()):
        click.echo(
            f"error LQ-FOLDER: {folder} is not empty, and nothing is ever overwritten.\n"
            "next: lianqiao init NEW_FOLDER",
            err=True,
        )
        sys.exit(2)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    listen = f"tcp:localhost:{PORT}"
    keys = keys_of(folder)
    write_settings(folder, profile=profile, listen=listen, networks={}, rails={})
    found(folder, keys, profile=profile, url=f"http://localhost:{PORT}")
    click.echo(f"made    {folder / 'lianqiao.toml'}")
    click.echo(f"people  {', '.join(one.id for one in PEOPLE)}: keys and tokens in keys/")
    click.echo(f"next    lianqiao up --config {folder / 'lianqiao.toml'}")
