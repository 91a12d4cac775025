"""What a notary has signed, written before it signs, outside the ledger's database.

It alone stands between an older ledger, restored from a backup, and an asset that belongs to
nobody: burned at the origin and unminted at the destination.
"""

import asyncio
import errno
import fcntl
import json
import os
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures import Future as Written
from functools import partial
from hashlib import sha256
from pathlib import Path

from bridge.core.effects import Verb
from bridge.core.ids import SettlementId, ulid
from bridge.notary.cast import Cast
from bridge.notary.keys import BadKey, sync_folder

HEADER = b'{"format":"lianqiao.votes/1"}\n'
_UNDOING = frozenset({Verb.UNMINT, Verb.RELEASE})
_SHUT = "the vote book's disk has failed; it is read again at the next start"


def admits(votes: AbstractSet[Verb], verb: Verb) -> bool:
    """Tell whether a notary that has cast `votes` may sign `verb`.

    {Burn} and {Unmint, Release} exclude each other; after either of the latter no Mint. Nothing
    else is excluded: Unmint after Mint is the way back.
    """
    if verb is Verb.BURN:
        return votes.isdisjoint(_UNDOING)
    if verb in _UNDOING:
        return Verb.BURN not in votes
    if verb is Verb.MINT:
        return votes.isdisjoint(_UNDOING)
    return True


Vote = tuple[SettlementId, Verb]


class VoteBookHeld(BadKey):
    """Raised where another process holds the book: each would miss what the other voted."""


class VotesFailed(OSError):
    """Raised where the book's disk failed: nothing is signed any more by whoever keeps it."""


class VoteBookDamaged(BadKey):
    """Raised where a line is not as it was written: which votes were cast, nobody knows."""


class _Lines:
    """The form of a book: each line's check covers every byte before it, so none goes unnoticed."""

    def __init__(self) -> None:
        self._chain = sha256(HEADER).digest()

    def line(self, settlement: str, verb: str) -> bytes:
        """Return the line that would be next."""
        said, check = self._next(settlement, verb)
        return said + check.hex()[:32].encode() + b'"}\n'

    def add(self, settlement: str, verb: str) -> bytes:
        """Return the next line; from now on it is written."""
        line = self.line(settlement, verb)
        self._chain = self._next(settlement, verb)[1]
        return line

    def _next(self, settlement: str, verb: str) -> tuple[bytes, bytes]:
        said = f'{{"settlement":"{settlement}","verb":"{verb}","check":"'.encode()
        return said, sha256(self._chain + said).digest()

    def begins(self, torn: bytes) -> bool:
        """Tell whether these bytes are how some line would begin."""
        settlement = torn[15:41].decode("ascii", "replace").ljust(26)
        return any(self.line(settlement, verb.value)[:-1].startswith(torn) for verb in Verb)


class FileVoteBook:
    """An append-only file of one line a vote; a line torn by a crash was never a vote.

    Votes cast in one turn of the event loop, or while the disk is busy, share one write and one
    sync, in a thread. A vote that is under way already forbids what it would forbid.

    Errors, of opening one: VoteBookHeld; VoteBookDamaged where anything but a torn end is not as
    it was written; OSError.
    """

    def __init__(self, file: Path, disk: Executor | None = None) -> None:
        self._cast = Cast()
        self._lines = _Lines()
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            self._open(file)
        except BaseException:
            os.close(self._handle)  # and with it the lock
            raise
        self._waiting: dict[Vote, list[asyncio.Future[bool]]] = {}
        self._writing: dict[Vote, list[asyncio.Future[bool]]] = {}
        self._failed = False
        self._disk = disk if disk is not None else ThreadPoolExecutor(1, "vote book")

    def _open(self, file: Path) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise VoteBookHeld(f"{file.name}: another process votes by this book") from error
        kept = self._read(file.name, file.read_bytes())
        # A kill leaves votes written and not synced, and a sync that failed leaves pages that only
        # look written: what is read is written again, and then it is on the disk.
        left = memoryview(kept)
        while left:
            left = left[os.write(self._handle, left) :]
        os.ftruncate(self._handle, len(kept))
        sync_folder(file.parent)  # a new file's name is durable before its first vote
        os.fdatasync(self._handle)

    def _read(self, name: str, data: bytes) -> bytes:
        """Take the vote of every whole line; return the bytes up to the torn one."""
        header, newline, rest = data.partition(b"\n")
        if not newline and HEADER.startswith(header):
            return HEADER  # new, or torn before its first vote
        if header + newline != HEADER:
            raise _damaged(name, 1)
        at = len(HEADER)
        for number, line in enumerate(rest.split(b"\n"), 2):
            if at + len(line) == len(data):
                if not self._lines.begins(line):
                    raise _damaged(name, number)
                break  # torn: the vote was not durable, so nothing was signed by it
            vote = _vote(line)
            if vote is None or self._lines.add(*vote) != line + b"\n":
                raise _damaged(name, number)
            self._cast.add(*vote)
            at += len(line) + 1
        return data[:at]

    def votes(self, settlement: SettlementId) -> frozenset[Verb]:
        """Return what was voted for a settlement, durably."""
        under_way = {verb for of, verb in (*self._waiting, *self._writing) if of == settlement}
        return self._cast.of(settlement) - under_way

    def vote(self, settlement: SettlementId, verb: Verb) -> "asyncio.Future[bool]":
        """Begin a vote. What it returns is True once it is durable, False where another forbids it.

        Errors: VotesFailed where the disk failed, and ever after: no sync is tried again, nothing
        is written behind half a line. The next start reads what is there.
        """
        loop = asyncio.get_running_loop()
        voted: asyncio.Future[bool] = loop.create_future()
        cast, vote = self._cast.of(settlement), (settlement, verb)
        under_way = self._writing.get(vote) or self._waiting.get(vote)
        if self._failed:
            _fail(voted, VotesFailed(_SHUT))
        elif under_way is not None:
            under_way.append(voted)
        elif verb in cast or not admits(cast, verb):
            voted.set_result(verb in cast)  # the same verb again is the same vote
        else:
            if not self._waiting and not self._writing:
                loop.call_soon(self._write, loop)
            self._cast.add(settlement, verb)
            self._waiting[vote] = [voted]
        return voted

    def _write(self, loop: asyncio.AbstractEventLoop) -> None:
        """Hand what waits to the disk; what is cast meanwhile waits for the next sync."""
        if self._failed:
            return
        self._writing, self._waiting = self._waiting, {}
        written = self._disk.submit(self._sync, tuple(self._writing))
        written.add_done_callback(partial(self._tell, loop))

    def _tell(self, loop: asyncio.AbstractEventLoop, done: "Written[None]") -> None:
        # a loop that has ended has nobody left to tell; what is durable stays a vote
        if not loop.is_closed():
            loop.call_soon_threadsafe(self._written, loop, done)

    def _sync(self, votes: tuple[Vote, ...]) -> None:
        lines = b"".join(self._lines.add(settlement, verb.value) for settlement, verb in votes)
        if os.write(self._handle, lines) != len(lines):
            raise OSError(errno.ENOSPC, "the disk took half a vote")
        os.fdatasync(self._handle)

    def _written(self, loop: asyncio.AbstractEventLoop, done: "Written[None]") -> None:
        """Tell everybody whose vote is on the disk, or that none ever will be."""
        cause = done.exception()
        error = VotesFailed(*cause.args) if isinstance(cause, OSError) else cause
        told = [voted for every in self._writing.values() for voted in every]
        if error is None:
            self._writing = {}
        else:
            self._failed = True
            told += [voted for every in self._waiting.values() for voted in every]
        for voted in told:
            if voted.done():
                continue  # who asked has gone
            if error is None:
                voted.set_result(True)
            else:
                _fail(voted, error)
        if error is None and self._waiting:
            self._write(loop)

    def close(self) -> None:
        """Give the file back, once the disk has what it was handed; what waits is no vote."""
        self._failed = True
        self._disk.shutdown()
        os.close(self._handle)


def _vote(line: bytes) -> Vote | None:
    """Return the vote that a whole line says, or None where it says none."""
    try:
        said = json.loads(line)
        return SettlementId(ulid(said["settlement"])), Verb(said["verb"])
    except (ValueError, TypeError, KeyError):
        return None


def _damaged(name: str, number: int) -> VoteBookDamaged:
    return VoteBookDamaged(
        f"{name}: line {number} is not as it was written, so nothing is signed by this book. Keep "
        "the file, and never put an older copy in its place: it has forgotten votes. Take this "
        "notary out of the settings; the others make the quorum, or it gets a new key by two people"
    )


def _fail(voted: "asyncio.Future[bool]", error: BaseException) -> None:
    voted.set_exception(error)
    voted.exception()  # who asked may be gone: whoever is there hears it
