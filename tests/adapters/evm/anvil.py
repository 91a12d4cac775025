"""anvil, a node of somebody else's making: the contract set on it, over JSON-RPC.

Where it cannot be had the tests that need it fail: they are what stands for real chains, and a run
without them has shown nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from eth_account import Account
from eth_hash.auto import keccak
from typing_extensions import override

from adapters.evm import anvil as nodes
from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.anvil import GAS, GWEI, RICH, Node, Refusal
from tests.adapters.evm.chain import CHAIN_ID, START, STRANGER, Chain, Party, Reverted

EPOCH = 2  # slots: safe is so many blocks behind the head, finalized twice as many


@contextmanager
def anvil(*more: str) -> Iterator[str]:
    """A node on a port of its own, with nothing on its chain; its address."""
    with nodes.anvil(CHAIN_ID, EPOCH, "--timestamp", str(START), *more) as url:
        yield url


@dataclass
class AnvilChain(Chain):
    """A chain on anvil: every transaction is signed, sent, and mined in a block of its own.

    It mines when told: on its own the node mines a moment after it has taken a transaction.
    """

    node: Node = field(kw_only=True)
    receipt: dict[str, Any] = field(default_factory=dict)  # of the last transaction
    _rich: set[str] = field(default_factory=set)

    @override
    def __post_init__(self) -> None:
        self.node.ask("evm_setAutomine", False)
        self.now = int(self.block("latest")["timestamp"], 16)

    def block(self, which: str) -> dict[str, Any]:
        """A block without its transactions."""
        found: dict[str, Any] = self.node.ask("eth_getBlockByNumber", which, False)
        return found

    @property
    def genesis_hash(self) -> bytes:
        return bytes.fromhex(self.block("0x0")["hash"][2:])

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens in here has not happened afterwards."""
        mark = self.node.ask("evm_snapshot")
        now, names, rich = self.now, dict(self.names), set(self._rich)
        try:
            yield
        finally:
            assert self.node.ask("evm_revert", mark)
            self.now, self.names, self._rich = now, names, rich

    def mine(self, blocks: int = 1) -> None:
        """Empty blocks, a second each."""
        self.node.ask("anvil_mine", hex(blocks), "0x1")
        self.now = int(self.block("latest")["timestamp"], 16)

    @override
    def later(self, seconds: int) -> None:
        self.now += seconds
        self.node.ask("evm_setNextBlockTimestamp", hex(self.now))
        self.node.ask("evm_mine")

    @override
    def code_hash(self, address: str) -> bytes:
        return keccak(bytes.fromhex(self.node.ask("eth_getCode", address, "latest")[2:]))

    def _sent(self, by: Party, to: str | None, data: bytes, value: int = 0) -> dict[str, Any]:
        if by.address not in self._rich:
            self.node.ask("anvil_setBalance", by.address, RICH)
            self._rich.add(by.address)
        signed = Account.sign_transaction(
            {
                "chainId": self.chain_id,
                "nonce": int(self.node.ask("eth_getTransactionCount", by.address, "latest"), 16),
                "gas": GAS,
                "maxFeePerGas": 10 * GWEI,
                "maxPriorityFeePerGas": GWEI,
                "value": value,
                "data": data,
                **({"to": bytes.fromhex(to[2:])} if to else {}),
            },
            by.key.secret,
        )
        self.now += 1
        self.node.ask("evm_setNextBlockTimestamp", hex(self.now))
        raw = f"0x{signed.raw_transaction.hex()}"
        sent = self.node.ask("eth_sendRawTransaction", raw)
        self.node.ask("evm_mine")
        self.receipt = self.node.ask("eth_getTransactionReceipt", sent)
        self.gas = int(self.receipt["gasUsed"], 16)
        if self.receipt["status"] != "0x1":
            raise Reverted(calls.revert(self._why(by, to, data, value)))
        return self.receipt

    def _why(self, by: Party, to: str | None, data: bytes, value: int) -> bytes:
        """What a transaction that was mined and failed had said: asked again on its parent."""
        asked = {
            "from": by.address,
            "gas": hex(GAS),
            "input": f"0x{data.hex()}",
            "value": hex(value),
            **({"to": to} if to else {}),
        }
        parent = hex(int(self.receipt["blockNumber"], 16) - 1)
        try:
            self.node.ask("eth_call", asked, parent, {}, {"time": hex(self.now)})
        except Refusal as refusal:
            return refusal.data
        raise AssertionError("what failed in its block does not fail when asked again")

    @override
    def deploy_code(self, code: bytes, *, by: Party = STRANGER) -> str:
        return str(self._sent(by, None, code)["contractAddress"])

    @override
    def send(self, by: Party, to: str, data: bytes) -> bytes:
        receipt = self._sent(by, to, data)
        logs = [_Log(log) for log in receipt["logs"]]
        self.events = [said for log in logs if (said := self._read(log))]
        return b""

    def pay(self, by: Party, to: str, data: bytes, *, value: int) -> None:
        """Send some of the chain's own coin along."""
        self._sent(by, to, data, value)

    @override
    def answer(self, to: str, data: bytes, *, by: Party | None = None) -> bytes:
        asked = {"from": (by or STRANGER).address, "to": to, "input": f"0x{data.hex()}"}
        try:
            told = self.node.ask("eth_call", asked, "latest", {}, {"time": hex(self.now)})
        except Refusal as refusal:
            raise Reverted(calls.revert(refusal.data)) from refusal
        return bytes.fromhex(told[2:])

    @override
    def view(self, to: str, function: str, *args: Word) -> tuple[Word, ...]:
        contract = self.names[to]
        return calls.result(
            contract, function, self.answer(to, calls.call(contract, function, *args))
        )


class _Log:
    """A log as the reader of events takes it."""

    def __init__(self, log: Mapping[str, Any]) -> None:
        self.address: str = log["address"]
        topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
        self.topics = topics
        self.data = (topics, bytes.fromhex(log["data"][2:]))
