"""An order goes out; its id and seed are kept in a file before it does."""

import json
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import FAILED, USAGE, WAITING, Json, Stopped, note, show
from bridge.clock import SystemClock
from bridge.core.ids import Instant, new_ulid

POLL_S = 0.2


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--simulate", is_flag=True, help="Say what it would meet; touch nothing.")
@click.option("--wait", is_flag=True, help="Wait until it is at rest, or a person is needed.")
@spoken
def send(talk: Talk, file: Path, *, simulate: bool, wait: bool) -> None:
    """Send the order in FILE, a JSON object.

    Where FILE has no id, seed or deadline they are made, and kept beside it before anything is
    sent: sending that file again is the same order.
    """
    order = _read(file)
    if simulate:
        _simulate(talk, _whole(order))
        return
    whole = _whole(order)
    if whole != order:
        kept = file.with_name(f"{file.stem}.{whole['id']}.json")
        kept.touch(mode=0o600)
        kept.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
        note(f"kept as {kept}; send that file to repeat this order", quiet=talk.quiet)
    sent = talk.post("/v1/settlements", whole, f"send-{whole['id']}")
    of = sent.text("settlement")
    show(talk.form, "sent", sent.raw, lambda: _lines(sent))
    if wait:
        wait_for(talk, of)


def _read(file: Path) -> dict[str, Json]:
    try:
        order = json.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise _no_order(file, f"not JSON: {error}") from error
    if not isinstance(order, dict):
        raise _no_order(file, "an order is a JSON object")
    return cast("dict[str, Json]", order)


def _no_order(file: Path, why: str) -> Stopped:
    return Stopped(
        USAGE,
        "LQ-JSON",
        f"{file}: {why}",
        cause="the file is no order, or was cut short",
        following="compare it with the samples in examples/first_integration",
    )


def _whole(order: dict[str, Json]) -> dict[str, Json]:
    now = SystemClock().now()
    made: dict[str, Json] = {
        "id": new_ulid(now, secrets.token_bytes(10)),
        "seed": secrets.token_hex(32),
        "deadline": _time(Instant(now + 24 * 3_600_000)),
    }
    return {**made, **order}


def _time(moment: Instant) -> str:
    return f"{datetime.fromtimestamp(moment // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _lines(sent: Doc) -> list[str]:
    owed = [
        f"consent owed by {one.text('by')} on {one.text('network')} ({one.text('kind')})"
        for one in sent.all("consents")
    ]
    last = [f"next: lianqiao consent show {sent.text('settlement')}"] if owed else []
    return [f"{sent.text('settlement')}  {sent.text('uetr')}", *owed, *last]


def _simulate(talk: Talk, order: dict[str, Json]) -> None:
    told = talk.post("/v1/settlements:simulate", order)
    checks = told.all("checks")

    def lines() -> list[str]:
        marks = {"yes": "ok  ", "no": "no  ", "unknown": "?   "}
        return [
            f"terms {told.text('terms')}",
            *(
                f"{marks[one.text('answer')]} {one.text('network')}  {one.text('what')}"
                f"{': ' if one.text('why') else ''}{one.text('why')}"
                for one in checks
            ),
        ]

    show(talk.form, "simulation", told.raw, lines)
    refused = [one for one in checks if one.text("answer") == "no"]
    if refused:
        first = refused[0]
        raise Stopped(
            4,
            "LQ-WOULD-FAIL",
            f"it would not land: {first.text('what')}",
            cause=f"{first.text('network')}: {first.text('why') or 'it says no'}",
            following="see to it there, then the same command again",
        )


def wait_for(talk: Talk, of: str) -> None:
    """Return once a settlement is settled. Errors: Stopped: it ended otherwise, or waits."""
    while True:
        told = talk.get(f"/v1/settlements/{of}")
        stage, stop = told.text("stage"), told.text("stop")
        if stage == "settled" and not stop:
            note("settled", quiet=talk.quiet)
            return
        if stage in {"released", "rejected"} and not stop:
            raise Stopped(
                FAILED,
                "LQ-NOT-SETTLED",
                f"it ended {stage}",
                cause="it was refused or given back",
                following=f"lianqiao trace {of}",
            )
        if stop or stage in {"proposed", "awaiting"}:
            raise Stopped(
                WAITING,
                "LQ-WAITING",
                f"it is {stage}{f', {stop}' if stop else ''}",
                cause=told.text("waiting"),
                following=told.text("remedy"),
            )
        time.sleep(POLL_S)
