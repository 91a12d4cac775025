"""The only reader of time."""

import time

from bridge.core.ids import Instant


class SystemClock:
    """The machine's wall clock, in whole milliseconds."""

    def now(self) -> Instant:
        """Return milliseconds since 1970-01-01T00:00:00Z."""
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 the one place that may
