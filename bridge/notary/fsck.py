"""Rebuild everything from entry 0 and compare it with what is stored; name what differs.

It asks nobody and repairs nothing. What it cannot rebuild it cannot vouch for, and says so.
"""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from typing_extensions import override

from bridge.core.canonical import Value
from bridge.notary.entries import Entry, bound_hash, leaf_hash
from bridge.notary.frontier import Frontier
from bridge.notary.outcomes import Damaged, IoFailed
from bridge.notary.projection import Place
from bridge.notary.reading import BadForm
from bridge.notary.recheck import grouped, read_at
from bridge.notary.register_forms import party_form, person_form
from bridge.notary.state.apply import apply_group
from bridge.notary.state.row_forms import row_bytes
from bridge.notary.state.rows import AccountRow, Row
from bridge.notary.state.view import Overlay, View
from bridge.notary.store.port import Reader
from bridge.notary.undo import undo_bytes, undo_of

PAGE: Final = 1_000
SOUND: Final = "ok"  # what a store says of pages it finds nothing wrong with
MOST: Final = 100  # findings told; more say no more
LONGEST_GROUP: Final = 64


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as the entries make it; `entry` is -1 where it has no number."""

    what: str  # entry | leaf | id | row | head | checkpoint | undo | side | balance | page
    entry: int
    why: str


class Nothing(View):
    """The state before entry 0."""

    __slots__ = ()

    @override
    def get(self, kind: str, key: str) -> Row | None:
        """Return None: there is no row yet."""
        del kind, key
        return None


@dataclass(slots=True)
class Check:
    """A ledger being rebuilt."""

    reader: Reader
    view: Overlay = field(default_factory=lambda: Overlay(Nothing()))
    edge: Frontier = field(default_factory=Frontier)
    ids: dict[str, tuple[int, str]] = field(default_factory=dict)
    last: dict[Place, int] = field(default_factory=dict)  # the entry that made a row
    roots: dict[int, bytes] = field(default_factory=dict)  # at the sizes of checkpoints
    edges: dict[int, tuple[tuple[bytes, ...], int]] = field(default_factory=dict)  # and times
    before: dict[int, dict[Place, bytes | None]] = field(default_factory=dict)
    hashes: set[str] = field(default_factory=set)  # of bytes that may lie beside
    found: list[Finding] = field(default_factory=list)
    time: int = 0
    applied: int = 0  # the time of the last entry that was applied
    size: int = 0

    def say(self, what: str, entry: int, why: str) -> None:
        """Keep one finding."""
        if len(self.found) < MOST:
            self.found.append(Finding(what, entry, why))


Verify = Callable[[bytes], tuple[int, bytes]]  # a note's size and root; ValueError if not signed


def fsck(
    reader: Reader, verify: Verify | None = None, sealed: tuple[int, str] | None = None
) -> tuple[Finding, ...]:
    """Return everything that is not as the entries from 0 on make it; nothing means sound.

    `verify` reads a signed checkpoint with the log's key; without it only its text is read.
    `sealed`: size and root (hex) the log's key last signed, as its mark outside the database says.
    """
    check = Check(reader)
    try:
        pages = reader.sound()
        if pages != SOUND:
            check.say("page", -1, pages)
        _compare(check, verify, sealed)
    except Damaged as damage:
        # what comes after an entry that cannot be applied cannot be rebuilt
        check.say("entry", damage.entry, damage.why)
    except IoFailed as error:
        check.say("page", -1, str(error))
    return tuple(check.found)


def _compare(check: Check, verify: Verify | None, sealed: tuple[int, str] | None) -> None:
    sizes = {size for size, _ in _notes(check.reader)}
    if sealed is not None:
        sizes.add(sealed[0])
    _rebuild(check, sizes, {first for first, _ in check.reader.undos()})
    _head(check)
    _ids(check)
    _rows(check)
    _balances(check)
    _checkpoints(check, verify)
    if sealed is not None:
        _sealed(check, *sealed)
    _undos(check)
    _beside(check)


def _sealed(check: Check, size: int, root: str) -> None:
    """What the key signed is here: a database that lost its end is whole in itself."""
    if size > check.size:
        check.say("head", -1, f"{size} entries are signed, {check.size} are here: an older copy")
    elif size and check.roots[size].hex() != root:
        check.say("head", -1, f"another root is signed for size {size}")


def _notes(reader: Reader) -> Iterator[tuple[int, bytes]]:
    after = -1
    while page := reader.notes(after, PAGE):
        yield from page
        after = page[-1][0]


def _rebuild(check: Check, sizes: set[int], undos: set[int]) -> None:
    """Apply every entry from 0; see leaf, number, time, group, epoch and id of each."""
    waiting: list[Entry] = []
    at = 0
    while raws := check.reader.entries(at, at + PAGE):
        leaves = check.reader.leaves(at, at + PAGE)
        for n, raw in enumerate(raws, at):
            entry = read_at(raw, n)
            stored = leaves[n - at] if n - at < len(leaves) else b""
            if stored != leaf_hash(raw):
                check.say("leaf", n, "the stored leaf is not that of the entry")
            if entry.t < check.time:
                check.say("entry", n, "its time goes back")
            check.time = entry.t
            waiting.append(entry)
        whole = _whole(waiting)
        for members in grouped(waiting[:whole]):
            _group(check, members, sizes, undos)
        waiting = waiting[whole:]
        at += len(raws)
    for members in grouped(waiting):
        _group(check, members, sizes, undos)
    check.size = at
    _close(check)


def _whole(entries: list[Entry]) -> int:
    """Return how many entries from the start make whole groups."""
    at = 0
    while at < len(entries) and at + entries[at].group[2] <= len(entries):
        at += entries[at].group[2]
    return at


def _group(check: Check, members: tuple[Entry, ...], sizes: set[int], undos: set[int]) -> None:
    first = members[0].n
    if first in undos:
        _close(check)
        check.edges[first] = (tuple(check.edge.hashes), check.applied)
        check.before[first] = {}
    if members[0].epoch != check.view.epoch:
        check.say("entry", first, "its epoch is not the one in force")
    try:
        after = apply_group(check.view, members)
    except BadForm as error:
        raise Damaged(first, str(error)) from error
    if not isinstance(after, Overlay):
        at, no = after
        raise Damaged(members[at].n, f"it should have been refused: {no.sentence}")
    if check.before:
        was = next(reversed(check.before.values()))
        for place in after.rows:
            was.setdefault(place, _stored(check, place))
    check.view.rows.update(after.rows)
    check.applied = members[-1].t
    check.last.update(dict.fromkeys(after.rows, members[-1].n))
    for entry in members:
        if entry.id in check.ids:
            raise Damaged(entry.n, f"its id was spent by entry {check.ids[entry.id][0]}")
        check.ids[entry.id] = (entry.n, bound_hash(entry))
        check.edge.append(leaf_hash(entry.raw))
        if check.edge.size in sizes:
            check.roots[check.edge.size] = check.edge.root()
        _named(check, entry.body)


def _stored(check: Check, place: Place) -> bytes | None:
    row = check.view.rows.get(place)
    return None if row is None else row_bytes(row)


def _close(check: Check) -> None:
    """Forget of the last batch what it changed and changed back: an undo does not say it."""
    if check.before:
        was = next(reversed(check.before.values()))
        for place in [place for place, data in was.items() if data == _stored(check, place)]:
            del was[place]


def _named(check: Check, value: Value) -> None:
    """Collect the hashes a body names, commitments too: what lies beside opens one of them."""
    if isinstance(value, str):
        if len(value) == 64:
            check.hashes.add(value)
    elif isinstance(value, Mapping):
        for member in value.values():
            _named(check, member)
    elif not isinstance(value, bool):
        for member in value:
            _named(check, member)


def _head(check: Check) -> None:
    head = check.reader.head()
    if head.seq != check.size:
        check.say("head", -1, f"it says {head.seq} entries, there are {check.size}")
    if head.root != check.edge.root().hex():
        check.say("head", -1, "its root is not that of the entries")
    if head.edge != tuple(check.edge.hashes):
        check.say("head", -1, "its edge is not that of the entries")
    if head.time < check.time or (check.size and head.time != check.time):
        check.say("head", -1, "its time is not that of the last entry")


def _ids(check: Check) -> None:
    missing = dict(check.ids)
    for name, n, bound in check.reader.every_id():
        known = missing.pop(name, None)
        if known is None:
            check.say("id", n, f"{name} is kept as spent, but no entry has it")
        elif known != (n, bound):
            check.say("id", known[0], f"{name} is bound to something else")
    for name, (n, _) in missing.items():
        check.say("id", n, f"{name} is not kept as spent")


def _rows(check: Check) -> None:
    missing = {place: row for place, row in check.view.rows.items() if row is not None}
    for kind, key, data in check.reader.every_row():
        row = missing.pop((kind, key), None)
        n = check.last.get((kind, key), -1)
        if row is None:
            check.say("row", n, f"{kind} {key} is stored, but no entry makes it")
        elif row_bytes(row) != data:
            check.say("row", n, f"the stored {kind} {key} is not what the entries make")
    for kind, key in missing:
        check.say("row", check.last[kind, key], f"{kind} {key} is not stored")


def _balances(check: Check) -> None:
    """Double entry: in each unit, debits equal credits, posted and pending apart."""
    sums: dict[str, list[int]] = {}
    for row in check.view.rows.values():
        if isinstance(row, AccountRow):
            total = sums.setdefault(row.account.unit, [0, 0])
            total[0] += row.debits_posted - row.credits_posted
            total[1] += row.debits_pending - row.credits_pending
            used = row.debits_posted + row.debits_pending
            if row.account.covered and used > row.credits_posted:
                n = check.last["account", row.account.id]
                check.say("balance", n, f"{row.account.id} gave more than it got")
    for unit, total in sums.items():
        if any(total):
            check.say("balance", -1, f"debits and credits of {unit} are not equal")


def _checkpoints(check: Check, verify: Verify | None) -> None:
    for size, note in _notes(check.reader):
        try:
            said, root = verify(note) if verify is not None else note_text(note)
        except ValueError as error:
            check.say("checkpoint", size - 1, f"size {size}: {error}")
            continue
        if said != size:
            check.say("checkpoint", size - 1, f"kept under size {size}, it says {said}")
        elif size > check.size:
            check.say("checkpoint", size - 1, f"size {size} is past the last entry")
        elif root != (check.roots[size] if size else sha256(b"").digest()):
            check.say("checkpoint", size - 1, f"size {size}: its root is not that of the entries")


def note_text(note: bytes) -> tuple[int, bytes]:
    """Return size and root as a checkpoint's text says them, whoever signed it.

    Errors: ValueError.
    Source: C2SP tlog-checkpoint, note text.
    """
    lines = note.decode().split("\n")
    if len(lines) < 5 or not lines[0] or lines[3] or not lines[1].isdigit():
        raise ValueError("not the text of a checkpoint")
    try:
        root = b64decode(lines[2], validate=True)
    except BadBase64 as error:
        raise ValueError("its root is not base64") from error
    if len(root) != 32 or b64encode(root).decode() != lines[2]:
        raise ValueError("its root is not a hash")
    return int(lines[1]), root


def _undos(check: Check) -> None:
    for first, data in check.reader.undos():
        try:
            undo = undo_of(data)
        except ValueError as error:
            check.say("undo", first, str(error))
            continue
        if first not in check.edges:
            check.say("undo", first, "it does not begin where a group does")
        elif (undo.edge, undo.time) != check.edges[first] or undo.rows != check.before[first]:
            check.say("undo", first, "it is not how it was before")
        elif undo_bytes(undo.edge, undo.time, undo.rows.items()) != data:
            check.say("undo", first, "it says how it was before in a second form")


def _beside(check: Check) -> None:
    """What lies beside opens what a leaf names; erased values are no finding."""
    for key in check.reader.side_keys(""):
        value = check.reader.side(key) or b""
        named = sha256(value).hexdigest()
        kind, _, rest = key.partition("/")
        if kind == "personal":
            if _committed(check.view, rest) != named:
                check.say("side", -1, f"{key} opens no commitment")
        elif kind == "kept":
            if check.view.text("kept", rest) != named:
                check.say("side", -1, f"{key} is not what its reader wanted kept")
        elif named not in check.hashes:
            check.say("side", -1, f"{key} is named by no entry")
        elif kind == "bytes" and rest != named:
            check.say("side", -1, f"{key} does not lie under its own hash")


def _committed(view: View, rest: str) -> str:
    """Return the commitment at the place a personal value's key names, or nothing."""
    kind, _, below = rest.partition("/")
    target, _, place = below.partition("/")
    value: Value = ""
    if kind == "party" and (party := view.party(target)) is not None:
        value = party_form(party)
    elif kind == "person" and (person := view.person(target)) is not None:
        value = person_form(person)
    elif kind == "proposal" and (proposal := view.proposal(target)) is not None:
        value = proposal.payload
    elif (settlement := view.settlement(kind)) is not None:
        value, place = settlement.order.leaf(), below.replace(".", "/")
    for step in place.split("/"):
        if isinstance(value, Mapping):
            value = value.get(step, "")
        elif isinstance(value, list | tuple) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return ""
    opened = value.get("h", "") if isinstance(value, Mapping) else value
    return opened if isinstance(opened, str) else ""
