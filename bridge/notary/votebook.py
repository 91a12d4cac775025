"""What a notary has signed, written before it signs, outside the ledger's database.

It alone stands between an older ledger, restored from a backup, and an asset that belongs to
nobody: burned at the origin and unminted at the destination.
"""

import asyncio
import fcntl
import json
import os
from collections.abc import Set as AbstractSet
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures import Future as Written
from functools import partial
from pathlib import Path

from bridge.core.effects import Verb
from bridge.core.ids import SettlementId, ulid
from bridge.notary.keys import BadKey, sync_folder

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


class FileVoteBook:
    """An append-only file of one line a vote; a line torn by a crash was never a vote.

    Votes cast in one turn of the event loop, or while the disk is busy, share one write and one
    sync, in a thread. A vote that is under way already forbids what it would forbid.
    """

    def __init__(self, file: Path, disk: Executor | None = None) -> None:
        self._votes: dict[SettlementId, set[Verb]] = {}
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._handle)
            raise VoteBookHeld(f"{file.name}: another process votes by this book") from error
        whole = self._read(file)
        os.ftruncate(self._handle, whole)
        os.lseek(self._handle, whole, os.SEEK_SET)
        sync_folder(file.parent)  # a new file's name is durable before its first vote
        os.fdatasync(self._handle)  # a kill leaves votes written and not synced: now they are
        self._waiting: dict[Vote, list[asyncio.Future[bool]]] = {}
        self._writing: dict[Vote, list[asyncio.Future[bool]]] = {}
        self._failed = False
        self._disk = disk if disk is not None else ThreadPoolExecutor(1, "vote book")

    def _read(self, file: Path) -> int:
        """Read every whole line; return where the last one ends."""
        whole = 0
        for line in file.read_bytes().splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break  # torn: the vote was not durable, so nothing was signed by it
            said = json.loads(line)
            of = SettlementId(ulid(said["settlement"]))
            self._votes.setdefault(of, set()).add(Verb(said["verb"]))
            whole += len(line)
        return whole

    def votes(self, settlement: SettlementId) -> frozenset[Verb]:
        """Return what was voted for a settlement, durably."""
        under_way = {verb for of, verb in (*self._waiting, *self._writing) if of == settlement}
        return frozenset(self._votes.get(settlement, ())) - under_way

    def vote(self, settlement: SettlementId, verb: Verb) -> "asyncio.Future[bool]":
        """Begin a vote. What it returns is True once it is durable, False where another forbids it.

        Errors: VotesFailed where the disk failed, and ever after: no sync is tried again, nothing
        is written behind half a line. The next start reads what is there.
        """
        loop = asyncio.get_running_loop()
        voted: asyncio.Future[bool] = loop.create_future()
        cast, vote = self._votes.setdefault(settlement, set()), (settlement, verb)
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
            cast.add(verb)
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
        lines = b"".join(
            json.dumps({"settlement": settlement, "verb": verb.value}).encode() + b"\n"
            for settlement, verb in votes
        )
        if os.write(self._handle, lines) != len(lines):
            raise OSError("the disk took half a vote")
        os.fdatasync(self._handle)

    def _written(self, loop: asyncio.AbstractEventLoop, done: "Written[None]") -> None:
        """Tell everybody whose vote is on the disk, or that none ever will be."""
        cause = done.exception()
        error = VotesFailed(str(cause)) if isinstance(cause, OSError) else cause
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


def _fail(voted: "asyncio.Future[bool]", error: BaseException) -> None:
    voted.set_exception(error)
    voted.exception()  # who asked may be gone: whoever is there hears it
