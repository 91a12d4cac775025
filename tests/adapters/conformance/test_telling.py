"""A card that fails says what was told and what was owed, wherever the exam is installed."""

from typing import Any

import pytest

from adapters.conformance import cards
from adapters.conformance.origin import SIDE


class Silent:
    """A bench whose network does all it is asked and tells nothing of it."""

    async def new_order(self) -> Any:
        return "an order"

    async def carry_out(self, *asked: object) -> None:
        del asked

    async def try_out(self, *asked: object) -> None:
        del asked

    async def facts(self, order: object) -> list[object]:
        del order
        return []


async def test_a_failed_card_says_the_facts_it_missed() -> None:
    bench: Any = Silent()
    with pytest.raises(AssertionError, match="LockReleased"):
        await cards.undone_fences(bench, SIDE)
