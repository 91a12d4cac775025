"""What cards of origins and destinations have in common, said once.

`first` opens a slot (lock, mint), `undone` fences it (release, unmint), `done` ends it (burn,
assign). Each routine reads to a marker before it judges.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from hashlib import sha256

import pytest

from adapters.conformance.bench import Bench
from adapters.conformance.exam import Owned
from adapters.conformance.faults import Faults, Way, crash_at
from adapters.conformance.telling import bends
from bridge.core.effects import NetworkEffect
from bridge.core.events import AssetFact, Fact
from bridge.core.ids import BEGINNING, Digest, NetworkId
from bridge.core.money import Units
from bridge.core.order import SettlementOrder
from bridge.ports import (
    AdapterError,
    Again,
    FinalityBroken,
    Landed,
    Never,
    Refused,
    Unavailable,
    Uncertain,
    Unknown,
    Unproved,
)

Kind = Callable[[SettlementOrder], NetworkEffect]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The verbs of one side of a crossing and the facts they end in."""

    first: Kind
    undone: Kind
    done: Kind
    opened: type[AssetFact]
    fenced: type[AssetFact]
    ended: type[AssetFact]


def named(*kinds: type[Fact]) -> list[str]:
    """Return the names of kinds of fact."""
    return [kind.__name__ for kind in kinds]


async def tells_whole_words(
    bench: Bench, side: Side, near: Callable[[SettlementOrder], AssetFact]
) -> None:
    """The fact says the order's own words, its evidence proves it, and nothing changed does.

    A network that does not tell the account leaves it empty.
    """
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    (seen,) = [one for one in await bench.observed() if one.subject.settlement == order.id]
    fact, expected = seen.subject, near(order)
    assert fact in {expected, replace(expected, account="")}
    assert fact in bench.verify(seen.evidence)
    assert bends(seen, bench.verify, Unproved) == [], "bytes of the evidence may be changed"


async def same_bytes_twice(bench: Bench, side: Side) -> None:
    """The same Prepared handed over twice, at once and later, lands once."""
    order = await bench.new_order()
    prepared = await bench.prepare(side.first(order))
    await bench.door.submit(prepared)
    await bench.door.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)
    await bench.door.submit(prepared)
    assert await bench.names(order) == named(side.opened)


async def prepared_twice(bench: Bench, side: Side) -> None:
    """Two Prepared of one effect land once, and so do two of what undoes it."""
    order = await bench.new_order()
    for kind in (side.first, side.undone):
        one, two = await bench.prepare(kind(order)), await bench.prepare(kind(order))
        await bench.door.submit(one)
        with suppress(Refused, Unavailable):
            await bench.door.submit(two)
        assert isinstance(await bench.decided(one), Landed)
        assert isinstance(await bench.decided(two), Landed)
        three = await bench.prepare(kind(order))
        await bench.door.submit(three)
        assert isinstance(await bench.decided(three), Landed)
    assert await bench.names(order) == named(side.opened, side.fenced)


async def undone_fences(bench: Bench, side: Side) -> None:
    """After the fence of an unused id nothing of it lands; the fence tells no units."""
    order = await bench.new_order()
    await bench.carry_out(side.undone, order)
    await bench.try_out(side.first(order))
    facts = await bench.facts(order)
    assert [type(fact) for fact in facts] == [side.fenced]
    assert isinstance(facts[0], AssetFact)
    assert facts[0].units == 0, "a fence moves nothing"


async def late_first_is_fenced(bench: Bench, side: Side) -> None:
    """Bytes prepared before the fence and handed over after it never land, and `look` knows."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.DELAY])
    late = await bench.prepare(side.first(order))
    with pytest.raises(Uncertain):
        await faults.submit(late)
    await bench.carry_out(side.undone, order)
    await faults.arrive()
    assert isinstance(await bench.decided(late), Never)
    assert await bench.names(order) == named(side.fenced)


async def ended_cannot_be_undone(bench: Bench, side: Side) -> None:
    """What is ended cannot be undone, nor ended again."""
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    await bench.carry_out(side.done, order)
    await bench.try_out(side.undone(order))
    again = await bench.prepare(side.done(order))
    await bench.door.submit(again)
    assert isinstance(await bench.decided(again), Landed)
    await bench.try_out(side.first(order))
    assert await bench.names(order) == named(side.opened, side.ended)


async def undone_cannot_be_ended(bench: Bench, side: Side) -> None:
    """What is undone cannot be ended, nor opened again."""
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    await bench.carry_out(side.undone, order)
    await bench.try_out(side.done(order))
    await bench.try_out(side.first(order))
    assert await bench.names(order) == named(side.opened, side.fenced)


async def nothing_to_end(bench: Bench, side: Side) -> None:
    """What was never opened cannot be ended."""
    order = await bench.new_order()
    await bench.try_out(side.done(order))
    assert await bench.names(order) == []


async def quorum_decides(bench: Bench, side: Side) -> None:
    """Too few signatures, a stranger's, one counted twice, or under other words: nothing lands."""
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    for effect in (side.done(order), side.undone(order)):
        act = bench.act(effect)
        one = bench.notaries(act, 1)
        other = replace(act, evidence=Digest(sha256(b"another entry").hexdigest()))
        for signatures in (
            (),
            one,
            (*one, *one),
            bench.strangers(act, 3),
            (*one, *bench.strangers(act, 1)),
            bench.notaries(other, 2),
        ):
            await bench.try_out(effect, act, signatures)
    assert await bench.names(order) == named(side.opened)


async def another_place_is_refused(bench: Bench, side: Side) -> None:
    """An act for another network or another escrow lands nowhere here."""
    order = await bench.new_order()
    act = bench.act(side.undone(order))
    for wrong in (
        replace(act, network=NetworkId("memory:nowhere")),
        replace(act, escrow=act.escrow[:-1] + ("0" if act.escrow[-1:] != "0" else "1")),
    ):
        await bench.try_out(side.undone(order), wrong, bench.notaries(wrong, 2))
    assert await bench.names(order) == []


async def another_ticket_is_refused(bench: Bench, side: Side) -> None:
    """Later verbs name the very words the slot was opened for: units, party, terms."""
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    for kind in (side.done, side.undone):
        act = bench.act(kind(order))
        for wrong in (
            replace(act, units=Units(act.units + 1)),
            replace(act, terms=Digest(sha256(b"other terms").hexdigest())),
            replace(act, counterpart=NetworkId("memory:nowhere")),
        ):
            await bench.try_out(kind(order), wrong, bench.notaries(wrong, 2))
    assert await bench.names(order) == named(side.opened)


async def resumes_anywhere(bench: Bench, side: Side) -> None:
    """From any cursor it gave, a reader gets what came after, in order, nothing skipped."""
    orders = [await bench.new_order() for _ in range(3)]
    for order in orders:
        await bench.carry_out(side.first, order)
        await bench.carry_out(side.undone, order)
    whole = await bench.observed()
    told = [seen.subject for seen in whole]
    for index in range(0, len(whole), max(1, len(whole) // 8)):
        again = [seen.subject for seen in await bench.observed(whole[index].cursor)]
        # a page may be repeated, so what follows is a suffix that loses nothing
        rest = told[index + 1 :]
        assert [fact for fact in again if fact in rest] == rest, f"from cursor {index}"
        assert told[: index + 1] or again
    for order in orders:
        of_it = [
            type(one).__name__
            for one in told
            if isinstance(one, Fact) and one.settlement == order.id
        ]
        assert of_it == named(side.opened, side.fenced)


async def two_readers_agree(bench: Bench, side: Side) -> None:
    """Two readers of one network are told the same in the same order."""
    for _ in range(3):
        await bench.carry_out(side.first, await bench.new_order())
    one = [seen.subject for seen in await bench.observed(BEGINNING)]
    two = [seen.subject for seen in await bench.observed(BEGINNING)]
    assert two[: len(one)] == one


async def undone_block_is_never_told(bench: Bench, side: Side) -> None:
    """What was in a block that did not become final was never told, nor said to have landed."""
    bench.needs("undo")
    assert bench.undo is not None
    order = await bench.new_order()
    await bench.observed()
    told: list[str] = []
    async with asyncio.TaskGroup() as tasks:
        reader = tasks.create_task(_overhear(bench, told))
        prepared = await bench.prepare(side.first(order))
        await bench.door.submit(prepared)
        sight = await bench.door.look(prepared)
        assert not isinstance(sight, Landed | Never), "look answers for what is final"
        await bench.undo()
        assert await bench.names(order) == []
        reader.cancel()
    assert order.id not in told, "told before it was final"
    assert not isinstance(await bench.door.look(prepared), Landed)


async def _overhear(bench: Bench, told: list[str]) -> None:
    """Note of whom facts are told, until cancelled."""
    async with aclosing(bench.door.observe(bench.since)) as reading:
        async for page in reading:
            told += [seen.subject.settlement for seen in page if isinstance(seen.subject, Fact)]


async def broken_finality_is_said(bench: Bench, side: Side) -> None:
    """A reader who stands on a fact that was undone is told so, and does not just go on."""
    bench.needs("break_finality")
    assert bench.break_finality is not None
    order = await bench.new_order()
    await bench.carry_out(side.first, order)
    last = [seen for seen in await bench.observed() if isinstance(seen.subject, side.opened)][-1]
    await bench.break_finality()
    with pytest.raises(FinalityBroken):
        await bench.observed(last.cursor)


async def lost_request(bench: Bench, side: Side) -> None:
    """Bytes that never arrived: Unknown until they expire, then Again; what replaces them lands."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.LOSE])
    lost = await bench.prepare(side.first(order))
    with pytest.raises(Uncertain):
        await faults.submit(lost)
    assert lost.expires is not None, "only what expires can be known to be lost"
    if bench.clock.now() < lost.expires:
        assert isinstance(await bench.door.look(lost), Unknown), "it may still be on its way"
    sight = await bench.decided(lost)
    assert isinstance(sight, Again), sight
    assert bench.clock.now() >= lost.expires
    assert await bench.names(order) == []
    anew = await bench.prepare(side.first(order), replaces=lost.tx)
    assert anew.replaces == lost.tx
    await bench.door.submit(anew)
    assert isinstance(await bench.decided(anew), Landed)
    with suppress(Refused, Unavailable):
        await bench.door.submit(lost)
    assert await bench.names(order) == named(side.opened)


async def lost_answer(bench: Bench, side: Side) -> None:
    """Bytes that arrived unheard: `look` ends in Landed, and the fact is told once."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.LOSE_ANSWER])
    prepared = await bench.prepare(side.first(order))
    with pytest.raises(Uncertain):
        await faults.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)
    await faults.submit(prepared)
    assert await bench.names(order) == named(side.opened)


async def delayed(bench: Bench, side: Side) -> None:
    """While bytes are on their way nobody says Never or Again; when they arrive they land."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.DELAY])
    prepared = await bench.prepare(side.first(order))
    with pytest.raises(Uncertain):
        await faults.submit(prepared)
    assert isinstance(await faults.look(prepared), Unknown)
    assert isinstance(await faults.look(prepared), Unknown), "looking changes nothing"
    await faults.arrive()
    assert isinstance(await bench.decided(prepared), Landed)
    assert await bench.names(order) == named(side.opened)


async def reordered(bench: Bench, side: Side) -> None:
    """First and fence arrive the other way round: the fence holds, whatever the order."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.DELAY, Way.DELAY])
    first, fence = await bench.prepare(side.first(order)), await bench.prepare(side.undone(order))
    for one in (first, fence):
        with pytest.raises(Uncertain):
            await faults.submit(one)
    await faults.arrive(reorder=True)
    assert isinstance(await bench.decided(fence), Landed)
    assert isinstance(await bench.decided(first), Never)
    assert await bench.names(order) == named(side.fenced)


async def again_is_true(bench: Bench, side: Side) -> None:
    """After Again the old bytes cannot land any more, however late they come."""
    order = await bench.new_order()
    faults = Faults(bench.door, [Way.DELAY])
    late = await bench.prepare(side.first(order))
    with pytest.raises(Uncertain):
        await faults.submit(late)
    assert isinstance(await bench.decided(late), Again)
    await faults.arrive()
    await bench.sleep(50)
    assert await bench.names(order) == []
    assert isinstance(await bench.door.look(late), Again | Never)


async def cancelled_anywhere(bench: Bench, side: Side) -> None:
    """A call ended at its k-th await leaks nothing: the door goes on, and what it did is known."""
    for last in range(64):
        order = await bench.new_order()
        prepared = await bench.prepare(side.first(order))
        crashed, _ = await crash_at(bench.door.submit(prepared), last)
        await bench.door.submit(prepared)  # what an engine does after a crash: the same bytes
        assert isinstance(await bench.decided(prepared), Landed)
        assert await bench.names(order) == named(side.opened), f"ended at await {last}"
        if not crashed:
            return
    raise AssertionError("submit awaits more than 64 times")


async def closed_gate(bench: Bench, side: Side) -> None:
    """Where nobody answers, Unavailable is said, nothing was sent, and nothing lands by itself."""
    bench.needs("close")
    assert bench.close is not None
    assert bench.reopen is not None
    order = await bench.new_order()
    prepared = await bench.prepare(side.first(order))
    await bench.close()
    with pytest.raises(Unavailable):
        await bench.door.submit(prepared)
    with pytest.raises(Unavailable):
        await bench.door.look(prepared)
    with pytest.raises(AdapterError):
        await bench.observed()
    await bench.reopen()
    assert await bench.names(order) == []
    await bench.door.submit(prepared)
    assert isinstance(await bench.decided(prepared), Landed)


async def all_units(bench: Bench, owned: Owned, account: str) -> int:
    """Return what an account holds. The card has made sure that it can be read."""
    assert bench.holding is not None
    return await bench.holding(owned, account)
