"""The store on SQLite: one file, one writer connection, readers that can only read.

Durable means WAL with synchronous=FULL, read back at every open: anything else refuses to start.
"""

from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, cast

import apsw

from bridge.core.ids import Digest, Instant
from bridge.notary.outcomes import Fenced, Full, IoFailed, LedgerError, OtherLayout
from bridge.notary.store.cells import Cell, bytes_in, int_in, text_in
from bridge.notary.store.port import Batch, Head, Lost
from bridge.notary.store.private import private
from bridge.notary.store.room import is_full

SCHEMA: Final = """
CREATE TABLE head (
    ledger INTEGER PRIMARY KEY CHECK (ledger = 1),
    term INTEGER NOT NULL, writer TEXT NOT NULL, seq INTEGER NOT NULL CHECK (seq >= 0),
    root TEXT NOT NULL, edge BLOB NOT NULL, time INTEGER NOT NULL, claim TEXT NOT NULL
) STRICT;
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY, entry BLOB NOT NULL, leaf BLOB NOT NULL CHECK (length(leaf) = 32)
) STRICT;
CREATE TABLE ids (
    id TEXT PRIMARY KEY, seq INTEGER NOT NULL, bound TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE rows (
    kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE side (
    n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, value BLOB NOT NULL
) STRICT;
CREATE TABLE undos (first INTEGER PRIMARY KEY, undo BLOB NOT NULL) STRICT;
CREATE TABLE checkpoints (size INTEGER PRIMARY KEY, note BLOB NOT NULL) STRICT;
PRAGMA user_version = 3;
"""
VERSION: Final = 3
_TABLES: Final = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
PRAGMAS: Final = {  # what must read back as it was set
    "journal_mode": "wal",
    "synchronous": 2,
    "foreign_keys": 1,
    "trusted_schema": 0,
    "mmap_size": 0,
    "cache_size": -8_192,  # KiB: what is under way, so that a write reads no page again
    "secure_delete": 1,  # what is erased is overwritten
}
READ_BACK: Final = ("journal_mode", "synchronous", "foreign_keys", "trusted_schema")
LAST: Final = "\U0010ffff"  # sorts behind whatever may follow a prefix
TROUBLE: Final = (apsw.Error, UnicodeDecodeError)
BUSY_MS: Final = 5_000  # to become the writer, while another ends its commit
CHECKPOINT_PAGES: Final = 4_000  # of the write-ahead log, 16 MiB


class SqliteReader:
    """Reads of one connection that cannot write."""

    def __init__(self, path: Path, vfs: str = "", *, writes: bool = False) -> None:
        self.path = path
        self.vfs = vfs
        flags = apsw.SQLITE_OPEN_READWRITE
        flags |= apsw.SQLITE_OPEN_CREATE if writes else 0
        with _trouble(path):
            self._db = apsw.Connection(str(path), flags=flags, vfs=vfs or None)
            self._set_up(writes=writes)

    def _set_up(self, *, writes: bool) -> None:
        self._db.set_busy_timeout(BUSY_MS)
        for name, value in PRAGMAS.items():
            self._db.pragma(name, value)
        self._db.pragma("fullfsync", 1)
        self._db.pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        for name in READ_BACK:
            found = self._db.pragma(name)
            if found != PRAGMAS[name]:
                raise IoFailed(f"{self.path}: {name} is {found!r}, not {PRAGMAS[name]!r}")
        if not writes:
            self._db.pragma("query_only", 1)

    def _all(self, sql: str, values: Sequence[Cell] = ()) -> list[tuple[Cell, ...]]:
        try:  # no context manager: they are many a settlement
            return cast("list[tuple[Cell, ...]]", self._db.execute(sql, values).fetchall())
        except TROUBLE as error:
            raise _told(self.path, error) from error

    def _each(self, sql: str, values: Iterable[Sequence[Cell]]) -> list[tuple[Cell, ...]]:
        try:  # no context manager: they are many a settlement
            return cast("list[tuple[Cell, ...]]", self._db.executemany(sql, values).fetchall())
        except TROUBLE as error:
            raise _told(self.path, error) from error

    def head(self) -> Head:
        """Return the committed head."""
        rows = self._all("SELECT term, writer, seq, root, edge, time FROM head")
        return _head(rows[0]) if rows else Head()

    def known(self, ids: Sequence[str]) -> dict[str, tuple[int, str]]:
        """Return number and bound hash of those ids that are spent."""
        found = self._each("SELECT id, seq, bound FROM ids WHERE id = ?", [(name,) for name in ids])
        return {text_in(name): (int_in(n), text_in(bound)) for name, n, bound in found}

    def load(self, places: Sequence[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
        """Return the rows that are there."""
        sql = "SELECT kind, key, value FROM rows WHERE kind = ? AND key = ?"
        found = self._each(sql, places)
        return {(text_in(kind), text_in(key)): bytes_in(value) for kind, key, value in found}

    def scan(self, kind: str, after: str, limit: int) -> list[tuple[str, bytes]]:
        """Return rows of a kind in the order of their keys."""
        sql = "SELECT key, value FROM rows WHERE kind = ? AND key > ? ORDER BY key LIMIT ?"
        return [(text_in(k), bytes_in(v)) for k, v in self._all(sql, (kind, after, limit))]

    def scan_back(self, kind: str, before: str, limit: int) -> list[tuple[str, bytes]]:
        """Return rows of a kind from the last key, or the one before `before`."""
        sql = "SELECT key, value FROM rows WHERE kind = ? AND key < ? ORDER BY key DESC LIMIT ?"
        until = before or LAST
        return [(text_in(k), bytes_in(v)) for k, v in self._all(sql, (kind, until, limit))]

    def entries(self, first: int, end: int) -> list[bytes]:
        """Return the bytes of entries."""
        sql = "SELECT entry FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq"
        return [bytes_in(row[0]) for row in self._all(sql, (first, end))]

    def leaves(self, first: int, end: int) -> list[bytes]:
        """Return leaf hashes."""
        sql = "SELECT leaf FROM entries WHERE seq >= ? AND seq < ? ORDER BY seq"
        return [bytes_in(row[0]) for row in self._all(sql, (first, end))]

    def undos(self) -> list[tuple[int, bytes]]:
        """Return how it was before the last batches."""
        found = self._all("SELECT first, undo FROM undos ORDER BY first")
        return [(int_in(first), bytes_in(undo)) for first, undo in found]

    def notes(self, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return signed checkpoints of sizes above `after`."""
        sql = "SELECT size, note FROM checkpoints WHERE size > ? ORDER BY size LIMIT ?"
        return [(int_in(size), bytes_in(note)) for size, note in self._all(sql, (after, limit))]

    def latest_note(self) -> tuple[int, bytes] | None:
        """Return the signed checkpoint of the largest size."""
        found = self._all("SELECT size, note FROM checkpoints ORDER BY size DESC LIMIT 1")
        return (int_in(found[0][0]), bytes_in(found[0][1])) if found else None

    def side(self, key: str) -> bytes | None:
        """Return bytes kept beside."""
        found = self._all("SELECT value FROM side WHERE key = ?", (key,))
        return bytes_in(found[0][0]) if found else None

    def side_keys(self, prefix: str) -> tuple[str, ...]:
        """Return the keys kept beside that begin with `prefix`."""
        sql = "SELECT key FROM side WHERE key >= ? AND key < ? ORDER BY key"
        return tuple(text_in(row[0]) for row in self._all(sql, (prefix, prefix + LAST)))

    def sides(self, prefix: str) -> dict[str, bytes]:
        """Return what is kept beside under keys that begin with `prefix`."""
        sql = "SELECT key, value FROM side WHERE key >= ? AND key < ? ORDER BY key"
        found = self._all(sql, (prefix, prefix + LAST))
        return {text_in(key): bytes_in(value) for key, value in found}

    def every_id(self) -> Iterator[tuple[str, int, str]]:
        """Yield every spent id."""
        with _trouble(self.path):
            for name, n, bound in self._db.execute("SELECT id, seq, bound FROM ids ORDER BY id"):
                yield text_in(name), int_in(n), text_in(bound)

    def every_row(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield every row."""
        with _trouble(self.path):
            found = self._db.execute("SELECT kind, key, value FROM rows ORDER BY kind, key")
            for kind, key, value in found:
                yield text_in(kind), text_in(key), bytes_in(value)

    @contextmanager
    def standing(self) -> Generator[None]:
        """Let every read of the body see one commit, however long it takes and whoever writes."""
        self._all("BEGIN")
        try:
            yield
        finally:
            with suppress(apsw.Error):  # what broke it is told already
                self._db.execute("ROLLBACK")

    def sound(self) -> str:
        """Return what the database says of its own pages: `ok`, or the first trouble.

        Its tables are ours, too, and who took the term stands under the check written then.
        """
        ((version,),) = self._all("PRAGMA user_version")
        if version != VERSION:
            return str(OtherLayout(self.path, version, VERSION))
        if self._all(_TABLES) != _ours():
            return "its tables are not as they were made"
        for term, writer, claim in self._all("SELECT term, writer, claim FROM head"):
            if _claim(int_in(term), text_in(writer)) != claim:
                return "the head's term and writer are not as they were taken"
        return text_in(self._all("PRAGMA integrity_check(1)")[0][0])

    def close(self) -> None:
        """Let go of the connection."""
        self._db.close()


class SqliteStore(SqliteReader):
    """The writer's connection; used by one thread at a time."""

    def __init__(self, path: Path, vfs: str = "") -> None:
        if not vfs:
            private(path)
        super().__init__(path, vfs, writes=True)
        with _trouble(path):
            found = self._db.pragma("user_version")
            if found == 0:
                self._create()
            elif found != VERSION:
                raise OtherLayout(path, found, VERSION)

    def _create(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        if self._db.pragma("user_version") == 0:  # nobody was faster
            self._db.execute(SCHEMA)
            values = (Head().root, b"", _claim(0, ""))
            self._db.execute("INSERT INTO head VALUES (1, 0, '', 0, ?, ?, 0, ?)", values)
        self._db.execute("COMMIT")

    def take(self, writer: str, limit: int = 3) -> Head:
        """Become the writer by the next term."""
        for _ in range(limit):
            head = self.head()
            with self._commit():
                term = head.term + 1
                self._db.execute(
                    "UPDATE head SET term = ?, writer = ?, claim = ? WHERE term = ? AND seq = ?",
                    (term, writer, _claim(term, writer), head.term, head.seq),
                )
                won = self._db.changes() == 1
            if won:
                return self.head()
        raise Fenced(f"others became the writer {limit} times meanwhile")

    def append(self, batch: Batch, expected: Head) -> None:
        """Commit the batch, whole or not at all."""
        head = batch.head
        with self._commit():
            self._db.execute(
                "UPDATE head SET seq = ?, root = ?, edge = ?, time = ? WHERE term = ? AND seq = ?",
                (head.seq, head.root, b"".join(head.edge), head.time, expected.term, expected.seq),
            )
            self._fence()
            put = self._db.executemany
            put(
                "INSERT INTO entries VALUES (?, ?, ?)",
                [(n, raw, leaf) for n, (raw, leaf) in enumerate(batch.entries, batch.first)],
            )
            put("INSERT INTO ids VALUES (?, ?, ?)", batch.ids)
            put(
                "INSERT OR REPLACE INTO rows VALUES (?, ?, ?)",
                [row for row in batch.rows if row[2] is not None],
            )
            gone = [row[:2] for row in batch.rows if row[2] is None]
            if gone:
                put("DELETE FROM rows WHERE kind = ? AND key = ?", gone)
            if batch.side:
                self._beside(batch.side)
            if batch.notes:
                put("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", batch.notes)
            self._db.execute("INSERT INTO undos VALUES (?, ?)", (batch.first, batch.undo))
            self._db.execute("DELETE FROM undos WHERE first < ?", (batch.forget,))

    def _beside(self, side: Sequence[tuple[str, bytes | None]]) -> None:
        last = dict(side)  # a key may be kept and erased in one batch: the last word counts
        kept = [(key, value) for key, value in last.items() if value is not None]
        gone = [(key,) for key, value in last.items() if value is None]
        self._db.executemany("INSERT OR REPLACE INTO side (key, value) VALUES (?, ?)", kept)
        self._db.executemany("DELETE FROM side WHERE key = ?", gone)

    def put_note(self, size: int, note: bytes, expected: Head) -> None:
        """Keep a signed checkpoint."""
        with self._commit():
            self._db.execute("UPDATE head SET writer = writer WHERE term = ?", (expected.term,))
            self._fence()
            self._db.execute("INSERT OR REPLACE INTO checkpoints VALUES (?, ?)", (size, note))

    def erase(self, keys: Sequence[str]) -> None:
        """Erase bytes kept beside, from the write-ahead log too."""
        with self._commit():
            self._db.executemany("DELETE FROM side WHERE key = ?", [(key,) for key in keys])
        with _trouble(self.path), suppress(apsw.BusyError):
            # a long read holds the log: the next erasure or an idle moment empties it
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def _fence(self) -> None:
        if self._db.changes() != 1:
            head = self.head()
            raise Fenced(f"the writer is {head.writer!r} in term {head.term}")

    @contextmanager
    def _commit(self) -> Generator[None]:
        """Run one transaction; what fails before COMMIT is not there, what fails in it is Lost."""
        with _trouble(self.path):
            self._db.execute("BEGIN IMMEDIATE")
        try:
            with _trouble(self.path):
                yield
        except LedgerError:
            self._roll_back()
            raise
        try:
            self._db.execute("COMMIT")
        except apsw.Error as error:
            self._roll_back()
            raise Lost(f"{self.path}: {error}") from error

    def _roll_back(self) -> None:
        try:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
        except apsw.Error:
            pass  # the connection is beyond use; whoever goes on reopens it

    def reader(self) -> SqliteReader:
        """Return a reader of its own for another thread."""
        return SqliteReader(self.path, self.vfs)

    def reopen(self) -> "SqliteStore":
        """Return the same file on a new connection."""
        try:
            self.close()
        except apsw.Error as error:
            raise IoFailed(f"{self.path}: {error}") from error
        return SqliteStore(self.path, self.vfs)

    def backup(self, path: Path) -> None:
        """Write a complete copy by SQLite's own backup."""
        private(path)
        with _trouble(path):
            copy = apsw.Connection(str(path))
            with copy.backup("main", self._db, "main") as backup:
                while not backup.done:
                    backup.step(1_000)
            copy.close()


@contextmanager
def _trouble(path: Path) -> Generator[None]:
    """Turn the database's errors into the ledger's."""
    try:
        yield
    except TROUBLE as error:
        raise _told(path, error) from error


def _told(path: Path, error: Exception) -> LedgerError:
    if isinstance(error, apsw.FullError) or is_full(path.parent):
        return Full(f"{path}: {error}")
    return IoFailed(f"{path}: {type(error).__name__}: {error}")


def _ours() -> list[tuple[Cell, ...]]:
    """Return the tables of a database just made."""
    made = apsw.Connection(":memory:")
    made.execute(SCHEMA)
    found = cast("list[tuple[Cell, ...]]", made.execute(_TABLES).fetchall())
    made.close()
    return found


def _claim(term: int, writer: str) -> str:
    return sha256(f"{term} {writer}".encode()).hexdigest()


def _head(row: tuple[Cell, ...]) -> Head:
    term, writer, seq, root, edge, time = row
    nodes = bytes_in(edge)
    return Head(
        term=int_in(term),
        writer=text_in(writer),
        seq=int_in(seq),
        root=Digest(text_in(root)),
        edge=tuple(nodes[at : at + 32] for at in range(0, len(nodes), 32)),
        time=Instant(int_in(time)),
    )
