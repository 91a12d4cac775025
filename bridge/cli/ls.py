"""Lists, page by page."""

import click

from bridge.cli.link import Talk, spoken
from bridge.cli.manners import Json, show_all

WHAT = {  # noun -> path, columns
    "settlements": ("/v1/settlements", ("id", "stage", "stop", "lane", "asset", "units", "uetr")),
    "approvals": ("/v1/proposals", ("id", "state", "subject", "target", "maker", "role", "reason")),
    "lanes": ("/v1/lanes", ("id", "origin", "destination", "rail", "open", "paused", "pack")),
    "parties": ("/v1/parties", ("id", "kind", "jurisdiction", "lei", "active")),
    "assets": ("/v1/assets", ("id", "kind", "profile", "home", "issued", "cap", "active")),
    "persons": ("/v1/persons", ("id", "roles", "since", "until", "key")),
}


@click.command()
@click.argument("what", type=click.Choice(tuple(WHAT)))
@click.option("--state", help="settlements: open; approvals: open, done, refused, void, lapsed.")
@click.option("--limit", default="100", help="Items of a page, at most 500.")
@click.option("--cursor", help="Where the last page said to go on.")
@spoken
def ls(talk: Talk, what: str, state: str | None, limit: str, cursor: str | None) -> None:
    """List settlements, approvals, lanes, parties, assets or persons."""
    path, columns = WHAT[what]
    if what == "approvals" and state is None:
        state = "open"
    page = talk.get(path, {"state": state, "limit": limit, "cursor": cursor})
    following = page.raw["next"]
    items = [_flat(one.raw) for one in page.all("items")]
    thing = {"parties": "party", "approvals": "proposal"}.get(what, what.removesuffix("s"))
    show_all(
        talk.form, thing, items, columns,
        following=following if isinstance(following, str) else None,
    )  # fmt: skip


def _flat(item: object) -> dict[str, Json]:
    """Return a register's row without its wrapping."""
    assert isinstance(item, dict), "an item is an object"
    row = item.get("row")
    return dict(row) if isinstance(row, dict) else dict(item)
