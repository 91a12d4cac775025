"""The ledger when the power goes, the disk fills or fails, or another writer comes.

Nothing acknowledged is lost, nothing is there by half, and what is there is sound.
"""

import itertools
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable

import apsw
import pytest

from bridge.notary.commit import commit
from bridge.notary.entries import shape_group
from bridge.notary.fsck import fsck
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, Fenced, Full, IoFailed, LedgerError
from bridge.notary.projection import Projection
from bridge.notary.recheck import recheck
from bridge.notary.store import sqlite
from bridge.notary.store.memory import Disk as Dictionary
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.port import Lost
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.writer import Asked, Writer
from tests.notary.ledgers import SetClock, account, draft, genesis, group, settled, transfer
from tests.notary.test_fsck import note
from tests.recovery.broken_disk import BrokenVfs, Disk

NAMES = itertools.count()
OPENED = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))


@pytest.fixture
def disk() -> Iterator[tuple[Disk, str]]:
    """A disk that can break, and the name SQLite knows it by."""
    made, name = Disk(), f"broken-{next(NAMES)}"
    vfs = BrokenVfs(name, made)
    yield made, name
    vfs.unregister()


def moved(number: int) -> tuple[int, Asked]:
    """The n-th transfer."""
    one = group(number, draft(number, "transfer", transfer("post", "a", "b", number)))
    return number, Asked(one, shape_group(one))


def write(store: SqliteStore, acknowledged: list[int]) -> None:
    """Write batches for as long as the disk lets us; note what was acknowledged."""
    writer = Writer(store, Projection(store), SetClock(), store.take("test"))
    first = [Asked(g, shape_group(g)) for g in (genesis(), OPENED)]
    numbers = itertools.count(100)
    batch = [(0, one) for one in first]
    while True:
        judged = writer.judge([one for _, one in batch])
        size, root = writer.head.seq, bytes.fromhex(writer.head.root)
        # the note of what was committed before goes with the batch
        commit(writer, judged, ((size, note(size, root)),) if size else ())
        writer.settle(judged)
        acknowledged += [number for number, _ in batch if number]
        batch = [moved(next(numbers)) for _ in range(3)]


def missing(path: Path, acknowledged: list[int]) -> int:
    """How many acknowledged entries a fresh start does not find; it must find itself sound."""
    store = SqliteStore(path)
    try:
        recheck(store)
        assert fsck(store) == ()
        names = [moved(number)[1].members[0].draft.id for number in acknowledged]
        return len(names) - len(store.known(names))
    finally:
        store.close()


def noted_whole(path: Path) -> None:
    """See that every batch that `write` made has brought its note, and that no note came alone."""
    store = SqliteStore(path)
    try:
        sizes = [size for size, _ in store.notes(0, 1_000)]
        assert sizes == [first for first, _ in store.undos() if first]
    finally:
        store.close()


def let_go(store: SqliteStore | None) -> None:
    """Drop a connection whose disk may be gone."""
    if store is not None:
        with suppress(apsw.Error):
            store._db.close(force=True)


def power_cut(folder: Path, disk: Disk, vfs: str, seed: int) -> int:
    """Cut the power at a random call; return how much that was acknowledged is gone."""
    chance = Random(seed)
    path = folder / f"{seed}.sqlite"
    SqliteStore(path).close()
    last = chance.randrange(5, 220)

    def fault(call: int, _name: str) -> None:
        if call >= last:
            disk.dead = True
            raise apsw.IOError("the power is gone")

    disk.fault, disk.calls, disk.dead = fault, 0, False
    acknowledged: list[int] = []
    store = None
    try:
        store = SqliteStore(path, vfs)
        write(store, acknowledged)
    except (LedgerError, Lost):
        pass
    let_go(store)
    disk.cut(chance)
    gone = missing(path, acknowledged)
    noted_whole(path)
    return gone


@pytest.mark.parametrize("seed", range(25))
def test_a_power_failure_loses_nothing_acknowledged(
    tmp_path: Path, disk: tuple[Disk, str], seed: int
) -> None:
    assert power_cut(tmp_path, *disk, seed) == 0


@pytest.mark.long
@pytest.mark.parametrize("seed", range(25, 425))
def test_four_hundred_power_failures_lose_nothing(
    tmp_path: Path, disk: tuple[Disk, str], seed: int
) -> None:
    assert power_cut(tmp_path, *disk, seed) == 0


def test_a_laxer_setting_does_lose_what_was_acknowledged(
    tmp_path: Path, disk: tuple[Disk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: were the trial blind, it would find nothing here either."""
    monkeypatch.setitem(sqlite.PRAGMAS, "synchronous", 1)
    lost = [power_cut(tmp_path, *disk, seed) for seed in range(15)]
    assert sum(1 for count in lost if count) >= 8


def test_no_sync_at_all_breaks_the_file(
    tmp_path: Path, disk: tuple[Disk, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other negative control: without any sync a ledger may come back lost or unsound."""
    monkeypatch.setitem(sqlite.PRAGMAS, "synchronous", 0)
    hurt = 0
    for seed in range(15):
        try:
            hurt += power_cut(tmp_path, *disk, seed) > 0
        except (LedgerError, AssertionError):
            hurt += 1
    assert hurt >= 8


def failing(folder: Path, disk: Disk, vfs: str, last: int, error: type[Exception]) -> None:
    """Let the k-th call fail once: a stop, never a wrong answer, and a clean start after."""
    path = folder / f"{last}-{error.__name__}.sqlite"
    SqliteStore(path).close()

    def fault(call: int, _name: str) -> None:
        if call == last or call > 400:
            raise error("injected")

    disk.fault, disk.calls, disk.dead = fault, 0, False
    acknowledged: list[int] = []
    store = None
    try:
        store = SqliteStore(path, vfs)
        write(store, acknowledged)
    except Full:
        assert error is apsw.FullError
    except (IoFailed, Lost):
        pass
    disk.fault = lambda _n, _call: None
    let_go(store)
    assert missing(path, acknowledged) == 0
    noted_whole(path)


@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("last", [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233])
def test_a_call_that_fails_is_a_stop_and_a_clean_start(
    tmp_path: Path, disk: tuple[Disk, str], last: int, error: type[Exception]
) -> None:
    failing(tmp_path, *disk, last, error)


@pytest.mark.long
@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("last", range(1, 400))
def test_every_call_that_fails_is_a_stop_and_a_clean_start(
    tmp_path: Path, disk: tuple[Disk, str], last: int, error: type[Exception]
) -> None:
    failing(tmp_path, *disk, last, error)


async def test_a_second_writer_fences_the_first(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.sqlite", SetClock()
    first = Journal.open(SqliteStore(path), clock, writer="first")
    await first.append([genesis(), OPENED])
    second = Journal.open(SqliteStore(path), clock, writer="second")
    with pytest.raises(Fenced):
        await first.append([moved(100)[1].group])
    with pytest.raises(Fenced):
        await first.append([moved(101)[1].group])
    assert first.entries(-1, 10)
    (outcome,) = await second.append([moved(100)[1].group])
    assert isinstance(outcome, Committed)
    await first.close()
    await second.close()
    assert missing(path, [100]) == 0


@pytest.mark.parametrize("step", ["begin", "write", "sync", "answer"])
@pytest.mark.parametrize("error", [Full, IoFailed, Lost])
async def test_trouble_at_each_step_of_a_commit_stops_writing_and_nothing_else(
    step: str, error: type[Exception]
) -> None:
    kept, armed = Dictionary(), False

    def fault(call: str) -> None:
        if armed and call == step:
            raise error("injected")

    journal = Journal.open(MemoryStore(kept, fault), SetClock())
    await journal.append([genesis(), OPENED])
    armed = True
    asked = moved(100)[1].group
    # what nobody answered is looked up; what failed before it was asked is not there
    there = error is Lost and step == "answer"
    if there:
        (outcome,) = await journal.append([asked])
        assert isinstance(outcome, Committed)
    elif step != "answer":
        with pytest.raises(LedgerError):
            await journal.append([asked])
        with pytest.raises(LedgerError):
            await journal.append([moved(101)[1].group])
        assert journal.entries(-1, 10)
    await journal.close()
    again = Journal.open(MemoryStore(kept), SetClock())
    assert again.trouble is None
    assert (again.view.account("a") or pytest.fail("no account")).debits_posted == (
        100 if there else 0
    )
    await again.close()


async def test_a_settlement_survives_a_restart_after_every_group(tmp_path: Path) -> None:
    path, clock, told = tmp_path / "ledger.sqlite", SetClock(), settled(1)
    for one in [genesis(), *told]:
        journal = Journal.open(SqliteStore(path), clock)
        assert journal.trouble is None
        (outcome,) = await journal.append([one])
        assert isinstance(outcome, Committed)
        await journal.close()
    store = SqliteStore(path)
    assert fsck(store) == ()
    store.close()
