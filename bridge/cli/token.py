"""Tokens: made and revoked in the installation's own folder; a secret is shown once."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import NOT_FOUND, USAGE, Stopped, show, show_all

if TYPE_CHECKING:
    from bridge.api.tokens import Token, Tokens


@click.group(cls=Verbs)
def token() -> None:
    """Make, list and revoke tokens."""


@token.command("create")
@click.option("--person", required=True, help="Whose words it carries.")
@click.option("--role", "roles", multiple=True, help="Narrower than the person; repeatable.")
@click.option("--days", type=click.IntRange(1, 3650), default=90, help="Until it expires.")
@click.option("--file", type=click.Path(path_type=Path), help="Write it there, mode 0600.")
@spoken
def create(
    talk: Talk, person: str, *, roles: tuple[str, ...], days: int, file: Path | None
) -> None:
    """Make a token; it is shown this once."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed
    from bridge.core.ids import Instant, PersonId  # noqa: PLC0415
    from bridge.core.registers import ROLES  # noqa: PLC0415
    from bridge.notary.keys import write_durably  # noqa: PLC0415

    if strange := set(roles) - ROLES:
        raise Stopped(
            USAGE,
            "LQ-ROLE",
            f"{', '.join(strange)} is no role",
            cause="it is misspelled",
            following=f"--role, one of {', '.join(sorted(ROLES))}",
        )
    expires = Instant(SystemClock().now() + days * 86_400_000)
    text = _tokens(talk).create(PersonId(person), roles, expires)
    if file is not None:
        write_durably(file, text.encode(), new=True)
    told = {"person": person, "token": "" if file else text, "file": str(file or "")}
    show(talk.form, "token", told, lambda: [f"written to {file}" if file else text])


@token.command("list")
@spoken
def listed(talk: Talk) -> None:
    """List tokens: whose, until when; never the secret."""
    items = [_item(one) for one in _tokens(talk).listed()]
    show_all(talk.form, "token", items, ("id", "person", "roles", "expires"))


@token.command("revoke")
@click.argument("name", metavar="ID")
@spoken
def revoke(talk: Talk, name: str) -> None:
    """Revoke a token, at once."""
    from bridge.api.tokens import NoToken  # noqa: PLC0415  loaded when needed

    try:
        gone = _tokens(talk).revoke(name)
    except NoToken as error:
        raise Stopped(
            NOT_FOUND,
            "LQ-NOT-FOUND",
            str(error),
            cause="it was revoked already, or made in another folder",
            following="lianqiao token list",
        ) from error
    show(talk.form, "token", _item(gone), lambda: [f"revoked {gone.id} of {gone.person}"])


def _tokens(talk: Talk) -> "Tokens":
    from bridge.api.tokens import Tokens  # noqa: PLC0415  loaded when needed

    data = talk.folder / "data"
    if not (data.is_dir() or (talk.folder / "tokens.json").is_file()):
        raise Stopped(
            USAGE,
            "LQ-NO-CLIENT",
            f"{talk.folder} is not the folder of an installation",
            cause="neither data nor tokens.json lies there",
            following="--folder DIR",
        )
    beside = talk.folder / "tokens.json"
    return Tokens(beside if beside.is_file() else data / "tokens.json")


def _item(one: "Token") -> dict[str, str]:
    until = (
        "" if one.expires is None else f"{datetime.fromtimestamp(one.expires // 1000, UTC):%FT%TZ}"
    )
    return {
        "id": one.id,
        "person": one.person,
        "roles": " ".join(one.roles) or "all of the person",
        "expires": until,
    }
