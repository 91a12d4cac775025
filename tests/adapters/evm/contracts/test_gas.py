"""A verb costs no more gas than its design said, and a further notary little."""

import pytest

from tests.adapters.evm.chain import HOLDERS, NOTARIES, Bridge
from tests.adapters.evm.mined import MinedChain

ALLOWED = 1.1  # times the figure of the design, three of five notaries
A_SIGNATURE = 7_700


def crossing(bridge: Bridge) -> dict[str, int]:
    """The gas of each verb: the first time an asset or party is touched, and later."""
    chain, holder = bridge.chain, HOLDERS[0]
    bridge.fund(holder, 100_000)
    gas: dict[str, int] = {}

    def measured(name: str) -> None:
        gas[name] = chain.gas

    for turn in ("first", "warm"):
        kept, burned = (bridge.ticket(bridge.home, holder) for _ in range(2))
        for ticket in (kept, burned):
            bridge.lock(ticket, holder)
            gas.setdefault("lock cold", chain.gas)
        measured(f"lock {turn}")
        bridge.do("release", kept)
        measured("release")
        bridge.do("burn", burned)
        measured("burn")
        bridge.do("release", bridge.ticket(bridge.home, holder))
        measured("release fence")
        for token, name in ((bridge.twin, "twin"), (bridge.home, "backing")):
            given, undone = (bridge.ticket(token, HOLDERS[1], 400) for _ in range(2))
            for ticket in (given, undone):
                bridge.do("mint", ticket)
                gas.setdefault(f"mint {name} first", chain.gas)
            measured(f"mint {name} warm")
            bridge.do("unmint", undone)
            measured(f"unmint {name}")
            bridge.do("assign", given)
            gas.setdefault(f"assign {name} first", chain.gas)
            measured(f"assign {name}")
    return gas


DESIGN = {
    "lock cold": 177_000,
    "lock warm": 126_000,
    "mint twin first": 200_000,
    "mint twin warm": 166_000,
    "mint backing warm": 154_000,
    "release": 102_000,
    "release fence": 83_000,
    "burn": 99_000,
    "assign twin first": 108_000,
    "assign backing first": 113_000,
    "unmint twin": 93_000,
}


def test_each_verb_stays_within_a_tenth_of_its_figure() -> None:
    gas = crossing(Bridge(MinedChain()))
    over = {n: (gas[n], most) for n, most in DESIGN.items() if gas[n] > ALLOWED * most}
    assert not over


@pytest.mark.parametrize(("size", "threshold"), [(5, 4), (5, 5)])
def test_a_further_notary_costs_little(size: int, threshold: int) -> None:
    spent = []
    for many in (3, threshold):
        bridge = Bridge(MinedChain(), threshold=many, notaries=NOTARIES[:size])
        bridge.do("release", bridge.ticket(bridge.home, HOLDERS[0]))
        spent.append(bridge.chain.gas)
    assert 0 < spent[1] - spent[0] <= A_SIGNATURE * (threshold - 3)
