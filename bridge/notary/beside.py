"""What is kept beside the leaves, as the event loop reads it: the last of it is in memory too."""

from collections.abc import Iterable
from typing import Final

from bridge.notary.store.port import Reader

GENERATION: Final = 4_000  # values; some 20 a settlement, so about 200 settlements under way
BYTES: Final = 2 * 1024 * 1024  # of a generation: a settlement's values are some KiB
LARGE: Final = 64 * 1024  # a value beyond it is read from the store


class Beside:
    """Values by key. Two generations are in memory, the older dropped when the younger is full.

    So are keys that were looked for and have no value: what may come is asked for again and again.
    """

    __slots__ = ("_absent", "_bytes", "_old", "_reader", "_young")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}
        self._bytes = 0  # laid into the younger generation
        self._absent: set[str] = set()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`."""
        found = self._young.get(key, self._old.get(key))  # an empty value is a value
        if found is not None or key in self._absent:
            return found
        found = self._reader.side(key)
        if found is None:
            if len(self._absent) >= GENERATION:
                self._absent.clear()
            self._absent.add(key)
        return found

    def lay(self, side: Iterable[tuple[str, bytes | None]]) -> None:
        """Show what a commit keeps and erases."""
        for key, value in side:
            self._absent.discard(key)
            if value is None or len(value) > LARGE:
                self.forget((key,))
                continue
            self._young[key] = value
            self._bytes += len(value)
            if len(self._young) >= GENERATION or self._bytes >= BYTES:
                self._old, self._young, self._bytes = self._young, {}, 0

    def forget(self, keys: Iterable[str]) -> None:
        """What is erased is not in memory either."""
        for key in keys:
            self._young.pop(key, None)
            self._old.pop(key, None)
