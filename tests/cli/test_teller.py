"""Who tells the demo's stories asks again where a wire was away, and once where it was not."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bridge.cli.stage import Stage
from bridge.cli.teller import Teller
from bridge.ports import Unavailable


class Wires:
    """Wires whose gateway is away for a moment."""

    def __init__(self) -> None:
        self.away = True
        self.done: list[str] = []

    def account(self, at: str, who: str) -> str:
        return f"{at}/{who}"

    async def do(self, command: Mapping[str, Any]) -> None:
        if self.away:
            raise Unavailable("away")
        self.done.append(str(command["into"]))


async def test_a_part_is_parted_off_once_and_again_where_nobody_was_there() -> None:
    wires = Wires()
    stage = SimpleNamespace(desk=None, wires=wires, origin="there")
    tell = Teller(cast("Stage", stage), 1, lambda _: None)
    paper = {"asset": "receivable-a", "part": "ab"}
    with pytest.raises(Unavailable):
        await tell.part_off(paper)
    wires.away = False
    await tell.part_off(paper)
    await tell.part_off(paper)
    assert wires.done == ["ab"]
