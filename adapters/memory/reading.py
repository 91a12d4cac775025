"""How both doors read what was told: by number, in order, each naming the hash of the one before.

A cursor is a number and that number's hash, so a reader who comes back finds out at once whether
something it was told has been undone.
"""

from collections.abc import AsyncGenerator, Callable

from adapters.memory.client import POLL_MS, Client
from adapters.memory.codec import FIRST, BadWire, event_hash, text, unsealed, whole
from bridge.core.ids import BEGINNING, Cursor
from bridge.ports import FinalityBroken, Observation, Page, Unavailable


def place(cursor: Cursor) -> tuple[int, str]:
    """Return the number and the hash a cursor stands for.

    Errors: Unavailable for a cursor of another adapter; nothing can be read from it.
    """
    if cursor == BEGINNING:
        return 0, FIRST
    number, _, seen = cursor.partition(":")
    if not (number.isascii() and number.isdigit()) or len(seen) != len(FIRST):
        raise Unavailable(f"{cursor[:80]!r} is no cursor of a memory network")
    return int(number), seen


async def pages(
    client: Client, since: Cursor, tell: Callable[[bytes, Cursor], Observation]
) -> AsyncGenerator[Page, None]:
    """Yield what was told after `since`, for ever.

    Errors: FinalityBroken where what was told before is no longer what the network tells;
    Unavailable for an answer with a gap, or out of its order.
    """
    after, seen = place(since)
    while True:
        told = await client.told(after, POLL_MS)
        if not told:
            await still_told(client, after, seen)
            continue
        page: list[Observation] = []
        for evidence in told:
            try:
                body = unsealed(evidence)
                number, before = whole(body, "number"), text(body, "before")
            except BadWire as error:
                raise Unavailable(f"the network told something else: {error}") from error
            if number != after + 1:
                raise Unavailable(f"told {number} after {after}")
            if before != seen:
                raise FinalityBroken(f"number {after} was told otherwise before")
            after, seen = number, event_hash(evidence)
            page.append(tell(evidence, Cursor(f"{number}:{seen}")))
        yield tuple(page)


async def still_told(client: Client, after: int, seen: str) -> None:
    """Make sure that the last thing told is still what the network tells.

    Errors: FinalityBroken.
    """
    answer = await client.ask({"ask": "head", "number": str(after)})
    if answer.get("hash") != seen:
        raise FinalityBroken(f"number {after} is no longer told as it was")
