"""A vote book on a disk that fails or rots: no vote is forgotten, and nothing signed by damage."""

import asyncio
import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from bridge.core.effects import Verb
from bridge.core.ids import SettlementId
from bridge.notary import keys, votebook
from bridge.notary.votebook import HEADER, FileVoteBook, VoteBookDamaged, VotesFailed
from tests.notary.test_votebook import ONE, TWO, voted


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
