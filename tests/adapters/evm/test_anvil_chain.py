"""A chain on anvil that was killed at any moment is the same chain: every block that was told."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing, suppress
from random import Random  # noqa: TID251 the moments of a test
from typing import Any

import pytest
import rlp
from eth_hash.auto import keccak

from adapters.evm import anvil_chain
from adapters.evm.accounts import Account, Transaction
from adapters.evm.anvil import Node
from adapters.evm.anvil_chain import LastingChain
from adapters.evm.client import Bounds, Endpoint, Json, NodeError, Trouble
from adapters.evm.relay import Relay, relay
from bridge.ports import FinalityBroken, Unavailable

pytestmark = pytest.mark.slow
CHAIN_ID, EPOCH, BLOCK_MS = 31_337, 1, 20
GWEI = 10**9
PEOPLE = tuple(Account(bytes([number]) * 32) for number in (1, 2, 3))
SEED, KILLS, BETWEEN_S = 7, 6, 0.5
# What is deployed keeps what it is called with: CALLDATALOAD of 0, SSTORE at 0.
KEEPER = bytes.fromhex("6007600c60003960076000f360003560005500")


def address(of: Account) -> str:
    return f"0x{of.address.hex()}"


def wall() -> int:
    return int(time.time())  # noqa: TID251 a chain has its own clock


@pytest.fixture
async def door() -> AsyncIterator[Relay]:
    async with relay() as made:
        yield made


@pytest.fixture
async def chain(door: Relay) -> AsyncIterator[LastingChain]:
    """It makes blocks when the test says so."""
    rich = [address(one) for one in PEOPLE]
    made = LastingChain(door, CHAIN_ID, EPOCH, block_ms=BLOCK_MS, rich=rich, now=wall)
    await made.start()
    yield made
    await made.end()


@pytest.fixture
async def asked(door: Relay, chain: LastingChain) -> AsyncIterator[Endpoint]:
    del chain  # which leads the door to a node
    async with Endpoint(door.url, "anybody", Bounds(tries=1, timeout_s=5)) as endpoint:
        yield endpoint


class Sender:
    """Somebody who sends, and sends again what was lost."""

    def __init__(self, account: Account, asked: Endpoint) -> None:
        self.account, self.asked = account, asked
        self.sent: list[bytes] = []

    async def send(self, to: bytes = b"\x11" * 20, data: bytes = b"", tip: int = 1) -> None:
        made = Transaction(
            chain_id=CHAIN_ID,
            nonce=len(self.sent),
            tip=tip * GWEI,
            max_fee=100 * GWEI,
            gas=200_000,
            to=to,
            data=data,
        )
        self.sent.append(made.signed(self.account))
        await self.asked.send(self.sent[-1])

    async def used(self) -> int:
        told = await self.asked.call("eth_getTransactionCount", address(self.account), "latest")
        return int(str(told), 16)


async def until(asked: Endpoint, which: str, number: int) -> None:
    """Wait until that block is at least the one of this number."""
    async with asyncio.timeout(30):
        while True:
            with suppress(Trouble):
                if int(str((await block(asked, which))["number"]), 16) >= number:
                    return
            await asyncio.sleep(0.01)


async def block(asked: Endpoint, which: str) -> Mapping[str, Json]:
    told = await asked.call("eth_getBlockByNumber", which, False)
    assert isinstance(told, dict), which
    return told


async def all_of(asked: Endpoint) -> dict[int, str]:
    """Every block's hash, by its number."""
    head = int(str((await block(asked, "latest"))["number"]), 16)
    return {number: str((await block(asked, hex(number)))["hash"]) for number in range(head + 1)}


async def test_one_that_is_killed_while_it_is_used_is_the_same_chain(
    chain: LastingChain, asked: Endpoint
) -> None:
    """Whoever watches hears of no block that is not there at the end, and never of a lower one."""
    chance, told = Random(SEED), dict[int, str]()
    senders = [Sender(account, asked) for account in PEOPLE]

    async def watch() -> None:
        last = 0
        while True:
            with suppress(Trouble):
                seen = await block(asked, "latest")
                number = int(str(seen["number"]), 16)
                assert number >= last, "it went back"
                last = number
                assert told.setdefault(number, str(seen["hash"])) == seen["hash"], number
            await asyncio.sleep(0.001)

    async def use(sender: Sender) -> None:
        while True:
            with suppress(Trouble, NodeError):  # killed; or known already
                for raw in sender.sent[await sender.used() :]:
                    with suppress(NodeError):
                        await asked.send(raw)
                await sender.send(tip=chance.choice((1, 1, 2, 3)))
            await asyncio.sleep(chance.random() / 50)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in (chain.tick(), watch(), *map(use, senders))]
        for _ in range(KILLS):
            await until(asked, "latest", max(told, default=0) + 5)
            await asyncio.sleep(chance.random() * BETWEEN_S)
            await chain.kill()
            await chain.start()
        for task in tasks:
            task.cancel()
    await chain.kill()
    await chain.start()
    now = await all_of(asked)
    assert {number: now.get(number) for number in told} == told
    assert min([await sender.used() for sender in senders]) > KILLS


async def test_states_receipts_and_what_is_final_are_there_again(
    chain: LastingChain, asked: Endpoint
) -> None:
    sender = Sender(PEOPLE[0], asked)
    made = f"0x{keccak(rlp.encode([sender.account.address, 0]))[12:].hex()}"
    await sender.send(b"", KEEPER)
    await chain.mine()
    await sender.send(bytes.fromhex(made[2:]), (77).to_bytes(32, "big"))
    for _ in range(3):
        await chain.mine()

    async def shown() -> list[Any]:
        return await asked.batch(
            [
                ("eth_getStorageAt", (made, "0x0", "finalized")),
                ("eth_getProof", (made, ("0x" + "00" * 32,), "finalized")),
                ("eth_getBlockReceipts", ("0x2",)),
                ("eth_getBlockByNumber", ("finalized", True)),
                ("eth_feeHistory", ("0x3", "latest", (50,))),
            ]
        )

    before = await shown()
    assert not any(isinstance(one, NodeError) for one in before)
    assert int(before[0], 16) == 77
    await chain.kill()
    await chain.start()
    assert await shown() == before


async def test_a_block_is_not_told_before_it_is_remembered(
    chain: LastingChain, asked: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node dies between making it and telling us what is in it: nobody ever heard of it."""
    heard: list[Json] = []

    async def ask() -> None:
        with suppress(Trouble):
            heard.append(await asked.call("eth_blockNumber"))

    async with asyncio.TaskGroup() as group:

        async def dies(_: Endpoint) -> None:
            assert chain._node is not None
            if await chain._node.call("eth_blockNumber") == "0x0":
                return  # it is not made yet
            group.create_task(ask())
            await asyncio.sleep(0.2)  # as long as an answer takes, many times
            assert heard == []
            await chain.kill()
            raise Trouble("the node was killed")

        monkeypatch.setattr(chain, "_remember", dies)
        with pytest.raises(Unavailable):
            await chain.mine()
    monkeypatch.undo()
    assert heard == []
    await chain.start()
    assert await asked.call("eth_blockNumber") == "0x0"


async def test_nobody_is_answered_by_a_node_that_is_not_whole(
    chain: LastingChain, asked: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        await chain.mine()
    await chain.kill()
    play = chain._play

    async def seen(node: Endpoint) -> None:
        await play(node)
        with pytest.raises(Trouble):
            await asked.call("eth_blockNumber")

    monkeypatch.setattr(chain, "_play", seen)
    await chain.start()
    assert await asked.call("eth_blockNumber") == "0x5"


async def test_blocks_that_others_had_made_are_remembered(
    chain: LastingChain, asked: Endpoint
) -> None:
    """By hand and over the door, an hour ahead, which our own clock has not come to."""
    await asked.call("evm_mine", wall() + 3_600)
    await chain.mine()
    before = await all_of(asked)
    assert len(before) == 3
    await chain.kill()
    await chain.start()
    assert await all_of(asked) == before


Change = Callable[[Node], object]


def gave(node: Node) -> None:
    """Coin from nowhere: the state of every later block is another."""
    node.ask("anvil_setBalance", "0x" + "22" * 20, "0x1")


def undid(node: Node) -> None:
    node.ask("anvil_reorg", 1, [])


@pytest.mark.parametrize("change", [gave, undid])
async def test_one_that_would_be_another_is_told_by_nobody(
    chain: LastingChain, asked: Endpoint, change: Change
) -> None:
    for _ in range(2):
        await chain.mine()
    with closing(Node(asked.url)) as node:
        await asyncio.to_thread(change, node)
    await chain.mine()
    await chain.kill()
    with pytest.raises(FinalityBroken, match="block 3, which was 0x"):
        await chain.start()
    assert await chain.ended() != 0
    with pytest.raises(Trouble):
        await asked.call("eth_blockNumber")


async def test_one_that_was_only_slow_is_whole_again(
    chain: LastingChain, asked: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its block is made is not known; it is not told until it is."""

    async def slow(node: Endpoint, *_: object) -> None:
        await node.call("evm_mine")
        raise Trouble("no answer in time")

    monkeypatch.setattr(chain, "_mined", slow)
    with pytest.raises(Unavailable):
        await chain.mine()
    with pytest.raises(Trouble):
        await asked.call("eth_blockNumber")
    monkeypatch.undo()
    await chain.mine()
    before = await all_of(asked)
    assert len(before) == 3
    await chain.kill()
    await chain.start()
    assert await all_of(asked) == before


async def test_blocks_are_made_while_one_is_due(
    chain: LastingChain, asked: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For what waits and until it is final; else one in a while, and none while it is paused."""
    monkeypatch.setattr(anvil_chain, "IDLE_MS", 10**9)
    async with asyncio.TaskGroup() as group:
        ticking = group.create_task(chain.tick())
        await Sender(PEOPLE[0], asked).send()
        await until(asked, "finalized", 1)
        await asyncio.sleep(10 * BLOCK_MS / 1000)
        assert await asked.call("eth_blockNumber") == hex(1 + 2 * EPOCH)
        chain.paused = True
        monkeypatch.setattr(anvil_chain, "IDLE_MS", BLOCK_MS)
        await asyncio.sleep(10 * BLOCK_MS / 1000)
        assert await asked.call("eth_blockNumber") == hex(1 + 2 * EPOCH)
        chain.paused = False
        await until(asked, "latest", 2 + 2 * EPOCH)
        ticking.cancel()
