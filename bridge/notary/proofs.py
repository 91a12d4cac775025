"""Proofs over the live ledger, and the ledger laid out as files that anyone can check."""

import asyncio
import os
from pathlib import Path
from typing import Final

from bridge.notary.checkpoint import Proof, VerifierKey, read_checkpoint
from bridge.notary.entries import Entry
from bridge.notary.journal import Journal
from bridge.notary.store.port import Reader
from bridge.notary.tiles import bundle_bytes, bundles, tile_bytes, tiles
from bridge.notary.tree import TILE, LeafTree, consistency_path, inclusion_path

AT_ONCE: Final = 16  # tiles hashed before others get their turn: some five milliseconds


class NotProvable(LookupError):
    """Raised for an entry or size that no signed checkpoint covers yet; the caller says 404."""


class Proofs:
    """Proofs under the latest checkpoint. The tops of full tiles are kept; use it in the loop."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._tree = LeafTree(journal.leaves)

    async def grow(self) -> None:
        """Hash what is new below the latest checkpoint, in turns; then a proof reads two tiles."""
        more = True
        while more:
            more = self._tree.grow(self._journal.sealed, AT_ONCE)
            await asyncio.sleep(0)

    def inclusion(self, n: int) -> tuple[Entry, tuple[bytes, ...], bytes]:
        """Return entry `n`, its path, and the checkpoint they are proved under.

        Errors: NotProvable.
        """
        size = self._journal.sealed
        entry = self._journal.entry(n) if 0 <= n < size else None
        if entry is None:
            raise NotProvable(f"entry {n} is under no checkpoint; {size} are")
        return entry, inclusion_path(n, size, self._tree.hash), self._journal.checkpoint

    def tlog_proof(self, n: int) -> bytes:
        """Return the `.tlog-proof` file of entry `n`. Errors: NotProvable."""
        _, path, note = self.inclusion(n)
        return Proof(n, path, note).file()

    def consistency(self, old: int, new: int | None = None) -> tuple[bytes, ...]:
        """Return the path from the tree of `old` to that of `new`, or of the latest checkpoint.

        Errors: NotProvable.
        """
        size = self._journal.sealed
        end = size if new is None else new
        if not 0 <= old <= end <= size:
            raise NotProvable(f"no tree of {end} grew from one of {old}; {size} are sealed")
        return consistency_path(old, end, self._tree.hash)


def export(reader: Reader, folder: Path, key: VerifierKey) -> int:
    """Write the ledger under its latest checkpoint to `folder`, and return its size.

    The folder holds `checkpoint`, `vkey` and `tile/`; one that is there already grows, and its
    checkpoint changes last, so that a reader always finds what the checkpoint promises.
    Errors: NotProvable before the first checkpoint; BadNote where it is not by `key`.
    """
    noted = reader.latest_note()
    if noted is None:
        raise NotProvable("nothing is sealed yet")
    size, note = noted
    read_checkpoint(note, key)
    since = _exported(folder, key)
    tree = LeafTree(reader.leaves)
    for tile in tiles(size, since=since):
        _put(folder / tile.path(), tile_bytes(tile, tree.hash))
    for bundle in bundles(size, since=since):
        first = bundle.index * TILE
        _put(folder / bundle.path(), bundle_bytes(reader.entries(first, first + bundle.width)))
    _put(folder / "vkey", f"{key.text()}\n".encode())
    _put(folder / "checkpoint", note)
    return size


def _exported(folder: Path, key: VerifierKey) -> int:
    file = folder / "checkpoint"
    return read_checkpoint(file.read_bytes(), key).checkpoint.size if file.exists() else 0


def _put(file: Path, data: bytes) -> None:
    """Write the file whole: who reads it sees the old one or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    with new.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    new.replace(file)
