"""Bugs planted in the product or in what it stands on: each must be seen by the simulation."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from typing_extensions import override

from adapters.memory.codec import booking_fact, event_fact, public_hex, unsealed
from adapters.memory.escrow import Escrow, Quorum
from adapters.memory.slots import EMPTY
from bridge.core import place
from bridge.core import settlement as machine
from bridge.core.events import Answer, Event, Fact
from bridge.core.settlement import Settlement
from bridge.engine import book, perform
from bridge.notary import attestor, votebook, writer
from bridge.notary.entries import Group
from bridge.notary.state import accounts, registers, sagas
from bridge.notary.store.port import Batch
from bridge.notary.writer import Asked, Writer
from tests.engine.river import key
from tests.simulation import life
from tests.simulation.disk import SimOs, SimStore
from tests.simulation.liars import RETIRED

Plant = Callable[[ExitStack], None]


def put(stack: ExitStack, where: object, name: str, what: object) -> None:
    """Put a bug in place for as long as the stack lasts."""
    stack.enter_context(patch.object(where, name, what))


def no_fsync(stack: ExitStack) -> None:
    """The ledger's database answers before its bytes are on the disk."""
    put(stack, SimStore, "syncs", False)


def no_head_compare(stack: ExitStack) -> None:
    """A writer whose term is over goes on, over what its successor wrote."""

    def admit(store: SimStore, batch: Batch) -> None:
        for raw, _ in store.disk.entries[batch.first :]:
            gone = [name for name, (n, _) in store.disk.ids.items() if n >= batch.first]
            assert raw is not None
            for name in gone:
                del store.disk.ids[name]
        del store.disk.entries[batch.first :]

    put(stack, SimStore, "_expect", lambda *_, **__: None)
    put(stack, SimStore, "_admit", admit)


def pending_left_out(stack: ExitStack) -> None:
    """What is under way is not counted against what is there."""
    true = accounts._short

    def short(debit: Any, units: int, *, pending: bool) -> Any:
        return true(replace(debit, debits_pending=0), units, pending=pending)

    put(stack, accounts, "_short", short)
    put(stack, place.Stock, "free", property(lambda stock: stock.there))


def votes_before_disk(stack: ExitStack) -> None:
    """A vote is answered before it is on the disk: the witness's bug, in a notary's book."""
    put(stack, SimOs, "fdatasync", lambda *_: None)


def no_vote_book(stack: ExitStack) -> None:
    """Notaries sign without writing down what."""

    def vote(self: votebook.FileVoteBook, _of: str, _verb: str) -> Any:
        del self
        voted = asyncio.get_running_loop().create_future()
        voted.set_result(True)
        return voted

    put(stack, votebook.FileVoteBook, "vote", vote)


def duplicate_keys_count(stack: ExitStack) -> None:
    """One notary's signature, twice, is a quorum."""
    true = Escrow.authentic

    def authentic(self: Escrow, tx: Any) -> frozenset[str]:
        keys = self.epochs[1].keys
        known = [one for one in tx.signatures if one.signer in keys]
        return keys if len(known) >= self.epochs[1].threshold else true(self, tx)

    put(stack, Escrow, "authentic", authentic)


def epoch_ignored(stack: ExitStack) -> None:
    """Keys of an epoch that is over still sign."""
    old = frozenset(public_hex(key(name)) for name in RETIRED)

    class Every(dict[int, Quorum]):
        @override
        def get(self, _epoch: int, _default: object = None) -> Any:
            now = self[1]
            return Quorum(now.keys | old, now.threshold)

    true = Escrow.__init__

    def init(self: Escrow, *args: Any, **how: Any) -> None:
        true(self, *args, **how)
        self.epochs = Every()

    def kept(self: Escrow, name: str, value: Any) -> None:
        object.__setattr__(self, name, Every(value) if name == "epochs" else value)

    put(stack, Escrow, "__init__", init)
    put(stack, Escrow, "__setattr__", kept)


def expiry_by_the_clock(stack: ExitStack) -> None:
    """What falls due is not written down: whoever reads looks at a clock instead."""
    put(stack, Writer, "_expire", lambda *_: None)


def id_without_body(stack: ExitStack) -> None:
    """An id seen before is the first answer, whatever it is asked with now."""
    true = Writer._again

    def again(self: Writer, work: Any, asked: Asked) -> Any:
        found = [work.ids.get(m.draft.id) or work.spent.get(m.draft.id) for m in asked.members]
        members = tuple(
            replace(member, body_hash=seen[1]) if seen is not None else member
            for member, seen in zip(asked.members, found, strict=True)
        )
        return true(self, work, replace(asked, members=members))

    put(stack, Writer, "_again", again)


def refusal_unwritten(stack: ExitStack) -> None:
    """A refusal spends no id and leaves no entry."""
    true = Writer._judge

    def judge(self: Writer, work: Any, asked: Asked) -> Any:
        group: Group = replace(asked.group, spends=False)
        return true(self, work, replace(asked, group=group))

    put(stack, Writer, "_judge", judge)


def one_person_decides(stack: ExitStack) -> None:
    """The ledger takes what needs two people from whoever writes it."""
    put(stack, registers, "_not_decided", lambda *_: None)


def no_fence(stack: ExitStack) -> None:
    """An undoing of what is not there yet leaves no mark: the late verb can land."""
    true = Escrow._moved

    def moved(self: Escrow, *args: Any, fence: bool = False) -> Any:
        written = true(self, *args, fence=fence)
        if fence:
            self.slots[written.key] = EMPTY
            return replace(written, after=EMPTY)
        return written

    put(stack, Escrow, "_moved", moved)


def evidence_unread(stack: ExitStack) -> None:
    """What a node tells is believed, its signature unread."""

    def verify(evidence: bytes, pinned: Mapping[str, Any]) -> tuple[Fact, ...]:
        body = unsealed(evidence)
        fact = booking_fact(body) if pinned["kind"] == "rail" else event_fact(body)
        return () if fact is None else (fact,)

    put(stack, life, "verify", verify)


def stale_answer_taken(stack: ExitStack) -> None:
    """An answer to a question we no longer ask still counts."""
    true = machine.advance

    def advance(settlement: Settlement, event: Event) -> Settlement:
        if isinstance(event, Answer):
            event = replace(event, visit=settlement.visit)
        return true(settlement, event)

    put(stack, book, "advance", advance)
    put(stack, sagas, "advance", advance)


def stop_ignored(stack: ExitStack) -> None:
    """A stopped settlement owes what its stage owes."""
    true = machine.due

    def due(settlement: Settlement) -> Any:
        return true(replace(settlement, stop=None))

    for module in (perform, attestor, sagas):
        put(stack, module, "due", due)
    put(stack, writer, "_still", lambda *_: True)
    put(stack, perform, "upkeep", lambda *_: None)


BUGS: Mapping[str, Plant] = {
    plant.__name__: plant
    for plant in (
        *(no_fsync, no_head_compare, pending_left_out, votes_before_disk, no_vote_book),
        *(duplicate_keys_count, epoch_ignored, expiry_by_the_clock, id_without_body),
        *(refusal_unwritten, no_fence, evidence_unread, stale_answer_taken, stop_ignored),
        one_person_decides,
    )
}

# What of the weather brings a bug out where few orders of the common one meet it: of eight worlds
# four or more showed each bug.
WEATHERS: Mapping[str, Mapping[str, Any]] = {
    "no_fence": {"message": 0.7, "people": 2.0},  # given back while a lock is on its way
    "evidence_unread": {"lies": 0.2},
    "stop_ignored": {"people": 2.0},
    # the deadline passes while a commit that moves the order on is under way
    "stale_answer_taken": {"crashes": 2, "short": 1.0, "commits": (0.5, 1.5)},
}


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Let a bug be there, or none."""
    with ExitStack() as stack:
        if name:
            BUGS[name](stack)
        yield
