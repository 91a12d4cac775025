"""`lianqiao explain evm`: what a file of chain evidence proves, step by step, without any node."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

import click

from adapters.evm.evidence import Examined, Unreadable, examined, unpinned
from bridge.core.canonical import NotCanonical, Value, parse

PROVED, NOT_PROVED, UNREADABLE = 0, 1, 2
FILE = click.Path(path_type=Path, exists=True, dir_okay=False)
Report: TypeAlias = Mapping[str, object]


@click.command("evm")
@click.argument("files", nargs=-1, required=True, type=FILE)
@click.option("--pinned", type=FILE, help="JSON: network, genesis, escrow, readers, finality.")
@click.option("--network", help="Hold it against the pinned words of this [network].")
@click.option(
    "--settings",
    type=click.Path(path_type=Path),
    default="lianqiao.toml",
    help="Where that [network] stands.",
)
@click.option("-o", "--output", type=click.Choice(["table", "json", "jsonl"]), default="table")
def explain(
    *,
    files: tuple[Path, ...],
    pinned: Path | None,
    network: str | None,
    settings: Path,
    output: str,
) -> None:
    """Verify evidence that an escrow said something, and print the six steps.

    Exit codes: 0 proved against what is pinned, 1 not, 2 unreadable.
    """
    if pinned is not None and network is not None:
        raise click.UsageError("--pinned and --network: name one of them")
    code, held = PROVED, _of_settings(settings, network) if network is not None else None
    for file in files:
        try:
            raw = file.read_bytes()
            named = _pinned(pinned) if pinned is not None else held
            fixed = named if named is not None else unpinned(raw)
            done = examined(raw, fixed)
        except (Unreadable, OSError) as error:
            click.echo(printable(f"{file}: {error}"), err=True)
            code = UNREADABLE
            continue
        report = _report(file, done, is_pinned=named is not None)
        if report["verdict"] != "proved":
            code = max(code, NOT_PROVED)
        click.echo(_table(report, done) if output == "table" else json.dumps(report))
    sys.exit(code)


def _pinned(file: Path) -> Value:
    try:
        return parse(file.read_bytes().strip())
    except NotCanonical as error:
        raise Unreadable(f"{file}: {error}") from error


def _of_settings(file: Path, network: str) -> Value:
    from adapters.evm.adapter import network_pinned  # noqa: PLC0415  loaded when needed
    from adapters.evm.deploying.command import settings_of  # noqa: PLC0415

    return network_pinned(settings_of(file, network))


def _report(file: Path, done: Examined, *, is_pinned: bool) -> Report:
    held = done.fact is not None
    return {
        "schema": "lianqiao.evm/1",
        "file": str(file),
        "verdict": ("proved" if is_pinned else "not pinned") if held else "not proved",
        "fact": type(done.fact).__name__ if done.fact is not None else "",
        "settlement": done.fact.settlement if done.fact is not None else "",
        "steps": [
            {"step": one.number, "title": one.title, "holds": one.holds, "says": one.says}
            for one in done.steps
        ],
    }


def _table(report: Report, done: Examined) -> str:
    lines = [printable(str(report["file"]))]
    lines += [
        printable(f" {one.number} {'ok  ' if one.holds else 'FAIL'}  {one.title:<18}{one.says}")
        for one in done.steps
    ]
    last = str(report["verdict"])
    if last == "not pinned":
        last += ": it agrees with itself; hold it against --network NAME --settings lianqiao.toml"
        last += ", or --pinned FILE"
    return "\n".join([*lines, last])


def printable(text: str) -> str:
    """Return a text without control characters: the file says what it likes."""
    return "".join(one if one.isprintable() else "?" for one in text)
