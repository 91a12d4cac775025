"""A chain is read through nodes of which one lies or is silent: the facts are the chain's."""

import re
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import adapters.evm
from adapters.evm.accounts import Account, hash_of, transaction_in
from adapters.evm.devnode import DevNode, Lie
from adapters.evm.reading import STRETCH
from adapters.evm.turns import TURN_MS
from bridge.core.effects import LockAsset, ReleaseLock
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor
from bridge.ports import Landed, Unavailable
from tests.adapters.evm.chain import STRANGER
from tests.adapters.evm.grounds import Here

ALWAYS = 10**6
TOLD = ["AssetLocked", "LockReleased"]


@pytest.mark.parametrize(
    "lie",
    ["forge_header", "forge_receipt", "omit", "garbage", "huge", "wrong_id"],
)
@pytest.mark.parametrize("place", [0, 1])
async def test_who_lies_is_set_aside_and_nothing_false_is_told(lie: str, place: int) -> None:
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        here.nodes[place].node.lie = Lie(lie, times=ALWAYS)
        with capture_logs() as said:
            for kind in (LockAsset, ReleaseLock):
                await bench.carry_out(kind, order)
            for _ in range(8):  # whoever's turn it is
                await bench.sleep(TURN_MS)
                assert await bench.names(order) == TOLD
            asked = len(here.nodes[place].asked)
            assert await bench.names(order) == TOLD
        assert len(here.nodes[place].asked) == asked, "it is asked no more"
        lied = [one["what"] for one in said if one["event"] == "network.endpoint_lied"]
        assert lied == [here.nodes[place].operator]


async def test_who_was_set_aside_is_asked_again_when_its_time_is_over() -> None:
    async with Here(changes={"quarantine_ms": 10_000}) as here:
        bench = here.bench()
        here.nodes[0].node.lie = Lie("garbage", times=1)
        await bench.observed()
        asked = len(here.nodes[0].asked)
        await bench.sleep(11_000)
        await bench.observed()
        assert len(here.nodes[0].asked) > asked


async def test_one_that_is_silent_is_written_down_once_and_two_are_too_many() -> None:
    async with Here() as here:
        bench = here.bench()
        here.nodes[2].closed = True
        with capture_logs() as said:
            order = await bench.new_order()
            await bench.carry_out(LockAsset, order)
            assert await bench.names(order) == TOLD[:1]
        silent = [one["what"] for one in said if one["event"] == "network.endpoint_silent"]
        assert silent == [here.nodes[2].operator]
        here.nodes[1].closed = True
        with pytest.raises(Unavailable, match="1 of the 2 operators"):
            await anext(here.network.observe(bench.since))
        with pytest.raises(Unavailable):
            await bench.prepare(ReleaseLock(order))


async def test_two_nodes_of_one_operator_count_once() -> None:
    async with Here() as here:
        here.nodes[1].operator = here.nodes[0].operator
        here.nodes[2].closed = True
        with pytest.raises(Unavailable, match="1 of the 2 operators"):
            await anext(here.network.observe(BEGINNING))


async def test_a_node_that_lags_holds_nothing_up() -> None:
    async with Here() as here:
        bench = here.bench()
        here.nodes[0].node.stale = 20
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        assert await bench.names(order) == TOLD[:1]


async def test_receipts_are_fetched_one_by_one_where_a_block_is_not_given_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(adapters.evm.devnode.METHODS, "eth_getBlockReceipts")
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        assert await bench.names(order) == TOLD[:1]
        assert any("eth_getTransactionReceipt" in node.asked for node in here.nodes)


@pytest.mark.parametrize("whole", [True, False])
async def test_a_fact_names_its_transaction_whoever_sent_it(
    whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What carries the notaries' signatures may be sent by anybody."""
    if not whole:
        monkeypatch.delitem(adapters.evm.devnode.METHODS, "eth_getBlockReceipts")
    async with Here() as here:
        bench = here.bench()
        order = await bench.new_order()
        locked = await bench.carry_out(LockAsset, order)
        prepared = await bench.prepare(ReleaseLock(order))
        ours, _ = transaction_in(prepared.items[0])
        count = adapters.evm.devnode.METHODS["eth_getTransactionCount"]
        nonce = int(str(count(here.nodes[0].node, (STRANGER.address, "latest"))), 16)
        theirs = replace(ours, nonce=nonce).signed(Account(STRANGER.key.secret))
        await here.nodes[0].send(theirs)
        assert isinstance(await bench.decided(prepared), Landed)
        await here.network.submit(prepared)  # too late, and spends its nonce
        one, other = await bench.observed()
        assert one.tx in locked.names
        assert other.tx == hash_of(theirs)


async def test_a_node_that_names_no_transaction_is_read_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No root proves the name, so nothing rests on it."""
    honest = adapters.evm.devnode.METHODS["eth_getBlockReceipts"]

    def nameless(node: DevNode, params: Any) -> Any:
        told = honest(node, params)
        return [{**one, "transactionHash": "0x\x1b[2J"} for one in told]

    monkeypatch.setitem(adapters.evm.devnode.METHODS, "eth_getBlockReceipts", nameless)
    async with Here() as here:
        bench = here.bench()
        await bench.carry_out(LockAsset, await bench.new_order())
        (seen,) = await bench.observed()
        assert seen.tx is None


async def test_a_chain_is_read_from_its_first_block_with_what_governors_say_in_it() -> None:
    async with Here(changes={"start_block": 0}) as here:
        assert here.world.chain.finalized > STRETCH, "more than one stretch"
        bench = here.bench()
        locked = await bench.new_order()
        await bench.carry_out(LockAsset, locked)
        told: list[str] = []
        async with aclosing(here.network.observe(BEGINNING)) as reading:
            async for page in reading:
                told += [type(one.subject).__name__ for one in page]
                if any(
                    isinstance(one.subject, Fact) and one.subject.settlement == locked.id
                    for one in page
                ):
                    break
        before = ["AssetLocked", "AssetBurned", "AssetMinted", "AssetAssigned"]
        assert sorted(told[:-1]) == sorted(before * 3)


@pytest.mark.parametrize("cursor", ["7", "7:ab:0", "x:" + "ab" * 32 + ":0"])
async def test_a_cursor_of_another_adapter_is_refused(cursor: str) -> None:
    async with Here() as here:
        with pytest.raises(Unavailable, match="no cursor of an Ethereum-compatible chain"):
            await anext(here.network.observe(Cursor(cursor)))


def test_logs_are_never_asked_for() -> None:
    """A node that leaves a log out of its answer could not be found out.

    `evm check` looks in logs for names it then asks a quorum about; it signs nothing.
    """
    elsewhere = {"devnode.py", "outsiders.py"}  # the dev chain's own node, and `evm check`
    assert adapters.evm.__file__ is not None
    for file in Path(adapters.evm.__file__).parent.rglob("*.py"):
        text = file.read_text("utf-8")
        assert "deploying" in file.parts or "import named" not in text, file.name
        if file.name in elsewhere:
            continue
        assert not re.search(r"eth_(getLogs|newFilter|getFilter)|\.get_logs\(", text), file.name
