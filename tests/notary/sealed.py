"""What the tests of sealing and proving share: a log's key, its mark, a ledger of accounts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.notary.journal import Journal
from bridge.notary.keys import Ed25519Key, HighWater
from bridge.notary.sealer import Sealer
from bridge.notary.store.port import Store
from tests.notary.ledgers import SetClock, account, draft, genesis, group

ORIGIN = "ledger.bank-a.example/test"


def log_secret(seed: int = 1) -> Ed25519Key:
    """A log's key, the same in every run."""
    private = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    return Ed25519Key(private.public_key().public_bytes_raw().hex(), private.sign)


def sealer_of(journal: Journal, folder: Path, seed: int = 1) -> Sealer:
    """What seals a journal; its mark lies in `folder`."""
    mark = HighWater(folder / "sealed.mark")
    return Sealer(journal, log_secret(seed), mark, ORIGIN, SetClock(), every_ms=20)


async def fill(journal: Journal, first: int, end: int) -> None:
    """Open accounts by their numbers, one entry each; the first call writes genesis too."""
    if journal.head.seq == 0:
        await journal.append([genesis()])
    for at in range(first, end, 500):
        accounts = range(at, min(end, at + 500))
        await journal.append([group(n, draft(n, "account", account(f"a{n}"))) for n in accounts])


@asynccontextmanager
async def sealing(store: Store, folder: Path) -> AsyncIterator[Journal]:
    """A journal with its sealer at work."""
    journal = Journal.open(store, SetClock())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(sealer_of(journal, folder).run())
        yield journal
        running.cancel()
    await journal.close()
