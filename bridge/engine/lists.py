"""Lists and packs as the ledger has them: how they come in, and how they are read to judge by.

What does not shrink one person may bring at once; what does waits for two. What is in force is
compiled once and kept by its hash, so a changed list can never be judged by its old names.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from bridge.core.canonical import Value
from bridge.core.ids import EntryId, Instant
from bridge.notary.entries import Draft, Request
from bridge.notary.journal import Journal
from bridge.notary.state.rows import ListRow, PackRow
from bridge.notary.state.view import View
from bridge.policy.dossier import ListState
from bridge.policy.packs import Pack, load
from bridge.policy.params import BadPack
from bridge.screening.lists import BadList
from bridge.screening.match import Index
from bridge.screening.snapshot import Delta, delta, shrunk, snapshot

ACTIVE = "active"  # the one state of a pack that is judged by


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A list about to come in: the entry's body, what lies beside, and what it changes."""

    body: Mapping[str, Value]
    side: tuple[tuple[str, bytes | None], ...]
    delta: Delta
    quarantine: str  # why two people must release it; empty where one may bring it


def refreshed(journal: Journal, name: str, data: bytes, *, source: str, as_of: Instant) -> Refresh:
    """Return what bringing these bytes as the list `name` means. Errors: lists.BadList.

    Where `quarantine` is not empty, the body is the payload of a `list.release` proposal.
    """
    taken = snapshot(data)
    if not taken.entries:
        raise BadList("a list without entries clears everybody: it is not taken")
    row = journal.view.of("list", name, ListRow)
    kept = journal.side(row.entries) if row is not None else None
    before = snapshot(kept).entries if kept is not None else ()
    side = f"bytes/{taken.digest}"
    body: dict[str, Value] = {
        "name": name,
        "root": taken.root,
        "count": str(taken.count),
        "digest": taken.digest,
        "source": source,
        "as_of": str(as_of),
        "entries": side,
    }
    why = shrunk(before, taken.entries)
    if row is not None and kept is None:
        why = "the list before it cannot be read, so nobody knows what is missing"
    elif row is not None and row.as_of.isdecimal() and int(row.as_of) > as_of:
        why = "it is older than the list in force"
    return Refresh(
        body=body, side=((side, data),), delta=delta(before, taken.entries), quarantine=why
    )


def list_draft(name: EntryId, refresh: Refresh, request: Request | None = None) -> Draft:
    """Return the entry one person may write. Errors: a quarantined list is a bug of the caller."""
    assert not refresh.quarantine, f"two people release this list: {refresh.quarantine}"
    return Draft(id=name, kind="list", body=refresh.body, request=request)


def pack_payload(data: bytes) -> tuple[dict[str, Value], tuple[tuple[str, bytes | None], ...]]:
    """Return the body that puts a pack in force, and its bytes. Errors: BadPack.

    It is the payload of a `pack.publish` proposal whose target is the pack's name.
    """
    pack = load(data)
    side = f"bytes/{pack.id}"
    body: dict[str, Value] = {"name": pack.name, "pack": pack.id, "state": ACTIVE, "side": side}
    return body, ((side, data),)


@dataclass(frozen=True, slots=True)
class InForce:
    """What an order is judged by now: its pack or why there is none, and its lists."""

    pack: Pack | None
    why: str
    lists: tuple[tuple[ListState, Index], ...] = ()


class Shelf:
    """Keeps what is in force, compiled, by its hash."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._packs: dict[str, tuple[str, Pack | None, str]] = {}  # by name: hash, pack, why not
        self._lists: dict[str, tuple[str, Index | None]] = {}  # by name: side key, index
        self._reading = asyncio.Lock()

    async def in_force(self, view: View, name: str, now: Instant) -> InForce:
        """Return the pack of that name with every list it reads."""
        pack, why = self._pack(view, name)
        if pack is None:
            return InForce(None, why)
        lists: list[tuple[ListState, Index]] = []
        for one in pack.lists:
            row = view.of("list", one, ListRow)
            index = await self._list(one, row) if row is not None else None
            if row is not None and index is not None and row.as_of.isdecimal():
                as_of = Instant(int(row.as_of))
                state = ListState(
                    name=one,
                    root=row.root,
                    count=row.count,
                    as_of=as_of,
                    age_ms=max(0, now - as_of),
                )
                lists.append((state, index))
        return InForce(pack, "", tuple(lists))

    def _pack(self, view: View, name: str) -> tuple[Pack | None, str]:
        row = view.of("pack", name, PackRow)
        if row is None or row.state != ACTIVE:
            return None, f"no pack {name} is in force"
        known = self._packs.get(name)
        if known is None or known[0] != row.pack:
            known = self._packs[name] = (row.pack, *self._loaded(row))
        return known[1], known[2]

    def _loaded(self, row: PackRow) -> tuple[Pack | None, str]:
        data = self._journal.side(row.side)
        if data is None or sha256(data).hexdigest() != row.pack:
            return None, "the bytes of the pack in force are gone, or are others"
        try:
            return load(data), ""
        except BadPack as error:
            return None, f"the pack in force does not load: {error}"

    async def _list(self, name: str, row: ListRow) -> Index | None:
        known = self._lists.get(name)
        if known is not None and known[0] == row.root:
            return known[1]
        async with self._reading:
            known = self._lists.get(name)
            if known is not None and known[0] == row.root:
                return known[1]
            data = self._journal.side(row.entries)
            index = await asyncio.to_thread(_indexed, data, row)
            self._lists[name] = (row.root, index)
            return index


def _indexed(data: bytes | None, row: ListRow) -> Index | None:
    """A list whose bytes do not make its root is not there: its rules hold."""
    if data is None or sha256(data).hexdigest() != row.digest:
        return None
    try:
        taken = snapshot(data)
    except BadList:
        return None
    return Index(taken.entries) if taken.root == row.root else None
