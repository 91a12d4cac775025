"""What every store owes the ledger: one suite over all of them, comparing roots and rows."""

from collections.abc import Callable
from pathlib import Path

import apsw
import pytest

from bridge.notary.entries import shape_group
from bridge.notary.fsck import fsck
from bridge.notary.outcomes import Fenced, IoFailed
from bridge.notary.projection import Projection
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.port import Reader, Store
from bridge.notary.store.sqlite import SqliteReader, SqliteStore
from bridge.notary.writer import Asked, Writer
from tests.notary.ledgers import SetClock, account, draft, genesis, group, settled, transfer

Make = Callable[[Path], Store]
MAKERS: dict[str, Make] = {
    "memory": lambda _: MemoryStore(),
    "sqlite": lambda folder: SqliteStore(folder / "ledger.sqlite"),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return MAKERS[request.param](tmp_path)


class Bench:
    """A writer on a store, without its thread."""

    def __init__(self, store: Store, clock: SetClock | None = None) -> None:
        self.store = store
        self.clock = clock or SetClock()
        self.writer = Writer(store, Projection(store), self.clock, store.take("bench"))

    def put(self, *groups: object) -> None:
        """Commit groups."""
        asked = [Asked(g, shape_group(g)) for g in groups]  # type: ignore[arg-type]  # groups
        judged = self.writer.judge(asked)
        if judged.batch is not None:
            self.store.append(judged.batch, self.writer.head)
        self.writer.settle(judged)


def everything(reader: Reader) -> list[object]:
    """All a store holds, as values that can be compared."""
    head = reader.head()
    return [
        (head.seq, head.root, head.edge, head.time),
        reader.entries(0, head.seq),
        reader.leaves(0, head.seq),
        sorted(reader.every_id()),
        sorted(reader.every_row()),
        {key: reader.side(key) for key in reader.side_keys("")},
        reader.undos(),
        reader.notes(-1, 100),
    ]


def story(bench: Bench) -> None:
    """People, two accounts, a refusal, an expiry, two settlements, a checkpoint, an erasure."""
    bench.put(genesis())
    bench.put(group(1, draft(1, "account", account("a")), draft(2, "account", account("b"))))
    bench.put(group(3, draft(3, "transfer", transfer("post", "a", "c", 1))))
    due = bench.clock.time + 10
    bench.put(group(4, draft(4, "transfer", transfer("pending", "a", "b", 7, due=due))))
    for told in zip(settled(1), settled(2), strict=True):
        bench.put(*told)
    bench.clock.time += 20
    bench.put(group(5, draft(5, "transfer", transfer("post", "a", "b", 1))))
    bench.store.put_note(7, b"note", bench.writer.head)
    bench.store.erase(bench.store.side_keys("personal/"))


def test_every_store_holds_the_same_after_the_same_story(tmp_path: Path) -> None:
    seen = []
    for name, make in MAKERS.items():
        (tmp_path / name).mkdir()
        bench = Bench(make(tmp_path / name))
        story(bench)
        seen.append(everything(bench.store.reader()))
    assert seen[0] == seen[1]


def test_erased_values_leave_every_proof_as_it_was(store: Store) -> None:
    bench = Bench(store)
    told = settled(1)
    bench.put(genesis(), *told)
    root = store.head().root
    personal = store.side_keys("personal/")
    assert personal
    store.erase(personal)
    assert store.side_keys("personal/") == ()
    assert store.head().root == root
    assert fsck(store) == ()


def test_rows_are_read_from_either_end(store: Store) -> None:
    Bench(store).put(genesis())
    keys = [key for key, _ in store.scan("person", "", 100)]
    assert len(keys) > 2
    assert keys == sorted(keys)
    back = [key for key, _ in store.scan_back("person", "", 2)]
    assert back == keys[:-3:-1]
    assert [key for key, _ in store.scan_back("person", back[-1], 100)] == keys[-3::-1]
    assert store.scan_back("person", keys[0], 100) == []


def test_a_second_writer_fences_the_first(store: Store) -> None:
    first = Bench(store)
    first.put(genesis())
    second = Bench(store.reopen() if isinstance(store, MemoryStore) else SqliteStore(store.path))  # type: ignore[attr-defined]  # of sqlite
    second.put(group(1, draft(1, "account", account("a"))))
    with pytest.raises(Fenced):
        first.put(group(2, draft(2, "account", account("b"))))
    assert [name for name, _, _ in second.store.every_id()].count(draft(2, "account", {}).id) == 0
    assert fsck(second.store) == ()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite")
    reader = store.reader()
    with pytest.raises(apsw.ReadOnlyError):
        reader._db.execute("DELETE FROM entries")


def test_a_standing_reader_sees_one_commit_while_another_writes(tmp_path: Path) -> None:
    bench = Bench(SqliteStore(tmp_path / "ledger.sqlite"))
    bench.put(genesis())
    reader = SqliteReader(tmp_path / "ledger.sqlite")
    with reader.standing():
        seen = everything(reader)
        bench.put(group(1, draft(1, "account", account("a"))))
        assert everything(reader) == seen
        assert fsck(reader) == ()
    assert everything(reader) != seen
    assert fsck(reader) == ()
    reader.close()


def test_a_file_that_is_not_durable_does_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that will not keep a write-ahead log is refused: here, one in memory."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IoFailed, match="journal_mode"):
        SqliteStore(Path(":memory:"))


def test_what_is_erased_is_gone_from_the_file(tmp_path: Path) -> None:
    bench = Bench(SqliteStore(tmp_path / "ledger.sqlite"))
    canary = b"Canary Wharf Holdings"
    one = group(2, draft(2, "account", account("a")), side=[("personal/x/name", canary)])
    bench.put(genesis(), one)
    bench.store.erase(["personal/x/name"])
    for file in tmp_path.iterdir():
        assert canary not in file.read_bytes()


def test_a_backup_is_the_whole_ledger(tmp_path: Path) -> None:
    bench = Bench(SqliteStore(tmp_path / "ledger.sqlite"))
    story(bench)
    bench.store.backup(tmp_path / "copy.sqlite")
    copy = SqliteStore(tmp_path / "copy.sqlite")
    assert everything(copy) == everything(bench.store)


def test_nobody_else_reads_the_ledger_or_a_copy_of_it(tmp_path: Path) -> None:
    """Names of persons are in both, whatever the folder lets others do."""
    store = SqliteStore(tmp_path / "ledger.db")
    store.take("one")
    store.backup(tmp_path / "copy.db")
    files = sorted(tmp_path.iterdir())
    assert {"copy.db", "ledger.db", "ledger.db-wal"} <= {one.name for one in files}
    assert {one.name: one.stat().st_mode & 0o077 for one in files} == {one.name: 0 for one in files}
    store.close()
