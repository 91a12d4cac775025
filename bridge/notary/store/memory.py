"""A store in dictionaries that can fail at any call and lose what was not synced; for tests."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bridge.notary.outcomes import Fenced
from bridge.notary.store.port import Batch, Head


def no_fault(_call: str) -> None:
    """Let every call pass."""


@dataclass(slots=True)
class Disk:
    """What survives a crash."""

    head: Head = field(default_factory=Head)
    entries: list[tuple[bytes, bytes]] = field(default_factory=list)
    ids: dict[str, tuple[int, str]] = field(default_factory=dict)
    rows: dict[str, dict[str, bytes]] = field(default_factory=dict)
    side: dict[str, bytes] = field(default_factory=dict)
    undos: dict[int, bytes] = field(default_factory=dict)
    notes: dict[int, bytes] = field(default_factory=dict)


class MemoryStore:
    """A store whose disk is a dictionary.

    `fault` is called with the name of each step (`begin`, `write`, `sync`, `answer`) and may
    raise Full, IoFailed or Lost: before `sync` nothing is there, after it everything is.
    """

    def __init__(self, disk: Disk | None = None, fault: Callable[[str], None] = no_fault) -> None:
        self.disk = Disk() if disk is None else disk
        self.fault = fault

    def head(self) -> Head:
        """Return the committed head."""
        return self.disk.head

    def take(self, writer: str, limit: int = 1) -> Head:
        """Become the writer by the next term."""
        assert limit > 0, "somebody has to try"
        self.fault("begin")
        self.disk.head = replace(self.disk.head, term=self.disk.head.term + 1, writer=writer)
        return self.disk.head

    def _expect(self, expected: Head, *, number: bool) -> None:
        head = self.disk.head
        if head.term != expected.term or (number and head.seq != expected.seq):
            raise Fenced(f"the writer is {head.writer} in term {head.term}")

    def append(self, batch: Batch, expected: Head) -> None:
        """Commit the batch, whole or not at all."""
        self.fault("begin")
        self._expect(expected, number=True)
        self.fault("write")
        self.fault("sync")
        disk = self.disk
        assert batch.first == len(disk.entries), "numbers are dense"
        disk.entries.extend(batch.entries)
        for name, n, bound in batch.ids:
            assert name not in disk.ids, f"the id {name} is spent"
            disk.ids[name] = (n, bound)
        for kind, key, value in batch.rows:
            rows = disk.rows.setdefault(kind, {})
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        for key, value in batch.side:
            if value is None:
                disk.side.pop(key, None)
            else:
                disk.side[key] = value
        disk.undos[batch.first] = batch.undo
        for first in [first for first in disk.undos if first < batch.forget]:
            del disk.undos[first]
        disk.notes.update(batch.notes)
        disk.head = batch.head
        self.fault("answer")

    def put_note(self, size: int, note: bytes, expected: Head) -> None:
        """Keep a signed checkpoint."""
        self.fault("begin")
        self._expect(expected, number=False)
        self.fault("sync")
        self.disk.notes[size] = note

    def erase(self, keys: Sequence[str]) -> None:
        """Erase bytes kept beside."""
        self.fault("begin")
        for key in keys:
            self.disk.side.pop(key, None)

    def known(self, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return number and bound hash of those ids that are spent."""
        return {name: self.disk.ids[name] for name in ids if name in self.disk.ids}

    def load(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the rows that are there."""
        rows = self.disk.rows
        found = {(kind, key): rows.get(kind, {}).get(key) for kind, key in places}
        return {place: value for place, value in found.items() if value is not None}

    def scan(self, kind: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return rows of a kind in the order of their keys."""
        rows = self.disk.rows.get(kind, {})
        return [row for row in sorted(rows.items()) if row[0] > after][:limit]

    def scan_back(self, kind: str, before: str, limit: int) -> list[tuple[str, bytes]]:
        """Return rows of a kind from the last key, or the one before `before`."""
        rows = sorted(self.disk.rows.get(kind, {}).items(), reverse=True)
        return [row for row in rows if not before or row[0] < before][:limit]

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the bytes of entries."""
        return [raw for raw, _ in self.disk.entries[first:end]]

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return leaf hashes."""
        return [leaf for _, leaf in self.disk.entries[first:end]]

    def undos(self) -> list[tuple[int, bytes]]:
        """Return how it was before the last batches."""
        return sorted(self.disk.undos.items())

    def notes(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return signed checkpoints of sizes above `after`."""
        return [(size, self.disk.notes[size]) for size in sorted(self.disk.notes) if size > after][
            :limit
        ]

    def latest_note(self) -> tuple[int, bytes] | None:
        """Return the signed checkpoint of the largest size."""
        return max(self.disk.notes.items(), default=None)

    def side(self, key: str) -> bytes | None:
        """Return bytes kept beside."""
        return self.disk.side.get(key)

    def side_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys kept beside that begin with `prefix`."""
        return tuple(self.sides(prefix))

    def sides(self, prefix: str) -> dict[str, bytes]:
        """Return what is kept beside under keys that begin with `prefix`."""
        side = tuple(self.disk.side.items())  # at once: the writer's thread goes on meanwhile
        return dict(sorted(row for row in side if row[0].startswith(prefix)))

    def every_id(self) -> Iterable[tuple[str, int, str]]:
        """Yield every spent id."""
        for name, (n, bound) in sorted(self.disk.ids.items()):
            yield name, n, bound

    def every_row(self) -> Iterable[tuple[str, str, bytes]]:
        """Yield every row."""
        for kind in sorted(self.disk.rows):
            for key, value in sorted(self.disk.rows[kind].items()):
                yield kind, key, value

    def sound(self) -> str:
        """Return that dictionaries have no pages."""
        return "ok"

    def reader(self) -> "MemoryStore":
        """Return a reader: the dictionaries are the same."""
        return MemoryStore(self.disk)

    def reopen(self) -> "MemoryStore":
        """Return the same disk, without its faults: what comes after a restart."""
        return MemoryStore(self.disk)

    def backup(self, path: Path) -> None:
        """Refuse: a dictionary has no file."""
        raise NotImplementedError(f"memory is not written to {path}")

    def close(self) -> None:
        """Let go of it; the disk stays."""
