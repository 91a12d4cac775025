"""The ring from order to rest, on the reference networks: what an operator would see."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.bank import Fate
from adapters.memory.network import MemoryNetwork
from bridge.core.ids import EntryId, NetworkId, new_ulid
from bridge.core.settlement import Stage, Stop
from bridge.engine import errands
from bridge.engine.admission import Declined
from bridge.engine.ring import Trouble
from bridge.engine.waiting import Cause
from bridge.notary.entries import Draft, Group
from bridge.notary.outcomes import Fenced, RefusedGroup
from bridge.notary.store.memory import Disk, MemoryStore
from bridge.ports import (
    Check,
    FinalityBroken,
    Notice,
    Prepared,
    Sight,
    Unavailable,
    Uncertain,
    Unknown,
    Unseen,
)
from tests.engine.river import LoopClock, opened, river, wires
from tests.notary.ledgers import LI, WANG, ZHAO, account
from tests.strategies import DESTINATION, ORIGIN


async def test_an_order_is_settled_paid_and_booked(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        of = await water.send(water.order())
        settlement = await water.until(of, Stage.SETTLED)
        assert settlement.stop is None
        origin = water.wires.chains[ORIGIN].escrow
        destination = water.wires.chains[DESTINATION].escrow
        assert destination.balance("bond", "", "buyer-wallet") == 10
        assert origin.balance("bond", "", "seller-wallet") == 1_000_000_000 - 10
        assert water.wires.bank.accounts["CN00456", "HKD"] == 100_000
        assert water.journal.head.seq <= 45 + 12


async def test_a_ledger_that_stopped_writing_stops_the_ring(tmp_path: Path) -> None:
    """A ring at rest has nothing to write, so it would not meet the trouble by itself."""
    disk = Disk()
    async with opened(wires(LoopClock(), tmp_path), MemoryStore(disk)) as water:
        turning = asyncio.get_running_loop().create_task(water.ring.run())
        await asyncio.sleep(0.1)
        assert not turning.done()
        MemoryStore(disk).take("another")
        name = EntryId(new_ulid(water.ring.clock.now(), water.draw(10)))
        group = Group(id=name, drafts=(Draft(id=name, kind="account", body=account("gold")),))
        with pytest.raises(Fenced):
            await water.journal.append((group,))
        await asyncio.wait({turning}, timeout=10)
        assert turning.done()
        with pytest.raises(ExceptionGroup) as ended:
            await turning
        assert ended.group_contains(Fenced)


async def test_what_a_network_never_received_is_handed_over_again_before_it_lapses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A gateway that dies with a request in its hands is back at once; its life is a minute."""
    submit, look, sent = MemoryNetwork.submit, MemoryNetwork.look, list[Prepared]()

    async def lost_at_first(door: MemoryNetwork, prepared: Prepared) -> None:
        sent.append(prepared)
        if len(sent) == 1:
            raise Uncertain("no answer")
        await submit(door, prepared)

    async def seen(door: MemoryNetwork, prepared: Prepared) -> Sight:
        sight = await look(door, prepared)
        if isinstance(sight, Unknown) and "not seen" in sight.why:
            return Unseen(sight.why)
        return sight

    monkeypatch.setattr(MemoryNetwork, "submit", lost_at_first)
    monkeypatch.setattr(MemoryNetwork, "look", seen)
    async with river(tmp_path) as water:
        began = water.ring.clock.now()
        await water.until(await water.send(water.order()), Stage.SETTLED, within=60)
        lock = sent[0]
        assert [one.items for one in sent if one.key == lock.key] == [lock.items] * 2
        assert lock.expires is not None
        assert water.ring.clock.now() - began < lock.expires - began


@pytest.mark.slow
async def test_a_network_that_undoes_what_was_final_is_frozen_and_no_persons_name_is_lent(
    tmp_path: Path,
) -> None:
    async with river(tmp_path) as water:
        first = await water.send(water.order(1))
        await water.until(first, Stage.SETTLED)
        water.wires.bank.fates["*"] = Fate.SILENT
        under_way = await water.send(water.order(2))
        await water.until(under_way, Stage.PAYING)
        chain = water.wires.chains[ORIGIN]
        assert chain.reorganise(3, water.ring.clock.now(), drop=True) > 0
        await water.until(under_way, Stage.PAYING, stop="frozen", within=60)  # a reader's patience
        freeze = water.journal.view.freeze(f"network/{ORIGIN}")
        assert freeze is not None
        assert (freeze.by, freeze.reason) == ("house:finality", "finality broken")
        assert any(one.what == "finality.broken" for one in water.ring.trouble.alarms)


async def test_nobody_freezes_in_the_houses_name_but_the_house(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        for scope, by in (("lane/sz-hk", "house:finality"), ("network/x", "nobody")):
            body = {"scope": scope, "reason": "a test", "by": by}
            name = EntryId(new_ulid(water.ring.clock.now(), water.draw(10)))
            (told,) = await water.journal.append(
                (Group(id=name, drafts=(Draft(id=name, kind="freeze", body=body),)),)
            )
            assert isinstance(told, RefusedGroup)


def test_a_quiet_network_is_no_alarm_and_a_node_that_lied_is_one() -> None:
    trouble, chain = Trouble(), NetworkId("eip155:1")
    trouble.noticed(Notice(network=chain, what="finality.progress"))
    assert not trouble.alarms
    trouble.noticed(Notice(network=chain, what="endpoint.lied", detail="east: another block"))
    (raised,) = trouble.alarms
    assert (raised.what, raised.why) == ("endpoint.lied", "eip155:1: east: another block")


async def test_a_door_that_sees_broken_finality_while_it_is_asked_stops_no_ring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reader tells the house, which freezes; the errand waits."""
    prepare, times = MemoryNetwork.prepare, iter(range(3))

    async def broken(*args: Any, **words: Any) -> Prepared:
        if next(times, None) is not None:
            raise FinalityBroken("block 7 was another one")
        return await prepare(*args, **words)

    monkeypatch.setattr(MemoryNetwork, "prepare", broken)
    async with river(tmp_path) as water:
        of = await water.send(water.order())
        await water.until(of, Stage.SETTLED, within=60)
        assert next(times, None) is None


async def test_nothing_of_a_settlement_at_rest_stays_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where its last fact is told before whoever asked for it hears that it was taken."""
    submit = MemoryNetwork.submit

    async def slow(self: MemoryNetwork, prepared: Prepared) -> None:
        await submit(self, prepared)
        await asyncio.sleep(0.05)

    monkeypatch.setattr(MemoryNetwork, "submit", slow)
    async with river(tmp_path) as water:
        of = await water.send(water.order())
        await water.until(of, Stage.PREPARING)
        water.ring.errands._worried.add(of)
        assert water.ring._perform._sent
        await water.until(of, Stage.SETTLED)
        held = water.ring.errands
        async with asyncio.timeout(10):
            while held._running:  # noqa: ASYNC110 who asked last may not have heard yet
                await asyncio.sleep(0.01)
        assert not held._met
        assert not held._worried
        assert not water.ring._perform._sent


async def test_the_longer_a_door_is_away_the_seldomer_it_is_asked_for_each_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The doors that are there are asked about every order each time, and serve others too."""
    preflight, away, asked = MemoryNetwork.preflight, True, list[NetworkId]()

    async def counted(self: MemoryNetwork, *words: Any) -> tuple[Check, ...]:
        asked.append(self.id)
        if away and self.id == DESTINATION:
            raise Unavailable("no node answers")
        return await preflight(self, *words)

    monkeypatch.setattr(errands, "ASK_AGAIN_MS", 10)
    monkeypatch.setattr(MemoryNetwork, "preflight", counted)
    async with river(tmp_path) as water:
        of = await water.send(water.order())
        await asyncio.sleep(1)
        settlement = water.now(of)
        met = water.ring.errands.met(settlement)
        assert met is not None
        assert (settlement.stage, met.cause) == (Stage.SCREENING, Cause.AWAY)
        assert 4 <= asked.count(ORIGIN) <= 8  # 10 ms, then twice as long each time
        away = False
        await water.until(of, Stage.SETTLED)


async def test_a_thaw_that_was_asked_for_before_another_freeze_lifts_none(tmp_path: Path) -> None:
    """Who asked did not know of the second order, and who approves may not have seen it."""
    async with river(tmp_path) as water:
        water.wires.chains[DESTINATION].paused = True
        of = await water.send(water.order())
        await water.until(of, Stage.PREPARING)

        async def frozen(scope: str) -> None:
            asked = water.request("freeze")
            await water.ring.people.freeze(scope, person=LI, reason="a court says so", asked=asked)
            await water.until(of, Stage.PREPARING, stop="frozen")

        await frozen(f"settlement/{of}")
        early = await water.ring.people.propose(
            "settlement.thaw", of, {"way": "go_on"},
            maker=WANG, reason="a test", asked=water.request("thaw"),
        )  # fmt: skip
        await frozen("party/seller")
        with pytest.raises(Declined) as declined:
            await water.check(EntryId(early.id), "approve", ZHAO)
        assert declined.value.code == "LQ-FROZEN-SINCE"
        assert water.now(of).stop is Stop.FROZEN
        await water.decide("settlement.thaw", of, {"way": "go_on"})
        assert water.now(of).stop is None
