"""The dev chain as others see it: web3 and eth-account work on it, and its proofs are true."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import rlp
from eth_account import Account
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address
from web3 import AsyncHTTPProvider, AsyncWeb3

from adapters.evm import calls, devnet
from adapters.evm.accounts import Account as EvmAccount
from adapters.evm.blocks import header_of, receipts_trie
from adapters.evm.client import Bounds, Endpoint, Lied, NodeError, Unanswered, Unreachable
from adapters.evm.contracts.code import artifact
from adapters.evm.deploying.sending import Fees, Journal, Sending
from adapters.evm.deploying.steps import Chain, Roles, set_steps
from adapters.evm.devnet import CHAIN_ID, DevNet, served
from adapters.evm.nodes import Nodes
from adapters.evm.states import storage_root, word_at
from adapters.evm.tries import walk
from bridge.clock import SystemClock
from tests.adapters.evm.chain import GOVERNOR, ISSUER, STRANGER

GWEI = 10**9
SINK = "0x" + "11" * 20


@dataclass
class Stand:
    net: DevNet
    url: str
    north: Endpoint
    nonce: int = 0

    def signed(self, to: str | None = SINK, data: bytes = b"", **changes: int) -> bytes:
        """A transaction of a stranger's, signed by a library that is not ours."""
        words: dict[str, Any] = {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": self.nonce,
            "value": 0,
            "data": data,
            "gas": 5_000_000,
            "maxFeePerGas": 10 * GWEI,
            "maxPriorityFeePerGas": GWEI,
        } | changes
        if to is not None:
            words["to"] = to_checksum_address(to)
        return bytes(Account.sign_transaction(words, STRANGER.key.secret).raw_transaction)

    async def sent(self, to: str | None = SINK, data: bytes = b"") -> Mapping[str, Any]:
        """Send it and mine it; the receipt."""
        known = await self.north.send(self.signed(to, data))
        self.nonce += 1
        await self.net.mine()
        receipt = await self.north.call("eth_getTransactionReceipt", known)
        assert isinstance(receipt, dict)
        return receipt


@pytest.fixture
async def stand() -> AsyncIterator[Stand]:
    async with AsyncExitStack() as stack:
        starting = served([STRANGER.bytes20, GOVERNOR.bytes20], block_ms=0)
        net, url = await stack.enter_async_context(starting)
        asking = Endpoint(f"{url}/north", "north", Bounds(timeout_s=5, tries=1))
        yield Stand(net, url, await stack.enter_async_context(asking))


async def test_web3_works_on_it(stand: Stand) -> None:
    theirs = AsyncWeb3(AsyncHTTPProvider(f"{stand.url}/south"))
    try:
        assert await theirs.eth.chain_id == CHAIN_ID
        known = await theirs.eth.send_raw_transaction(stand.signed())
        await stand.net.mine()
        receipt = await theirs.eth.wait_for_transaction_receipt(known, timeout=5)
        assert (receipt["status"], receipt["blockNumber"]) == (1, 1)
        block = await theirs.eth.get_block("latest")
        assert block["hash"] == receipt["blockHash"]
        assert await theirs.eth.get_transaction_count(stranger()) == 1
        assert await theirs.eth.get_balance(stranger()) < 10**24
    finally:
        await theirs.provider.disconnect()


def stranger() -> Any:
    return Account.from_key(STRANGER.key.secret).address


async def deployed(stand: Stand) -> str:
    words = ("Share", "SHR", 0, b"\x01" * 32, b"\x01" * 32, ISSUER.address, STRANGER.address)
    code = calls.creation("RepresentationToken", artifact("RepresentationToken").creation, *words)
    receipt = await stand.sent(None, code)
    assert receipt["status"] == "0x1"
    made: bytes = rlp.encode([STRANGER.bytes20, stand.nonce - 1])
    return "0x" + keccak(made)[-20:].hex()


async def test_receipts_and_state_are_proved_from_its_headers(stand: Stand) -> None:
    token = await deployed(stand)
    data = calls.call("RepresentationToken", "approve", SINK, 77)
    receipt = await stand.sent(token, data)
    block = await stand.north.call("eth_getBlockByHash", receipt["blockHash"], False)
    assert isinstance(block, dict)
    header = header_of(block)
    receipts: Any = await stand.north.call("eth_getBlockReceipts", block["hash"])
    trie = receipts_trie(receipts)
    assert trie.root == header.receipts_root
    assert walk(trie.root, rlp.encode(0), trie.prove(rlp.encode(0))) is not None
    assert receipts[0]["logs"][0]["address"] == token
    proof: Any = await stand.north.call("eth_getProof", token, ["0x0", "0x5"], "latest")
    nodes = [bytes.fromhex(node[2:]) for node in proof["accountProof"]]
    root = storage_root(header.state_root, bytes.fromhex(token[2:]), nodes)
    for slot in proof["storageProof"]:
        walked = [bytes.fromhex(node[2:]) for node in slot["proof"]]
        assert word_at(root, int(slot["key"], 16), walked) == int(slot["value"], 16)


async def test_a_call_a_revert_and_an_estimate(stand: Stand) -> None:
    token = await deployed(stand)
    data = "0x" + calls.call("RepresentationToken", "totalSupply").hex()
    asked = {"to": token, "data": data}
    assert await stand.north.call("eth_call", asked, "latest") == "0x" + "00" * 32
    forbidden = "0x" + calls.call("RepresentationToken", "crosschainMint", SINK, 5).hex()
    with pytest.raises(NodeError) as refused:
        await stand.north.call("eth_call", {"to": token, "data": forbidden}, "latest")
    assert refused.value.code == 3
    assert calls.revert(refused.value.data).name != "Unknown"
    approve = calls.call("RepresentationToken", "approve", SINK, 77)
    words = {"to": token, "from": STRANGER.address, "data": "0x" + approve.hex()}
    estimate: Any = await stand.north.call("eth_estimateGas", words)
    receipt = await stand.sent(token, approve)
    assert int(receipt["cumulativeGasUsed"], 16) <= int(estimate, 16)


async def test_the_pool_keeps_to_the_rules_of_nodes(stand: Stand) -> None:
    raw = stand.signed()
    await stand.north.send(raw)
    for bad, says in (
        (raw, "already known"),
        (stand.signed(maxFeePerGas=11 * GWEI), "replacement transaction underpriced"),
        (stand.signed(maxPriorityFeePerGas=2 * GWEI), "replacement transaction underpriced"),
        (stand.signed(nonce=1, chainId=1), "invalid chain id"),
        (stand.signed(nonce=1, value=10**30), "insufficient funds"),
        (b"\x02\xc0", "invalid transaction"),
    ):
        with pytest.raises(NodeError, match=says):
            await stand.north.send(bad)
    await stand.north.send(
        stand.signed(maxFeePerGas=11 * GWEI, maxPriorityFeePerGas=11 * GWEI // 10)
    )
    await stand.north.send(stand.signed(nonce=2))  # a gap: it waits
    await stand.net.mine()
    assert await stand.north.call("eth_getTransactionCount", STRANGER.address, "latest") == "0x1"
    with pytest.raises(NodeError, match="nonce too low"):
        await stand.north.send(raw)


async def test_an_undone_blocks_transactions_wait_again(stand: Stand) -> None:
    first = await stand.sent()
    stand.net.chain.undo(1)
    assert await stand.north.call("eth_getTransactionReceipt", first["transactionHash"]) is None
    assert await stand.north.call("eth_blockNumber") == "0x0"
    await stand.net.mine()
    again: Any = await stand.north.call("eth_getTransactionReceipt", first["transactionHash"])
    assert again["blockNumber"] == "0x1"
    stand.net.chain.undo(1, forget=True)
    assert not stand.net.chain.pool


async def test_a_block_is_final_twice_an_epoch_below_the_head(stand: Stand) -> None:
    for _ in range(6):
        await stand.net.mine()
    final: Any = await stand.north.call("eth_getBlockByNumber", "finalized", False)
    safe: Any = await stand.north.call("eth_getBlockByNumber", "safe", False)
    assert (final["number"], safe["number"]) == ("0x2", "0x4")
    await stand.net.do({"do": "hold_final"})
    await stand.net.mine()
    again: Any = await stand.north.call("eth_getBlockByNumber", "finalized", False)
    assert again["number"] == "0x2"


async def test_a_block_has_room_for_as_much_however_long_it_was_quiet(stand: Stand) -> None:
    for _ in range(5):
        await stand.net.mine()
    shown: list[Any] = [
        await stand.north.call("eth_getBlockByNumber", hex(n), False) for n in range(6)
    ]
    assert {one["gasLimit"] for one in shown} == {hex(30_000_000)}


def test_what_computes_on_curves_is_loaded_when_a_contract_asks() -> None:
    """Loading it takes longer than the contract set; its answers are those of the EIPs."""
    asks = """
import sys
from adapters.evm.devchain import DevChain
chain = DevChain(1, [bytes(20)], lambda: 5)
early = any(name.startswith("py_ecc") for name in sys.modules)
def told(place, words):
    return chain.call(bytes(20), bytes(19) + bytes([place]), words, 0)[0]
one = (1).to_bytes(32, "big")
base = one + (2).to_bytes(32, "big")  # the generator of EIP-196
twice = told(6, base + base)
print(early, twice == told(7, base + (2).to_bytes(32, "big")) != base)
print(told(8, b"") == one, told(11, bytes(256)) == bytes(128))
"""
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", asks],
        cwd=Path(__file__).resolve().parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.split() == ["False", "True", "True", "True"]


def test_the_process_of_a_chain_loads_nothing_that_no_chain_asks_for() -> None:
    """A start of the demo waits for it: curves and models would take longer than all else."""
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", "-m", "adapters.evm.devnet", "--until-eof"],
        cwd=Path(__file__).resolve().parents[3],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        loaded = run.communicate("", timeout=60)[1]
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in loaded.splitlines()}
    assert {"aiohttp", "eth", "rlp"} <= names
    assert not {"py_ecc", "pydantic", "eth_account", "web3"} & names


async def test_a_chain_on_which_nothing_happens_makes_few_blocks_and_is_as_quick_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each block is a second of its time and stays in memory and on its tape."""
    monkeypatch.setattr(devnet, "IDLE_S", 60)
    async with served([STRANGER.bytes20], block_ms=10, epoch=1) as (net, url):
        await asyncio.sleep(0.5)
        assert net.chain.head == 0
        async with Endpoint(f"{url}/north", "north") as north:
            await north.send(Stand(net, url, north).signed())
            for _ in range(1_000):  # it is final long before the next idle block
                if net.chain.finalized:
                    break
                await asyncio.sleep(0.01)
        assert [len(one.transactions) for one in net.chain.blocks] == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("kind", "trouble"),
    [
        ("drop", Unanswered),
        ("busy", Unreachable),
        ("garbage", Lied),
        ("huge", Lied),
        ("wrong_id", Lied),
    ],
)
async def test_it_misbehaves_as_it_is_told_and_only_there(
    stand: Stand, kind: str, trouble: type[Exception]
) -> None:
    async with aiohttp.ClientSession() as session:
        told = {"do": "lie", "at": "north", "is": kind, "times": 1}
        async with session.post(f"{stand.url}/panel", json=told) as answer:
            assert answer.status == 200
    with pytest.raises(trouble):
        await stand.north.call("eth_chainId")
    assert await stand.north.call("eth_chainId") == hex(CHAIN_ID)


async def test_a_forged_receipt_shows_and_a_forged_header_agrees_with_itself(stand: Stand) -> None:
    token = await deployed(stand)
    await stand.sent(token, calls.call("RepresentationToken", "approve", SINK, 77))
    true = stand.net.chain.blocks[-1].header
    for kind in ("forge_receipt", "omit"):
        await stand.net.do({"do": "lie", "at": "north", "is": kind})
        receipts: Any = await stand.north.call("eth_getBlockReceipts", "latest")
        assert receipts_trie(receipts).root != true.receipts_root
    await stand.net.do({"do": "lie", "at": "north", "is": "forge_header", "times": 2})
    block: Any = await stand.north.call("eth_getBlockByNumber", "latest", False)
    receipts = await stand.north.call("eth_getBlockReceipts", "latest")
    assert receipts_trie(receipts).root == header_of(block).receipts_root
    assert header_of(block).hash != true.hash
    await stand.net.do({"do": "stale", "at": "north", "blocks": 1})
    assert await stand.north.call("eth_blockNumber") == "0x1"


async def test_new_heads_ring_over_a_websocket(stand: Stand) -> None:
    address = stand.url.replace("http", "ws")
    async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/north") as line:
        await line.send_json({"id": 1, "method": "eth_subscribe", "params": ["newHeads"]})
        assert (await line.receive_json(timeout=5))["id"] == 1
        async with asyncio.timeout(5):
            await stand.net.mine()
            told = await line.receive_json()
    assert told["params"]["result"]["number"] == "0x1"


async def test_a_wrong_command_or_method_is_refused(stand: Stand) -> None:
    async with aiohttp.ClientSession() as session:
        for command in ({"do": "nothing"}, {"do": "undo", "depth": 99}, {}):
            async with session.post(f"{stand.url}/panel", json=command) as answer:
                assert answer.status == 400
    for method, params in (("eth_nothing", ()), ("eth_call", ()), ("eth_getCode", ("0x1", "x"))):
        with pytest.raises(NodeError):
            await stand.north.call(method, *params)


async def test_steps_that_are_handed_at_once_stand_after_one_block(stand: Stand) -> None:
    me, notaries = (
        EvmAccount(STRANGER.key.secret),
        tuple(to_checksum_address(bytes([n]) * 20) for n in (1, 2, 3)),
    )
    who = str(to_checksum_address(me.address))
    roles = Roles(governor=who, guardian=SINK, notaries=notaries, threshold=2, operators=(SINK,))
    steps = set_steps(me.address, 0, Chain(CHAIN_ID, stand.net.chain.blocks[0].header.hash), roles)
    asked = Nodes(f"eip155:{CHAIN_ID}", [stand.north], 1, SystemClock(), 60_000)
    fees, journal = Fees(max_fee=100 * GWEI, tip=GWEI), Journal("", 0, 0)
    sending = Sending(asked, me, CHAIN_ID, fees, poll_s=0.01)
    await sending.hand_all(steps, journal)
    await stand.net.mine()
    assert len(stand.net.chain.blocks[-1].transactions) == len(steps.all) == 5
    assert await sending.carry_out(steps, journal, within_s=5) == 1
