"""When each settlement's deadline passes: of those that have one now, not of all there were."""

import heapq
from collections.abc import Iterator

from bridge.core.ids import Instant, SettlementId


class Deadlines:
    """The deadlines of what is under way. At most half of the places in memory are stale."""

    def __init__(self) -> None:
        self._until: dict[SettlementId, Instant] = {}
        self._places: list[tuple[Instant, SettlementId]] = []  # a heap; one that moved is in twice

    def put(self, of: SettlementId, until: Instant | None) -> None:
        """Note until when a settlement has time now; None: it has no deadline any more."""
        if until is None:
            self._until.pop(of, None)
        elif self._until.get(of) != until:
            self._until[of] = until
            heapq.heappush(self._places, (until, of))
        if len(self._places) > 2 * len(self._until):
            self._places = [(until, of) for of, until in self._until.items()]
            heapq.heapify(self._places)

    def passed(self, now: Instant) -> Iterator[SettlementId]:
        """Yield, and forget, each whose deadline has passed, the earliest first."""
        while self._places and self._places[0][0] <= now:
            until, of = heapq.heappop(self._places)
            if self._until.get(of) == until:
                del self._until[of]
                yield of

    def __len__(self) -> int:
        return len(self._places)
