"""What the door of a chain says of an order before anything moves."""

from dataclasses import replace

import pytest

from bridge.core.order import SettlementOrder
from bridge.ports import Answered
from tests.adapters.evm.grounds import Here

PART = "ab" * 32


def parted(order: SettlementOrder, side: str) -> SettlementOrder:
    """The same order for a part of what moves there."""
    leg = order.destination if side == "destination" else order.origin
    return replace(order, **{side: replace(leg, part=PART)})  # type: ignore[arg-type]  # a leg, by its side


@pytest.mark.parametrize("is_home", [True, False])
@pytest.mark.parametrize("side", ["origin", "destination"])
async def test_a_part_of_what_has_no_parts_is_refused_by_its_kind(
    side: str, *, is_home: bool
) -> None:
    async with Here(is_home=is_home) as here:
        order = await here.bench(destination=side == "destination").new_order()
        said = await here.network.preflight(order, {})
        assert {one.answer for one in said} == {Answered.YES}
        said = await here.network.preflight(parted(order, side), {})
        no = [one.what for one in said if one.answer is Answered.NO]
        assert no == ["asset is a register of titles"]


async def test_a_twin_of_another_asset_of_that_network_is_not_made() -> None:
    """Two assets behind one twin would pay for each other: whoever registers them may err."""
    async with Here(is_home=False) as here:
        order = await here.bench(destination=True).new_order()
        other = replace(order, origin=replace(order.origin, asset="another"))
        said = await here.network.preflight(other, {})
        (no,) = [one for one in said if one.answer is Answered.NO]
        assert (no.what, no.why) == ("it is the twin of that asset", "another")
