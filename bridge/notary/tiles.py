"""The tiles of the tree: how a log is laid out so that anyone can serve, mirror and check it.

Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.notary.entries import MAX_ENTRY
from bridge.notary.tree import TILE, TILE_LEVELS, Hashes

_PATH: Final = re.compile(
    r"tile/(entries|[0-9]{1,2})/((?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/([0-9]{1,3}))?"
)


@dataclass(frozen=True, slots=True)
class Tile:
    """A row of up to 256 hashes, each over 256^level leaves; `level` -1 holds entries instead."""

    level: int
    index: int
    width: int = TILE

    def path(self) -> str:
        """Return where it lies below the log's prefix."""
        groups = [f"{self.index % 1000:03d}"]
        rest = self.index // 1000
        while rest:
            groups.append(f"x{rest % 1000:03d}")
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == TILE else f".p/{self.width}"
        return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def tile_at(path: str) -> Tile | None:
    """Return the tile that lies at `path`, or nothing where no tile is called so."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level = -1 if found[1] == "entries" else int(found[1])
    index = int(found[2].replace("x", "").replace("/", ""))
    tile = Tile(level, index, int(found[3] or TILE))
    # one tile has one path: whatever is spelled otherwise is no tile
    return tile if level < 64 and 0 < tile.width <= TILE and tile.path() == path else None


def tiles(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles of hashes of a tree of `size`, less the full ones a tree of `since` had."""
    for level in range(64):
        have, had = size >> TILE_LEVELS * level, since >> TILE_LEVELS * level
        if not have:
            return
        for index in range(had // TILE, have // TILE):
            yield Tile(level, index)
        if have % TILE:
            yield Tile(level, have // TILE, have % TILE)


def bundles(size: int, *, since: int = 0) -> Iterator[Tile]:
    """Yield the bundles of entries of a tree of `size`, less the full ones of `since`."""
    for tile in tiles(size, since=since):
        if tile.level:
            return
        yield Tile(-1, tile.index, tile.width)


def tile_bytes(tile: Tile, hashes: Hashes) -> bytes:
    """Return the hashes of a tile one after the other."""
    first = tile.index * TILE
    level = tile.level * TILE_LEVELS
    return b"".join(hashes(level, first + at) for at in range(tile.width))


def bundle_bytes(entries: Sequence[bytes]) -> bytes:
    """Return a bundle: each entry after its length.

    Errors: ValueError for an entry whose length has no place in two bytes.
    """
    if any(len(entry) > MAX_ENTRY for entry in entries):
        raise ValueError(f"an entry of a bundle has at most {MAX_ENTRY} bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def bundle_entries(data: bytes, width: int) -> list[bytes]:
    """Return the entries of a bundle that holds exactly `width` of them. Errors: ValueError."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if end > len(data) or len(entries) == width:
            raise ValueError("a bundle ends with its last entry")
        entries.append(data[at + 2 : end])
        at = end
    if len(entries) != width:
        raise ValueError(f"a bundle of {len(entries)} entries, not {width}")
    return entries
