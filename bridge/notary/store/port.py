"""What a database must do: one commit a batch under a compare-and-swap of the head, and reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeAlias

from bridge.core.ids import Digest, Instant
from bridge.notary.frontier import EMPTY_ROOT

Note: TypeAlias = tuple[int, bytes]  # a signed checkpoint, behind its size


class Lost(Exception):
    """Raised when nobody knows whether a commit is there: read the head, never guess."""


_EMPTY = Digest(EMPTY_ROOT.hex())
_NEVER = Instant(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the ledger ends. `seq` is the next number; `edge` is one hash a set bit of it.

    `term` is the writer's: only who holds the present one appends.
    """

    term: int = 0
    writer: str = ""
    seq: int = 0
    root: Digest = _EMPTY
    edge: tuple[bytes, ...] = ()
    time: Instant = _NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything of one commit. `undo` says how the changed rows and the edge were before."""

    first: int
    entries: tuple[tuple[bytes, bytes], ...]  # bytes and leaf hash, dense from `first`
    ids: tuple[tuple[str, int, str], ...]  # id, number, hash it is bound to
    rows: tuple[tuple[str, str, bytes | None], ...]
    side: tuple[tuple[str, bytes | None], ...]
    undo: bytes
    forget: int  # undos that begin before this number may go
    head: Head
    notes: tuple[Note, ...] = ()  # of smaller sizes: signed while this batch was asked


class Reader(Protocol):
    """Reads of what is committed; each reader is used by one thread."""

    def head(self) -> Head:
        """Return the committed head."""
        ...

    def known(self, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return number and bound hash of those ids that are spent."""
        ...

    def load(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the rows that are there, by kind and key."""
        ...

    def scan(self, kind: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return up to `limit` rows of a kind whose keys come after `after`, in order."""
        ...

    def scan_back(self, kind: str, before: str, limit: int) -> list[tuple[str, bytes]]:
        """Return up to `limit` rows of a kind, from the last key, or the one before `before`."""
        ...

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the bytes of the entries from `first` to before `end`."""
        ...

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return the leaf hashes from `first` to before `end`."""
        ...

    def undos(self) -> list[tuple[int, bytes]]:
        """Return what is kept of how it was before the last batches, oldest first."""
        ...

    def notes(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return signed checkpoints of sizes above `after`, in order."""
        ...

    def latest_note(self) -> tuple[int, bytes] | None:
        """Return the signed checkpoint of the largest size."""
        ...

    def side(self, key: str) -> bytes | None:
        """Return bytes kept beside the leaves."""
        ...

    def side_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys kept beside that begin with `prefix`, sorted."""
        ...

    def sides(self, prefix: str) -> dict[str, bytes]:
        """Return what is kept beside under keys that begin with `prefix`, in their order."""
        ...

    def every_id(self) -> Iterable[tuple[str, int, str]]:
        """Yield every spent id with its number and bound hash; for fsck."""
        ...

    def every_row(self) -> Iterable[tuple[str, str, bytes]]:
        """Yield every row of every projection; for fsck."""
        ...

    def sound(self) -> str:
        """Return what the store says of its own pages: `ok`, or the first trouble; for fsck."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...


class Store(Reader, Protocol):
    """Writes, by one thread."""

    def take(self, writer: str, limit: int = 1) -> Head:
        """Become the writer by the next term, and return the head.

        Errors: Fenced after `limit` tries that others won.
        """
        ...

    def append(self, batch: Batch, expected: Head) -> None:
        """Commit the batch durably, if the head's term and number are still the expected ones.

        Errors: Fenced, Full, IoFailed: nothing of it is there. Lost: perhaps it is.
        """
        ...

    def put_note(self, size: int, note: bytes, expected: Head) -> None:
        """Keep a signed checkpoint, if the head's term is still the expected one.

        Errors: Fenced, Full, IoFailed.
        """
        ...

    def erase(self, keys: Sequence[str]) -> None:
        """Erase bytes kept beside the leaves, from the file too. Errors: Full, IoFailed."""
        ...

    def reader(self) -> Reader:
        """Return a reader of its own for another thread."""
        ...

    def reopen(self) -> "Store":
        """Return the same ledger on a new connection; this one is closed."""
        ...

    def backup(self, path: Path) -> None:
        """Write a complete copy while others read and write."""
        ...
