"""The journal: what is acknowledged is there, once, and a restart tells the same."""

from bridge.core.settlement import Stage
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, Conflict, RefusedGroup, Replayed, Stale
from bridge.notary.store.memory import Disk, MemoryStore
from tests.notary.ledgers import (
    SetClock,
    account,
    draft,
    genesis,
    group,
    settled,
    transfer,
    whose,
)


async def test_a_settlement_is_told_from_order_to_settled_and_again_after_a_restart() -> None:
    disk, clock = Disk(), SetClock()
    told = settled(1)
    journal = Journal.open(MemoryStore(disk), clock)
    first = await journal.append([genesis(), *told])
    assert {type(outcome) for outcome in first} == {Committed}
    await journal.close()
    journal = Journal.open(MemoryStore(disk), clock)
    assert journal.trouble is None
    seen = journal.view.settlement(whose(told))
    assert seen is not None
    assert seen.stage is Stage.SETTLED
    assert journal.view.open_settlements() == ()
    again = await journal.append(told)
    assert [
        entry.raw for outcome in again if isinstance(outcome, Replayed) for entry in outcome.entries
    ] == [
        entry.raw
        for outcome in first[1:]
        if isinstance(outcome, Committed)
        for entry in outcome.entries
    ]
    await journal.close()


async def test_an_id_is_bound_to_its_body_for_ever_and_a_refusal_spends_it() -> None:
    journal = Journal.open(MemoryStore(), SetClock())
    await journal.append([genesis()])
    poor = group(3, draft(3, "transfer", transfer("post", "a", "b", 5)))
    (no,) = await journal.append([poor])
    assert isinstance(no, RefusedGroup)
    assert no.code == 120
    opened = group(1, draft(1, "account", account("a")), draft(2, "account", account("b")))
    assert isinstance((await journal.append([opened]))[0], Committed)
    assert (await journal.append([poor])) == (no,)
    other = group(3, draft(3, "transfer", transfer("post", "a", "b", 6)))
    assert (await journal.append([other])) == (Conflict(other.drafts[0].id),)
    await journal.close()


async def test_a_group_that_expects_what_is_no_longer_so_writes_nothing_and_spends_nothing() -> (
    None
):
    journal = Journal.open(MemoryStore(), SetClock())
    told = settled(1)
    await journal.append([genesis(), *told[:3]])
    size = journal.head.seq
    assert await journal.append([told[5]]) == (Stale(),)
    assert journal.head.seq == size
    outcomes = await journal.append(told[3:])
    assert {type(outcome) for outcome in outcomes} == {Committed}
    await journal.close()
