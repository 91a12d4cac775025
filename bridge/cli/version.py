"""Which version this is."""

import click

from bridge import __version__
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import show


@click.command()
@spoken
def version(talk: Talk) -> None:
    """Print the version."""
    show(talk.form, "version", {"version": __version__}, lambda: [f"lianqiao {__version__}"])
