"""The journal: what is acknowledged is there, once, and a restart tells the same."""

import asyncio
from pathlib import Path
from threading import Event

import pytest

from bridge.core.canonical import Value
from bridge.core.settlement import Stage
from bridge.notary.fsck import fsck
from bridge.notary.journal import AGE_MS, Journal
from bridge.notary.outcomes import (
    Committed,
    Conflict,
    IoFailed,
    LedgerError,
    NotPromised,
    Outcome,
    Overloaded,
    RefusedGroup,
    Replayed,
    Stale,
)
from bridge.notary.store.memory import Disk, MemoryStore
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.writer import SKEW_MS
from tests.notary.ledgers import (
    SetClock,
    account,
    draft,
    genesis,
    group,
    settled,
    transfer,
    whose,
)


async def test_a_settlement_is_told_from_order_to_settled_and_again_after_a_restart() -> None:
    disk, clock = Disk(), SetClock()
    told = settled(1)
    journal = Journal.open(MemoryStore(disk), clock)
    first = await journal.append([genesis(), *told])
    assert {type(outcome) for outcome in first} == {Committed}
    await journal.close()
    journal = Journal.open(MemoryStore(disk), clock)
    assert journal.trouble is None
    seen = journal.view.settlement(whose(told))
    assert seen is not None
    assert seen.stage is Stage.SETTLED
    assert journal.view.open_settlements() == ()
    again = await journal.append(told)
    assert [
        entry.raw for outcome in again if isinstance(outcome, Replayed) for entry in outcome.entries
    ] == [
        entry.raw
        for outcome in first[1:]
        if isinstance(outcome, Committed)
        for entry in outcome.entries
    ]
    await journal.close()


async def test_what_was_written_last_is_told_as_it_stands_on_disk(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bridge.notary.journal.RECENT", 8)
    disk = Disk()
    journal = Journal.open(MemoryStore(disk), SetClock())
    for groups in ([genesis()], settled(1), settled(2)):
        await journal.append(groups)
    size = journal.head.seq
    assert size > 20, "most of it is on disk only"
    again = Journal(MemoryStore(disk), SetClock())  # it has written nothing: all is read
    for after in range(-2, size + 2):
        for limit in (0, 1, 3, 256):
            assert journal.entries(after, limit) == again.entries(after, limit), (after, limit)
        assert journal.entry(after) == again.entry(after)
        assert journal.raw(after) == again.raw(after)
    await journal.close()


async def test_an_id_is_bound_to_its_body_for_ever_and_a_refusal_spends_it() -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    await journal.append([genesis()])
    poor = group(3, draft(3, "transfer", transfer("post", "a", "b", 5)))
    (no,) = await journal.append([poor])
    assert isinstance(no, RefusedGroup)
    assert no.code == 120
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    assert isinstance((await journal.append([opened]))[0], Committed)
    assert (await journal.append([poor])) == (no,)
    other = group(3, draft(3, "transfer", transfer("post", "a", "b", 6)))
    assert (await journal.append([other])) == (Conflict(other.drafts[0].id),)
    await journal.close()


async def test_a_group_that_expects_what_is_no_longer_so_writes_nothing_and_spends_nothing() -> (
    None
):
    journal = Journal.open(MemoryStore(), SetClock())
    told = settled(1)
    await journal.append([genesis(), *told[:3]])
    size = journal.head.seq
    assert await journal.append([told[5]]) == (Stale(),)
    assert journal.head.seq == size
    outcomes = await journal.append(told[3:])
    assert {type(outcome) for outcome in outcomes} == {Committed}
    await journal.close()


async def test_many_clients_share_a_commit(tmp_path: Path) -> None:
    """What queues during a sync is one batch: a hundred clients, far fewer commits."""
    store = SqliteStore(tmp_path / "ledger.sqlite")
    journal = Journal.open(store, SetClock())
    await journal.append([genesis()])
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    await journal.append([opened])

    async def client(number: int) -> Outcome:
        body = transfer("post", "a", "b", number)
        return (await journal.append([group(number, draft(number, "transfer", body))]))[0]

    async with asyncio.TaskGroup() as tasks:
        asked = [tasks.create_task(client(number)) for number in range(100, 200)]
    numbers = [one.entries[0].n for task in asked if isinstance(one := task.result(), Committed)]
    assert sorted(numbers) == list(range(5, 105))
    assert len(journal.entries(4, 200)) == 100
    await journal.close()
    with_reader = SqliteStore(tmp_path / "ledger.sqlite")
    assert len(with_reader.undos()) < 60
    with_reader.close()


def assert_(held: bool) -> None:
    """The commit was let go on."""
    assert held


async def test_too_many_or_too_old_are_turned_away_before_anything_is_written() -> None:
    held = Event()
    clock, store = SetClock(), MemoryStore()
    journal = Journal.open(store, clock)
    store.fault = lambda _call: assert_(held.wait(10))
    body = account("a")
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(journal.append([group(1, draft(1, "account", body))]))
        await asyncio.sleep(0.05)  # the writer is in its commit
        second = tasks.create_task(journal.append([group(2, draft(2, "account", account("b")))]))
        await asyncio.sleep(0.05)  # and another waits behind it
        clock.time += AGE_MS + 1
        with pytest.raises(Overloaded):
            await journal.append([group(3, draft(3, "account", account("c")))])
        held.set()
    assert {type(task.result()[0]) for task in (first, second)} == {Committed}
    assert journal.view.account("c") is None
    await journal.close()


@pytest.mark.parametrize(("groups", "age_ms"), [(1, AGE_MS), (100, 7)])
async def test_how_many_may_wait_and_how_long_can_be_said(groups: int, age_ms: int) -> None:
    held = Event()
    clock, store = SetClock(), MemoryStore()
    journal = Journal.open(store, clock)
    journal.bound(groups, age_ms)
    store.fault = lambda _call: assert_(held.wait(10))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(journal.append([group(1, draft(1, "account", account("a")))]))
        await asyncio.sleep(0.05)  # the writer is in its commit
        if groups > 1:
            tasks.create_task(journal.append([group(2, draft(2, "account", account("b")))]))
            await asyncio.sleep(0.05)
        clock.time += 8
        with pytest.raises(Overloaded):
            await journal.append([group(3, draft(3, "account", account("c")))])
        held.set()
    await journal.close()


async def test_levels_nobody_gives_are_not_promised() -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    await journal.append([genesis()])
    await journal.wait(2, "committed")
    for level in ("cosigned", "mirrored", "wished"):
        with pytest.raises(NotPromised):
            await journal.wait(2, level)
    await journal.close()


async def test_who_waits_for_a_seal_is_not_kept_for_a_second() -> None:
    journal = Journal.open(MemoryStore(), SetClock())

    async def seal() -> None:
        while True:
            size = await journal.seal_due()
            await journal.keep_checkpoint(size, b"note %d" % size)

    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        sealer = tasks.create_task(seal())
        await journal.append([genesis()])
        began = loop.time()
        await journal.wait(2, "sealed")
        assert loop.time() - began < 0.5
        assert journal.checkpoint == b"note 3"
        assert journal.sealed == 3
        sealer.cancel()
    await journal.close()


async def test_a_long_poll_wakes_at_the_next_entry() -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    async with asyncio.TaskGroup() as tasks:
        woken = tasks.create_task(journal.changed(-1))
        await asyncio.sleep(0)
        assert not woken.done()
        await journal.append([genesis()])
    assert [entry.n for entry in journal.entries(0, 10)] == [1, 2]
    entry = journal.entry(1)
    assert entry is not None
    assert entry.id == journal.entries(0, 1)[0].id
    assert journal.entry(3) is None
    await journal.close()


async def test_a_personal_value_stands_beside_and_nowhere_else(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "ledger.sqlite")
    journal = Journal.open(store, SetClock())
    told = settled(1)
    await journal.append([genesis(), *told])
    reader = store.reader()
    personal = journal.side_keys("personal/")
    assert personal
    values = [(journal.side(key) or b"")[32:] for key in personal]
    root = journal.head.root
    for value in values:
        assert value
        assert all(value not in raw for raw in reader.entries(0, journal.head.seq))
        assert all(value not in data for _, _, data in reader.every_row())
        assert all(value not in undo for _, undo in reader.undos())
    await journal.erase(personal)
    assert journal.side_keys("personal/") == ()
    assert [journal.side(key) for key in personal] == [None] * len(personal)
    assert journal.head.root == root
    assert fsck(reader) == ()
    reader.close()
    await journal.close()


async def test_memory_follows_what_is_under_way_not_what_ever_was() -> None:
    journal = Journal.open(MemoryStore(), SetClock(), rows=50)
    await journal.append([genesis()])
    for number in range(1, 9):
        await journal.append(settled(number))
    assert len(journal.view._young) + len(journal.view._old) <= 100
    assert journal.view.open_settlements() == ()
    assert journal.view.settlement(whose(settled(1))) is not None
    half = settled(9)[:6]
    await journal.append(half)
    assert [s.order.id for s in journal.view.open_settlements()] == [whose(half)]
    await journal.close()


async def test_what_adapters_keep_does_not_fill_the_memory() -> None:
    """A bank's message keeps six values; their hashes are rows that nobody reads soon."""
    journal = Journal.open(MemoryStore(), SetClock())

    async def kept(number: int) -> None:
        keep: Value = [{"key": "head", "sha256": f"{number:064}"}, {"key": "gone", "sha256": ""}]
        body = {"reader": "rail:x", "cursor": str(number), "keep": keep}
        await journal.append([group(number, draft(number, "evidence", body))])

    for number in range(1, 21):
        await kept(number)
    assert {kind for kind, _ in journal.view._young} == {"cursor"}
    for number in (21, 22):  # what was read once is not shown when it has changed
        assert journal.view.text("kept", "rail:x/head") == f"{number - 1:064}"
        await kept(number)
    assert fsck(journal._reader) == ()
    await journal.close()


async def test_a_bug_in_the_writer_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[object] = []
    monkeypatch.setattr("threading.excepthook", ended.append)
    store = MemoryStore()
    journal = Journal.open(store, SetClock())
    await journal.append([genesis()])

    def fault(_call: str) -> None:
        raise ZeroDivisionError

    store.fault = fault
    with pytest.raises(LedgerError):
        await journal.append([group(1, draft(1, "account", account("a")))])
    with pytest.raises(LedgerError):
        await journal.wait(99, "committed")
    assert journal.entries(-1, 9)
    await journal.close()  # its thread has ended by then
    assert len(ended) == 1


async def test_a_checkpoint_that_cannot_be_kept_takes_no_committed_group_back() -> None:
    disk, armed = Disk(), Event()

    def fault(call: str) -> None:
        if armed.is_set() and call == "sync":
            raise IoFailed("injected")

    journal = Journal.open(MemoryStore(disk, fault), SetClock())
    await journal.append([genesis()])
    armed.set()
    with pytest.raises(IoFailed):
        await journal.keep_checkpoint(3, b"note")
    assert journal.sealed == 0
    with pytest.raises(IoFailed):
        await journal.append([group(1, draft(1, "account", account("a")))])
    await journal.close()


async def test_a_checkpoint_is_kept_with_the_groups_that_are_asked_beside_it() -> None:
    syncs: list[str] = []
    disk = Disk()
    store = MemoryStore(disk, lambda call: syncs.append(call) if call == "sync" else None)
    journal = Journal.open(store, SetClock())
    await journal.append([genesis()])
    del syncs[:]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(journal.append([group(1, draft(1, "account", account("a")))]))
        tasks.create_task(journal.keep_checkpoint(3, b"note"))
        tasks.create_task(journal.append([group(2, draft(2, "account", account("b")))]))
    assert len(syncs) == 1
    assert (journal.sealed, journal.checkpoint) == (3, b"note")
    assert journal.head.seq == 5
    await journal.keep_checkpoint(5, b"alone")
    assert len(syncs) == 2
    await journal.close()
    assert MemoryStore(disk).notes(0, 9) == [(3, b"note"), (5, b"alone")]


async def test_a_clock_that_stands_behind_the_ledger_writes_nothing() -> None:
    clock = SetClock()
    journal = Journal.open(MemoryStore(), clock)
    await journal.append([genesis()])
    clock.time -= SKEW_MS
    late = group(1, draft(1, "account", account("a")))
    (outcome,) = await journal.append([late])
    assert isinstance(outcome, Committed)
    assert outcome.entries[0].t == clock.time + SKEW_MS
    clock.time -= 1
    with pytest.raises(Overloaded):
        await journal.append([group(2, draft(2, "account", account("b")))])
    clock.time += 1
    assert isinstance((await journal.append([late]))[0], Replayed)
    await journal.close()


async def test_a_pending_expires_by_itself_when_nobody_asks() -> None:
    clock = SetClock()
    journal = Journal.open(MemoryStore(), clock)
    await journal.append([genesis()])
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    held = draft(3, "transfer", transfer("pending", "a", "b", 5, due=clock.time + 1000))
    await journal.append([opened, group(3, held)])
    last = journal.head.seq - 1
    clock.time += 1000
    async with asyncio.timeout(5):
        await journal.changed(last)
    row = journal.view.account("a")
    assert row is not None
    assert row.debits_pending == 0
    await journal.close()
