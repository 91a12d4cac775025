"""Signs a checkpoint of the ledger soon after new entries: never two roots for a size.

The tree is the one that is on the disk; the high-water mark, which lies outside the database, is
written before the key signs, so an older copy of the ledger cannot sign a second history.
"""

import asyncio
from contextlib import suppress
from typing import Final

from bridge.core.ids import Instant
from bridge.notary.checkpoint import Checkpoint, log_key, read_text, sign, split
from bridge.notary.journal import Journal
from bridge.notary.keys import Backwards, Ed25519Key, HighWater
from bridge.notary.outcomes import LedgerError, Overloaded
from bridge.notary.recheck import read_at
from bridge.notary.state.rows import EpochRow
from bridge.notary.tree import LeafTree, subtree
from bridge.ports import Clock

REST_S: Final = 0.5  # after the writer had no room for a checkpoint


class OtherLog(Exception):
    """Raised where the ledger names another log than the one that is to sign it.

    `member` of its epoch that differs: the sentence says what stands there.
    """

    def __init__(self, member: str, holds: str) -> None:
        super().__init__(f"this ledger is signed {'as' if member == 'origin' else 'by'} {holds}")
        self.member = member


class Sealer:
    """Signs at the durable size. `signed_at` is when it last did; its verifier key is `key`.

    Errors: Backwards where the key has signed what this ledger does not hold: it may only be read;
    OtherLog where its epoch names another origin or key, and nobody could follow what is signed;
    Damaged where that epoch cannot be read.
    A ledger in trouble is neither compared nor signed.
    """

    def __init__(
        self,
        journal: Journal,
        key: Ed25519Key,
        high_water: HighWater,
        origin: str,
        clock: Clock,
        *,
        every_ms: int,
    ) -> None:
        self._journal = journal
        self._secret = key
        self._mark = high_water
        self._clock = clock
        self._every_s = every_ms / 1_000
        self.key = log_key(origin, key)
        self.signed_at: Instant | None = None
        if journal.trouble is None:
            self._see_it_is_named()
            self._look()

    def _see_it_is_named(self) -> None:
        """Compare the log's name and key with what the ledger tells those who follow it."""
        epoch = self._journal.view.of("epoch", "current", EpochRow)
        if epoch is None:
            return
        held = read_at(self._journal.raw(epoch.n) or b"", epoch.n).body
        for member, ours in (("origin", self.key.name), ("log_key", self._secret.public)):
            if (holds := held.get(member, ours)) != ours:
                raise OtherLog(member, str(holds))

    def _look(self) -> None:
        """Compare what the key has signed with what the ledger holds, before anything is signed."""
        journal, mark = self._journal, self._mark
        size, root = journal.sealed, b""
        if journal.checkpoint:
            root = read_text(split(journal.checkpoint)[0]).root
        if mark.size > journal.head.seq:
            raise Backwards(f"{mark.size} entries are signed, {journal.head.seq} are here: stale")
        if not mark.root:
            return
        if mark.size == journal.head.seq:
            root = bytes.fromhex(journal.head.root)
        elif mark.size != size:  # it ended between signing and keeping: made again from the leaves
            root = subtree(0, mark.size, LeafTree(journal.leaves).hash)
        if root.hex() != mark.root:
            raise Backwards(f"another root is signed for size {mark.size}: another ledger")

    async def run(self) -> None:
        """Sign until the ledger stops writing; `journal.trouble` says why it did.

        Errors: Backwards.
        """
        with suppress(LedgerError):
            while self._journal.trouble is None:
                await self._journal.seal_due(self._every_s)
                await self._seal()

    async def _seal(self) -> None:
        head = self._journal.head
        root = bytes.fromhex(head.root)
        self._mark.admit(head.seq, root)
        note = sign(Checkpoint(self.key.name, head.seq, root), self._secret)
        try:
            await self._journal.keep_checkpoint(head.seq, note)
        except Overloaded:
            await asyncio.sleep(REST_S)  # the next one covers these entries too
        else:
            self.signed_at = self._clock.now()
