"""What `lianqiao evm asset check` does: look, print, and write the proposal if it can cross."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import click

from adapters.evm.addresses import to_checksum_address
from adapters.evm.assets.looked import Looked
from adapters.evm.assets.looking import NoEscrow, looked_at
from adapters.evm.assets.proposal import BadProposal, Wanted, proposal
from adapters.evm.client import Endpoint, NodeError, Trouble
from adapters.evm.deploying.command import settings_of
from adapters.evm.explain import printable
from bridge.core.ids import AssetId, NetworkId
from bridge.core.instrument import InstrumentKind
from bridge.core.order import Leg

CROSSES, DOES_NOT, USAGE, DOWN = 0, 1, 2, 6
MARK = {True: "ok  ", False: "FAIL", None: "?   "}


def checked(given: Mapping[str, object]) -> int:
    """Return the exit code, the report printed and the proposal written.

    `given` are the command's options by name.
    """
    node, escrow_named = _where(given)
    try:
        token, escrow, vault, holder = (
            _account(name, escrow_named if name == "escrow" else str(given[name]))
            for name in ("token", "escrow", "vault", "holder")
        )
        wanted = _wanted(given) if given["proposal"] else None
    except BadProposal as error:
        raise click.UsageError(str(error)) from error
    try:
        seen = asyncio.run(_look(node, token, escrow, vault, holder))
        body = None
        if wanted is not None and seen.verdict == "can cross":
            body = proposal(seen, escrow, wanted)
    except (NoEscrow, BadProposal) as error:
        raise click.UsageError(str(error)) from error
    except (Trouble, NodeError) as error:
        click.echo(f"no answer to rest on: {error}", err=True)
        return DOWN
    click.echo(_table(seen) if given["output"] == "table" else json.dumps(_report(seen)))
    if body is not None:
        file = Path(str(given["proposal"]))
        file.write_text(json.dumps(body, indent=1) + "\n", "utf-8")
        click.echo(f"proposal written: {file}", err=True)
    elif wanted is not None:
        click.echo("no proposal: it cannot cross as it is", err=True)
    return CROSSES if seen.verdict == "can cross" else DOES_NOT


def _where(given: Mapping[str, object]) -> tuple[str, str]:
    """Return a node and an escrow: as typed, else those of the daemon's settings."""
    node, escrow, network = (str(given[name]) for name in ("node", "escrow", "network"))
    if network:
        settings = settings_of(Path(str(given["settings"])), network)
        node, escrow = node or settings.endpoints[0].url, escrow or settings.escrow
    if not node or not escrow:
        raise click.UsageError("name a --network of the settings, or a --node and an --escrow")
    return node, escrow


async def _look(node: str, token: str, escrow: str, vault: str, holder: str) -> Looked:
    async with Endpoint(node, node) as endpoint:
        return await looked_at(endpoint, token=token, escrow=escrow, vault=vault, holder=holder)


def _account(name: str, text: str) -> str:
    """Return an address in lower case. One in both cases is spelled as in EIP-55."""
    if not text and name in {"vault", "holder"}:
        return ""
    try:
        right = to_checksum_address(text)
    except ValueError as error:
        raise BadProposal(f"{name}: {text!r} is no address: 0x and 40 hex digits") from error
    if text not in {text.lower(), "0x" + text[2:].upper(), right}:
        raise BadProposal(f"{name}: {text} is misspelled; if it is meant, {right}")
    return text.lower()


def _wanted(given: Mapping[str, object]) -> Wanted:
    missing = [name for name in ("id_", "profile", "instrument") if not given[name]]
    if missing:
        words = ", ".join("--" + name.rstrip("_") for name in missing)
        raise BadProposal(f"a proposal needs {words}")
    kinds = [kind.value for kind in InstrumentKind]
    if given["instrument"] not in kinds:
        raise BadProposal(f"--instrument is one of {', '.join(kinds)}")
    return Wanted(
        id=AssetId(str(given["id_"])),
        profile=str(given["profile"]),
        kind=InstrumentKind(str(given["instrument"])),
        legs=tuple(_leg(text) for text in cast("tuple[str, ...]", given["legs"])),
        issued=cast("int", given["issued"]),
        cap=cast("int | None", given["cap"]) or 0,
        reason=str(given["reason"]),
    )


def _leg(text: str) -> Leg:
    parts = text.split(",")
    if len(parts) != 3 or not all(parts):
        raise BadProposal(f"--leg {text!r} is not NETWORK,ESCROW,ASSET")
    return Leg(network=NetworkId(parts[0]), escrow=parts[1], asset=parts[2])


def _report(seen: Looked) -> Mapping[str, object]:
    return {
        "schema": "lianqiao.evm-asset/1",
        "token": to_checksum_address(seen.token),
        "network": seen.network,
        "kind": seen.kind.value,
        "symbol": _short(seen.symbol),
        "decimals": seen.decimals,
        "code": f"0x{seen.code_hash.hex()}",
        "verdict": seen.verdict,
        "findings": [
            {
                "check": one.check,
                "holds": one.holds,
                "says": _short(one.says),
                "remedy": one.remedy,
            }
            for one in seen.findings
        ],
    }


def _table(seen: Looked) -> str:
    name = f" {_short(seen.symbol)}" if seen.symbol else ""
    lines = [f"{to_checksum_address(seen.token)} on {seen.network}{name}"]
    for one in seen.findings:
        lines.append(f" {MARK[one.holds]}  {one.check:<16}{_short(one.says)}")
        if one.remedy:
            lines.append(f"       {'':<16}next: {one.remedy}")
    return "\n".join([*lines, seen.verdict])


def _short(text: str) -> str:
    """Return what a stranger's contract said without what a terminal would obey."""
    return printable(text)[:300]
