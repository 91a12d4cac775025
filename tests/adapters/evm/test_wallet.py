"""A nonce for each action until it is final: bumped, filled, found again after a restart."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from eth_hash.auto import keccak

from adapters.evm.accounts import Account, transaction_in
from adapters.evm.devnode import METHODS, DevNode, Lie, Refusal
from adapters.evm.wallet import IN_FLIGHT, UNSENT_MS
from bridge.core.effects import LockAsset, ReleaseLock
from bridge.ports import Again, Landed, Prepared, Unavailable, Uncertain, Unknown
from tests.adapters.evm.chain import OPERATOR, Party
from tests.adapters.evm.grounds import LIFE_MS, Here
from tests.adapters.evm.stand import BLOCK_S, EXIT, GWEI, Direct


def nonce_of(prepared: Prepared) -> int:
    return transaction_in(prepared.items[0])[0].nonce


def gas_of(prepared: Prepared) -> int:
    return transaction_in(prepared.items[0])[0].gas


async def test_three_rungs_are_one_nonce_each_dearer_on_both_fees() -> None:
    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        rungs = [transaction_in(raw) for raw in prepared.items]
        assert {sender for _, sender in rungs} == {OPERATOR.bytes20}
        assert len({(one.nonce, one.data, one.gas, one.to) for one, _ in rungs}) == 1
        assert len(rungs) == 3
        for (former, _), (later, _) in pairwise(rungs):
            assert later.max_fee * 8 >= former.max_fee * 9
            assert later.tip * 8 >= former.tip * 9
        assert prepared.tx == f"{OPERATOR.address}/{nonce_of(prepared)}"
        assert prepared.names == tuple(f"0x{keccak(raw).hex()}" for raw in prepared.items)


async def test_one_node_cannot_starve_a_verb_of_its_gas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A low answer would burn a nonce and its fee each time it is believed."""
    honest = DevNode.estimate
    async with Here() as here:
        bench = here.bench()
        needed = gas_of(await bench.prepare(LockAsset(await bench.new_order())))

        def low(node: DevNode, params: Any) -> str:
            return "0x5208" if node is here.nodes[0].node else str(honest(node, params))

        monkeypatch.setitem(METHODS, "eth_estimateGas", low)
        for _ in range(3):  # each has its turn to be asked first
            given = gas_of(await bench.prepare(LockAsset(await bench.new_order())))
            assert given > needed * 9 // 10


async def test_gas_is_what_a_quorum_was_asked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(node: DevNode, params: Any) -> str:
        raise Refusal(-32005, "too many requests")

    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        monkeypatch.setitem(METHODS, "eth_estimateGas", refuses)
        with pytest.raises(Unavailable, match="0 of the 2 operators answer"):
            await bench.prepare(LockAsset(order))


async def test_exits_have_a_key_of_their_own() -> None:
    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(ReleaseLock(await bench.new_order()))
        assert transaction_in(prepared.items[0])[1] == EXIT.bytes20


async def test_no_rung_is_over_the_cap_and_under_the_market_nothing_is_signed() -> None:
    async with Here(changes={"max_fee_wei": 4 * GWEI}) as here:
        bench = here.bench()
        order = await bench.new_order()
        prepared = await bench.prepare(LockAsset(order))
        assert all(transaction_in(raw)[0].max_fee <= 4 * GWEI for raw in prepared.items)
    async with Here(changes={"max_fee_wei": GWEI + 2, "min_tip_wei": GWEI // 2}) as here:
        bench = here.bench()
        with pytest.raises(Unavailable, match="the cap is"):
            await bench.prepare(LockAsset(await bench.new_order()))


async def test_what_is_not_mined_is_sent_again_dearer() -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        prepared = await bench.prepare(LockAsset(order))
        told, _ = transaction_in(prepared.items[0])
        cheap = replace(told, max_fee=1, tip=1).signed(Account(OPERATOR.key.secret))
        prepared = replace(prepared, items=(cheap, *prepared.items))
        await here.network.submit(prepared)
        assert [len(node.sent) for node in here.nodes].count(1) == 1, "one node was handed it"
        assert isinstance(await bench.decided(prepared), Landed)
        sent = [raw for node in here.nodes for raw in node.sent]
        assert cheap in sent
        assert prepared.items[1] in sent
        assert set(sent) <= set(prepared.items), "only bytes that are written down"


async def test_what_a_node_swallowed_goes_out_through_another() -> None:
    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        for node in here.nodes:
            node.node.lie = Lie("swallow", ("eth_sendRawTransaction",), 1)
        await here.network.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)


async def test_a_nonce_that_was_never_used_is_filled_so_that_nothing_waits_behind_it() -> None:
    async with Here() as here:
        bench = here.bench()
        lost = await bench.prepare(LockAsset(await bench.new_order()))
        later = await bench.prepare(LockAsset(await bench.new_order()))
        assert nonce_of(later) == nonce_of(lost) + 1
        await here.network.submit(later)
        assert isinstance(await here.network.look(later), Unknown)
        await bench.sleep(LIFE_MS)
        assert isinstance(await bench.decided(later), Landed | Again)
        assert isinstance(await bench.decided(lost), Again)
        await here.network.submit(lost)  # however late it comes
        assert isinstance(await here.network.look(lost), Again)


async def test_bytes_that_were_given_up_hold_nobody_up_for_all_their_time() -> None:
    """Their settlement went on while they were made: the ledger never heard of them."""
    async with Here(changes={"tx_life_ms": 60 * LIFE_MS}) as here:
        bench = here.bench()
        given_up = await bench.prepare(LockAsset(await bench.new_order()))
        later = await bench.prepare(LockAsset(await bench.new_order()))
        assert nonce_of(later) == nonce_of(given_up) + 1
        await here.network.submit(later)
        assert isinstance(await here.network.look(later), Unknown)
        assert {raw for node in here.nodes for raw in node.sent} <= {*later.items}
        await bench.sleep(UNSENT_MS)
        assert isinstance(await bench.decided(later), Landed)
        assert given_up.expires is not None
        assert bench.clock.now() < given_up.expires
        await here.network.submit(given_up)  # however late it comes
        assert isinstance(await here.network.look(given_up), Again)


async def test_bytes_that_a_node_takes_its_time_to_take_are_not_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else who hangs when it is handed something has nonces spent, and verbs made anew."""
    async with Here(changes={"tx_life_ms": 60 * LIFE_MS}) as here:
        bench = here.bench()
        slow = await bench.prepare(LockAsset(await bench.new_order()))
        later = await bench.prepare(LockAsset(await bench.new_order()))
        takes = type(here.nodes[0]).send

        async def takes_its_time(node: Direct, raw: bytes) -> str:
            if raw in slow.items:
                await bench.sleep(2 * UNSENT_MS)
            return await takes(node, raw)

        monkeypatch.setattr(Direct, "send", takes_its_time)
        async with asyncio.TaskGroup() as group:
            group.create_task(here.network.submit(slow))
            await here.network.submit(later)
            await bench.sleep(UNSENT_MS)
            assert isinstance(await here.network.look(later), Unknown)
        assert isinstance(await bench.decided(slow), Landed)
        assert isinstance(await bench.decided(later), Landed)


async def test_one_key_has_so_many_under_way_and_no_more() -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        for _ in range(IN_FLIGHT):
            await bench.prepare(LockAsset(order))
        with pytest.raises(Unavailable, match="16 transactions of this key are under way"):
            await bench.prepare(LockAsset(order))
        await bench.prepare(ReleaseLock(order))


async def test_a_key_whose_bytes_were_all_given_up_is_free_again() -> None:
    """A ledger that had no room took none of them, and nothing waits behind the last."""
    async with Here(changes={"tx_life_ms": 60 * LIFE_MS}) as here:
        bench = here.bench()
        order = await bench.new_order()
        given_up = [await bench.prepare(LockAsset(order)) for _ in range(IN_FLIGHT)]
        await bench.sleep(UNSENT_MS)
        with pytest.raises(Unavailable, match="are under way"):
            await bench.prepare(LockAsset(order))
        await bench.sleep(int(3_000 * BLOCK_S))
        later = await bench.prepare(LockAsset(order))
        await here.network.submit(later)
        assert isinstance(await bench.decided(later), Landed)
        await here.network.submit(given_up[0])  # however late it comes
        assert isinstance(await here.network.look(given_up[0]), Landed), "the lock is there once"
        assert await bench.names(order) == ["AssetLocked"]


async def test_what_landed_long_ago_is_forgotten() -> None:
    async with Here() as here:
        bench, wallet = here.bench(), here.network._keys.entry
        assert wallet is not None
        for _ in range(3 * IN_FLIGHT):
            prepared = await bench.prepare(LockAsset(await bench.new_order()))
            await here.network.submit(prepared)
            assert isinstance(await bench.decided(prepared), Landed)
        assert len(wallet._sent) == len(wallet._given) == IN_FLIGHT + 1


async def test_after_a_restart_the_ledgers_bytes_say_what_is_under_way() -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        prepared = await bench.prepare(LockAsset(order))
        here.network = here.door()
        again = here.bench()
        await here.network.submit(prepared)
        other = await again.prepare(LockAsset(await bench.new_order()))
        assert nonce_of(other) == nonce_of(prepared) + 1
        assert isinstance(await again.decided(prepared), Landed)
        here.network = here.door()
        assert isinstance(await here.network.look(prepared), Landed)
        await here.network.submit(prepared)
        assert await again.names(order) == ["AssetLocked"]


async def test_a_key_with_nothing_to_pay_with_is_not_there() -> None:
    async with Here(leave=Party("poor")) as here:
        bench = here.bench()
        prepared = await bench.prepare(ReleaseLock(await bench.new_order()))
        with pytest.raises(Unavailable, match="too little to pay with"):
            await here.network.submit(prepared)


async def test_bytes_that_were_lost_on_their_way_are_handed_over_again_in_their_time() -> None:
    """No node has them, and nobody can know that: after some blocks they are sent once more."""
    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        for node in here.nodes:
            node.node.lie = Lie("drop", ("eth_sendRawTransaction",), 1)
        with pytest.raises(Uncertain):
            await here.network.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)
        assert prepared.expires is not None
        assert bench.clock.now() < prepared.expires


async def test_bytes_nobody_waited_for_to_be_taken_are_handed_over_again_in_their_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nodes that take a line and say nothing outlast the engine's patience."""

    async def says_nothing(raw: bytes) -> str:
        await asyncio.Event().wait()
        return raw.hex()

    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        with monkeypatch.context() as silent:
            for node in here.nodes:
                silent.setattr(node, "send", says_nothing)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(here.network.submit(prepared), 0.05)
        assert isinstance(await bench.decided(prepared), Landed)
        assert prepared.expires is not None
        assert bench.clock.now() < prepared.expires


async def test_bytes_of_a_former_life_that_were_lost_keep_nobody_waiting_behind_them() -> None:
    """Their verb may have landed otherwise: nobody looks after them any more."""
    async with Here() as here:
        bench = here.bench()
        lost = await bench.prepare(LockAsset(await bench.new_order()))
        here.network = here.door()
        for node in here.nodes:
            node.node.lie = Lie("drop", ("eth_sendRawTransaction",), 1)
        with pytest.raises(Uncertain):
            await here.network.submit(lost)
        again = here.bench()
        later = await again.prepare(LockAsset(await bench.new_order()))
        assert nonce_of(later) == nonce_of(lost) + 1
        await here.network.submit(later)
        await again.sleep(LIFE_MS)
        assert isinstance(await again.decided(later), Landed | Again)


async def test_an_answer_that_was_lost_is_uncertain_and_the_bytes_may_be_there() -> None:
    async with Here() as here:
        bench = here.bench()
        prepared = await bench.prepare(LockAsset(await bench.new_order()))
        for node in here.nodes:
            node.node.lie = Lie("drop", ("eth_sendRawTransaction",), 1)
        with pytest.raises(Uncertain):
            await here.network.submit(prepared)
        assert isinstance(await here.network.look(prepared), Unknown)
        await here.network.submit(prepared)
        assert isinstance(await bench.decided(prepared), Landed)
