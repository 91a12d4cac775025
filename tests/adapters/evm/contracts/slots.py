"""A slot on either side, and the verbs that act on it; a title's too."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from adapters.evm.ticket import Ticket
from tests.adapters.evm.chain import (
    DAY,
    ESCAPE_AFTER,
    HOLDERS,
    Bridge,
    Chain,
    Reverted,
)
from tests.adapters.evm.instruments.bills import laid_out

FIRST, SECOND, _ = HOLDERS
NONE, OPEN, SPENT, DONE, ESCAPED, DELIVERING = range(6)
LAPSE, LONGEST_HOLD, SHORTEST_ESCAPE = 7 * DAY, 180 * DAY, 30 * DAY
U64 = 2**64 - 1


def refuses(says: str) -> "pytest.RaisesExc[Reverted]":
    return pytest.raises(Reverted, match=f"^{says}")


def funded() -> Bridge:
    bridge = Bridge(Chain())
    bridge.fund(FIRST, 10_000)
    return bridge


@dataclass
class Side:
    """One settlement's slot on one side, and the verbs that act on it."""

    bridge: Bridge
    ticket: Ticket
    name: str
    verbs: Mapping[str, Callable[[], None]]

    def into(self, *verbs: str) -> None:
        for verb in verbs:
            if verb == "escape":
                self.bridge.chain.later(ESCAPE_AFTER)
            self.verbs[verb]()

    @property
    def state(self) -> int:
        return self.bridge.slot(self.name, self.ticket)[1]


def origin() -> Side:
    bridge = funded()
    ticket = bridge.ticket(bridge.home, FIRST)
    return Side(
        bridge,
        ticket,
        "origin",
        {
            "lock": lambda: bridge.lock(ticket, FIRST),
            "release": lambda: bridge.do("release", ticket),
            "burn": lambda: bridge.do("burn", ticket),
            "escape": lambda: bridge.plain("escape", ticket),
            "hold": lambda: bridge.do("hold", ticket, until=bridge.chain.now),
        },
    )


def destination() -> Side:
    bridge = funded()
    ticket = bridge.ticket(bridge.twin, SECOND)
    return Side(bridge, ticket, "destination", _arriving(bridge, ticket))


def title() -> Side:
    """A title that comes home: what is handed over waits to be accepted."""
    world = laid_out(Chain())
    world.bridge.do("burn", world.lock())
    ticket = world.ticket(SECOND)
    verbs = dict(_arriving(world.bridge, ticket))
    verbs["accept"] = lambda: world.title.tell(SECOND, "transferBeneficiary", SECOND.address)
    return Side(world.bridge, ticket, "destination", verbs)


def _arriving(bridge: Bridge, ticket: Ticket) -> Mapping[str, Callable[[], None]]:
    return {
        "mint": lambda: bridge.do("mint", ticket),
        "unmint": lambda: bridge.do("unmint", ticket),
        "assign": lambda: bridge.do("assign", ticket),
        "deliver": lambda: bridge.plain("deliver", ticket),
        "confirm": lambda: bridge.plain("confirm", ticket),
    }
