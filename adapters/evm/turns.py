"""Whose turn it is: of several nodes of several operators, who is asked first, next and last.

All questions of a moment go to the same nodes, so that they share their requests. The order is
another one each moment, by a hash: no rhythm of questions spares one of them for ever.
"""

from collections.abc import Sequence
from hashlib import sha256

from bridge.core.ids import Instant
from bridge.ports import Clock

TURN_MS = 1_000  # one order of nodes
REST_MS = 30_000  # who was late or silent is only then tried again, and who was behind asked first


class Turns:
    """The turns of nodes, by their place in the list of who runs each."""

    def __init__(self, operators: Sequence[str], clock: Clock) -> None:
        self._operators = tuple(operators)
        self._clock = clock
        self._late: dict[int, Instant] = {}  # until when it is not tried
        self._behind: dict[int, Instant] = {}  # until when it comes after the others
        self._turn = 0
        self._since = Instant(0)
        self._order: list[int] = []

    def late(self, place: int) -> None:
        """Note that it did not answer in time: it is asked where nobody else is left."""
        self._late[place] = Instant(self._clock.now() + REST_MS)

    def behind(self, place: int) -> None:
        """Note that it could not say what others could: it is asked after them."""
        self._behind[place] = Instant(self._clock.now() + REST_MS)

    def in_time(self, place: int) -> None:
        """Note that it answered in time."""
        self._late.pop(place, None)

    def is_late(self, place: int) -> bool:
        """Tell whether it is one who did not answer in time."""
        return place in self._late

    def due(self) -> list[int]:
        """Return who was late long enough ago to be tried again, each once."""
        now = self._clock.now()
        due = [place for place, until in self._late.items() if until <= now]
        for place in due:
            self.late(place)
        return due

    def ranked(self, places: Sequence[int]) -> list[int]:
        """Return some places in this moment's order: who was behind next, who was late last."""
        now = self._clock.now()
        if not self._order or not self._since <= now < self._since + TURN_MS:
            self._turn, self._since = self._turn + 1, now
            self._order = sorted(range(len(self._operators)), key=self._lot)
            self._behind = {one: until for one, until in self._behind.items() if until > now}
        able = set(places)
        turns = [place for place in self._order if place in able]
        turns.sort(key=lambda place: 2 * (place in self._late) + (place in self._behind))
        return turns

    def split(self, places: Sequence[int], quorum: int) -> tuple[list[int], list[int]]:
        """Return the first nodes of as many operators as make a quorum, and all others."""
        first: list[int] = []
        has: set[str] = set()
        for place in places:
            if len(has) < quorum and self._operators[place] not in has:
                has.add(self._operators[place])
                first.append(place)
        return first, [place for place in places if place not in first]

    def _lot(self, place: int) -> bytes:
        return sha256(b"%d %d" % (self._turn, place)).digest()
