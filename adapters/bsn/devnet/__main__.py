"""`python -m adapters.bsn.devnet FOLDER`: a gateway on loopback, and the settings that reach it.

Faults are ordered by POST of `{"do": "fault", "kind": …, "path": …}` to `/devnet`, and papers by
`{"do": "issue", "asset": …, "units": …, "account": …, "obligor": …}`.
"""

if __name__ == "__main__":  # what follows takes its time
    import gc

    gc.set_threshold(50_000)  # what importing makes is no cycle to be sought

import asyncio
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click

from adapters.bsn.devnet.behind import EndorsementFailed
from adapters.bsn.devnet.gateway import TRUST, UPLOAD, Gateway
from adapters.bsn.devnet.opening import ALGORITHMS, table_of, toml
from adapters.bsn.devnet.server import PANEL, Deed, serving
from adapters.bsn.devnet.stand import set_up, written
from adapters.bsn.devnet.tape import Tape

WINDOW_MS = 60_000  # the widest of a real escrow's that the printed settings take


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
@click.option("--units", default=100, help="Of the asset that each holder has.")
@click.option("--name", default="settle", help="The channel's; it makes the network's id.")
@click.option("--block-ms", default=200, help="After which a block is cut.")
@click.option("--tape", type=click.Path(path_type=Path), help="Go on with the channel kept there.")
@click.option("--until-eof", is_flag=True, help="Stop where standard input ends.")
@click.option(
    "--peer",
    "peer",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Stand before the real network in this folder; its escrow is configured there.",
)
def devnet(
    folder: Path, *, port: int, algorithm: str, mode: str, notaries: tuple[str, ...],
    threshold: int, names: tuple[str, ...], units: int, name: str, block_ms: int,
    peer: Path | None, tape: Path | None, until_eof: bool,
) -> None:  # fmt: skip
    """Serve a node gateway on this machine until it is interrupted."""
    folder.mkdir(parents=True, exist_ok=True)
    where, kind = folder.resolve(), TRUST if mode == "trust" else UPLOAD
    if peer is not None:
        gateway, told = _before(peer.resolve(), where, ALGORITHMS[algorithm], kind)
        _serve(gateway, told, port, until_eof=until_eof)
        return
    try:
        stand = set_up(
            now,
            algorithm=ALGORITHMS[algorithm],
            mode=kind,
            notaries=list(notaries),
            threshold=threshold,
            names=list(names),
            block_ms=block_ms,
            channel=name,
            units=units,
            tape=None if tape is None else Tape(tape),
        )
    except EndorsementFailed as error:
        raise click.UsageError(
            f"the escrow refuses this: {error}; two notaries at least"
        ) from error
    _serve(
        stand.gateway,
        lambda base: written(stand, where, base),
        port,
        stand.do,
        until_eof=until_eof,
    )


def _before(
    peer: Path, where: Path, algorithm: int, mode: int
) -> tuple[Gateway, Callable[[str], str]]:
    """A gateway before a real network. Errors: UsageError without the extra `fabric`."""
    try:
        from adapters.bsn.devnet.before import before  # noqa: PLC0415  needs the extra
    except ModuleNotFoundError as error:
        raise click.UsageError(f"--peer needs the extra `fabric`: {error}") from error
    gateway, opening = before(peer, now, algorithm=algorithm, mode=mode, window_ms=WINDOW_MS)
    return gateway, lambda base: toml(table_of(opening, where, base))


def _serve(
    gateway: Gateway,
    told: Callable[[str], str],
    port: int,
    deed: Deed | None = None,
    *,
    until_eof: bool,
) -> None:
    async def serve() -> None:
        stopped = asyncio.Event()
        if until_eof:
            loop = asyncio.get_running_loop()
            loop.add_reader(sys.stdin, lambda: stopped.set() if not os.read(0, 1024) else None)
        async with serving(gateway, port, deed) as base:
            click.echo(told(base))
            click.echo(f"# faults: POST {base}{PANEL}")
            await stopped.wait()

    try:
        asyncio.run(serve())
    except KeyboardInterrupt:
        click.echo("# ended", err=True)
    except OSError as error:  # its port is taken
        raise SystemExit(f"the devnet ends: {error.strerror}") from error


if __name__ == "__main__":
    devnet()
