"""What a network's or a bank's door holds for people: seen here, and decided by two."""

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import Json, show_all
from bridge.cli.steer import tell_proposal


@click.group(cls=Verbs)
def held() -> None:
    """See what a door holds, and propose to release or refuse it."""


@held.command("ls")
@click.option("--limit", default="100", help="Items of a page, at most 500.")
@click.option("--cursor", help="Where the last page said to go on.")
@spoken
def ls(talk: Talk, limit: str, cursor: str | None) -> None:
    """List what is held, by network and name, with why."""
    page = talk.get("/v1/held", {"limit": limit, "cursor": cursor})
    following = page.raw["next"]
    items: list[dict[str, Json]] = []
    for one in page.all("items"):
        says = one.raw["says"]
        assert isinstance(says, dict), "a door's words are an object"
        items.append({"network": one.raw["network"], "name": one.raw["name"], **says})
    show_all(
        talk.form, "held", items, ("network", "name", "what", "why"),
        following=following if isinstance(following, str) else None,
    )  # fmt: skip


@held.command("release")
@click.argument("network")
@click.argument("name")
@click.option("--reason", required=True)
@spoken
def release(talk: Talk, network: str, name: str, reason: str) -> None:
    """Propose that what is held is taken as if nothing had held it."""
    _propose(talk, network, name, "release", reason)


@held.command("refuse")
@click.argument("network")
@click.argument("name")
@click.option("--reason", required=True)
@spoken
def refuse(talk: Talk, network: str, name: str, reason: str) -> None:
    """Propose that what is held never takes effect."""
    _propose(talk, network, name, "refuse", reason)


def _propose(talk: Talk, network: str, name: str, way: str, reason: str) -> None:
    body: dict[str, Json] = {
        "subject": "held.decide",
        "target": f"{network}/{name}",
        "payload": {"network": network, "name": name, "way": way},
        "reason": reason,
    }
    tell_proposal(talk, talk.post("/v1/proposals", body))
