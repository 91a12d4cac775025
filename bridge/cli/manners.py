"""The manners of every command: results on stdout, the rest on stderr, errors with a next step."""

import csv
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

import click

FORMS = ("table", "json", "jsonl", "csv")
Json: TypeAlias = "str | bool | int | Sequence[Json] | Mapping[str, Json] | None"
DONE, FAILED, USAGE, NOT_FOUND, REFUSED, WAITING, DOWN = range(7)


class Stopped(Exception):
    """Raised where a command cannot go on: code, sentence, cause, and the command to type next.

    Caught in `run`, which prints it and exits with `exit`.
    """

    def __init__(
        self,
        exit: int,  # noqa: A002  it is one
        code: str,
        sentence: str,
        *,
        cause: str = "",
        following: str = "",
        document: Mapping[str, Json] | None = None,
    ) -> None:
        super().__init__(sentence)
        self.exit = exit
        self.code = code
        self.sentence = sentence
        self.cause = cause
        self.following = following
        self.document = document


class Waiting(Exception):
    """Raised once what waits for a person was printed; only the exit code is left to say."""


def wanted_form(arguments: Sequence[str]) -> str:
    """Return the form of output that was asked for, read before the command line is parsed."""
    for place, word in enumerate(arguments):
        if word in {"--output", "-o"} and place + 1 < len(arguments):
            return arguments[place + 1]
        if word.startswith("--output="):
            return word.partition("=")[2]
    return "table"


def say_stopped(stopped: Stopped, form: str) -> None:
    """Print an error on stderr: for people in lines, for programs as a problem document."""
    if form in {"json", "jsonl"}:
        document = stopped.document or {
            "type": f"/problems/{stopped.code.removeprefix('LQ-').lower()}",
            "title": stopped.sentence,
            "detail": stopped.cause or stopped.sentence,
            "code": stopped.code,
            "remedy": stopped.following,
        }
        click.echo(json.dumps({**document, "exit": stopped.exit}), err=True)
        return
    click.echo(f"error {stopped.code}: {stopped.sentence}", err=True)
    if stopped.cause:
        click.echo(f"cause: {stopped.cause}", err=True)
    if stopped.following:
        click.echo(f"next: {stopped.following}", err=True)


def note(text: str, *, quiet: bool = False) -> None:
    """Say something beside the result, on stderr."""
    if not quiet:
        click.echo(text, err=True)


def show(
    form: str,
    thing: str,
    value: Mapping[str, Json],
    lines: Callable[[], Sequence[str]],
) -> None:
    """Print one thing: for people as `lines` says, for programs under its schema."""
    if form == "table":
        for line in lines():
            click.echo(line)
    elif form == "csv":
        _csv([value])
    else:
        click.echo(json.dumps({"schema": f"lianqiao.{thing}/1", **value}, ensure_ascii=False))


def show_all(
    form: str,
    thing: str,
    items: Sequence[Mapping[str, Json]],
    columns: Sequence[str],
    *,
    following: str | None = None,
) -> None:
    """Print a list: a table of `columns`, or every member for programs; `following` goes on."""
    if form == "table":
        for line in table(items, columns):
            click.echo(line)
        if following is not None:
            note(f"more: --cursor {following}")
    elif form == "csv":
        _csv(items)
    elif form == "jsonl":
        for item in items:
            click.echo(json.dumps({"schema": f"lianqiao.{thing}/1", **item}, ensure_ascii=False))
    else:
        whole = {"schema": f"lianqiao.{plural(thing)}/1", "items": list(items), "next": following}
        click.echo(json.dumps(whole, ensure_ascii=False))


def plural(thing: str) -> str:
    """Return the word for more than one of a thing: party, parties."""
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"


def table(items: Sequence[Mapping[str, Json]], columns: Sequence[str]) -> list[str]:
    """Return the lines of a table with a heading."""
    rows = [[column.upper() for column in columns]]
    rows += [[cell(item.get(column, "")) for column in columns] for item in items]
    widths = [max(len(row[at]) for row in rows) for at in range(len(columns))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def cell(value: Json) -> str:
    """Return a value as one cell; no control character of it reaches the terminal."""
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value)
    return "".join(one if one.isprintable() else "?" for one in text)


def _csv(items: Sequence[Mapping[str, Json]]) -> None:
    columns = list(dict.fromkeys(name for item in items for name in item))
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for item in items:
        writer.writerow([cell(item.get(column, "")) for column in columns])
