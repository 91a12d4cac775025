"""The state as one thread sees it: what is live in memory, the rest loaded by key.

Memory follows what is under way, not what ever was: two generations of rows, of which the older
is dropped when the younger is full, and the settlements that are not at rest.
"""

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from typing_extensions import override

from bridge.core.order import SettlementOrder
from bridge.core.registers import Lane
from bridge.core.settlement import Settlement
from bridge.notary.state.row_forms import row_of
from bridge.notary.state.rows import Row
from bridge.notary.state.view import View
from bridge.notary.store.port import Reader

Place: TypeAlias = tuple[str, str]
Held: TypeAlias = tuple[Row | None, bytes | None]  # a row with its bytes
Laid: TypeAlias = tuple[str, str, Row | None, bytes | None]

GENERATION: Final = 20_000  # rows; some 40 rows a settlement, so about 500 settlements under way
PAGE: Final = 1_000
MOST_LANES: Final = 10_000
SELDOM_READ: Final = frozenset({"kept"})  # hashes of what adapters keep: six a bank's message
_NONE: Final[Held] = (None, None)


class Projection(View):
    """Committed rows; one thread's own. A row not in memory is read from the store."""

    __slots__ = ("_live", "_old", "_reader", "_young", "generation")

    def __init__(self, reader: Reader, generation: int = GENERATION) -> None:
        self._reader = reader
        self._young: dict[Place, Held] = {}
        self._old: dict[Place, Held] = {}
        self._live: dict[Place, Held] = {}
        self.generation = generation

    @override
    def get(self, kind: str, key: str) -> Row | None:
        place = (kind, key)
        # what a live settlement reads is nearly always young
        found = self._live.get(place) or self._young.get(place)
        return found[0] if found is not None else self.held(place)[0]

    def held(self, place: Place) -> Held:
        """Return a row with its bytes, from memory or from the store."""
        found = self._live.get(place) or self._young.get(place)
        if found is not None:
            return found
        found = self._old.get(place)
        if found is None:
            data = self._reader.load((place,)).get(place)
            found = _NONE if data is None else (self._row(place, data), data)
        self._keep(place, found)
        return found

    def prefetch(self, places: Iterable[Place]) -> None:
        """Load what is not in memory in one query, so that judging does no I/O."""
        missing = [
            place
            for place in places
            if place not in self._live and place not in self._young and place not in self._old
        ]
        if missing:
            found = self._reader.load(missing)
            for place in missing:
                data = found.get(place)
                self._keep(place, _NONE if data is None else (self._row(place, data), data))

    def lay(self, changes: Iterable[Laid]) -> None:
        """Show committed changes; what is seldom read again is left to the store."""
        for kind, key, row, data in changes:
            if kind in SELDOM_READ:
                self._young.pop((kind, key), None)
                self._old.pop((kind, key), None)
            else:
                self._keep((kind, key), (row, data))

    def reset(self, reader: Reader) -> None:
        """Forget everything and read from another connection."""
        self._reader = reader
        self._young, self._old, self._live = {}, {}, {}
        self.load_live()

    def load_live(self) -> None:
        """Bring every settlement that is not at rest into memory."""
        after = ""
        while page := self._reader.scan("open", after, PAGE):
            after = page[-1][0]
            self.prefetch(("order", key) for key, _ in page)
            self.prefetch(("settlement", key) for key, _ in page)

    def open_settlements(self) -> tuple[Settlement, ...]:
        """Return the settlements that are not at rest, oldest first."""
        rows = [row for row, _ in self._live.values() if isinstance(row, Settlement)]
        return tuple(sorted(rows, key=lambda settlement: settlement.order.id))

    def scan(self, kind: str, after: str = "", limit: int = 100) -> Sequence[tuple[str, Row]]:
        """Return up to `limit` rows of a kind, keys after `after`, in the order of the keys."""
        page = self._reader.scan(kind, after, limit)
        return [(key, self._row((kind, key), data)) for key, data in page]

    def scan_back(self, kind: str, before: str, limit: int) -> Sequence[tuple[str, Row]]:
        """Return up to `limit` rows of a kind, from the last key, or the one before `before`."""
        page = self._reader.scan_back(kind, before, limit)
        return [(key, self._row((kind, key), data)) for key, data in page]

    def numbers(self, ids: Sequence[str]) -> dict[str, int]:
        """Return the number of each of these entries that is committed."""
        return {name: n for name, (n, _) in self._reader.known(ids).items()}

    def lanes(self) -> tuple[Lane, ...]:
        """Return the lanes of the register, by id."""
        rows = self.scan("lane", "", MOST_LANES)
        return tuple(row for _, row in rows if isinstance(row, Lane))

    def _row(self, place: Place, data: bytes) -> Row:
        kind, key = place
        return row_of(kind, data, lambda: self.order(key))

    def order(self, settlement: str) -> SettlementOrder:
        """Return the order of a settlement whose row is there."""
        found = self.of("order", settlement, SettlementOrder)
        assert found is not None, f"the settlement {settlement} has no order"
        return found

    def _keep(self, place: Place, held: Held) -> None:
        row = held[0]
        if isinstance(row, Settlement):
            if not row.at_rest:
                self._live[place] = held
                return
            self._live.pop(place, None)
        self._young[place] = held
        if len(self._young) >= self.generation:
            self._old, self._young = self._young, {}
