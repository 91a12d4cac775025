"""`lianqiao explain iso20022`: what is wrong with message files, and what would become of them."""

import csv
import json
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from schemas.iso20022.findings import Outcome, Verdict
from schemas.iso20022.judge import judge
from schemas.iso20022.profiles import PROFILES, Profile
from schemas.xml import MAX_BYTES

if TYPE_CHECKING:
    from bridge.ports import Clock  # the name only: files are explained without the doors

FORMS = ("table", "json", "jsonl", "csv")
COLUMNS = ("file", "message", "verdict", "rule", "severity", "path", "title")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _day(ctx: click.Context, param: click.Parameter, value: str | None) -> date | None:
    """A day as YYYY-MM-DD, and in no other form of ISO 8601. Errors: click.BadParameter."""
    del ctx, param
    try:
        if value is None or _DAY.fullmatch(value):
            return date.fromisoformat(value) if value is not None else None
    except ValueError:
        pass
    raise click.BadParameter(f"{value!r} is no day of the form YYYY-MM-DD")


@click.command("iso20022")
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, readable=True),
)
@click.option(
    "--profile",
    required=True,
    type=click.Choice(tuple(PROFILES)),
    help="The market agreement the files are judged under.",
)
@click.option(
    "--on", metavar="YYYY-MM-DD", callback=_day, help="The day they are judged on; else today."
)
@click.option(
    "--outbound", is_flag=True, help="Judge them as ours to send: we are stricter with ourselves."
)
@click.option(
    "-o", "--output", default="table", type=click.Choice(FORMS), help="Form of the result."
)
def iso20022(
    files: tuple[str, ...],
    profile: str,
    on: date | None,
    outbound: bool,  # noqa: FBT001  an option
    output: str,
) -> None:
    """Judge message files by schema, profile and dated rules; no daemon is asked.

    Exit codes: 0 all accepted, 1 some not, 2 arguments that cannot be read.
    """
    chosen = PROFILES[profile]
    ctx = click.get_current_context()
    day = on or _today(ctx.obj, chosen)
    if not chosen.since <= day <= chosen.until:
        click.echo(f"note: {profile} is {chosen.title}; the rules of {day} hold", err=True)
    verdicts = ((file, judge(_bytes_of(file), chosen, day, is_outbound=outbound)) for file in files)
    is_accepted = _show(output, verdicts)
    ctx.exit(0 if is_accepted else 1)


def _today(clock: "Clock | None", profile: Profile) -> date:
    """The day it is in the profile's zone, by the clock the program was given.

    Errors: click.UsageError without a clock.
    """
    if clock is None:
        raise click.UsageError("without a clock, say which day with --on")
    moment = datetime.fromtimestamp(clock.now() // 1000, UTC)
    return moment.astimezone(ZoneInfo(profile.zone)).date()


def _bytes_of(file: str) -> bytes:
    """At most one byte more than a message may have. Errors: click.UsageError."""
    try:
        with Path(file).open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        raise click.UsageError(f"{click.format_filename(file)}: {error.strerror}") from error


def shown(file: str, verdict: Verdict) -> dict[str, object]:
    """What a program reads of one file."""
    return {
        "file": click.format_filename(file),
        "message": verdict.message,
        "verdict": str(verdict.outcome),
        "findings": [
            {
                "rule": one.rule,
                "severity": str(one.severity),
                "path": one.path,
                "title": one.title,
            }
            for one in verdict.findings
        ],
    }


def _show(form: str, verdicts: Iterator[tuple[str, Verdict]]) -> bool:
    """Print every verdict in the form asked for; whether all were accepted."""
    all_accepted = True
    kept: list[dict[str, object]] = []
    rows = csv.writer(sys.stdout)
    if form == "csv":
        rows.writerow(COLUMNS)
    for file, verdict in verdicts:
        all_accepted &= verdict.outcome is Outcome.ACCEPTED
        value = shown(file, verdict)
        match form:
            case "jsonl":
                click.echo(_json({"schema": "lianqiao.message/1", **value}))
            case "json":
                kept.append(value)
            case "csv":
                head = [_cell(value[name]) for name in COLUMNS[:3]]
                for one in verdict.findings or (None,):
                    tail = (one.rule, one.severity, one.path, one.title) if one else ("",) * 4
                    rows.writerow([*head, *map(_cell, tail)])
            case _:
                _tell(value, verdict)
    if form == "json":
        whole = {"schema": "lianqiao.messages/1", "items": kept, "next": None}
        click.echo(_json(whole))
    return all_accepted


def _tell(value: dict[str, object], verdict: Verdict) -> None:
    """Print one file for a person: its verdict, and a line for each finding."""
    head = f"{value['file']}: {verdict.message or 'no message'} {verdict.outcome}"
    click.echo(_cell(head))
    for one in verdict.findings:
        click.echo(_cell(f"  {one.severity:6}  {one.rule}  {one.path}"))
        click.echo(_cell(f"          {one.title}"))


def _cell(value: object) -> str:
    """A value as text; no control character of it reaches the terminal."""
    return "".join(one if one.isprintable() else "?" for one in str(value))


def _json(value: Mapping[str, object]) -> str:
    """A document in its own letters; a control character of it is escaped."""
    said = json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in said)
