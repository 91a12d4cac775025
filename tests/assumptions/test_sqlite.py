"""What we believe of SQLite and of apsw, its binding."""

import threading
import time
from pathlib import Path

import apsw
import pytest
from typing_extensions import override


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "ledger.sqlite")


def opened(path: str) -> apsw.Connection:
    connection = apsw.Connection(path)
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    return connection


def test_the_sqlite_is_the_one_apsw_brings() -> None:
    """Pinned with the lock, whatever the machine has."""
    assert apsw.sqlite_lib_version() == ".".join(apsw.apsw_version().split(".")[:3])


def test_what_was_set_is_what_is_read_back(path: str) -> None:
    connection = opened(path)
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2  # FULL
    again = apsw.Connection(path)
    assert again.pragma("journal_mode") == "wal"  # stays with the file
    for setting, value in (("foreign_keys", 1), ("trusted_schema", 0), ("mmap_size", 0)):
        again.pragma(setting, value)
        assert again.pragma(setting) == value


def test_synchronous_belongs_to_the_connection_and_must_be_set_on_each(path: str) -> None:
    opened(path).pragma("synchronous", "off")
    assert opened(path).pragma("synchronous") == 2


def test_a_memory_database_silently_keeps_its_own_journal_mode() -> None:
    """So the mode is read back after it was set."""
    assert apsw.Connection(":memory:").pragma("journal_mode", "wal") == "memory"


def test_a_deferred_reader_that_becomes_a_writer_is_busy_at_once(path: str) -> None:
    """No time-out helps it, so writers begin IMMEDIATE."""
    first, second = opened(path), opened(path)
    second.set_busy_timeout(60_000)
    first.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")
    second.execute("BEGIN")
    list(second.execute("SELECT * FROM entries"))
    first.execute("INSERT INTO entries VALUES (1)")
    began = time.monotonic()
    with pytest.raises(apsw.BusyError):
        second.execute("INSERT INTO entries VALUES (2)")
    assert time.monotonic() - began < 30


def test_a_second_immediate_writer_waits_for_the_first(path: str) -> None:
    first, second = opened(path), opened(path)
    first.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")
    second.set_busy_timeout(30_000)
    first.execute("BEGIN IMMEDIATE")
    done = threading.Event()

    def write() -> None:
        second.execute("BEGIN IMMEDIATE")
        second.execute("INSERT INTO entries VALUES (2)")
        second.execute("COMMIT")
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert not done.wait(0.2)
    first.execute("INSERT INTO entries VALUES (1)")
    first.execute("COMMIT")
    writer.join(30)
    assert done.is_set()


def test_readers_see_a_whole_commit_or_none_of_it(path: str) -> None:
    writer, reader = opened(path), opened(path)
    reader.pragma("query_only", 1)
    writer.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO entries VALUES (1), (2)")
    assert reader.execute("SELECT count(*) FROM entries").get == 0
    writer.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM entries").get == 2
    with pytest.raises(apsw.ReadOnlyError):
        reader.execute("INSERT INTO entries VALUES (3)")


def test_a_strict_table_refuses_another_type(path: str) -> None:
    connection = opened(path)
    connection.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT")
    with pytest.raises(apsw.ConstraintError):
        connection.execute("INSERT INTO entries VALUES (1, 'text')")


def test_an_integer_has_64_bits_and_more_is_an_error_not_a_rounding(path: str) -> None:
    """So amounts of 256 bits are stored as text or bytes."""
    connection = opened(path)
    connection.execute("CREATE TABLE amounts(units INTEGER NOT NULL) STRICT")
    largest = 2**63 - 1
    connection.execute("INSERT INTO amounts VALUES (?)", (largest,))
    assert connection.execute("SELECT units FROM amounts").get == largest
    with pytest.raises(OverflowError):
        connection.execute("INSERT INTO amounts VALUES (?)", (largest + 1,))


def test_an_exception_in_a_with_block_rolls_all_of_it_back(path: str) -> None:
    connection = opened(path)
    connection.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")

    def half() -> None:
        with connection:
            connection.execute("INSERT INTO entries VALUES (1)")
            raise KeyError

    with pytest.raises(KeyError):
        half()
    assert connection.execute("SELECT count(*) FROM entries").get == 0


def test_a_backup_of_a_live_database_is_one_moment_of_it(path: str, tmp_path: Path) -> None:
    source = opened(path)
    source.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")
    source.execute("INSERT INTO entries VALUES (1)")
    copy = apsw.Connection(str(tmp_path / "copy.sqlite"))
    with copy.backup("main", source, "main") as backup:
        while not backup.done:
            backup.step(100)
    source.execute("INSERT INTO entries VALUES (2)")
    assert copy.execute("SELECT count(*) FROM entries").get == 1
    assert copy.pragma("integrity_check") == "ok"


class CountedFile(apsw.VFSFile):
    """Counts what the power-failure tests build on: the writes and the syncs."""

    syncs = 0
    writes = 0

    @override
    def xSync(self, flags: int) -> None:  # apsw's own name
        CountedFile.syncs += 1
        super().xSync(flags)

    @override
    def xWrite(self, data: bytes, offset: int) -> None:  # apsw's own name
        CountedFile.writes += 1
        super().xWrite(data, offset)


class CountedDisk(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("counted", "")

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        return CountedFile("", name, flags)


def test_a_disk_written_in_python_sees_every_write_and_full_syncs_each_commit(path: str) -> None:
    disk = CountedDisk()
    try:
        connection = apsw.Connection(path, vfs="counted")
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.execute("CREATE TABLE entries(seq INTEGER PRIMARY KEY) STRICT")
        syncs, writes = CountedFile.syncs, CountedFile.writes
        for number in range(5):
            connection.execute("INSERT INTO entries VALUES (?)", (number,))
        assert CountedFile.syncs - syncs == 5
        assert CountedFile.writes > writes
        connection.pragma("synchronous", "normal")
        syncs = CountedFile.syncs
        connection.execute("INSERT INTO entries VALUES (99)")
        assert CountedFile.syncs == syncs  # why NORMAL is no option: this commit may vanish
        connection.close()
    finally:
        disk.unregister()
