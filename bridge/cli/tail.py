"""What happens to all settlements, told as it happens, and taken up again where it was left."""

import csv
import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime

import click

from bridge.cli.link import Doc, Talk, addressed, spoken
from bridge.cli.manners import DOWN, USAGE, Stopped, cell, note
from bridge.cli.trace import happened, local

COLUMNS = ("id", "time", "settlement", "what")


@click.command()
@click.option("--lane", help="Only this lane's.")
@click.option("--since", metavar="T", help="From then on, such as 2026-11-26T08:00.")
@click.option("--cursor", metavar="N", type=click.IntRange(0), help="Go on after this event.")
@spoken
def tail(talk: Talk, lane: str | None, since: str | None, cursor: int | None) -> None:
    """Follow what happens to all settlements until Ctrl-C, from now on or from --since.

    The id of an event is its cursor: --cursor goes on after it, without a gap or a repeat.
    """
    begins = None if since is None else _moment(since)
    given = None if cursor is None else str(cursor)
    read, path = Read(given), addressed("/v1/events", {"lane": lane, "since": begins})
    if talk.form == "csv":
        csv.writer(sys.stdout).writerow(COLUMNS)
        sys.stdout.flush()
    try:
        for event in talk.events(path, given, read.to):
            _say(talk.form, event)
            read.to(event.text("id"))
    except Stopped as stopped:
        if stopped.exit == DOWN and read.at != given:
            raise _ended(lane, since, read.at, stopped.cause) from stopped
        raise
    except KeyboardInterrupt:
        note(f"next: {_again(lane, since, read.at)}", quiet=talk.quiet)
        raise
    raise _ended(lane, since, read.at, "")


@dataclass(slots=True)
class Read:
    """How far a stream was read."""

    at: str | None

    def to(self, at: str) -> None:
        """Remember that everything up to an entry was told."""
        self.at = at


def _say(form: str, event: Doc) -> None:
    if form in {"json", "jsonl"}:
        click.echo(json.dumps({"schema": "lianqiao.event/1", **event.raw}))
        return
    of, time, what = event.text("subject"), event.text("time"), cell(happened(event))
    if form == "csv":
        csv.writer(sys.stdout).writerow((event.text("id"), time, of, what))
        sys.stdout.flush()
    else:
        click.echo(f"{local(time)}  {of}  {what}")


def _ended(lane: str | None, since: str | None, last: str | None, cause: str) -> Stopped:
    return Stopped(
        DOWN,
        "LQ-DOWN",
        "the daemon ended the stream",
        cause=cause or "it stops, or its ledger is only read",
        following=_again(lane, since, last),
    )


def _again(lane: str | None, since: str | None, last: str | None) -> str:
    began = f"--cursor {last}" if last else f"--since {since}" * bool(since)
    words = ("lianqiao tail", f"--lane {lane}" * bool(lane), began)
    return " ".join(filter(None, words))


def _moment(text: str) -> str:
    """Return a time as the wire has it; without an offset it is of this machine's zone.

    Errors: Stopped.
    """
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Stopped(
            USAGE,
            "LQ-TIME",
            f"--since {text[:40]}: no time that exists",
            cause="a time is a date, or a date and a time, as ISO 8601 writes them",
            following="lianqiao tail --since 2026-11-26T08:00",
        ) from None
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
