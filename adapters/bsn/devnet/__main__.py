"""`python -m adapters.bsn.devnet FOLDER`: a gateway on loopback, and the settings that reach it.

Faults are ordered by POST of `{"do": "fault", "kind": …, "path": …}` to `/devnet`, and papers by
`{"do": "issue", "asset": …, "units": …, "account": …, "obligor": …}`.
"""

import asyncio
import time
from pathlib import Path

import click

from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.bsn.devnet.ledger import EndorsementFailed
from adapters.bsn.devnet.server import PANEL, serving
from adapters.bsn.devnet.stand import ALGORITHMS, set_up, written


def now() -> int:
    """The wall clock's milliseconds."""
    return time.time_ns() // 1_000_000  # noqa: TID251 a program beside the daemon


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--port", default=0, help="Else one that is free.")
@click.option("--algorithm", type=click.Choice(list(ALGORITHMS)), default="secp256r1")
@click.option("--mode", type=click.Choice(["trust", "upload"]), default="upload")
@click.option("--notary", "notaries", multiple=True, metavar="HEX", help="Ed25519 public key.")
@click.option("--threshold", default=2, help="How many notaries must sign.")
@click.option("--holder", "names", multiple=True, default=("seller", "buyer"))
@click.option("--name", default="settle", help="The channel's; it makes the network's id.")
@click.option("--block-ms", default=200, help="After which a block is cut.")
def devnet(
    folder: Path, *, port: int, algorithm: str, mode: str, notaries: tuple[str, ...],
    threshold: int, names: tuple[str, ...], name: str, block_ms: int,
) -> None:  # fmt: skip
    """Serve a node gateway on this machine until it is interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    where = folder.resolve()
    try:
        stand = set_up(
            now,
            algorithm=ALGORITHMS[algorithm],
            mode=TRUST if mode == "trust" else UPLOAD,
            notaries=list(notaries),
            threshold=threshold,
            names=list(names),
            block_ms=block_ms,
            channel=name,
        )
    except EndorsementFailed as error:
        raise click.UsageError(
            f"the escrow refuses this: {error}; two notaries at least"
        ) from error

    async def serve() -> None:
        async with serving(stand.gateway, port, stand.do) as base:
            click.echo(written(stand, where, base))
            click.echo(f"# faults: POST {base}{PANEL}")
            await asyncio.Event().wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        click.echo("# ended", err=True)


if __name__ == "__main__":
    devnet()
