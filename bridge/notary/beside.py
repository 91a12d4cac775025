"""What is kept beside the leaves, as the event loop reads it: the last of it is in memory too."""

from collections.abc import Iterable
from typing import Final

from bridge.notary.store.port import Reader

GENERATION: Final = 4_000  # values; some 20 a settlement, so about 200 settlements under way


class Beside:
    """Values by key. Two generations are in memory, the older dropped when the younger is full."""

    __slots__ = ("_old", "_reader", "_young")

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._young: dict[str, bytes] = {}
        self._old: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`."""
        found = self._young.get(key) or self._old.get(key)
        return self._reader.side(key) if found is None else found

    def lay(self, side: Iterable[tuple[str, bytes | None]]) -> None:
        """Show what a commit keeps and erases."""
        for key, value in side:
            if value is None:
                self.forget((key,))
            else:
                self._young[key] = value
        if len(self._young) >= GENERATION:
            self._old, self._young = self._young, {}

    def forget(self, keys: Iterable[str]) -> None:
        """What is erased is not in memory either."""
        for key in keys:
            self._young.pop(key, None)
            self._old.pop(key, None)
