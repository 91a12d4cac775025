"""What an adapter that sits the exam is opened with, beside its settings: a clock, nothing kept."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from bridge.core.ids import Instant
from bridge.ports import Adapter, Clock, Door

BEGAN_MS = 1_767_225_600_000  # 2026-01-01T00:00:00Z


class LoopClock:
    """Time that passes with the event loop's, so that a virtual loop makes virtual time."""

    def now(self) -> Instant:
        """Return milliseconds since 1970-01-01T00:00:00Z."""
        return Instant(BEGAN_MS + round(asyncio.get_running_loop().time() * 1_000))


class NothingKept:
    """The view of what was kept that an adapter has which asked for nothing to be kept."""

    def get(self, key: str) -> bytes | None:
        """Return nothing."""
        del key
        return None

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return no key."""
        del prefix
        return ()


@asynccontextmanager
async def opened(
    adapter: Adapter, table: Mapping[str, object], clock: Clock
) -> AsyncGenerator[tuple[Door, dict[str, Any]]]:
    """Yield the door of an adapter with an operator's table, and what every bench takes of it."""
    settings = adapter.settings(table)
    verify = partial(_verified, adapter, adapter.pinned(settings))
    async with adapter.open(settings, clock, NothingKept()) as door:
        yield door, {"clock": clock, "verify": verify}


def _verified(adapter: Adapter, pinned: Any, evidence: bytes) -> Any:
    return adapter.verify(evidence, pinned)
