"""How often a token may ask: a bucket each, filled at a steady rate, a second's worth deep."""

from math import ceil

KEPT = 10_000  # buckets; the oldest go, and a full bucket is what they would have grown to


class Limits:
    """The buckets of one process; times are those of the event loop's own clock."""

    def __init__(self, rate_per_s: int) -> None:
        self._rate = rate_per_s
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, account: str, now_s: float) -> int:
        """Take one, and return 0; or how many whole seconds to wait for the next."""
        left, since = self._buckets.pop(account, (float(self._rate), now_s))
        left = min(float(self._rate), left + (now_s - since) * self._rate)
        refused = left < 1
        self._buckets[account] = (left if refused else left - 1, now_s)
        if len(self._buckets) > KEPT:
            del self._buckets[next(iter(self._buckets))]
        return ceil((1 - left) / self._rate) if refused else 0
