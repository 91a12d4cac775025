"""The sealer: soon, at the durable root, never backwards, never two roots for one size."""

import asyncio
from pathlib import Path

import pytest

from bridge.core.canonical import Value
from bridge.notary.checkpoint import log_key, read_checkpoint
from bridge.notary.fsck import fsck
from bridge.notary.journal import Journal
from bridge.notary.keys import Backwards, HighWater
from bridge.notary.outcomes import Damaged, IoFailed
from bridge.notary.store.memory import Disk, MemoryStore
from bridge.notary.writer import RECHECKED
from tests.notary.ledgers import SetClock, draft, group
from tests.notary.sealed import ORIGIN, fill, log_secret, sealer_of, sealing

LOG = log_key(ORIGIN, log_secret())


async def test_what_is_awaited_is_sealed_soon_under_the_ledgers_own_root(tmp_path: Path) -> None:
    disk = Disk()
    async with sealing(MemoryStore(disk), tmp_path) as journal:
        for first in range(10, 50, 5):
            await fill(journal, first, first + 5)
            async with asyncio.timeout(5):
                await journal.wait(journal.head.seq - 1, "sealed")
            head = read_checkpoint(journal.checkpoint, LOG).checkpoint
            assert (head.size, head.root.hex()) == (journal.head.seq, journal.head.root)
    reader = MemoryStore(disk).reader()
    sizes = [size for size, _ in reader.notes(0, 1_000)]
    assert sizes == sorted(set(sizes))
    assert len(sizes) >= 8

    def verify(note: bytes) -> tuple[int, bytes]:
        checkpoint = read_checkpoint(note, LOG).checkpoint
        return checkpoint.size, checkpoint.root

    assert fsck(reader, verify) == ()


async def test_nobody_waiting_it_still_seals_and_an_idle_ledger_is_left_alone(
    tmp_path: Path,
) -> None:
    async with sealing(MemoryStore(), tmp_path) as journal:
        await fill(journal, 10, 12)
        async with asyncio.timeout(5):
            while journal.sealed < journal.head.seq:  # noqa: ASYNC110 waiting would hasten it
                await asyncio.sleep(0.01)
        note = journal.checkpoint
        await asyncio.sleep(0.1)
        assert journal.checkpoint is note


async def test_an_older_copy_of_the_ledger_is_not_signed(tmp_path: Path) -> None:
    disk = Disk()
    journal = Journal.open(MemoryStore(disk), SetClock())
    await fill(journal, 10, 20)
    await journal.close()
    HighWater(tmp_path / "sealed.mark").admit(journal.head.seq + 1, b"\x07" * 32)
    journal = Journal.open(MemoryStore(disk), SetClock())
    with pytest.raises(Backwards, match="stale"):
        sealer_of(journal, tmp_path)
    await journal.close()


@pytest.mark.parametrize("grown", [0, 7])
async def test_another_ledger_of_that_size_or_larger_is_not_signed(
    tmp_path: Path, grown: int
) -> None:
    async with sealing(MemoryStore(), tmp_path) as journal:
        await fill(journal, 10, 20)
        await journal.wait(journal.head.seq - 1, "sealed")
    other = Journal.open(MemoryStore(), SetClock())
    await fill(other, 30, 40 + grown)
    assert other.head.seq == journal.head.seq + grown
    with pytest.raises(Backwards, match="another ledger"):
        sealer_of(other, tmp_path)
    await other.close()


async def test_a_ledger_whose_epoch_cannot_be_read_is_damaged(tmp_path: Path) -> None:
    """It is far behind what start-up makes again; nobody is told to restore another file."""
    disk = Disk()
    epoch: dict[str, Value] = {"epoch": "1", "origin": ORIGIN, "log_key": log_secret().public}
    journal = Journal.open(MemoryStore(disk), SetClock())
    await journal.append([group(1, draft(1, "epoch", epoch))])
    for at in range(10, 10 + 3 * RECHECKED, RECHECKED):
        await fill(journal, at, at + RECHECKED)
    sealer_of(journal, tmp_path)
    await journal.close()
    disk.entries[0] = (disk.entries[0][0][:-1], disk.entries[0][1])
    journal = Journal.open(MemoryStore(disk), SetClock())
    assert journal.trouble is None
    with pytest.raises(Damaged, match="entry 0: "):
        sealer_of(journal, tmp_path)
    await journal.close()


async def test_a_crash_between_mark_and_checkpoint_is_made_good(tmp_path: Path) -> None:
    disk = Disk()
    journal = Journal.open(MemoryStore(disk), SetClock())
    await fill(journal, 10, 20)
    mark = HighWater(tmp_path / "sealed.mark")
    mark.admit(journal.head.seq, bytes.fromhex(journal.head.root))
    await fill(journal, 20, 25)  # the ledger went on; the mark's own size was never kept
    await journal.close()
    async with sealing(MemoryStore(disk), tmp_path) as journal:
        async with asyncio.timeout(5):
            await journal.wait(journal.head.seq - 1, "sealed")
        assert read_checkpoint(journal.checkpoint, LOG).checkpoint.size == journal.head.seq


async def test_the_mark_is_written_before_the_checkpoint_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    await fill(journal, 10, 12)
    seen: list[tuple[int, int]] = []
    keep = journal.keep_checkpoint

    async def watch(size: int, note: bytes) -> None:
        seen.append((size, HighWater(tmp_path / "sealed.mark").size))
        await keep(size, note)

    monkeypatch.setattr(journal, "keep_checkpoint", watch)
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sealer_of(journal, tmp_path).run())
        await journal.wait(journal.head.seq - 1, "sealed")
        running.cancel()
    assert seen
    assert all(size == marked for size, marked in seen)
    await journal.close()


async def test_it_ends_where_the_ledger_stops_writing(tmp_path: Path) -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    await fill(journal, 10, 12)
    sealer = sealer_of(journal, tmp_path)
    journal.trouble = IoFailed("the disk is gone")
    async with asyncio.timeout(5):
        await sealer.run()
    assert HighWater(tmp_path / "sealed.mark").size == 0
    journal.trouble = None
    await journal.close()
