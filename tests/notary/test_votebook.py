"""The vote book: no burn beside an unmint, no mint after a return, whatever crashed between."""

import asyncio
import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import permutations
from pathlib import Path
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.effects import Verb
from bridge.core.ids import Instant, SettlementId, new_ulid
from bridge.notary import keys, votebook
from bridge.notary.votebook import (
    HEADER,
    FileVoteBook,
    VoteBookDamaged,
    VoteBookHeld,
    VotesFailed,
    admits,
)

ONE, TWO = (SettlementId(new_ulid(Instant(1), bytes([n]) * 10)) for n in (1, 2))
VOTED = [verb for verb in Verb if verb is not Verb.HOLD]


def voted(book: FileVoteBook, settlement: SettlementId, verb: Verb) -> bool:
    """Cast a vote and wait until it is one."""

    async def cast() -> bool:
        return await book.vote(settlement, verb)

    return asyncio.run(cast())


def allowed(cast: tuple[Verb, ...], verb: Verb) -> bool:
    """The rule, as the forbidden pairs (first, then) it is made of."""
    forbidden = {
        (Verb.BURN, Verb.UNMINT),
        (Verb.BURN, Verb.RELEASE),
        (Verb.UNMINT, Verb.BURN),
        (Verb.RELEASE, Verb.BURN),
        (Verb.UNMINT, Verb.MINT),
        (Verb.RELEASE, Verb.MINT),
    }
    return not any((earlier, verb) in forbidden for earlier in cast)


def test_the_rule_in_every_order_of_every_verb(tmp_path: Path) -> None:
    for count, order in enumerate(permutations(VOTED)):
        cast: list[Verb] = []
        for verb in order:
            may = allowed(tuple(cast), verb)
            assert admits(frozenset(cast), verb) is may
            if may:
                cast.append(verb)
        assert not {Verb.BURN, Verb.UNMINT} <= set(cast)
        assert not {Verb.BURN, Verb.RELEASE} <= set(cast)
        if count % 100 == 0:  # the file keeps the same rule, also across a restart
            file = tmp_path / f"{count}.votes"
            said = []
            for verb in order:
                book = FileVoteBook(file)
                said.append(voted(book, ONE, verb))
                assert voted(book, ONE, verb) is said[-1]
                book.close()
            assert [verb for verb, yes in zip(order, said, strict=True) if yes] == cast


@given(st.lists(st.tuples(st.sampled_from((ONE, TWO)), st.sampled_from(VOTED)), max_size=12))
def test_settlements_do_not_mix_and_a_restart_forgets_nothing(
    tmp_path_factory: pytest.TempPathFactory, asked: list[tuple[SettlementId, Verb]]
) -> None:
    file = tmp_path_factory.mktemp("book") / "votes"
    book = FileVoteBook(file)
    for settlement, verb in asked:
        before = book.votes(settlement)
        assert voted(book, settlement, verb) is (verb in before or admits(before, verb))
    kept = {of: book.votes(of) for of in (ONE, TWO)}
    book.close()
    again = FileVoteBook(file)
    assert {of: again.votes(of) for of in (ONE, TWO)} == kept
    again.close()


def test_a_line_torn_anywhere_was_no_vote_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.MINT)
    whole = len(file.read_bytes())
    assert voted(book, ONE, Verb.BURN)
    book.close()
    data = file.read_bytes()
    for cut in range(whole, len(data)):
        file.write_bytes(data[:cut])
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.MINT}
        assert voted(book, ONE, Verb.UNMINT)
        book.close()
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.MINT, Verb.UNMINT}
        book.close()


def test_a_vote_that_is_not_on_the_disk_is_no_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    synced: list[bytes] = []
    real = os.fdatasync

    def watch(handle: int) -> None:
        synced.append((tmp_path / "votes").read_bytes())
        real(handle)

    monkeypatch.setattr(os, "fdatasync", watch)
    assert voted(book, ONE, Verb.MINT)
    assert synced == [(tmp_path / "votes").read_bytes()]
    assert b"mint" in synced[0].lower()

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="gone"):
        voted(book, ONE, Verb.BURN)
    monkeypatch.setattr(os, "fdatasync", real)
    for verb in (Verb.BURN, Verb.UNMINT):  # a second sync would prove nothing
        with pytest.raises(OSError, match="has failed"):
            voted(book, ONE, verb)
    assert book.votes(ONE) == {Verb.MINT}
    book.close()


def test_half_a_line_on_a_full_disk_is_no_vote_and_spoils_no_later_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.MINT)
    real = os.write
    with monkeypatch.context() as full:
        full.setattr(os, "write", lambda handle, data: real(handle, data[:9]))
        with pytest.raises(OSError, match="half"):
            voted(book, ONE, Verb.BURN)
    with pytest.raises(OSError, match="has failed"):
        voted(book, TWO, Verb.MINT)
    book.close()
    book = FileVoteBook(file)
    assert book.votes(ONE) == {Verb.MINT}
    assert voted(book, ONE, Verb.UNMINT)
    book.close()


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    FileVoteBook(tmp_path / "votes").close()
    assert (tmp_path / "votes").stat().st_mode & 0o777 == 0o600


async def test_votes_cast_together_share_one_sync_and_none_counts_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    going, synced = Event(), list[int]()
    real = os.fdatasync

    def slow(handle: int) -> None:
        assert going.wait(10)
        real(handle)
        synced.append((tmp_path / "votes").read_bytes().count(b"\n"))

    monkeypatch.setattr(os, "fdatasync", slow)
    many = [SettlementId(new_ulid(Instant(2), bytes([n]) * 10)) for n in range(50)]
    votes = [book.vote(of, Verb.MINT) for of in many]
    await asyncio.sleep(0.05)  # they are on their way to the disk
    late = [book.vote(ONE, Verb.MINT), book.vote(many[0], Verb.MINT)]
    await asyncio.sleep(0.05)
    assert not any(vote.done() for vote in (*votes, *late))
    assert book.votes(many[0]) == frozenset()
    going.set()
    assert all([await vote for vote in (*votes, *late)])
    assert synced == [51, 52]  # the format's line is in it before any vote
    book.close()


async def test_a_vote_under_way_forbids_what_it_would_forbid(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = FileVoteBook(tmp_path / "votes")
    burn, undo = book.vote(ONE, Verb.BURN), book.vote(ONE, Verb.UNMINT)
    assert not await undo
    assert await burn

    def broken(handle: int) -> None:
        raise OSError(5, "the disk is gone")

    monkeypatch.setattr(os, "fdatasync", broken)
    lost = [book.vote(TWO, Verb.MINT), book.vote(TWO, Verb.MINT)]
    for vote in lost:
        with pytest.raises(OSError, match="gone"):
            await vote
    with pytest.raises(OSError, match="has failed"):
        await book.vote(ONE, Verb.BURN)
    assert book.votes(TWO) == frozenset()
    book.close()


async def test_who_stops_waiting_takes_no_vote_of_others_along(tmp_path: Path) -> None:
    book = FileVoteBook(tmp_path / "votes")
    gone, there = book.vote(ONE, Verb.MINT), book.vote(ONE, Verb.MINT)
    gone.cancel()
    assert await there
    assert book.votes(ONE) == {Verb.MINT}
    book.close()


def test_votes_a_killed_process_left_unsynced_are_synced_before_anybody_signs_by_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.votes"
    book = FileVoteBook(file)
    assert voted(book, ONE, Verb.BURN)
    book.close()
    whole = file.read_bytes()
    file.write_bytes(whole + b'{"settl')
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda handle: synced.append(os.fstat(handle).st_size))
    book = FileVoteBook(file)
    assert book.votes(ONE) == {Verb.BURN}
    assert synced == [len(whole)]
    book.close()


def test_a_second_process_finds_the_book_held(tmp_path: Path) -> None:
    """Each would miss what the other voted, and one settlement burn and unmint."""
    book = FileVoteBook(tmp_path / "votes")
    with pytest.raises(VoteBookHeld, match="another process"):
        FileVoteBook(tmp_path / "votes")
    book.close()
    FileVoteBook(tmp_path / "votes").close()


def test_a_new_book_is_in_its_folder_before_the_first_vote(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def watch(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watch)
    FileVoteBook(tmp_path / "votes").close()
    assert synced == [str(tmp_path)]


# --- what is on the disk is not what was written


def kept(file: Path) -> bytes:
    """A book of five votes, and its bytes."""
    book = FileVoteBook(file)
    for of, verb in ((ONE, Verb.LOCK), (TWO, Verb.MINT), (ONE, Verb.MINT), (TWO, Verb.BURN)):
        assert voted(book, of, verb)
    assert voted(book, ONE, Verb.UNMINT)
    book.close()
    return file.read_bytes()


def damage(file: Path, data: bytes) -> str:
    """What opening a book of these bytes says is wrong; it leaves the bytes as they are."""
    file.write_bytes(data)
    with pytest.raises(VoteBookDamaged, match="nothing is signed") as damaged:
        FileVoteBook(file)
    assert file.read_bytes() == data
    return str(damaged.value)


@pytest.mark.parametrize(
    "bits", [(0x01, 0x20), pytest.param(range(1, 256), marks=pytest.mark.long)]
)
def test_every_flipped_byte_of_a_book_is_found_and_its_line_named(
    tmp_path: Path, bits: Sequence[int]
) -> None:
    data = kept(tmp_path / "votes")
    for at in range(len(data)):
        for bit in bits:
            spoiled = bytearray(data)
            spoiled[at] ^= bit
            number = data[:at].count(b"\n") + 1
            assert f"line {number} is not as it was" in damage(tmp_path / "votes", bytes(spoiled))
    (tmp_path / "votes").write_bytes(data)
    FileVoteBook(tmp_path / "votes").close()


def test_a_line_taken_out_doubled_swapped_or_torn_in_the_middle_is_found(tmp_path: Path) -> None:
    lines = kept(tmp_path / "votes").splitlines(keepends=True)
    for at in range(1, len(lines) - 1):
        one, two = lines[at], lines[at + 1]
        before, after = b"".join(lines[:at]), b"".join(lines[at + 2 :])
        for bad in (two, one + one + two, two + one, one[: len(one) // 2] + two, one[:-1] + two):
            named = damage(tmp_path / "votes", before + bad + after)
            assert f"line {at + 1} " in named or f"line {at + 2} " in named
    for data in (b"\0" * 4096, b"x", b"".join(lines) + b"\0" * 9, lines[0] + b"{}\n"):
        assert "line" in damage(tmp_path / "votes", data)


def test_a_book_torn_before_its_first_vote_is_new(tmp_path: Path) -> None:
    file = tmp_path / "votes"
    for cut in range(len(HEADER) + 1):
        file.write_bytes(HEADER[:cut])
        book = FileVoteBook(file)
        assert book.votes(ONE) == frozenset()
        assert voted(book, ONE, Verb.BURN)
        book.close()
        book = FileVoteBook(file)
        assert book.votes(ONE) == {Verb.BURN}
        book.close()


class FailingOs:
    """The calls of `os` that a book makes on a real file, of which the k-th fails.

    A sync that failed is as Linux has it: what was written since the last one is read as before,
    a later sync finds nothing to do, and a power failure shows that it never was on the disk.
    """

    def __init__(self, file: Path) -> None:
        self.file, self.durable = file, file.read_bytes() if file.exists() else b""
        self.left, self.fault = -1, ""
        self.dirty: set[int] = set()

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def _fails(self, *faults: str) -> bool:
        self.left -= 1
        if self.left != 0:
            return False
        if self.fault == "half" and "half" in faults:
            return True
        raise OSError(errno.ENOSPC if self.fault == "full" else errno.EIO, "the disk says so")

    def open(self, file: Path, flags: int, mode: int = 0o777) -> int:
        self._fails()
        return os.open(file, flags, mode)

    def write(self, handle: int, data: bytes) -> int:
        taken = data[: len(data) // 2] if self._fails("half") else data
        at = os.lseek(handle, 0, os.SEEK_CUR)
        self.dirty |= set(range(at, at + len(taken)))
        return os.write(handle, taken)

    def ftruncate(self, handle: int, size: int) -> None:
        self._fails()
        os.ftruncate(handle, size)

    def fsync(self, handle: int) -> None:
        self._fails()
        os.fsync(handle)

    def fdatasync(self, handle: int) -> None:
        dirty, self.dirty = self.dirty, set()
        self._fails()
        now, was = self.file.read_bytes(), self.durable.ljust(self.file.stat().st_size, b"\0")
        self.durable = bytes(now[n] if n in dirty else was[n] for n in range(len(now)))

    def power_fails(self) -> None:
        """Leave in the file what a sync put on the disk."""
        self.file.write_bytes(self.durable)
        self.dirty.clear()


FIRST = ((ONE, Verb.MINT), (TWO, Verb.LOCK)), ((ONE, Verb.BURN),), ((TWO, Verb.MINT),)
THEN = ((ONE, Verb.UNMINT), (TWO, Verb.RELEASE)), ((ONE, Verb.BURN), (TWO, Verb.BURN))
Turns = tuple[tuple[tuple[SettlementId, Verb], ...], ...]


def lived(file: Path, turns: Turns, told: set[tuple[SettlementId, Verb]]) -> None:
    """Open the book and vote, turn by turn; `told` is every vote somebody may sign by."""

    async def live(book: FileVoteBook) -> None:
        for turn in turns:
            votes = [book.vote(of, verb) for of, verb in turn]
            for cast, vote in zip(turn, votes, strict=True):
                with suppress(VotesFailed):
                    if await vote:
                        told.add(cast)

    try:
        book = FileVoteBook(file)
    except OSError:
        return
    try:
        asyncio.run(live(book))
    finally:
        book.close()


@pytest.mark.parametrize("fault", ["io", "full", "half"])
@pytest.mark.parametrize("again", [False, True], ids=["power fails", "started again"])
def test_whatever_call_of_the_disk_fails_no_vote_that_was_told_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str, *, again: bool
) -> None:
    for k in range(1, 100):
        file = tmp_path / f"{k}.votes"
        disk = FailingOs(file)
        disk.left, disk.fault = k, fault
        monkeypatch.setattr(votebook, "os", disk)
        monkeypatch.setattr(keys, "os", disk)
        told: set[tuple[SettlementId, Verb]] = set()
        lived(file, FIRST, told)
        fired = disk.left <= 0
        if again:  # before the power fails somebody starts it again, over what the kernel shows
            lived(file, THEN, told)
        disk.power_fails()
        lived(file, (), told)
        lived(file, THEN, told)
        book = FileVoteBook(file)
        for of in (ONE, TWO):
            votes = {verb for whose, verb in told if whose == of}
            assert votes <= book.votes(of), f"call {k}: a vote somebody signed by is forgotten"
            assert not {Verb.BURN, Verb.UNMINT} <= votes
            assert not {Verb.BURN, Verb.RELEASE} <= votes
        book.close()
        if not fired:
            assert k > 10
            return
    pytest.fail("the disk never stopped failing")
