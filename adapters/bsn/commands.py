"""`lianqiao bsn`: what this adapter does from the command line; no daemon is asked."""

from pathlib import Path

import click

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SETTINGS = click.option(
    "--settings", type=FILE, default="lianqiao.toml", help="Where the [network] stands."
)
_NETWORK = click.option("--network", required=True, help="Name of the [network].")
_OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table"
)


@click.group("bsn")
def bsn() -> None:
    """Configure and look at the escrow of a permissioned chain."""


@bsn.command("deploy", short_help="Configure the escrow as PLAN says.")
@click.argument("plan", type=FILE)
@_SETTINGS
@_NETWORK
@_OUTPUT
def deploy(*, plan: Path, settings: Path, network: str, output: str) -> None:
    """Configure the escrow's notaries, operators and escape time as PLAN says.

    PLAN is TOML: number, operators, notaries, threshold, escape_days. Each organisation agrees
    first, by writing the digest that is printed where its escrow was started to read it. Twice is
    once. Exit codes: 0 it stands so, 1 the chain says otherwise, 2 usage, 4 refused, 6 no answer.
    """
    from adapters.bsn.deploying import deployed  # noqa: PLC0415  loaded when typed

    raise SystemExit(deployed(plan, settings, network, output))


@bsn.command("check", short_help="Compare the chain with the settings and PLAN.")
@click.argument("plan", type=FILE)
@_SETTINGS
@_NETWORK
@_OUTPUT
def check(*, plan: Path, settings: Path, network: str, output: str) -> None:
    """Compare what is on the chain with the settings and PLAN; nothing is sent.

    Exit codes: 0 all agrees, 1 it does not, 2 usage, 6 no answer.
    """
    from adapters.bsn.deploying import checked  # noqa: PLC0415  loaded when typed

    raise SystemExit(checked(plan, settings, network, output))
