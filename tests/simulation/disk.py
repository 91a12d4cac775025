"""A disk that may fail at any call, and forgets what was not synced when the power fails.

The ledger's store and the vote books lie on it. A process that is killed loses nothing that was
written; a power failure takes what was written since the last sync, or tears it.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import override

from bridge.notary.store.memory import Disk, MemoryStore
from bridge.notary.store.port import Batch, Head

Step = Callable[[str], None]  # called with the name of each step; it may raise


@dataclass(slots=True)
class Inverse:
    """What takes one batch back that was written and not synced."""

    batch: Batch
    head: Head
    rows: list[tuple[str, str, bytes | None]]
    side: list[tuple[str, bytes | None]]
    undos: dict[int, bytes]


@dataclass(slots=True)
class LedgerDisk:
    """The ledger's dictionaries, and what of them is not on the platter yet."""

    disk: Disk = field(default_factory=Disk)
    unsynced: list[Inverse] = field(default_factory=list)

    def write(self, batch: Batch) -> None:
        """Write a batch where a kill leaves it and a power failure may not."""
        disk = self.disk
        self.unsynced.append(
            Inverse(
                batch,
                disk.head,
                [(kind, key, disk.rows.get(kind, {}).get(key)) for kind, key, _ in batch.rows],
                [(key, disk.side.get(key)) for key, _ in batch.side],
                dict(disk.undos),
            )
        )
        disk.entries.extend(batch.entries)
        for name, n, bound in batch.ids:
            disk.ids[name] = (n, bound)
        for kind, key, value in batch.rows:
            self._row(kind, key, value)
        for key, value in batch.side:
            self._side(key, value)
        disk.undos[batch.first] = batch.undo
        for first in [first for first in disk.undos if first < batch.forget]:
            del disk.undos[first]
        disk.head = batch.head

    def take_back(self) -> None:
        """Undo the last batch that was not synced."""
        last, disk = self.unsynced.pop(), self.disk
        del disk.entries[last.batch.first :]
        for name, _, _ in last.batch.ids:
            disk.ids.pop(name, None)
        for kind, key, value in last.rows:
            self._row(kind, key, value)
        for key, value in last.side:
            self._side(key, value)
        disk.undos.clear()
        disk.undos.update(last.undos)
        disk.head = last.head

    def power_fails(self, keep: Callable[[], bool]) -> int:
        """Lose what was not synced, from the end, until `keep` says so; return how many batches."""
        lost = 0
        while self.unsynced and not keep():
            self.take_back()
            lost += 1
        self.unsynced.clear()
        return lost

    def _row(self, kind: str, key: str, value: bytes | None) -> None:
        rows = self.disk.rows.setdefault(kind, {})
        if value is None:
            rows.pop(key, None)
        else:
            rows[key] = value

    def _side(self, key: str, value: bytes | None) -> None:
        if value is None:
            self.disk.side.pop(key, None)
        else:
            self.disk.side[key] = value


class SimStore(MemoryStore):
    """The ledger's store on that disk. `syncs` off is the bug of a database that does not sync."""

    syncs = True

    def __init__(self, ledger: LedgerDisk, step: Step) -> None:
        super().__init__(ledger.disk, step)
        self._ledger = ledger

    @override
    def append(self, batch: Batch, expected: Head) -> None:
        self.fault("store.begin")
        self._expect(expected, number=True)
        self.fault("store.write")
        self._admit(batch)
        self._ledger.write(batch)
        self.fault("store.sync")
        if self.syncs:
            self._ledger.unsynced.clear()
        self.fault("store.answer")

    def _admit(self, batch: Batch) -> None:
        """What a database's own constraints refuse."""
        assert batch.first == len(self.disk.entries), "numbers are dense"
        assert all(name not in self.disk.ids for name, _, _ in batch.ids), "ids are spent once"

    @override
    def take(self, writer: str, limit: int = 1) -> Head:
        self.fault("store.take")
        head = super().take(writer, limit)
        self._ledger.unsynced.clear()
        return head

    @override
    def erase(self, keys: Sequence[str]) -> None:
        self.fault("store.erase")
        super().erase(keys)

    @override
    def reader(self) -> "SimStore":
        return type(self)(self._ledger, self.fault)

    @override
    def reopen(self) -> "SimStore":
        return type(self)(self._ledger, self.fault)


_BEGIN: Final = frozenset({"begin", "write", "sync", "answer"})


def quiet(step: Step) -> Step:
    """Return a step that leaves out the calls of the store this one is built on."""

    def pass_on(name: str) -> None:
        if name not in _BEGIN:
            step(name)

    return pass_on


@dataclass(slots=True)
class SimFile:
    """A file of a vote book: what is synced, and what is only written."""

    name: str
    synced: bytes = b""
    written: bytes = b""
    made: bool = False

    @property
    def parent(self) -> str:
        return "votes"

    def exists(self) -> bool:
        return self.made

    def read_bytes(self) -> bytes:
        return self.written

    def power_fails(self, draw: Callable[[int], int]) -> int:
        """Lose a tail that was not synced, torn anywhere; return how many bytes."""
        loose = len(self.written) - len(self.synced)
        if loose <= 0 or self.written[: len(self.synced)] != self.synced:
            self.written = self.synced
            return max(0, loose)
        kept = draw(loose + 1)
        self.written = self.synced = self.written[: len(self.synced) + kept]
        return loose - kept


class Inline:
    """Where a vote book's thread stood: what is handed to it is done at once."""

    def __init__(self, _workers: int, _name: str) -> None:
        """Nothing to start."""

    def submit(self, work: Callable[..., None], *words: object) -> "Future[None]":
        """Do it, and return what became of it."""
        done: Future[None] = Future()
        try:
            work(*words)
        except BaseException as error:  # noqa: BLE001 handed on, as a thread does
            done.set_exception(error)
        else:
            done.set_result(None)
        return done

    def shutdown(self) -> None:
        """Nothing to wait for."""


class Unshared:
    """Where `fcntl` stood: a world has one process at a time."""

    LOCK_EX = LOCK_NB = 0

    @staticmethod
    def flock(_handle: int, _how: int) -> None:
        """Hold it."""


class SimOs:
    """The few calls of `os` that a vote book makes, on such files."""

    O_WRONLY, O_CREAT, SEEK_SET = os.O_WRONLY, os.O_CREAT, os.SEEK_SET

    def __init__(self, step: Step) -> None:
        self.step = step
        self._open: dict[int, tuple[SimFile, int]] = {}

    def open(self, file: SimFile, _flags: int, _mode: int) -> int:
        file.made = True
        handle = len(self._open) + 1
        self._open[handle] = (file, 0)
        return handle

    def ftruncate(self, handle: int, size: int) -> None:
        file, _ = self._open[handle]
        file.written = file.written[:size]

    def lseek(self, handle: int, at: int, _whence: int) -> None:
        self._open[handle] = (self._open[handle][0], at)

    def write(self, handle: int, data: bytes) -> int:
        self.step("votes.write")
        file, at = self._open[handle]
        file.written = file.written[:at] + data
        self._open[handle] = (file, at + len(data))
        return len(data)

    def fdatasync(self, handle: int) -> None:
        self.step("votes.sync")
        file, _ = self._open[handle]
        file.synced = file.written
        self.step("votes.answer")

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)
