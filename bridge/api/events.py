"""What happens to settlements, told as it happens: CloudEvents over server-sent events.

The id of an event is its ledger index, so a reader that was away resumes without a gap or a
repeat. Once all so far was told, and in every silence, it is sent the index so far: an id without
data, so that who heard of no event yet resumes as well.
Source: CloudEvents 1.0; HTML Living Standard, 9.2 (server-sent events).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from bridge.api.problems import Trouble
from bridge.api.routes import Call, Stream
from bridge.api.shown import event_name
from bridge.api.times import time_text
from bridge.core.canonical import Value
from bridge.core.ids import Instant, SettlementId
from bridge.notary.entries import Entry
from bridge.notary.outcomes import LedgerError
from bridge.notary.since import first_since

PAGE = 256
TOGETHER = 16_384  # bytes of events that a reader is sent at once
STREAMS = 1_000  # open at once: some 67 MB of one process
QUIET_S = 15.0  # a comment that often, so that a proxy does not close the line
SLOW_S = 30.0  # a reader who takes nothing for so long is let go, and resumes where it was


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a reader is told: the events after `after` that `about` names a settlement for."""

    after: int
    about: Callable[[Entry], str]  # the settlement an event is told of, or nothing: untold
    over: Callable[[], bool] = lambda: False  # asked once everything so far was told


async def of_one(call: Call, of: SettlementId) -> web.StreamResponse:
    """Send a settlement's events until the reader hangs up, the daemon closes or it is at rest."""
    journal = call.room.ring.journal

    def over() -> bool:
        settlement = journal.view.settlement(of)
        return settlement is not None and settlement.at_rest

    def about(entry: Entry) -> str:
        return of if settlement_of(entry) == of else ""

    begun = journal.view.saga(of, "proposed")
    # the order stands a few entries before the saga that it made
    first = -1 if begun is None else max(-1, begun.n - PAGE)
    return await _stream(call, Told(after=_resumed(call, first), about=about, over=over))


async def of_all(call: Call, lane: str, since: Instant | None) -> web.StreamResponse:
    """Send the events of every settlement, or of one lane's, from `since` on, else from now on."""
    journal = call.room.ring.journal
    first = journal.head.seq if since is None else first_since(journal, since)

    def about(entry: Entry) -> str:
        settlement = journal.view.settlement(settlement_of(entry))
        if settlement is None or lane not in {"", settlement.order.lane}:
            return ""
        return settlement.order.id

    return await _stream(call, Told(after=_resumed(call, first - 1), about=about))


async def _stream(call: Call, told: Told) -> web.StreamResponse:
    if len(call.room.streams) >= STREAMS:
        raise Trouble(
            503,
            "LQ-STREAMS",
            f"{STREAMS} readers are being told already",
            remedy="ask again later with Last-Event-ID",
            headers={"Retry-After": "5"},
        )
    mine = Stream()
    call.room.streams.add(mine)
    try:
        return await _tell(call, told, mine)
    finally:
        call.room.streams.discard(mine)


async def _tell(call: Call, told: Told, mine: Stream) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
    )
    await response.prepare(call.http)
    try:
        await _tell_all(call, told, mine, response)
        await _taken(response.write_eof(), mine)
    except (TimeoutError, ConnectionError):  # what it did not take would be waited for again
        if call.http.transport is not None:
            call.http.transport.abort()
    return response


async def _taken(writing: Awaitable[None], mine: Stream) -> None:
    """The reader has taken it. Errors: TimeoutError: it takes nothing, or the desk closes."""
    try:
        async with asyncio.timeout(SLOW_S) as mine.quiet:
            await writing
    finally:
        mine.quiet = None


async def _tell_all(call: Call, told: Told, mine: Stream, response: web.StreamResponse) -> None:
    journal, after, is_placed = call.room.ring.journal, told.after, False
    while not call.room.closing.is_set():
        page = journal.entries(after, PAGE)
        events = bytearray()  # of one commit, mostly: one packet, not one for each
        for entry in page:
            after = entry.n
            if of := told.about(entry):
                events += _event(entry, of, call.room.origin)
            if len(events) >= TOGETHER or (events and entry is page[-1]):
                await _taken(response.write(bytes(events)), mine)
                events.clear()
        if page:
            await asyncio.sleep(0)  # a long history gives way to others
            continue
        if told.over():
            break
        if not is_placed:
            await _taken(response.write(_so_far(after)), mine)
            is_placed = True
        try:
            async with asyncio.timeout(QUIET_S) as mine.quiet:
                await journal.changed(after)
        except TimeoutError:
            await _taken(response.write(b": still here\n" + (_so_far(after) or b"\n")), mine)
        except LedgerError:
            break  # nothing more will be written: the reader comes back and is told so
        finally:
            mine.quiet = None


def _so_far(after: int) -> bytes:
    """Return what has a reader resume behind an entry: an id that dispatches no event."""
    return b"" if after < 0 else f"id: {after}\n\n".encode()


def _resumed(call: Call, first: int) -> int:
    """Return the entry after which to begin: the last event that was read, else `first`."""
    given = call.http.headers.get("Last-Event-ID")
    if given is None:
        return first
    if not (given.isascii() and given.isdigit() and len(given) <= 16):
        raise Trouble(
            400,
            "LQ-EVENT-ID",
            "Last-Event-ID is the number of an entry",
            remedy="send the id of the last event you read, or none",
            flaws=((("header", "Last-Event-ID"), "malformed"),),
        )
    if int(given) >= call.room.ring.journal.head.seq:
        raise Trouble(
            400,
            "LQ-EVENT-ID",
            "Last-Event-ID is of an entry that this ledger does not have: another ledger gave it",
            remedy="begin anew, from a time: since=2026-11-26T08:00:00Z, or without the id",
            flaws=((("header", "Last-Event-ID"), "not_ours"),),
        )
    return int(given)


def settlement_of(entry: Entry) -> str:
    """Return the settlement an entry is about, or nothing."""
    body = entry.body
    match entry.kind:
        case "order":
            return entry.id
        case "act" | "paper":
            return _text(_inner(body, entry.kind), "settlement")
        case "proposal":
            return _text(body, "target")
        case _:
            return _text(body, "settlement")


def _inner(body: Mapping[str, Value], name: str) -> Mapping[str, Value]:
    inner = body.get(name)
    return inner if isinstance(inner, Mapping) else {}


def _text(body: Mapping[str, Value], name: str) -> str:
    value = body.get(name)
    return value if isinstance(value, str) else ""


def _event(entry: Entry, of: str, origin: str) -> bytes:
    document = {
        "specversion": "1.0",
        "id": str(entry.n),
        "source": f"//{origin}",
        "type": f"lianqiao.{entry.kind}",
        "subject": of,
        "time": time_text(entry.t),
        "data": {"n": str(entry.n), "leaf": entry.leaf, **_told(entry)},
    }
    return f"id: {entry.n}\nevent: {entry.kind}\ndata: {json.dumps(document)}\n\n".encode()


def _told(entry: Entry) -> dict[str, str]:
    """Return what anyone who may read the settlement may read; policy's words are not among it."""
    if entry.kind == "saga":
        told = {name: _text(entry.body, name) for name in ("from", "to", "stop", "visit")}
        return {**told, "event": event_name(entry)}
    if entry.kind == "act":
        return {"verb": _text(_inner(entry.body, "act"), "verb")}
    if entry.kind == "evidence":
        return {"shows": _text(entry.body, "shows"), "network": _text(entry.body, "network")}
    if entry.kind == "proposal":
        return {"proposal": entry.id, "subject": _text(entry.body, "subject")}
    return {}
