"""Start-up's look at the ledger: make the last entries again and compare with what is stored."""

from bridge.notary.entries import Entry, Malformed, bound_hash, leaf_hash, read
from bridge.notary.frontier import Frontier
from bridge.notary.outcomes import Damaged
from bridge.notary.projection import Place, Projection
from bridge.notary.reading import BadForm
from bridge.notary.state.apply import apply_group
from bridge.notary.state.row_forms import row_bytes, row_of
from bridge.notary.state.rows import Row
from bridge.notary.state.view import Overlay
from bridge.notary.store.port import Head, Reader
from bridge.notary.undo import Undo, undo_of


def recheck(reader: Reader) -> Head:
    """Return the head once the last entries, made again, gave exactly what is stored.

    It begins where the oldest kept undo begins, never at entry 0.
    Errors: Damaged names the first entry that does not agree.
    """
    head = reader.head()
    kept = reader.undos()
    first = kept[0][0] if kept else head.seq
    if head.seq and not kept:
        raise Damaged(head.seq - 1, "what start-up compares with is missing")
    try:
        undos = [undo_of(data) for _, data in kept]
        edge = Frontier(first, undos[0].edge if undos else head.edge)
    except ValueError as error:
        raise Damaged(first, f"what start-up compares with is unreadable: {error}") from error
    entries = _entries(reader, first, head, edge)
    if tuple(edge.hashes) != head.edge or edge.root().hex() != head.root:
        raise Damaged(max(head.seq - 1, 0), "the head's root is not that of its entries")
    _compare(reader, entries, undos)
    return head


def _entries(reader: Reader, first: int, head: Head, edge: Frontier) -> list[Entry]:
    """Return the entries from `first` on, each with its leaf, number, time and id checked."""
    raws, leaves = reader.entries(first, head.seq), reader.leaves(first, head.seq)
    entries: list[Entry] = []
    time = 0
    for n, raw in enumerate(raws, start=first):
        entry = read_at(raw, n)
        if n - first >= len(leaves) or leaf_hash(raw) != leaves[n - first]:
            raise Damaged(n, "the stored leaf is not that of the entry")
        if entry.t < time:
            raise Damaged(n, "its time goes back")
        time = entry.t
        edge.append(leaves[n - first])
        entries.append(entry)
    if first + len(raws) != head.seq:
        raise Damaged(first + len(raws), "the entry is missing")
    known = reader.known([entry.id for entry in entries])
    for entry in entries:
        if known.get(entry.id) != (entry.n, bound_hash(entry)):
            raise Damaged(entry.n, "its id is not kept as spent")
    return entries


def read_at(raw: bytes, n: int) -> Entry:
    """Return the entry at place `n`. Errors: Damaged."""
    try:
        entry = read(raw)
    except Malformed as error:
        raise Damaged(n, str(error)) from error
    if entry.n != n:
        raise Damaged(n, f"it says it is entry {entry.n}")
    return entry


def grouped(entries: list[Entry]) -> list[tuple[Entry, ...]]:
    """Return the entries by group; each group is whole and in order. Errors: Damaged."""
    groups: list[tuple[Entry, ...]] = []
    at = 0
    while at < len(entries):
        name, place, size = entries[at].group
        members = tuple(entries[at : at + size])
        if place != 0 or [m.group for m in members] != [(name, i, size) for i in range(size)]:
            raise Damaged(entries[at].n, "its group is not whole")
        groups.append(members)
        at += size
    return groups


def _compare(reader: Reader, entries: list[Entry], undos: list[Undo]) -> None:
    stored = Projection(reader)
    before: dict[Place, bytes | None] = {}
    for undo in reversed(undos):  # the oldest says last how it was
        before.update(undo.rows)
    overlay = Overlay(stored, _rows(stored, before, entries))
    last: dict[Place, int] = {}
    for members in grouped(entries):
        try:
            after = apply_group(overlay, members)
        except BadForm as error:
            raise Damaged(members[0].n, str(error)) from error
        if not isinstance(after, Overlay):
            at, no = after
            raise Damaged(members[at].n, f"it should have been refused: {no.sentence}")
        if members[0].epoch != overlay.epoch:
            raise Damaged(members[0].n, "its epoch is not the one in force")
        overlay.rows.update(after.rows)
        last.update(dict.fromkeys(after.rows, members[-1].n))
    now = reader.load(list(overlay.rows))
    for place, row in overlay.rows.items():
        data = None if row is None else row_bytes(row)
        if now.get(place) != data:
            n = last.get(place, entries[-1].n)
            raise Damaged(n, f"the stored {place[0]} {place[1]} is not what the entries make")


def _rows(
    stored: Projection, before: dict[Place, bytes | None], entries: list[Entry]
) -> dict[Place, Row | None]:
    """Return the rows as they were; a settlement's order is there already or comes with it."""
    rows: dict[Place, Row | None] = {}
    for place, data in before.items():
        try:
            rows[place] = None if data is None else _row(stored, place, data)
        except (BadForm, AssertionError) as error:
            first = entries[0].n if entries else 0
            raise Damaged(first, f"the kept {place[0]} {place[1]}: {error}") from error
    return rows


def _row(stored: Projection, place: Place, data: bytes) -> Row:
    return row_of(place[0], data, lambda: stored.order(place[1]))
