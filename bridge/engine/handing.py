"""Prepared bytes go through a door, with the little patience that needs no second thought."""

import asyncio

from bridge.core.effects import NetworkEffect, PaymentEffect, network_of
from bridge.core.ids import Instant
from bridge.engine.waiting import Cause, Wait
from bridge.ports import Door, Prepared, Unavailable

WORLD_S = 30  # bound on one call to a door; a bank's answer to a submit takes seconds at worst
SUBMIT_AGAIN_S = (0.05, 0.1)  # after a door that took nothing for sure, before it counts as away


async def handed(door: Door, prepared: Prepared) -> None:
    """The door has taken the bytes; one that is away for a moment is asked again.

    Errors: those of `submit`, and TimeoutError.
    """
    for pause in SUBMIT_AGAIN_S:
        try:
            async with asyncio.timeout(WORLD_S):
                return await door.submit(prepared)
        except Unavailable:
            await asyncio.sleep(pause)
    async with asyncio.timeout(WORLD_S):
        return await door.submit(prepared)


def under_way(until: Instant, effect: NetworkEffect | PaymentEffect, why: str = "") -> Wait:
    """What was handed over is not told yet: a chain makes it final, a bank answers."""
    network = network_of(effect)
    if isinstance(effect, PaymentEffect):
        return Wait(until, why or f"the answer of {network}", Cause.BANK)
    return Wait(until, why or f"finality on {network}", Cause.FINALITY)
