"""`lianqiao evm`: what this adapter does from the command line; no daemon is asked."""

import click


@click.group("evm")
def evm() -> None:
    """Look at what stands on an Ethereum-compatible chain."""


@evm.group("asset")
def asset() -> None:
    """Tokens, before anybody locks one."""


@asset.command("check")
@click.argument("token")
@click.option("--node", required=True, help="Address of a node's JSON-RPC.")
@click.option("--escrow", required=True, help="The escrow it is to cross through.")
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
