"""The manners of every command: results on stdout, the rest on stderr, errors with a next step."""

import codecs
import csv
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from shlex import quote
from typing import IO, Final, TypeAlias
from unicodedata import east_asian_width

import click
from click.core import ParameterSource

FORMS = ("table", "json", "jsonl", "csv")
INDENT = "  "  # of the further lines of a row
Json: TypeAlias = "str | bool | int | Sequence[Json] | Mapping[str, Json] | None"
PLAIN: Final = str.maketrans(
    {"✓": "+", "●": "*", "○": "o", "→": "->", "·": "|", "…": "...", "▓": "#", "░": "."}
)  # our signs, for a terminal that has none of them
NOUNS: Final = frozenset(
    {
        "consent",
        "held",
        "lane",
        "ledger",
        "lists",
        "ls",
        "person",
        "quota",
        "rates",
        "rules",
        "token",
    }
)  # whose next word is a verb, or says which of them
VERBS: Final = frozenset(
    "approve cancel doctor down freeze recall refuse resume send status tail thaw trace up".split()
)
COMMAND: Final = re.compile(
    r"(?<![\w./-])lianqiao (?:(?P<help>--help)|(?P<name>[a-z]+)(?P<rest>[^,;\n]*))"
)
DONE, FAILED, USAGE, NOT_FOUND, REFUSED, WAITING, DOWN = range(7)


class Stopped(Exception):
    """Raised where a command cannot go on: code, sentence, likely cause, the command to type next.

    Caught in `run`, which prints it and exits with `exit`.
    """

    def __init__(
        self,
        exit: int,  # noqa: A002  it is one
        code: str,
        sentence: str,
        *,
        cause: str,
        following: str,
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


def speak_plainly() -> None:
    """Whatever we print can be printed: what the locale's encoding lacks is said in ASCII.

    Our own signs are replaced by plainer ones; other characters are escaped as in JSON.
    """
    codecs.register_error("plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeEncodeError), "it is registered for what is written"
    lacking = error.object[error.start : error.end]
    return json.dumps(lacking.translate(PLAIN))[1:-1], error.end


def draws(stream: IO[str]) -> bool:
    """Tell whether lines may be drawn over: on a terminal that is no dumb one, unless NO_COLOR."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


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
    said = f"error {stopped.code}: {stopped.sentence}"
    click.echo("\n".join(map(printable, said.splitlines())), err=True)
    if stopped.cause:
        click.echo(f"cause: {printable(stopped.cause)}", err=True)
    if stopped.following:
        click.echo(f"next: {typed(printable(stopped.following))}", err=True)


def ourselves() -> str:
    """Return what to type for this program: it may run from a tree that nobody installed."""
    from_a_tree = Path(sys.argv[0]).parts[-2:] == ("bridge", "__main__.py")
    return "python3 -m bridge" if from_a_tree else "lianqiao"


def typed(text: str) -> str:
    """Return a text whose commands can be typed as this one was: for the folder it names, if any.

    What takes no folder, or names one already, stays as it is.
    """
    return COMMAND.sub(_typed, text)


def _typed(words: re.Match[str]) -> str:
    name, rest = words["name"] or "", words["rest"] or ""
    takes_it = name in NOUNS | VERBS and not any(one in rest for one in ("--folder", "--help"))
    where = _folder_named() if takes_it else ""
    said = f"{ourselves()} {words['help'] or name}"
    if where and name in NOUNS and (verb := re.match(r" [a-z]+", rest)):
        return f"{said}{verb[0]}{where}{rest[verb.end() :]}"
    return f"{said}{where}{rest}"


def _folder_named() -> str:
    """Return the option that names this command's folder, where it was typed."""
    context = click.get_current_context(silent=True)
    if context is None or context.get_parameter_source("folder") is not ParameterSource.COMMANDLINE:
        return ""
    return f" --folder {quote(str(context.params['folder']))}"


def note(text: str, *, quiet: bool = False) -> None:
    """Say something beside the result, on stderr."""
    if not quiet:
        click.echo(typed(text), err=True)


def written(document: Mapping[str, Json]) -> str:
    """Return a document for programs: the same JSON, whatever the locale can encode.

    What would move a cursor or turn the writing round is escaped: the text it says stays the same.
    """
    said = json.dumps(document, ensure_ascii=sys.stdout.encoding.lower() != "utf-8")
    return said if said.isprintable() else "".join(map(_escaped, said))


def _escaped(one: str) -> str:
    return one if one.isprintable() else json.dumps(one)[1:-1]


def printable(text: str) -> str:
    """Return a text as one line: no control character of it reaches the terminal."""
    return "".join(one if one.isprintable() else "?" for one in text)


def show(
    form: str,
    thing: str,
    value: Mapping[str, Json],
    lines: Callable[[], Sequence[str]],
) -> None:
    """Print one thing: for people as `lines` says, for programs under its schema."""
    if form == "table":
        for line in lines():
            click.echo(typed(printable(line)))
    elif form == "csv":
        _csv([value])
    else:
        click.echo(written({"schema": f"lianqiao.{thing}/1", **value}))


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
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in table(items, columns, width):
            click.echo(line)
        if following is not None:
            note(f"more: --cursor {following}")
    elif form == "csv":
        _csv(items)
    elif form == "jsonl":
        for item in items:
            click.echo(written({"schema": f"lianqiao.{thing}/1", **item}))
    else:
        whole = {"schema": f"lianqiao.{plural(thing)}/1", "items": list(items), "next": following}
        click.echo(written(whole))


def plural(thing: str) -> str:
    """Return the word for more than one of a thing: party, parties."""
    return f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"


def table(
    items: Sequence[Mapping[str, Json]], columns: Sequence[str], width: int | None = None
) -> list[str]:
    """Return the lines of a table with a heading.

    Columns that do not fit into `width` characters go on in further lines of their row, indented.
    """
    rows = [[column.upper() for column in columns]]
    rows += [[cell(item.get(column, "")) for column in columns] for item in items]
    widths = [max(_wide(row[at]) for row in rows) for at in range(len(columns))]
    parts = list(_folded(widths, width))
    return [
        (INDENT * bool(number) + "  ".join(_padded(row[at], widths[at]) for at in part)).rstrip()
        for row in rows
        for number, part in enumerate(parts)
    ]


def _folded(widths: Sequence[int], width: int | None) -> Iterator[list[int]]:
    """Yield the columns of each line of a row: all in one, or as many as fit."""
    part: list[int] = []
    room = 0
    for at, wide in enumerate(widths):
        if width is not None and part and room + wide > width:
            yield part
            part, room = [], len(INDENT)
        part.append(at)
        room += wide + 2
    yield part


def _wide(text: str) -> int:
    """Return how many columns of a terminal a text takes: a Hanzi takes two."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _wide(text))


def cell(value: Json) -> str:
    """Return a value as one cell; no control character of it reaches the terminal."""
    return printable(
        value if isinstance(value, str) else "" if value is None else json.dumps(value)
    )


def _csv(items: Sequence[Mapping[str, Json]]) -> None:
    columns = list(dict.fromkeys(name for item in items for name in item))
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for item in items:
        writer.writerow([cell(item.get(column, "")) for column in columns])
