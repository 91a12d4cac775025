"""fsck: a sound ledger has no finding; each hand edit is found and named, and so is each flip."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.core.ids import Digest
from bridge.notary.entries import leaf_hash
from bridge.notary.frontier import Frontier
from bridge.notary.fsck import fsck
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Damaged
from bridge.notary.store.memory import Disk, MemoryStore
from tests.notary.ledgers import SetClock, account, draft, genesis, group, settled, transfer


def note(size: int, root: bytes) -> bytes:
    """The text of a checkpoint with a line where a signature stands."""
    text = f"ledger.test/demo\n{size}\n{b64encode(root).decode()}\n"
    return f"{text}\n— ledger.test/demo AAAA\n".encode()


async def _told() -> Disk:
    disk = Disk()
    journal = Journal.open(MemoryStore(disk), SetClock())
    poor = group(9, draft(9, "transfer", transfer("post", "nobody", "a", 5)))
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    held = group(3, draft(3, "transfer", transfer("pending", "a", "b", 5, due=2 * 10**12)))
    for groups in ([genesis(), opened, poor], settled(1)[:9], [held], settled(1)[9:]):
        await journal.append(groups)
        size = journal.head.seq
        await journal.keep_checkpoint(size, note(size, bytes.fromhex(journal.head.root)))
    await journal.close()
    return disk


DISK = asyncio.run(_told())


def found(disk: Disk) -> set[str]:
    """What fsck names."""
    return {finding.what for finding in fsck(MemoryStore(disk))}


def test_a_sound_ledger_has_no_finding() -> None:
    assert fsck(MemoryStore(DISK)) == ()


def _swap(disk: Disk) -> None:
    disk.entries[4], disk.entries[5] = disk.entries[5], disk.entries[4]


def _amount(disk: Disk) -> None:
    """Change an amount and every hash above it, as who owns the database could."""
    at = next(n for n, (raw, _) in enumerate(disk.entries) if b'"op":"pending"' in raw)
    raw = disk.entries[at][0].replace(b'"units":"100"', b'"units":"999"')
    assert raw != disk.entries[at][0]
    disk.entries[at] = (raw, leaf_hash(raw))
    edge = Frontier()
    for _, leaf in disk.entries:
        edge.append(leaf)
    disk.head = replace(disk.head, root=Digest(edge.root().hex()), edge=tuple(edge.hashes))


def _remove_last(disk: Disk) -> None:
    disk.entries.pop()


def _repeat(disk: Disk) -> None:
    disk.entries.append(disk.entries[-1])


def _leaf(disk: Disk) -> None:
    disk.entries[7] = (disk.entries[7][0], b"\1" * 32)


def _row(kind: str, old: bytes, new: bytes) -> Callable[[Disk], None]:
    def edit(disk: Disk) -> None:
        key = next(key for key, value in disk.rows[kind].items() if old in value)
        disk.rows[kind][key] = disk.rows[kind][key].replace(old, new)

    return edit


def _drop_row(disk: Disk) -> None:
    disk.rows["account"].popitem()


def _new_row(disk: Disk) -> None:
    disk.rows["uetr"]["nobody's"] = b'"x"'


def _id(disk: Disk) -> None:
    name = next(iter(disk.ids))
    disk.ids[name] = (disk.ids[name][0], "00" * 32)


def _drop_id(disk: Disk) -> None:
    disk.ids.popitem()


def _head(**changes: object) -> Callable[[Disk], None]:
    def edit(disk: Disk) -> None:
        disk.head = replace(disk.head, **changes)  # type: ignore[arg-type]  # of Head

    return edit


def _note_root(disk: Disk) -> None:
    size = max(disk.notes)
    disk.notes[size] = note(size, b"\2" * 32)


def _note_size(disk: Disk) -> None:
    size = max(disk.notes)
    disk.notes[size] = disk.notes[size].replace(f"\n{size}\n".encode(), f"\n{size - 1}\n".encode())


def _note_ahead(disk: Disk) -> None:
    disk.notes[disk.head.seq + 1] = note(disk.head.seq + 1, b"\3" * 32)


def _salt(disk: Disk) -> None:
    key = next(key for key in disk.side if key.startswith("personal/"))
    disk.side[key] = b"\0" + disk.side[key][1:]


def _evidence(disk: Disk) -> None:
    key = next(key for key in disk.side if key.startswith("bytes/"))
    disk.side[key] += b"."


def _undo(disk: Disk) -> None:
    first = max(disk.undos)
    disk.undos[first] = disk.undos[first].replace(b'\\"0\\"', b'\\"1\\"', 1)


EDITS: dict[str, tuple[Callable[[Disk], None], str]] = {
    "entries swapped": (_swap, "entry"),
    "amount changed with all hashes": (_amount, "entry"),
    "last entry removed": (_remove_last, "entry"),
    "entry added": (_repeat, "entry"),
    "leaf hash": (_leaf, "leaf"),
    "balance": (_row("account", b'"debits_pending":"5"', b'"debits_pending":"0"'), "row"),
    "pending": (_row("pending", b'"units":"5"', b'"units":"6"'), "row"),
    "saga stage": (_row("settlement", b'"settled"', b'"released"'), "row"),
    "cursor past what was read": (_row("cursor", b'"', b'"9'), "row"),
    "row removed": (_drop_row, "row"),
    "row added": (_new_row, "row"),
    "id bound to another body": (_id, "id"),
    "id forgotten": (_drop_id, "id"),
    "head seq": (_head(seq=DISK.head.seq - 1), "head"),
    "head root": (_head(root=Digest("00" * 32)), "head"),
    "head edge": (_head(edge=DISK.head.edge[:-1]), "head"),
    "head time": (_head(time=0), "head"),
    "checkpoint root": (_note_root, "checkpoint"),
    "checkpoint size": (_note_size, "checkpoint"),
    "checkpoint ahead of the entries": (_note_ahead, "checkpoint"),
    "salt": (_salt, "side"),
    "evidence": (_evidence, "side"),
    "undo": (_undo, "undo"),
}


@pytest.mark.parametrize("name", EDITS)
def test_a_hand_edit_is_found_and_named(name: str) -> None:
    edit, what = EDITS[name]
    disk = deepcopy(DISK)
    edit(disk)
    assert what in found(disk)


@settings(max_examples=150)
@given(data=st.data())
def test_every_flipped_byte_is_found(data: st.DataObject) -> None:
    disk = deepcopy(DISK)
    where = data.draw(st.sampled_from(["entry", "leaf", "id", "row", "side", "note"]))
    bit = 1 << data.draw(st.integers(0, 7))

    def flipped(value: bytes) -> bytes:
        at = data.draw(st.integers(0, len(value) - 1))
        return value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :]

    if where in {"entry", "leaf"}:
        n = data.draw(st.integers(0, len(disk.entries) - 1))
        raw, leaf = disk.entries[n]
        disk.entries[n] = (flipped(raw), leaf) if where == "entry" else (raw, flipped(leaf))
    elif where == "id":
        name = data.draw(st.sampled_from(sorted(disk.ids)))
        n, bound = disk.ids[name]
        disk.ids[name] = (n, flipped(bound.encode()).decode("latin-1"))
    elif where == "row":
        kind = data.draw(st.sampled_from(sorted(k for k, rows in disk.rows.items() if rows)))
        key = data.draw(st.sampled_from(sorted(disk.rows[kind])))
        disk.rows[kind][key] = flipped(disk.rows[kind][key])
    elif where == "side":
        key = data.draw(st.sampled_from(sorted(disk.side)))
        disk.side[key] = flipped(disk.side[key])
    else:
        size = data.draw(st.sampled_from(sorted(disk.notes)))
        text, mark, rest = disk.notes[size].partition(b"\n\n")
        origin, _, body = text.partition(b"\n")  # a name or a signature takes the log's key to read
        disk.notes[size] = origin + b"\n" + flipped(body) + mark + rest
    assert found(disk)


async def test_a_damaged_ledger_opens_read_only_and_says_which_entry() -> None:
    disk = deepcopy(DISK)
    raw, leaf = disk.entries[20]
    disk.entries[20] = (raw.replace(b'"n":"20"', b'"n":"21"'), leaf)
    journal = Journal.open(MemoryStore(disk), SetClock())
    assert str(journal.trouble).startswith("entry 20:")
    with pytest.raises(Damaged):
        await journal.append([group(77, draft(77, "account", account("c")))])
    assert journal.entries(-1, 5)
    await journal.close()
