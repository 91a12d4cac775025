"""Which part of an asset moves is the register's word where the register says it."""

from dataclasses import replace
from pathlib import Path

import pytest

from bridge.core.order import Leg
from bridge.core.registers import Asset
from bridge.engine.admission import Declined
from bridge.notary.register_forms import asset_form
from tests.engine.river import River, river
from tests.notary.ledgers import LI, WANG
from tests.strategies import DESTINATION, ORIGIN


async def pinned(water: River, part: str, *, back: str) -> None:
    """Have two people register the bond's parts."""
    row = water.journal.view.get("asset", "bond")
    assert isinstance(row, Asset)
    legs = tuple(
        Leg(network=net, escrow="escrow", asset="bond", part=one)
        for net, one in ((ORIGIN, part), (DESTINATION, back))
    )
    body = asset_form(replace(row, legs=legs))
    asked = water.request("propose")
    made = await water.ring.people.propose(
        "register.asset", "bond", body, maker=LI, reason="a test", asked=asked
    )
    await water.check(made.id, "approve", WANG)


@pytest.mark.parametrize(("part", "back"), [("7a", ""), ("", "7a"), ("7a", "7a")])
@pytest.mark.parametrize("named", ["7b", "7a"])
async def test_a_sender_names_no_part_of_what_the_register_pins(
    tmp_path: Path, part: str, back: str, named: str
) -> None:
    """Else one paper has as many fingerprints as a sender likes, each with its units."""
    async with river(tmp_path) as water:
        await pinned(water, part, back=back)
        size = water.journal.head.seq
        order = water.order()
        moved = replace(order.instrument, part=named)
        with pytest.raises(Declined, match="the register says which part of bond moves") as no:
            await water.ring.desk.send(replace(order, instrument=moved), LI, water.request("send"))
        told = no.value
        assert (told.code, told.loc) == ("LQ-ASSET-PART", "instrument.part")
        assert told.remedy == "leave the part out"
        assert water.journal.head.seq == size
        sent = await water.ring.desk.send(order, LI, water.request("send"))
        legs = water.now(sent.settlement).order
        assert (legs.origin.part, legs.destination.part) == (part, back)
