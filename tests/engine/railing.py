"""Which rail a river has: the memory bank's, unless a test brings another."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from adapters.memory.codec import verify
from adapters.memory.rail import MemoryRail
from bridge.core.events import Fact
from bridge.notary.journal import Journal
from bridge.ports import PaymentRail
from tests.strategies import RAIL

if TYPE_CHECKING:
    from tests.engine.river import Wires

Verify = Callable[[bytes], tuple[Fact, ...]]
Railing = Callable[[Journal, "Wires"], tuple[PaymentRail, Verify]]


def memory_rail(_: Journal, wired: "Wires") -> tuple[PaymentRail, Verify]:
    """The memory bank's rail, and how its bookings are verified."""
    pinned = {"kind": "rail", "network": RAIL, "key": wired.bank.public_key}
    rail = MemoryRail(RAIL, wired.counter, wired.clock)
    return rail, lambda evidence: verify(evidence, pinned)
