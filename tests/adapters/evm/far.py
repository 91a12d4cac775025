"""The exam's world on anvil, in virtual time: its blocks come when the test's loop says so.

A test's fork is a snapshot, and its end goes back to it. A block that is undone is a snapshot too:
anvil's own reorganisation puts other blocks in the place of those it drops.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from eth_utils.address import to_checksum_address
from typing_extensions import override

from adapters.evm.anvil import RICH, Node, Refusal
from adapters.evm.devnode import Lie
from adapters.evm.devnode import Refusal as Refused
from bridge.core.ids import Instant
from tests.adapters.evm.anvil import EPOCH
from tests.adapters.evm.chain import GOVERNOR, GUARDIAN, HOLDERS, ISSUER, OPERATOR, STRANGER
from tests.adapters.evm.stand import EXIT, FOUNDER, Time, World

KEPT = 12  # blocks that can be undone
RICHES = (GOVERNOR, GUARDIAN, OPERATOR, EXIT, FOUNDER, ISSUER, STRANGER, *HOLDERS)


@dataclass
class FarNode:
    """A node of the test's, which asks anvil."""

    asked: Node
    lie: Lie = field(default_factory=Lie)

    def answer(self, method: str, params: Sequence[Any], lie: str = "") -> Any:
        """Return the result. Errors: Refused."""
        assert not lie, "anvil tells none"
        try:
            return self.asked.ask(method, *params)
        except Refusal as refusal:
            data = f"0x{refusal.data.hex()}" if refusal.data else None
            raise Refused(refusal.code, refusal.message, data) from refusal


@dataclass
class FarChain:
    """What the world asks of a chain, asked of anvil."""

    asked: Node
    now: Callable[[], int]
    marks: list[str] = field(default_factory=list)  # a snapshot before each of the last blocks

    @property
    def head(self) -> int:
        return int(self.asked.ask("eth_blockNumber"), 16)

    @property
    def finalized(self) -> int:
        return max(self.head - 2 * EPOCH, 0)

    @property
    def blocks(self) -> "Blocks":
        return Blocks(self.asked, self.head)

    def nonce(self, of: bytes, number: int) -> int:
        asked = ("eth_getTransactionCount", f"0x{of.hex()}", hex(number))
        return int(self.asked.ask(*asked), 16)

    def add(self, raw: bytes) -> None:
        self.asked.ask("eth_sendRawTransaction", f"0x{raw.hex()}")

    def mine(self) -> None:
        self.marks.append(self.asked.ask("evm_snapshot"))
        del self.marks[:-KEPT]
        at = max(self.blocks[self.head].header.timestamp + 1, self.now())
        self.asked.ask("evm_setNextBlockTimestamp", hex(at))
        self.asked.ask("evm_mine")

    def undo(self, depth: int, *, forget: bool) -> None:
        assert forget, "what anvil undoes is forgotten"
        self.asked.ask("anvil_dropAllTransactions")
        assert self.asked.ask("evm_revert", self.marks[-depth])
        del self.marks[-depth:]

    def call(self, by: bytes, to: bytes, data: bytes, number: int) -> tuple[bytes, int]:
        words = {"from": by, "to": to, "data": data}
        asked = {name: f"0x{word.hex()}" for name, word in words.items()}
        return bytes.fromhex(self.asked.ask("eth_call", asked, hex(number))[2:]), 0

    def code(self, of: bytes, number: int) -> bytes:
        return bytes.fromhex(self.asked.ask("eth_getCode", f"0x{of.hex()}", hex(number))[2:])


@dataclass
class Blocks:
    """Blocks by number, -1 for the last; only what their headers say."""

    asked: Node
    head: int

    def __getitem__(self, number: int) -> Any:
        wanted = hex(number if number >= 0 else self.head + 1 + number)
        told = self.asked.ask("eth_getBlockByNumber", wanted, False)
        at = SimpleNamespace(
            hash=bytes.fromhex(told["hash"][2:]), timestamp=int(told["timestamp"], 16)
        )
        return SimpleNamespace(header=at)


@dataclass
class FarWorld(World):
    """The world of the exam, on anvil."""

    begun: str = ""  # the snapshot this fork goes back to

    @override
    def node(self) -> Any:
        return FarNode(self.chain.asked)  # type: ignore[attr-defined]

    @override
    def fork(self) -> "FarWorld":
        time, asked = Time(self.time.began), self.node().asked
        begun = asked.ask("evm_snapshot")
        chain: Any = FarChain(asked, time.seconds)
        ready = {kind: list(own) for kind, own in self.ready.items()}
        return FarWorld(time, chain, dict(self.at), ready, EPOCH, begun)

    @override
    def gone(self) -> None:
        asked = self.node().asked
        asked.ask("anvil_dropAllTransactions")
        assert asked.ask("evm_revert", self.begun)


def far_world(node: Node) -> FarWorld:
    """The set on an anvil with nothing on it, and what there is to move."""
    node.ask("evm_setAutomine", False)
    for party in RICHES:
        node.ask("anvil_setBalance", to_checksum_address(party.bytes20), RICH)
    time = Time()
    chain: Any = FarChain(node, time.seconds)
    made = FarWorld(time, chain, epoch=EPOCH)
    made.found()
    for _ in range(2 * EPOCH):
        chain.mine()
    time.began = chain.blocks[-1].header.timestamp
    assert time.now() > Instant(0)
    return made
