"""What a notary has signed, written before it signs, outside the ledger's database.

It alone stands between an older ledger, restored from a backup, and an asset that belongs to
nobody: burned at the origin and unminted at the destination.
"""

import json
import os
from collections.abc import Set as AbstractSet
from pathlib import Path

from bridge.core.effects import Verb
from bridge.core.ids import SettlementId, ulid

_UNDOING = frozenset({Verb.UNMINT, Verb.RELEASE})


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


class FileVoteBook:
    """An append-only file of one line a vote; a line torn by a crash was never a vote."""

    def __init__(self, file: Path) -> None:
        self._votes: dict[SettlementId, set[Verb]] = {}
        self._failed = False
        whole = self._read(file) if file.exists() else 0
        self._handle = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._handle, whole)
        os.lseek(self._handle, whole, os.SEEK_SET)

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
        """Return what was voted for a settlement."""
        return frozenset(self._votes.get(settlement, ()))

    def vote(self, settlement: SettlementId, verb: Verb) -> bool:
        """Write the vote durably and return True, or False where an earlier one forbids it.

        Errors: OSError where the disk failed, and ever after: no sync is tried again, and nothing
        is written behind half a line. The next start reads what is there.
        """
        if self._failed:
            raise OSError("the vote book's disk has failed; it is read again at the next start")
        cast = self._votes.setdefault(settlement, set())
        if verb in cast:
            return True  # the same verb again is the same vote
        if not admits(cast, verb):
            return False
        line = json.dumps({"settlement": settlement, "verb": verb.value}).encode() + b"\n"
        self._failed = True  # until it is on the disk
        if os.write(self._handle, line) != len(line):
            raise OSError("the disk took half a vote")
        os.fdatasync(self._handle)
        self._failed = False
        cast.add(verb)
        return True

    def close(self) -> None:
        """Give the file back."""
        os.close(self._handle)
