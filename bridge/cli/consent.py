"""A holder's consent: the exact bytes, a signature over them, and its way to the daemon."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from bridge.cli.decide import signature
from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import NOT_FOUND, USAGE, Json, Stopped, show, show_all

DAYS = 30  # past the deadline: the time people may take to decide


@click.group()
def consent() -> None:
    """Show, sign or bring a holder's consent."""


@consent.command("show")
@click.argument("settlement")
@spoken
def shown(talk: Talk, settlement: str) -> None:
    """Print the exact bytes or call to be signed, per network."""
    told = talk.get(f"/v1/settlements/{settlement}/consents")
    given = told.texts("given")
    items = [
        {**one.raw, "terms": told.text("terms"), "given": one.text("network") in given}
        for one in told.all("owed")
    ]
    show_all(talk.form, "consent", items, ("network", "by", "kind", "given", "message"))


@consent.command("give")
@click.argument("settlement")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@spoken
def give(talk: Talk, settlement: str, file: Path) -> None:
    """Bring a consent that was signed elsewhere, from a JSON file."""
    body = json.loads(file.read_text("utf-8"))
    if not isinstance(body, dict):
        raise Stopped(USAGE, "LQ-JSON", f"{file}: a consent is a JSON object")
    _bring(talk, settlement, body)


@consent.command("sign")
@click.argument("settlement")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="The holder's key.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Of the key file.")
@click.option("--network", help="Where more than one consent is owed.")
@click.option("--public-key", default="", help="Hex, where the network needs it beside.")
@spoken
def sign(
    talk: Talk,
    settlement: str,
    *,
    key: Path,
    passphrase_file: Path | None,
    network: str | None,
    public_key: str,
) -> None:
    """Sign with an Ed25519 key file what a network of that kind needs, and bring it."""
    told = talk.get(f"/v1/settlements/{settlement}/consents")
    owed = _owed(told, network)
    if owed.text("kind") != "ed25519":
        raise Stopped(
            USAGE,
            "LQ-CONSENT-KIND",
            f"{owed.text('network')} takes a consent of kind {owed.text('kind')}",
            following=f"lianqiao consent show {settlement}, sign there, then consent give",
        )
    signed = signature(key, passphrase_file, bytes.fromhex(owed.text("message")))
    deadline = datetime.fromisoformat(talk.get(f"/v1/settlements/{settlement}").text("deadline"))
    until = deadline.astimezone(UTC) + timedelta(days=DAYS)
    body: dict[str, Json] = {
        "terms": told.text("terms"),
        "network": owed.text("network"),
        "by": owed.text("by"),
        "kind": "ed25519",
        "public_key": public_key or _public(key, passphrase_file),
        "signature": signed.hex(),
        "not_after": f"{until:%Y-%m-%dT%H:%M:%SZ}",
    }
    _bring(talk, settlement, body)


def _public(key: Path, passphrase_file: Path | None) -> str:
    from bridge.notary.keys import load_ed25519  # noqa: PLC0415  loaded when needed

    phrase = None if passphrase_file is None else passphrase_file.read_bytes().strip()
    return load_ed25519(key, phrase).public


def _owed(told: Doc, network: str | None) -> Doc:
    for one in told.all("owed"):
        if network in {None, one.text("network")}:
            return one
    raise Stopped(NOT_FOUND, "LQ-NOT-OWED", f"no consent is owed on {network or 'any network'}")


def _bring(talk: Talk, settlement: str, body: dict[str, Json]) -> None:
    done = talk.post(f"/v1/settlements/{settlement}/consents", body)
    show(talk.form, "consent", done.raw, lambda: [f"given; it is {done.text('stage')}"])
