"""A process that writes transfers until it is killed, and says which were acknowledged.

Started by test_ledger_killed.py: `python ledger_writer.py PATH FIRST`.
"""

import asyncio
import os
import sys
from pathlib import Path

from bridge.clock import SystemClock
from bridge.notary.journal import Journal
from bridge.notary.store.sqlite import SqliteStore
from tests.notary.ledgers import account, draft, genesis, group, transfer

WIDTH = 16  # writers at once
OPENED = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))


async def one(journal: Journal, number: int) -> None:
    """Write every sixteenth transfer from `number` on, and say each that is acknowledged."""
    while True:
        body = transfer("post", "a", "b", number)
        await journal.append([group(number, draft(number, "transfer", body))])
        os.write(1, b"%d\n" % number)
        number += WIDTH


async def main() -> None:
    """Open the ledger, then write for ever."""
    journal = Journal.open(SqliteStore(Path(sys.argv[1])), SystemClock())
    assert journal.trouble is None, journal.trouble
    await journal.append([genesis(), OPENED])
    async with asyncio.TaskGroup() as tasks:
        for lane in range(WIDTH):
            tasks.create_task(one(journal, int(sys.argv[2]) + lane))


if __name__ == "__main__":
    asyncio.run(main())
