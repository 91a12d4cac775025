"""Every byte of a ledger's file: a flip is found and named, or nothing that anybody reads changed.

What SQLite leaves unused in a page, and its own counters, say nothing; such a flip changes no
content, and each test counts that it was so, by a reader that is not ours.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from random import Random  # noqa: TID251 the same bytes in every run

import pytest

from bridge.cli.checking import checked
from bridge.core.canonical import Value
from bridge.notary.checkpoint import Checkpoint, VerifierKey, sign
from bridge.notary.journal import Journal
from bridge.notary.keys import Ed25519Key
from bridge.notary.store.sqlite import SqliteStore
from tests.notary.ledgers import SetClock, account, draft, genesis, group, key_of, settled, transfer

ORIGIN = "ledger.test/file"
SECRET = key_of("log")
KEY = Ed25519Key(SECRET.public_key().public_bytes_raw().hex(), SECRET.sign)
LOG = VerifierKey(ORIGIN, KEY.public)


async def stored(file: Path, *, page: int, long: bool) -> bytes:
    """A ledger under signed checkpoints, whole in one file of pages of that size."""
    journal = Journal.open(SqliteStore(file), SetClock())
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    moved = group(3, draft(3, "transfer", transfer("post", "a", "b", 5)))
    word = b"what an adapter keeps " * 8
    keep: list[Value] = [{"key": "word", "sha256": sha256(word).hexdigest()}]
    told = draft(4, "evidence", {"reader": "net", "cursor": "1", "keep": keep})
    beside = group(4, told, side=[("kept/net/word", word)])
    for groups in ([genesis()], settled(1) if long else [opened, moved, beside]):
        await journal.append(groups)
        root = bytes.fromhex(journal.head.root)
        note = sign(Checkpoint(ORIGIN, journal.head.seq, root), KEY)
        await journal.keep_checkpoint(journal.head.seq, note)
    await journal.close()
    return packed(file, page)


def packed(file: Path, page: int) -> bytes:
    """The file with pages of that size, and nothing beside it."""
    made = sqlite3.connect(file, isolation_level=None)
    made.execute("PRAGMA journal_mode = DELETE")
    made.execute(f"PRAGMA page_size = {page}")
    made.execute("VACUUM")
    made.execute("PRAGMA journal_mode = WAL")
    made.close()
    return file.read_bytes()


def content(file: Path) -> list[object]:
    """Everything the file says, as Python's own SQLite reads it."""
    read = sqlite3.connect(file)
    try:
        names = [name for (name,) in read.execute("SELECT name FROM sqlite_master ORDER BY name")]
        said: list[object] = [read.execute("PRAGMA user_version").fetchall()]
        said += [read.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()]
        tables = [name for name in names if not name.startswith("sqlite_")]
        return said + [read.execute(f"SELECT * FROM {name}").fetchall() for name in tables]
    finally:
        read.close()


def flips(tmp_path: Path, data: bytes, places: Iterator[int]) -> tuple[int, int]:
    """Flip a bit at each place; return how many were found, and how many changed nothing."""
    file, draw = tmp_path / "flipped.db", Random(7)
    file.write_bytes(data)
    true = content(file)
    assert checked(file, LOG, tmp_path / "no.mark")[1] == ()
    found = nothing = 0
    for at in places:
        spoiled = bytearray(data)
        spoiled[at] ^= 1 << draw.randrange(8)
        for beside in ("-wal", "-shm", "-journal"):
            file.with_name(file.name + beside).unlink(missing_ok=True)
        file.write_bytes(spoiled)
        if checked(file, LOG, tmp_path / "no.mark")[1]:
            found += 1
            continue
        nothing += 1
        assert content(file) == true, f"byte {at}: what is stored changed, and nothing was said"
    return found, nothing


async def test_a_flipped_byte_of_the_file_is_found_or_says_nothing(tmp_path: Path) -> None:
    data = await stored(tmp_path / "ledger.db", page=512, long=True)
    found, nothing = flips(tmp_path, data, iter(Random(5).sample(range(len(data)), 60)))
    assert found > nothing
    data = await stored(tmp_path / "small.db", page=512, long=False)
    found, nothing = flips(tmp_path, data, iter(Random(5).sample(range(len(data)), 400)))
    assert found > nothing


@pytest.mark.long
async def test_every_flipped_byte_of_the_file_is_found_or_says_nothing(tmp_path: Path) -> None:
    data = await stored(tmp_path / "small.db", page=512, long=False)
    found, nothing = flips(tmp_path, data, iter(range(len(data))))
    assert found > nothing
