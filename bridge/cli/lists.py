"""Screening lists: read here whole, brought by a proposal, and how those in force stand."""

from base64 import b64encode
from pathlib import Path

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Json, Stopped, show_all
from bridge.cli.steer import tell_proposal


@click.group(cls=Verbs)
def lists() -> None:
    """Bring and look at screening lists."""


@lists.command("status")
@spoken
def status(talk: Talk) -> None:
    """Show the lists in force: count, root, source, age."""
    page = talk.get("/v1/lists")
    columns = ("name", "count", "as_of", "source", "root")
    show_all(talk.form, "list", [one.raw for one in page.all("items")], columns)


@lists.command("release")
@click.argument("name")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", required=True, help="Whose list it is.")
@click.option("--reason", required=True)
@spoken
def release(talk: Talk, name: str, file: Path, source: str, reason: str) -> None:
    """Propose that FILE, a CSV list, is screened against as NAME."""
    from bridge.clock import SystemClock  # noqa: PLC0415  loaded when needed
    from bridge.screening.lists import BadList  # noqa: PLC0415
    from bridge.screening.snapshot import snapshot  # noqa: PLC0415

    data = file.read_bytes()
    try:
        taken = snapshot(data)
    except BadList as error:
        raise Stopped(
            USAGE,
            "LQ-LIST",
            f"{file}: {error}",
            cause="the file is no list of the form that is read, or was cut short",
            following="compare it with examples/policy_pack/house.csv",
        ) from error
    payload: dict[str, Json] = {
        "name": name,
        "root": taken.root,
        "count": str(taken.count),
        "digest": taken.digest,
        "source": source,
        "as_of": str(SystemClock().now()),
        "entries": f"bytes/{taken.digest}",
    }
    body: dict[str, Json] = {
        "subject": "list.release",
        "target": name,
        "payload": payload,
        "reason": reason,
        "documents": [b64encode(data).decode()],
    }
    tell_proposal(talk, talk.post("/v1/proposals", body))
