"""People of the register: proposed by one, approved by an admin."""

from pathlib import Path

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Json, Stopped
from bridge.cli.steer import tell_proposal


@click.group(cls=Verbs)
def person() -> None:
    """Propose a person, or the end of one."""


@person.command("add")
@click.argument("name", metavar="ID")
@click.option("--called", required=True, help="The person's name; kept beside the ledger.")
@click.option("--role", "roles", multiple=True, required=True, help="Repeatable.")
@click.option("--public-key", help="Ed25519, hex; or --key.")
@click.option("--key", type=click.Path(path_type=Path), help="Key file; made if not there.")
@click.option("--reason", required=True)
@spoken
def add(
    talk: Talk,
    name: str,
    *,
    called: str,
    roles: tuple[str, ...],
    public_key: str | None,
    key: Path | None,
    reason: str,
) -> None:
    """Propose a person with roles and the key they will sign with."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed

    if public_key is None:
        public_key = _public(key)
    row: dict[str, Json] = {
        "id": name,
        "name": called,
        "key": public_key,
        "roles": sorted(roles),
        "since": str(SystemClock().now()),
    }
    _propose(talk, name, row, reason)


@person.command("revoke")
@click.argument("name", metavar="ID")
@click.option("--reason", required=True)
@spoken
def revoke(talk: Talk, name: str, reason: str) -> None:
    """Propose that a person serves no longer."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed

    row = dict(talk.get(f"/v1/persons/{name}").one("row").raw)
    _propose(talk, name, {**row, "until": str(SystemClock().now())}, reason)


def _public(key: Path | None) -> str:
    from bridge.notary.keys import BadKey, load_ed25519, make_ed25519  # noqa: PLC0415

    if key is None:
        raise Stopped(
            USAGE,
            "LQ-KEY",
            "a person has a key",
            cause="neither --public-key nor --key was given",
            following="--public-key HEX or --key FILE",
        )
    try:
        return (load_ed25519(key) if key.exists() else make_ed25519(key)).public
    except BadKey as error:
        cause = "the file is open to others, encrypted, or no key"
        raise Stopped(USAGE, "LQ-KEY", str(error), cause=cause, following="--key FILE") from error


def _propose(talk: Talk, name: str, row: dict[str, Json], reason: str) -> None:
    body: dict[str, Json] = {
        "subject": "register.person",
        "target": name,
        "payload": row,
        "reason": reason,
    }
    tell_proposal(talk, talk.post("/v1/proposals", body))
