"""A kept demo taken up again: what aged is brought anew, what was under way goes on to its end."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from bridge.cli.corridor import HEADER, LISTED, bring_list, bring_rates
from bridge.cli.endings import see_it_written
from bridge.cli.stage import Stage
from bridge.cli.teller import WITHIN_S
from bridge.clock import SystemClock
from bridge.ports import AdapterError

PAGE = 500  # of settlements: the most that one holds
OF_PEOPLE = frozenset({"proposed", "awaiting"})  # stages that wait for consents and papers


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was there: entries of the ledger, and what is not at rest yet, as the API shows it."""

    entries: int
    is_open: tuple[dict[str, Any], ...]


async def taken_up(built: Stage, draw: Callable[[str], None]) -> Found:
    """Return what was there once all of it that can go on by itself is at rest.

    A story that was interrupted may have stopped a network or silenced the bank: networks resume,
    the bank pays what it has. What waits for people goes on waiting for them. Errors: Stopped
    where the ledger is only read.
    """
    desk = built.desk
    await bring_list(desk, HEADER + LISTED)  # a list and rates are good for a day or so
    await bring_rates(desk, SystemClock().now())
    for network in (built.origin, built.destination):
        await built.wires.do({"do": "resume", "at": network})
    with suppress(TimeoutError):  # what takes longer goes on, and is shown as it stands
        async with asyncio.timeout(WITHIN_S):
            while moving := [one for one in await _open(built) if _moves(one)]:
                draw(f"{len(moving)} of before under way")
                for one in moving:
                    if one["stage"] == "paying":
                        with suppress(AdapterError):  # it has none yet, or none any more
                            pay = {"do": "settle", "uetr": one["uetr"], "at": built.rail}
                            await built.wires.do(pay)
                await see_it_written(desk)  # else nothing moves any more
                await asyncio.sleep(0.2)
    status = await desk.get("/v1/status")
    return Found(entries=int(status["entries"]), is_open=tuple(await _open(built)))


def _moves(shown: dict[str, Any]) -> bool:
    return not shown["stop"] and shown["stage"] not in OF_PEOPLE


async def _open(built: Stage) -> list[dict[str, Any]]:
    page = await built.desk.get(f"/v1/settlements?state=open&limit={PAGE}")
    return list(page["items"])


def lines_of(found: Found) -> Iterator[str]:
    """Yield in lines what was there, and what of it waits for somebody."""
    yield f"taken up as it was left, with {found.entries} entries in its ledger"
    for one in found.is_open:
        yield f"{one['stop'] or one['stage']:<10}{one['uetr']} of before waits"
