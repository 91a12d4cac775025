"""The table has versions: a ledger in progress is read by those its steps were made under."""

import pytest

from bridge.core.canonical import Value
from bridge.core.effects import LockAsset, MintAsset, Screen
from bridge.core.events import Fact
from bridge.core.settlement import Stage, Stop, due
from tests.notary.ledgers import Teller
from tests.notary.test_state import Ledger
from tests.strategies import make_event


def rejected_once_more() -> tuple[Teller, dict[str, Value]]:
    """A settlement whose payment never lands, and the step at which the bank says so once more."""
    teller = Teller(1)
    order = teller.settlement.order
    teller.hear(make_event("ConsentGiven", order, 0), network=order.origin.network)
    while teller.settlement.stage is not Stage.UNMINTING:
        effect, visit = due(teller.settlement), teller.settlement.visit
        assert effect is not None
        if isinstance(effect, Screen):
            teller.hear(make_event("PolicyCleared", order, visit))
            continue
        teller.perform(effect)
        name = {LockAsset: "AssetLocked", MintAsset: "AssetMinted"}.get(type(effect), "NeverLands")
        event = make_event(name, order, visit)
        teller.hear(event, network=event.network if isinstance(event, Fact) else "")
    return teller, teller.saga(make_event("PaymentRejected", order, 0))[1]


@pytest.mark.parametrize(
    ("machine", "stop", "code"),
    [("1", "suspended", 0), ("2", "", 0), ("1", "", 160), ("2", "suspended", 160), ("3", "", 160)],
)
def test_a_step_is_read_by_the_machine_that_made_it(machine: str, stop: str, code: int) -> None:
    """What an older release wrote stands as it was written; none writes what it did not know."""
    ledger = Ledger()
    teller, step = rejected_once_more()
    ledger.put(*teller.groups)
    assert ledger.code(("saga", {**step, "machine": machine, "stop": stop})) == code
    now = ledger.view.settlement(teller.settlement.order.id)
    assert now is not None
    assert now.stop is (Stop.SUSPENDED if stop and not code else None)
