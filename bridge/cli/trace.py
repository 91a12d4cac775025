"""Where a settlement stands, how it came there, and what it waits for."""

import json
import re
from collections.abc import Sequence
from datetime import datetime

import click

from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import NOT_FOUND, USAGE, Stopped, note, printable, show

ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}\Z")
TX = re.compile(r"[A-Za-z0-9._-]{1,128}(/[0-9]{1,20})?\Z")
BEGINNING = re.compile(r"[0-9A-Za-z-]{4,36}\Z")
CANDIDATES = 8  # that are named where a beginning is that of several
UETR = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\Z")


@click.command()
@click.argument("name", metavar="ID|UETR|TRANSACTION")
@click.option("--watch", is_flag=True, help="Go on until it is at rest.")
@spoken
def trace(talk: Talk, name: str, *, watch: bool) -> None:
    """Show where a settlement stands, and why."""
    told = found(talk, name)
    show(talk.form, "settlement", told.raw, lambda: lines(told))
    if watch:
        _watch(talk, told)


def found(talk: Talk, name: str) -> Doc:
    """Return a settlement by its id, UETR or a transaction or message sent for it.

    The beginning of an id or UETR does, where it begins only one and names nothing else's.
    Errors: Stopped.
    """
    if UETR.match(name):
        return talk.get(f"/v1/uetrs/{name}")
    if ULID.match(name):
        return talk.get(f"/v1/settlements/{name}")
    if TX.match(name):
        begun = _begun(talk, name)
        try:
            sent_for = talk.get(f"/v1/transactions/{name}")
        except Stopped as stopped:
            if stopped.exit != NOT_FOUND or not begun:
                raise
            if begun[1:]:
                raise _several(name, begun) from None
            return talk.get(f"/v1/settlements/{begun[0].text('id')}")
        if others := [one for one in begun if one.text("id") != sent_for.text("id")]:
            raise _several(name, [sent_for, *others])  # whose network or bank chose that name
        return sent_for
    raise Stopped(
        NOT_FOUND,
        "LQ-NOT-FOUND",
        f"no settlement, UETR or transaction is {name[:80]}",
        cause="it is none of an id's 26 characters, a UETR's 36, a transaction of a chain or bank",
        following="lianqiao ls settlements",
    )


def _begun(talk: Talk, name: str) -> Sequence[Doc]:
    """Return the settlements whose id or UETR begins so, the newest last."""
    if not BEGINNING.match(name):
        return ()
    return talk.get("/v1/settlements", {"begins": name, "limit": str(CANDIDATES)}).all("items")


def _several(name: str, found: Sequence[Doc]) -> Stopped:
    told = ", ".join(f"{one.text('id')} ({one.text('uetr')})" for one in found)
    return Stopped(
        USAGE,
        "LQ-AMBIGUOUS",
        f"{name} is what several settlements may be called",
        cause=f"{told}{', and perhaps more' * (len(found) >= CANDIDATES)}",
        following=f"lianqiao trace {found[-1].text('uetr')}",
    )


def id_of(talk: Talk, name: str) -> str:
    """Return the id of the settlement that `found` finds by that name. Errors: Stopped."""
    return name if ULID.match(name) else found(talk, name).text("id")


def lines(told: Doc) -> list[str]:
    """Return a settlement for people: its heading, its stages, why it stands where it does."""
    paid = told.raw["payment"]
    money = f"{paid['currency']} {paid['amount']}" if isinstance(paid, dict) else "free of payment"
    steps = told.all("steps")
    stop = told.text("stop")
    sides = "   ".join(
        f"{told.text(one)} → {told.text(other)}"
        for one, other in (("originator", "beneficiary"), ("origin", "destination"))
    )
    rows = [
        f"{told.text('uetr')}   {told.text('units')} {told.text('asset')}   {money}",
        f"{told.text('id')}   lane {told.text('lane')}   {sides}",
    ]
    for step in steps:
        here = step is steps[-1] and step.text("stage") not in {"settled", "released", "rejected"}
        mark = "●" if here else "✓"
        by = f"entry {step.text('n'):<6} {step.text('event')}".rstrip()
        rows.append(f"{mark} {step.text('stage'):<12} {local(step.text('at'))}   {by}")
    if stop:
        rows.append(f"! {stop}")
    if told.texts("ahead"):
        rows.append("   ".join(f"○ {stage}" for stage in told.texts("ahead")))
    if told.text("waiting"):
        rows.append(f"why: {told.text('waiting')}")
        rows.append(f"you can do: {told.text('remedy')}")
    rows += [f"locked by custody agreement: {one}" for one in told.texts("custody")]
    rows += [f"paper awaited: {kind}" for kind in told.texts("papers")]
    rows += [f"proposal {one}: lianqiao approve {one}" for one in told.texts("proposals")]
    return rows


def local(text: str) -> str:
    """Return a time of the wire in this machine's zone, with its offset."""
    moment = datetime.fromisoformat(text).astimezone()
    return f"{moment:%H:%M:%S}.{moment.microsecond // 10_000:02d} {moment:%z}"


def _watch(talk: Talk, told: Doc) -> None:
    last = told.all("steps")[-1].text("n") if told.all("steps") else None
    for event in talk.events(f"/v1/settlements/{told.text('id')}/events", last):
        if talk.form in {"json", "jsonl"}:
            click.echo(json.dumps({"schema": "lianqiao.event/1", **event.raw}))
        elif event.text("type") == "lianqiao.saga":
            click.echo(f"  {local(event.text('time'))}  {printable(happened(event))}")
    note("the stream ended", quiet=talk.quiet)


def happened(event: Doc) -> str:
    """Return what an event says happened, for people."""
    data, kind = event.one("data"), event.text("type").removeprefix("lianqiao.")
    said = {name: data.text(name) for name in data.raw}
    if kind == "saga":
        stop = f" ({said['stop']})" if said["stop"] else ""
        return f"{said['event']} → {said['to']}{stop}"
    details = (said.get(name, "") for name in ("verb", "shows", "network", "subject", "proposal"))
    return " ".join((kind, *filter(None, details)))
