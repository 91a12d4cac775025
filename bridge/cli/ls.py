"""Lists, page by page."""

from datetime import UTC, datetime

import click

from bridge.cli.link import Talk, spoken
from bridge.cli.manners import Json, note, show_all

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
    """List settlements, approvals, lanes, parties, assets or persons.

    Of settlements a page holds the newest, and the newest of them stands last.
    """
    path, columns = WHAT[what]
    asked = {"state": state, "limit": limit, "cursor": cursor}
    if what == "approvals" and state is None:
        asked["state"] = "open"
    if what == "settlements":
        asked["order"] = "newest"
    page = talk.get(path, asked)
    items = [_flat(one.raw) for one in page.all("items")]
    if what == "settlements":
        items.reverse()
    if talk.form == "table" and what == "persons":
        items = [_for_people(one) for one in items]
    thing = {"parties": "party", "approvals": "proposal"}.get(what, what.removesuffix("s"))
    following = page.raw["next"]
    goes_on = following if isinstance(following, str) else None
    if talk.form != "table":
        show_all(talk.form, thing, items, columns, following=goes_on)
        return
    show_all(talk.form, thing, items, columns)
    if goes_on is not None:
        given = f"--state {state} " * bool(state) + f"--limit {limit} " * (limit != "100")
        said = f"these are the newest {len(items)}; older ones" if what == "settlements" else "more"
        note(f"{said}: lianqiao ls {what} {given}--cursor {goes_on}", quiet=talk.quiet)


def _flat(item: object) -> dict[str, Json]:
    """Return a register's row without its wrapping."""
    assert isinstance(item, dict), "an item is an object"
    row = item.get("row")
    return dict(row) if isinstance(row, dict) else dict(item)


def _for_people(person: dict[str, Json]) -> dict[str, Json]:
    """Return a person's row with its roles in words and its times as this machine's clock tells."""
    told = {name: _when(str(person[name])) for name in ("since", "until") if person.get(name)}
    roles = person["roles"]
    assert isinstance(roles, list), "a person has roles"
    return {**person, **told, "roles": ", ".join(map(str, roles))}


def _when(ms: str) -> str:
    if ms == "0":
        return "the beginning"  # who the first group named, which has no time of its own
    return f"{datetime.fromtimestamp(int(ms) / 1000, UTC).astimezone():%Y-%m-%d %H:%M %z}"
