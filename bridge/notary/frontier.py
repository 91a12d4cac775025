"""The writer's edge of the tree: one hash for each set bit of the size, and the root from them.

Source: RFC 6962, section 2.1; the compact range is how a log appends without its leaves.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

EMPTY_ROOT: Final = sha256(b"").digest()


class Frontier:
    """The right edge of a tree of `size` leaves; appending costs one hash on average."""

    __slots__ = ("hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count() or any(len(h) != 32 for h in self.hashes):
            raise ValueError(f"{len(self.hashes)} hashes are no edge of a tree of {size}")

    def append(self, leaf: bytes) -> None:
        """Take one more leaf, then merge while the old size's low bit is one."""
        hashes, size = self.hashes, self.size
        while size & 1:
            leaf = sha256(b"\x01" + hashes.pop() + leaf).digest()
            size >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """Return the tree's root: the edge folded from the right."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = sha256(b"\x01" + left + root).digest()
        return root

    def copy(self) -> "Frontier":
        """Return an edge of its own."""
        return Frontier(self.size, self.hashes)
