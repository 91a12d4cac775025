"""The contract set on a node not ours: our client asks it, and what it says is proved."""

import subprocess
import sys
import time
from collections.abc import Sequence
from typing import cast

import pytest
import rlp
from eth_hash.auto import keccak

from adapters.evm.anvil import Node
from adapters.evm.blocks import header_of, parsed_receipt, receipt_bytes, receipts_trie
from adapters.evm.client import Endpoint
from adapters.evm.contracts.code import artifact
from adapters.evm.states import storage_root, word_at
from adapters.evm.tries import BadProof, walk
from tests.adapters.evm.anvil import EPOCH, AnvilChain
from tests.adapters.evm.chain import HOLDERS, STRANGER, Bridge, Reverted

pytestmark = pytest.mark.slow
FIRST = HOLDERS[0]


@pytest.fixture(scope="module")
def bridge(on_anvil: AnvilChain) -> Bridge:
    """The set in force on the node, the first holder with something to lock."""
    made = Bridge(on_anvil)
    made.fund(FIRST, 10_000)
    return made


async def test_a_block_of_a_foreign_node_is_proved(bridge: Bridge, on_anvil: AnvilChain) -> None:
    ticket = bridge.ticket(bridge.home, FIRST)
    bridge.lock(ticket, FIRST)
    number, place = (on_anvil.receipt[name] for name in ("blockNumber", "transactionIndex"))
    async with Endpoint(on_anvil.node.url, "anvil") as endpoint:
        block = await endpoint.call("eth_getBlockByNumber", number, False)
        receipts = await endpoint.call("eth_getBlockReceipts", number)
        before = await endpoint.call("eth_getBlockByNumber", hex(int(number, 16) - 1), False)
    assert isinstance(block, dict)
    assert isinstance(before, dict)
    assert isinstance(receipts, list)
    header = header_of(block)
    assert header.parent == header_of(before).hash
    trie = receipts_trie(receipts)
    assert trie.root == header.receipts_root
    key = rlp.encode(int(place, 16))
    proof = trie.prove(key)
    found = walk(header.receipts_root, key, proof)
    assert found is not None
    escrow = bytes.fromhex(bridge.escrow[2:])
    said = [log for log in parsed_receipt(found).logs if log.emitter == escrow]
    assert [log.topics[1] for log in said] == [ticket.settlement]
    for at, raw in enumerate(proof):
        bent = bytes([*raw[:-1], raw[-1] ^ 1])
        with pytest.raises(BadProof):
            walk(header.receipts_root, key, (*proof[:at], bent, *proof[at + 1 :]))
    poisoned = [{**receipts[0], "status": "0x0"}, *receipts[1:]]
    assert receipts_trie(poisoned).root != header.receipts_root
    with pytest.raises(BadProof, match="another hash"):
        header_of({**block, "receiptsRoot": f"0x{receipts_trie(poisoned).root.hex()}"})
    assert receipt_bytes(receipts[0])[0] == int(receipts[0]["type"], 16)


async def test_a_slot_is_proved_from_the_state_root(bridge: Bridge, on_anvil: AnvilChain) -> None:
    ticket = bridge.ticket(bridge.home, FIRST)
    bridge.lock(ticket, FIRST)
    unused = bridge.ticket(bridge.home, FIRST)
    base = artifact("Escrow").storage["origin"]
    places = [
        int.from_bytes(keccak(t.settlement + base.to_bytes(32, "big")), "big")
        for t in (ticket, unused)
    ]
    async with Endpoint(on_anvil.node.url, "anvil") as endpoint:
        block = await endpoint.call("eth_getBlockByNumber", "latest", False)
        told = await endpoint.call(
            "eth_getProof", bridge.escrow, [hex(p) for p in places], "latest"
        )
    assert isinstance(block, dict)
    assert isinstance(told, dict)

    def nodes(texts: object) -> list[bytes]:
        return [bytes.fromhex(text[2:]) for text in cast("Sequence[str]", texts)]

    header = header_of(block)
    escrow = bytes.fromhex(bridge.escrow[2:])
    root = storage_root(header.state_root, escrow, nodes(told["accountProof"]))
    used, none = (nodes(one["proof"]) for one in told["storageProof"])
    assert word_at(root, places[0], used) == int.from_bytes(bridge.slot("origin", ticket)[0], "big")
    assert word_at(root, places[1], none) == 0
    with pytest.raises(BadProof):
        word_at(root, places[1], used)


def test_a_refusal_is_learned_though_its_transaction_was_mined(
    bridge: Bridge, on_anvil: AnvilChain
) -> None:
    ticket = bridge.ticket(bridge.home, FIRST)
    bridge.do("release", ticket)
    with pytest.raises(Reverted, match="Fenced") as refused:
        bridge.lock(ticket, FIRST)
    assert refused.value.name == "Fenced"
    assert on_anvil.receipt["status"] == "0x0"
    with pytest.raises(Reverted, match="TooFew"):
        on_anvil.send(
            STRANGER,
            bridge.escrow,
            bridge.signed("release", bridge.ticket(bridge.home, FIRST), bridge.notaries[:2]),
        )


def test_final_is_twice_an_epoch_behind(on_anvil: AnvilChain) -> None:
    on_anvil.mine(3 * EPOCH)
    head, safe, final = (
        int(on_anvil.block(which)["number"], 16) for which in ("latest", "safe", "finalized")
    )
    assert (head - safe, head - final) == (EPOCH, 2 * EPOCH)


def test_what_is_undone_has_not_happened(bridge: Bridge, on_anvil: AnvilChain) -> None:
    ticket = bridge.ticket(bridge.home, FIRST)
    with on_anvil.undone():
        bridge.lock(ticket, FIRST)
        assert bridge.slot("origin", ticket)[1] == 1
    assert bridge.slot("origin", ticket)[1] == 0
    bridge.lock(ticket, FIRST)


def test_the_node_ends_with_whoever_started_it() -> None:
    code = (
        "import os\n"
        "from tests.adapters.evm.anvil import anvil\n"
        "with anvil() as url:\n"
        "    print(url, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    node = Node(done.stdout.strip())
    for _ in range(100):
        try:
            node.ask("eth_chainId")
        except OSError:
            return
        finally:
            node.close()
        time.sleep(0.05)
    raise AssertionError("it is still there")
