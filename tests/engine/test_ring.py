"""The ring from order to rest, on the reference networks: what an operator would see."""

from pathlib import Path

from bridge.core.settlement import Stage
from tests.engine.river import river
from tests.strategies import DESTINATION, ORIGIN


async def test_an_order_is_settled_paid_and_booked(tmp_path: Path) -> None:
    async with river(tmp_path) as water:
        of = await water.send(water.order())
        settlement = await water.until(of, Stage.SETTLED)
        assert settlement.stop is None
        origin = water.wires.chains[ORIGIN].escrow
        destination = water.wires.chains[DESTINATION].escrow
        assert destination.balance("bond", "", "buyer-wallet") == 10
        assert origin.balance("bond", "", "seller-wallet") == 1_000_000_000 - 10
        assert water.wires.bank.accounts["CN00456", "HKD"] == 100_000
        assert water.journal.head.seq <= 45 + 12
