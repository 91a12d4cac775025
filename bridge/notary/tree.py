"""The Merkle tree: paths that prove an entry is in it and that it only grew, and who checks them.

Paths are built from a source of node hashes, so a proof reads O(log n) of them.
Source: RFC 6962, section 2.1; the verifiers: RFC 9162, sections 2.1.3.2 and 2.1.4.2.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import reduce
from hashlib import sha256
from typing import Final, TypeAlias

from bridge.notary.frontier import EMPTY_ROOT

Hashes: TypeAlias = Callable[[int, int], bytes]  # level and index of a complete subtree

TILE: Final = 256  # hashes in a full tile
TILE_LEVELS: Final = 8
KEPT: Final = 64  # tiles of leaves kept ready: half a megabyte


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


def subtree(start: int, end: int, hashes: Hashes) -> bytes:
    """Return the root over the leaves from `start` to before `end`; `start` is aligned to it."""
    if start == end:
        return EMPTY_ROOT
    peaks: list[bytes] = []
    for level in reversed(range((end - start).bit_length())):
        if (end - start) >> level & 1:
            peaks.append(hashes(level, start >> level))
            start += 1 << level
    return reduce(lambda right, left: node(left, right), reversed(peaks))


def _half(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_path(index: int, size: int, hashes: Hashes) -> tuple[bytes, ...]:
    """Return the sibling hashes from a leaf up to the root of a tree of `size`.

    Errors: ValueError where the tree has no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} has no leaf {index}")
    start, end = 0, size
    path: list[bytes] = []
    while end - start > 1:
        middle = start + _half(end - start)
        if index < middle:
            path.append(subtree(middle, end, hashes))
            end = middle
        else:
            path.append(subtree(start, middle, hashes))
            start = middle
    return tuple(reversed(path))


def consistency_path(old: int, new: int, hashes: Hashes) -> tuple[bytes, ...]:
    """Return the hashes that prove the tree of `new` begins with the tree of `old`.

    Empty from size 0 and between equal sizes.
    Errors: ValueError where the tree never shrank so.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {new} does not begin with one of {old}")
    if old in {0, new}:
        return ()
    start, end = 0, new
    path: list[bytes] = []
    while end > old:
        middle = start + _half(end - start)
        if old <= middle:
            path.append(subtree(middle, end, hashes))
            end = middle
        else:
            path.append(subtree(start, middle, hashes))
            start = middle
    if start:  # else the old root stands for itself
        path.append(subtree(start, end, hashes))
    return tuple(reversed(path))


def included(index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> bool:
    """Tell whether `path` proves that `leaf` stands at `index` in the tree of `size`."""
    if not 0 <= index < size:
        return False
    last, computed = size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if index & 1 or index == last:
            computed = node(sibling, computed)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            computed = node(computed, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and computed == root


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Tell whether `path` proves that the tree of `new` begins with the tree of `old`."""
    if not 0 <= old <= new:
        return False
    if old == new:
        return not path and old_root == new_root
    if old == 0:
        return not path and old_root == EMPTY_ROOT
    if old & (old - 1) == 0:
        path = (old_root, *path)
    if not path:
        return False
    index, last = old - 1, new - 1
    while index & 1:
        index, last = index >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if index & 1 or index == last:
            before, after = node(sibling, before), node(sibling, after)
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            after = node(after, sibling)
        index, last = index >> 1, last >> 1
    return last == 0 and before == old_root and after == new_root


class LeafTree:
    """Node hashes over stored leaves: tops of full tiles in memory, what is below made again.

    Ten million leaves keep 2.5 MB. The leaves below `grown` never change.
    """

    def __init__(self, leaves: Callable[[int, int], list[bytes]]) -> None:
        self._leaves = leaves
        self._tops: list[bytearray] = []  # one a level, from the tops of the leaves' tiles up
        self._tiles: OrderedDict[int, list[list[bytes]]] = OrderedDict()

    @property
    def grown(self) -> int:
        """How many leaves lie under the tops in memory."""
        return len(self._tops[0]) // 32 * TILE if self._tops else 0

    def grow(self, size: int, tiles: int) -> bool:
        """Take up to `tiles` more full tiles below `size`; tell whether there are more."""
        first = self.grown
        end = min(size // TILE * TILE, first + tiles * TILE)
        leaves = self._leaves(first, end)
        if len(leaves) != end - first:
            raise ValueError(f"the leaves from {first} to {end} are not all there")
        for at in range(0, len(leaves), TILE):
            self._top(0, _levels(leaves[at : at + TILE])[-1][0])
        return end < size // TILE * TILE

    def _top(self, height: int, top: bytes) -> None:
        if height == len(self._tops):
            self._tops.append(bytearray())
        row = self._tops[height]
        row += top
        if len(row) % 64 == 0:
            self._top(height + 1, node(bytes(row[-64:-32]), top))

    def hash(self, level: int, index: int) -> bytes:
        """Return the hash over the leaves from index * 2^level, 2^level of them.

        Errors: ValueError where they are not all there.
        """
        if level < TILE_LEVELS:
            tile, within = divmod(index << level, TILE)
            row = self._tile(tile, within + (1 << level))[level]
            return row[within >> level]
        while self.grown < (index + 1) << level:
            self.grow((index + 1) << level, KEPT)
        tops = self._tops[level - TILE_LEVELS]
        return bytes(tops[index * 32 : index * 32 + 32])

    def _tile(self, tile: int, least: int) -> list[list[bytes]]:
        levels = self._tiles.get(tile)
        if levels is None or len(levels[0]) < least:
            leaves = self._leaves(tile * TILE, tile * TILE + TILE)
            if len(leaves) < least:
                raise ValueError(f"leaf {tile * TILE + least - 1} is not there")
            levels = self._tiles[tile] = _levels(leaves)
            if len(self._tiles) > KEPT:
                self._tiles.popitem(last=False)
        self._tiles.move_to_end(tile)
        return levels


def _levels(leaves: list[bytes]) -> list[list[bytes]]:
    """Return every complete level over the leaves, from themselves up."""
    levels = [leaves]
    while len(row := levels[-1]) > 1:
        levels.append([node(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)])
    return levels
