"""Which verbs a notary has cast for which settlement, of all there ever were: 18 bytes each.

The last ones are in a dictionary; the others lie in runs, sorted by id, which are never merged.
Ids are in the order of time, so a new settlement lies behind every run and is looked for in none.
"""

from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from bridge.core.effects import Verb
from bridge.core.ids import SettlementId, ulid_bytes

RUN: Final = 1_024  # settlements
_ID: Final = 16  # bytes of a ULID
_WIDTH: Final = _ID + 2  # and the verbs, a bit each
_BITS: Final = {verb: 1 << place for place, verb in enumerate(Verb)}


@dataclass(frozen=True, slots=True)
class _Run:
    """Settlements in the order of their ids, each with what was cast for it when it was laid."""

    first: SettlementId
    last: SettlementId
    data: bytes

    def verbs(self, settlement: SettlementId) -> int:
        if not self.first <= settlement <= self.last:
            return 0
        data, name = self.data, ulid_bytes(settlement)
        places = range(0, len(data), _WIDTH)
        at = _WIDTH * bisect_left(places, name, key=lambda place: data[place : place + _ID])
        found = data[at : at + _WIDTH]
        return int.from_bytes(found[_ID:], "big") if found.startswith(name) else 0


class Cast:
    """The votes of one book. A vote is added, and never taken back."""

    def __init__(self) -> None:
        self._young: dict[SettlementId, int] = {}
        self._runs: list[_Run] = []
        self._last = SettlementId("")  # of every run

    def add(self, settlement: SettlementId, verb: Verb) -> None:
        """From now on it is cast."""
        self._young[settlement] = self._verbs(settlement) | _BITS[verb]
        if len(self._young) >= RUN:
            self._lay()

    def of(self, settlement: SettlementId) -> frozenset[Verb]:
        """Return what is cast for a settlement."""
        verbs = self._verbs(settlement)
        return frozenset(verb for verb, bit in _BITS.items() if verbs & bit)

    def _lay(self) -> None:
        laid, self._young = sorted(self._young.items()), {}
        data = b"".join(ulid_bytes(name) + verbs.to_bytes(2, "big") for name, verbs in laid)
        self._runs.append(_Run(laid[0][0], laid[-1][0], data))
        self._last = max(self._last, laid[-1][0])

    def _verbs(self, settlement: SettlementId) -> int:
        verbs = self._young.get(settlement, 0)
        if verbs or settlement > self._last:
            return verbs
        for run in self._runs:  # one that came again is in several
            verbs |= run.verbs(settlement)
        return verbs
