"""The ledger on SQLite, durable: single transfers of many clients, and what evidence costs."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

from bridge.clock import SystemClock
from bridge.core.booking import Account, Op, Transfer
from bridge.core.canonical import canonical
from bridge.core.ids import AccountId, EntryId, Instant, new_ulid
from bridge.core.money import Units
from bridge.notary.entries import Draft, Group, leaf_hash, shape_group
from bridge.notary.frontier import Frontier
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed
from bridge.notary.projection import Projection
from bridge.notary.state.accounts import transfer_body
from bridge.notary.state.row_forms import account_form
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.writer import Asked, Writer
from examples.benchmarks.figure import Figure, Given

CLIENTS = 512
EACH = 12  # transfers a client
LONE = 600  # transfers with a commit of their own
ACCOUNTS = 64
BATCH = 100
ENVELOPE = (
    b'{"body":%b,"epoch":"0","group":{"at":"0","id":"01KDVDNA000000000000000001","of":"1"},'
    b'"id":"01KDVDNA000000000000000001","kind":"transfer","n":"%d","t":"1767225600000","v":"1"}'
)
NOW = Instant(1_767_225_600_000)


def name(number: int) -> EntryId:
    """The n-th id."""
    return EntryId(new_ulid(NOW, number.to_bytes(10, "big")))


def accounts() -> Group:
    """The group that opens them all."""
    opened = [
        Account(id=AccountId(f"client/{n}"), unit="gold", code="bench") for n in range(ACCOUNTS)
    ]
    drafts = [
        Draft(id=name(n), kind="account", body=account_form(one)) for n, one in enumerate(opened)
    ]
    return Group(id=name(0), drafts=tuple(drafts))


def transfer(number: int) -> Group:
    """The n-th transfer, between two of the accounts."""
    of = name(1_000 + number)
    moved = Transfer(
        id=of,
        op=Op.POST,
        debit=AccountId(f"client/{number % ACCOUNTS}"),
        credit=AccountId(f"client/{(number * 7 + 1) % ACCOUNTS}"),
        unit="gold",
        units=Units(1),
    )
    if moved.debit == moved.credit:
        return transfer(number + 1_000_000)
    return Group(id=of, drafts=(Draft(id=of, kind="transfer", body=transfer_body(moved)),))


async def _rate(path: Path, clients: int, each: int) -> float:
    journal = Journal.open(SqliteStore(path), SystemClock())
    await journal.append([accounts()])

    async def client(number: int) -> None:
        for turn in range(each):
            (outcome,) = await journal.append([transfer(number * each + turn)])
            assert isinstance(outcome, Committed), outcome

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for number in range(clients):
            tasks.create_task(client(number))
    took = time.perf_counter() - began
    await journal.close()
    return clients * each / took


def _share(path: Path) -> tuple[float, float]:
    """CPU a transfer of canonical form, leaf and tree, and of the whole writer, in batches."""
    store = SqliteStore(path)
    writer = Writer(store, Projection(store), SystemClock(), store.take("bench"))

    def put(groups: list[Group]) -> None:
        judged = writer.judge([Asked(group, shape_group(group)) for group in groups])
        assert judged.batch is not None
        store.append(judged.batch, writer.head)
        writer.settle(judged)

    put([accounts()])
    batches = [[transfer(b * BATCH + n) for n in range(BATCH)] for b in range(60)]
    began = time.process_time()
    for batch in batches:
        put(batch)
    whole = time.process_time() - began
    store.close()

    # the same transfers again, nothing but what a ledger without evidence would not do
    edge, bodies = Frontier(), [one.drafts[0].body for batch in batches for one in batch]
    began = time.process_time()
    for body in bodies:
        edge.append(leaf_hash(ENVELOPE % (canonical(body), edge.size)))
        if edge.size % BATCH == 0:
            edge.root()
    evidence = time.process_time() - began
    return evidence / len(bodies), whole / len(bodies)


def figures(given: Given) -> Iterator[Figure]:
    """Acknowledged transfers a second, and the evidence's share of the writer's CPU."""
    together = asyncio.run(_rate(given.scratch / "together.sqlite", CLIENTS, EACH))
    alone = asyncio.run(_rate(given.scratch / "alone.sqlite", 1, LONE))
    yield Figure(
        name="ledger.group_commit",
        ours=together,
        theirs=alone,
        baseline="one commit each, same ledger and disk in the same run (bar 5)",
        unit="transfers/s",
    )
    evidence, whole = _share(given.scratch / "share.sqlite")
    yield Figure(
        name="ledger.evidence_share",
        ours=evidence * 1e6,
        theirs=whole * 1e6,
        baseline="all CPU of a transfer in batches of 100 (bar 0.15)",
        unit="us CPU",
    )
