"""Rates and openings of quotas: rows of a CSV file, each a proposal."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Json, Stopped, Waiting, note, show_all

RATE = ("day", "base", "quote", "numerator", "denominator", "source")
OPENING = ("account", "unit", "used", "source", "as_of")


@click.group(cls=Verbs)
def rates() -> None:
    """Propose rates of exchange."""


@rates.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", required=True)
@spoken
def imported(talk: Talk, file: Path, reason: str) -> None:
    """Propose the rates of FILE: day,base,quote,numerator,denominator,source.

    So many minor units of quote for so many of base.
    """
    _propose(talk, "rates.import", _rows(file, RATE), ("base", "quote"), reason)


@click.group(cls=Verbs)
def quota() -> None:
    """Propose what of a quota is used already."""


@quota.command("opening")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", required=True)
@spoken
def opening(talk: Talk, file: Path, reason: str) -> None:
    """Propose what FILE says is used: account,unit,used,source,as_of."""
    _propose(talk, "quota.opening", _rows(file, OPENING), ("account",), reason)


def _rows(file: Path, columns: Sequence[str]) -> Iterator[dict[str, Json]]:
    with file.open(encoding="utf-8", newline="") as held:
        reader = csv.DictReader(held)
        if tuple(reader.fieldnames or ()) != tuple(columns):
            raise _other(f"{file}: the first line is not {','.join(columns)}", columns)
        for number, row in enumerate(reader, 2):
            if None in row or None in row.values():
                raise _other(f"{file}:{number}: not {len(columns)} values", columns)
            yield dict(row)


def _other(why: str, columns: Sequence[str]) -> Stopped:
    return Stopped(
        USAGE,
        "LQ-CSV",
        why,
        cause="the file is of another form",
        following=f"a file whose first line is {','.join(columns)}",
    )


def _propose(
    talk: Talk, subject: str, rows: Iterator[dict[str, Json]], named: Sequence[str], reason: str
) -> None:
    made = [
        talk.post(
            "/v1/proposals",
            {
                "subject": subject,
                "target": "/".join(str(row[name]) for name in named),
                "payload": row,
                "reason": reason,
            },
        )
        for row in list(rows)  # the whole file is read before anything is proposed
    ]
    columns = ("id", "subject", "target", "role", "state")
    show_all(talk.form, "proposal", [one.raw for one in made], columns)
    note("next: another person types  lianqiao approve ID", quiet=talk.quiet)
    raise Waiting
