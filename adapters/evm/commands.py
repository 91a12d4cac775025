"""`lianqiao evm`: what this adapter does from the command line; no daemon is asked."""

from pathlib import Path

import click

FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
_SETTINGS = click.option(
    "--settings",
    type=click.Path(path_type=Path, dir_okay=False),
    default="lianqiao.toml",
    help="Where the [network] stands.",
)
_NETWORK = click.option("--network", required=True, help="Name of the [network].")
_OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table"
)


@click.group("evm")
def evm() -> None:
    """Put our contracts on an Ethereum-compatible chain, and look at what stands there."""


@evm.command("account", short_help="Print the address of the key in FILE, or make one.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--password-file", type=FILE, help="Its password, where it is a keystore.")
@click.option("--make", is_flag=True, help="Make a key and its keystore V3 first; FILE is new.")
def account(*, file: Path, password_file: Path | None, make: bool) -> None:
    """Print the address of the key in FILE: a keystore V3, or secp256k1 in PEM."""
    from adapters.evm.deploying.draft import accounted  # noqa: PLC0415  loaded when typed

    click.echo(accounted(file, password_file, make=make))


@evm.command("plan", short_help="Write a PLAN for deploy.")
@click.argument("plan", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--node", "nodes", multiple=True, required=True, help="OPERATOR=URL. Repeatable.")
@click.option("--entry", type=FILE, required=True, help="Keystore of who locks and mints.")
@click.option("--exit", "leave", type=FILE, required=True, help="Keystore of who gives back.")
@click.option("--password-file", type=FILE, required=True, help="Their password.")
@_SETTINGS
def plan_(
    *,
    plan: Path,
    nodes: tuple[str, ...],
    entry: Path,
    leave: Path,
    password_file: Path,
    settings: Path,
) -> None:
    """Write a PLAN for deploy: the chain as its nodes say, the notaries as the settings do.

    Two roles are left to fill in. Exit codes: 0 done, 2 usage, 6 no answer.
    """
    from adapters.evm.deploying.draft import drafted  # noqa: PLC0415  loaded when typed

    keys = {"entry": entry, "exit": leave}
    raise SystemExit(drafted(plan, nodes, settings, keys, password_file))


@evm.command("deploy", short_help="Put the contract set on a chain as PLAN says.")
@click.argument("plan", type=FILE)
@click.option("--keystore", type=FILE, required=True, help="Keystore V3 of who pays.")
@click.option("--password-file", type=FILE, required=True, help="Its password.")
@click.option("--reviewed", default="", help="Digest of what was reviewed; without it: dry.")
@click.option(
    "--journal",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What was signed; else PLAN.journal.",
)
@_SETTINGS
@_NETWORK
@_OUTPUT
def deploy(
    *,
    plan: Path,
    keystore: Path,
    password_file: Path,
    reviewed: str,
    journal: Path | None,
    settings: Path,
    network: str,
    output: str,
) -> None:
    """Put the contract set on a chain as PLAN says, and write its [network] into the settings.

    Without --reviewed nothing is sent: addresses, code hashes, gas and a digest are printed. A run
    that was cut goes on where the chain says it stopped. Exit codes: 0 done, 1 the chain says
    otherwise than PLAN, 2 usage, 4 refused, 6 no answer, or not known yet.
    """
    from adapters.evm.deploying.command import Asked, deployed  # noqa: PLC0415  loaded when typed

    asked = Asked(
        plan=plan,
        settings=settings,
        network=network,
        keystore=keystore,
        password_file=password_file,
        reviewed=reviewed,
        journal=journal or plan.with_name(plan.name + ".journal"),
        output=output,
    )
    raise SystemExit(deployed(asked))


@evm.command("check", short_help="Compare the chain with the settings and PLAN.")
@click.argument("plan", type=FILE)
@_SETTINGS
@_NETWORK
@_OUTPUT
def compare(*, plan: Path, settings: Path, network: str, output: str) -> None:
    """Compare what is on the chain with this release, the settings and PLAN; nothing is sent.

    Exit codes: 0 all agrees, 1 it does not, 2 usage, 6 no answer.
    """
    from adapters.evm.deploying.command import checked as compared  # noqa: PLC0415  loaded when typed

    raise SystemExit(compared(plan, settings, network, output))


@evm.group("asset")
def asset() -> None:
    """Tokens, before anybody locks one."""


@asset.command("check", short_help="Say whether TOKEN can cross, and who mends what is in the way.")
@click.argument("token")
@click.option("--network", default="", help="The daemon's [network]: its node and its escrow.")
@click.option(
    "--settings", type=click.Path(), default="lianqiao.toml", help="Where the [network] stands."
)
@click.option("--node", default="", help="A node's JSON-RPC, else the [network]'s first.")
@click.option("--escrow", default="", help="The escrow it is to cross through, else its own.")
@click.option("--vault", default="", help="Its custody, where the escrow does not list it yet.")
@click.option("--holder", default="", help="Who has some: a lock and a release are tried for them.")
@click.option("--proposal", type=click.Path(dir_okay=False, writable=True), help="File to write.")
@click.option("--id", "id_", default="", help="Proposal: the asset's id in the register.")
@click.option("--profile", default="", help="Proposal: the class of document it is issued on.")
@click.option("--instrument", default="", help="Proposal: its kind, such as rwa_share.")
@click.option("--issued", type=click.IntRange(1), default=1, help="Proposal: units an instrument.")
@click.option("--cap", type=click.IntRange(1), help="Proposal: most away; else the listing's.")
@click.option("--leg", "legs", multiple=True, help="Proposal: NETWORK,ESCROW,ASSET. Repeatable.")
@click.option("--reason", default="looked at", help="Proposal: why.")
@click.option("-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table")
def check(**given: object) -> None:
    """Say whether TOKEN can cross, what is in the way, and who mends it.

    Nothing is sent. Exit codes: 0 it can, 1 it cannot or nobody could tell, 2 usage, 6 no answer
    from the node.
    """
    from adapters.evm.assets.command import checked  # noqa: PLC0415  loaded when typed

    raise SystemExit(checked(given))
