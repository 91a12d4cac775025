"""A disk whose power can be cut at any call, and whose calls can fail; an SQLite VFS in Python.

It keeps what every unsynced sector held since the last sync. When the power goes, each of them
survives in any version it had. Sectors are 4,096 bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable
from typing import Any

import apsw
from typing_extensions import override

SECTOR = 4_096


@dataclass
class Disk:
    """The state of the machine: calls counted, what is unsynced, and when it breaks."""

    fault: Callable[[int, str], None] = lambda _n, _call: None
    calls: int = 0
    unsynced: dict[str, dict[int, list[bytes]]] = field(default_factory=dict)
    dead: bool = False

    def call(self, name: str) -> None:
        """Count one call that writes, and let it fail."""
        if self.dead:
            raise apsw.IOError("the power is gone")
        self.calls += 1
        self.fault(self.calls, name)

    def cut(self, chance: Random) -> None:
        """Leave each unsynced sector in one of the versions it had; everybody is gone."""
        for name, sectors in self.unsynced.items():
            path = Path(name)
            if not path.exists():
                continue
            with path.open("r+b") as file:
                for at, versions in sectors.items():
                    file.seek(at * SECTOR)
                    file.write(chance.choice(versions))
        self.unsynced.clear()


class BrokenVfs(apsw.VFS):
    """SQLite's own VFS, watched."""

    def __init__(self, name: str, disk: Disk) -> None:
        super().__init__(name, "")
        self.disk = disk

    @override
    def xOpen(self, name: Any, flags: list[int]) -> "BrokenFile":
        return BrokenFile(self.disk, name, flags)

    @override
    def xDelete(self, name: str, syncdir: bool) -> None:
        self.disk.call("delete")
        self.disk.unsynced.pop(name, None)
        super().xDelete(name, syncdir)


class BrokenFile(apsw.VFSFile):
    """One file; its writes are remembered until it is synced."""

    def __init__(self, disk: Disk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self.disk = disk
        self.name = name.filename() if hasattr(name, "filename") else str(name)

    def _sectors(self, offset: int, size: int) -> range:
        return range(offset // SECTOR, (offset + size - 1) // SECTOR + 1)

    def _now(self, at: int) -> bytes:
        size = self.xFileSize()
        there = max(0, min(SECTOR, size - at * SECTOR))
        held = super().xRead(there, at * SECTOR) if there else b""
        return bytes(held).ljust(SECTOR, b"\0")

    @override
    def xWrite(self, data: bytes, offset: int) -> None:
        self.disk.call("write")
        seen = self.disk.unsynced.setdefault(self.name, {})
        sectors = self._sectors(offset, len(data))
        for at in sectors:
            if at not in seen:
                seen[at] = [self._now(at)]
        super().xWrite(data, offset)
        for at in sectors:
            seen[at].append(self._now(at))

    @override
    def xTruncate(self, newsize: int) -> None:
        self.disk.call("truncate")
        super().xTruncate(newsize)

    @override
    def xSync(self, flags: int) -> None:
        self.disk.call("sync")
        super().xSync(flags)
        self.disk.unsynced.pop(self.name, None)
