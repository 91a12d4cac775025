"""The reference networks and rail, in a dictionary: what every other pier is compared with.

Holds:   escrow, chain and bank as pure state, their codec, clients, doors and the world process
Knows:   ports, core
Never:   reads a clock or draws chance itself; says anything before it is final
Enters:  the entry points memory, memory-rail and the world of the same name
Proof:   tests/adapters/memory, tests/adapters/conformance
"""

from adapters.memory.adapter import ADAPTER, RAIL
from adapters.memory.stand import WORLD

__all__ = ["ADAPTER", "RAIL", "WORLD"]
