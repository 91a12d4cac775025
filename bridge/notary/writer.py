"""The one writer's judgement: a batch of groups to entries, changed rows, a new head."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Final, TypeAlias

from bridge.core.booking import Op, Transfer
from bridge.core.ids import RETIRED, Digest, EntryId, Instant, SettlementId, derived_id
from bridge.notary.entries import (
    Draft,
    Entry,
    Expect,
    Group,
    Malformed,
    Shaped,
    read,
    refusal,
    shape,
    written,
)
from bridge.notary.frontier import Frontier
from bridge.notary.outcomes import (
    Committed,
    Conflict,
    Outcome,
    RefusedGroup,
    Replayed,
    Stale,
    WrongClock,
)
from bridge.notary.projection import Laid, Place, Projection
from bridge.notary.reading import BadForm
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.apply import apply_group, wanted
from bridge.notary.state.refusals import SENTENCES, Code
from bridge.notary.state.row_forms import row_bytes
from bridge.notary.state.view import Overlay, View
from bridge.notary.store.port import Batch, Head, Store
from bridge.notary.undo import undo_bytes
from bridge.ports import Clock

SKEW_MS: Final = 60_000  # ledger time never leads the wall clock by more
RECHECKED: Final = 1_000  # entries that start-up makes again
EXPIRIES: Final = 1_000  # pendings that may expire at the head of one batch

Answer: TypeAlias = Outcome | Malformed


@dataclass(frozen=True, slots=True)
class Asked:
    """A group with its bytes fixed, ready to be judged."""

    group: Group
    members: tuple[Shaped, ...]


@dataclass(slots=True)
class Work:
    """A batch in the making."""

    head: Head
    t: Instant
    overlay: Overlay
    entries: list[Entry] = field(default_factory=list)
    ids: dict[str, tuple[int, str]] = field(default_factory=dict)  # spent in this batch
    spent: dict[str, tuple[int, str]] = field(default_factory=dict)  # spent before it
    side: list[tuple[str, bytes | None]] = field(default_factory=list)

    @property
    def next(self) -> int:
        return self.head.seq + len(self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a batch came to; `batch` is None where nothing is to be written."""

    answers: tuple[Answer, ...]
    batch: Batch | None
    changes: tuple[Laid, ...]
    edge: Frontier
    entries: tuple[Entry, ...] = ()  # of the batch


class Writer:
    """Judges batches against committed state. It holds no lock and does no I/O while it judges."""

    def __init__(self, store: Store, view: Projection, clock: Clock, head: Head) -> None:
        self.store = store
        self.view = view
        self.clock = clock
        self.head = head
        self.edge = Frontier(head.seq, head.edge)
        self._due: list[tuple[str, str]] = []
        self.load_due()

    def load_due(self) -> None:
        """Read when each pending falls due."""
        self._due = []
        after = ""
        while page := self.store.scan("due", after, 1_000):
            after = page[-1][0]
            for key, _ in page:
                heappush(self._due, (key, key.rpartition("/")[2]))

    def next_due(self) -> Instant | None:
        """Return when the next pending expires."""
        return Instant(int(self._due[0][0].partition("/")[0])) if self._due else None

    def judge(self, asked: Sequence[Asked]) -> Judged:
        """Return the batch that answers `asked`, in order.

        Errors: WrongClock where the wall clock stands too far behind the ledger's time, or so far
        ahead that a ledger with its time could not be written any more once it is set right.
        """
        now = self.clock.now()
        if now >= RETIRED:
            raise WrongClock("the clock says a year in which this release is not in use")
        if self.head.time > now + SKEW_MS:
            behind = (self.head.time - now) // 1_000
            raise WrongClock(f"the clock is {behind} s behind the ledger's last entry")
        work = Work(self.head, Instant(max(now, self.head.time)), Overlay(self.view))
        names = [shaped.draft.id for one in asked for shaped in one.members]
        work.spent = self.store.known(names)
        self.view.prefetch(
            place
            for one in asked
            for shaped in one.members
            for place in wanted(shaped.draft.kind, shaped.draft.body)
        )
        self._expire(work)
        answers = tuple(self._answer(work, one) for one in asked)
        return self._batch(work, answers)

    def settle(self, judged: Judged) -> None:
        """Go on from a batch that is committed."""
        if judged.batch is not None:
            self.head = judged.batch.head
            self.edge = judged.edge
            self.view.lay(judged.changes)
            for kind, key, row, _ in judged.changes:
                if kind == "due" and row is not None:
                    heappush(self._due, (key, str(row)))

    def _expire(self, work: Work) -> None:
        """Write what has fallen due at the head of the batch, so that replay asks no clock."""
        done = 0
        limit = f"{work.t:015d}/~"
        while self._due and self._due[0][0] <= limit and done < EXPIRIES:
            _, pending = heappop(self._due)
            row = self.view.pending(pending)
            if row is None or row.resolution:
                continue
            of = EntryId(pending)
            transfer = Transfer(
                id=derived_id(SettlementId(pending), "expire"),
                op=Op.EXPIRE,
                debit=row.debit,
                credit=row.credit,
                unit=row.unit,
                units=row.units,
                of=of,
            )
            draft = Draft(id=transfer.id, kind="transfer", body=transfer_body(transfer))
            group = Group(id=transfer.id, drafts=(draft,))
            answer = self._judge(work, Asked(group, (shape(draft),)))
            assert isinstance(answer, Committed), f"{pending} does not expire: {answer}"
            done += 1

    def _answer(self, work: Work, asked: Asked) -> Answer:
        again = self._again(work, asked)
        if again is not None:
            return again
        if any(not _still(work.overlay, expect) for expect in asked.group.expect):
            return Stale()
        return self._judge(work, asked)

    def _again(self, work: Work, asked: Asked) -> Outcome | None:
        """Answer a group whose ids were seen before: the first answer, or a conflict for ever."""
        seen = 0
        places: list[int] = []
        for shaped in asked.members:
            name = shaped.draft.id
            found = work.ids.get(name) or work.spent.get(name)
            if found is None:
                continue
            if found[1] != shaped.body_hash:
                return Conflict(name)
            seen += 1
            places.append(found[0])
        if not seen:
            return None
        first = places[0]
        dense = places == list(range(first, first + len(asked.members)))
        if not dense:
            return Conflict(asked.members[0].draft.id)
        entries = self._entries(work, first, first + seen)
        if entries[0].group != (entries[0].group[0], 0, seen):
            return Conflict(asked.members[0].draft.id)
        if entries[0].kind == "refusal":
            return _refused(entries)
        return Replayed(entries)

    def _entries(self, work: Work, first: int, end: int) -> tuple[Entry, ...]:
        if first >= work.head.seq:
            return tuple(work.entries[first - work.head.seq : end - work.head.seq])
        return tuple(read(raw) for raw in self.store.entries(first, end))

    def _judge(self, work: Work, asked: Asked) -> Answer:
        group, members = asked.group, asked.members
        entries = _numbered(work, group.id, members)
        try:
            after = apply_group(work.overlay, entries)
        except BadForm as error:
            return Malformed(str(error))
        if isinstance(after, Overlay):
            work.overlay.rows.update(after.rows)
            work.side.extend(group.side)
            self._take(work, members, entries)
            return Committed(entries)
        place, no = after
        if not group.spends:
            return RefusedGroup(int(no.code), SENTENCES[no.code], work.next)
        refusals = tuple(
            refusal(shaped, no.code if at == place else Code.GROUP_REFUSED)
            for at, shaped in enumerate(members)
        )
        entries = _numbered(work, group.id, refusals)
        self._take(work, refusals, entries)
        return _refused(entries)

    @staticmethod
    def _take(work: Work, members: tuple[Shaped, ...], entries: tuple[Entry, ...]) -> None:
        work.entries.extend(entries)
        for shaped, entry in zip(members, entries, strict=True):
            work.ids[entry.id] = (entry.n, shaped.body_hash)

    def _batch(self, work: Work, answers: tuple[Answer, ...]) -> Judged:
        edge = self.edge.copy()
        if not work.entries:
            return Judged(answers=answers, batch=None, changes=(), edge=edge)
        rows = work.overlay.rows
        self.view.prefetch(rows)
        changes: list[Laid] = []
        before: list[tuple[Place, bytes | None]] = []
        for (kind, key), row in rows.items():
            data = None if row is None else row_bytes(row)
            was = self.view.held((kind, key))[1]
            if was != data:
                changes.append((kind, key, row, data))
                before.append(((kind, key), was))
        leaves = [(entry.raw, bytes.fromhex(entry.leaf)) for entry in work.entries]
        for _, leaf in leaves:
            edge.append(leaf)
        head = Head(
            term=work.head.term,
            writer=work.head.writer,
            seq=work.next,
            root=Digest(edge.root().hex()),
            edge=tuple(edge.hashes),
            time=work.t,
        )
        batch = Batch(
            first=work.head.seq,
            entries=tuple(leaves),
            ids=tuple((name, n, bound) for name, (n, bound) in work.ids.items()),
            rows=tuple((kind, key, data) for kind, key, _, data in changes),
            side=tuple(work.side),
            undo=undo_bytes(self.edge.hashes, work.head.time, before),
            forget=min(work.head.seq, head.seq - RECHECKED),
            head=head,
        )
        return Judged(
            answers=answers,
            batch=batch,
            changes=tuple(changes),
            edge=edge,
            entries=tuple(work.entries),
        )


def _numbered(work: Work, group: EntryId, members: tuple[Shaped, ...]) -> tuple[Entry, ...]:
    epoch, first, size = work.overlay.epoch, work.next, len(members)
    return tuple(
        written(shaped, n=first + at, t=work.t, epoch=epoch, group=(group, at, size))
        for at, shaped in enumerate(members)
    )


def _still(view: View, expect: Expect) -> bool:
    settlement = view.settlement(expect.settlement)
    return settlement is not None and (settlement.visit, settlement.stop) == (
        expect.visit,
        expect.stop,
    )


def _refused(entries: tuple[Entry, ...]) -> RefusedGroup:
    codes = [int(str(entry.body["code"])) for entry in entries]
    at = next((i for i, code in enumerate(codes) if code != Code.GROUP_REFUSED), 0)
    return RefusedGroup(codes[at], SENTENCES[Code(codes[at])], entries[at].n)
