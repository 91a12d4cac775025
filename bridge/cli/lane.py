"""Lanes: shut by one person at once, opened and limited by two."""

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Json, Stopped, show
from bridge.cli.steer import tell_proposal


@click.group(cls=Verbs)
def lane() -> None:
    """Pause, open or limit a lane."""


@lane.command("pause")
@click.argument("name")
@click.option("--reason", required=True)
@spoken
def pause(talk: Talk, name: str, reason: str) -> None:
    """Shut a lane for new orders, at once."""
    told = talk.post(f"/v1/lanes/{name}:pause", {"reason": reason})
    show(talk.form, "lane", told.raw, lambda: [f"lane {name} is paused: {reason}"])


@lane.command("open")
@click.argument("name")
@click.option("--reason", required=True)
@spoken
def opened(talk: Talk, name: str, reason: str) -> None:
    """Propose that a lane takes orders."""
    row = dict(talk.get(f"/v1/lanes/{name}").one("row").raw)
    _propose(talk, "lane.open", name, {**row, "open": True, "paused": ""}, reason)


@lane.command("limits")
@click.argument("name")
@click.argument("amount")
@click.option("--reason", required=True)
@spoken
def limits(talk: Talk, name: str, amount: str, reason: str) -> None:
    """Propose another limit per settlement, such as 5000000.00, in the lane's currency."""
    from bridge.core.money import BadMoney, money  # noqa: PLC0415  loaded when needed

    row = dict(talk.get(f"/v1/lanes/{name}").one("row").raw)
    limit = row["limit"]
    assert isinstance(limit, dict), "a lane's limit is money"
    try:
        minor = money(amount, str(limit["currency"])).minor
    except BadMoney as error:
        raise Stopped(
            USAGE,
            "LQ-AMOUNT",
            str(error),
            cause=f"a limit is an amount of {limit['currency']}, with all its digits",
            following=f"lianqiao lane limits {name} 5000000.00",
        ) from error
    row["limit"] = {**limit, "minor": str(minor)}
    _propose(talk, "register.lane", name, row, reason)


def _propose(talk: Talk, subject: str, target: str, row: dict[str, Json], reason: str) -> None:
    body: dict[str, Json] = {
        "subject": subject,
        "target": target,
        "payload": row,
        "reason": reason,
    }
    tell_proposal(talk, talk.post("/v1/proposals", body))
