"""Who tells the demo's stories asks again where a wire was away, and once where it was not."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from typing_extensions import override

from bridge.cli.desk_client import Refusal
from bridge.cli.manners import Stopped
from bridge.cli.stage import Stage
from bridge.cli.stories import time_out
from bridge.cli.teller import WITHIN_S, Teller
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


class Desk:
    """A desk whose daemon lost its disk: what it last wrote is all that it shows."""

    async def get(self, path: str) -> dict[str, Any]:
        if path == "/v1/status":
            return {"ready": False, "alarms": ["ledger.read_only: disk is full"]}
        return {"stage": "locking", "stop": "", "cause": "notary", "waiting": "the notary"}


async def test_nobody_waits_for_a_ledger_that_is_only_read() -> None:
    stage = SimpleNamespace(desk=Desk())
    tell = Teller(cast("Stage", stage), 1, lambda _: None)
    for waiting in (tell.until("01", "settled"), tell.handed("01", "locking")):
        async with asyncio.timeout(WITHIN_S / 4):
            with pytest.raises(Stopped, match="only read") as stopped:
                await waiting
        assert stopped.value.cause == "ledger.read_only: disk is full"


class Busy(Teller):
    """Tells on a machine that needs ten seconds for a lock, or to take an order at all."""

    def __init__(self, slow: str) -> None:
        self._slow = slow
        super().__init__(cast("Stage", SimpleNamespace(desk=None, destination="there")), 1, print)
        self.done: list[str] = []

    @override
    def order(self, number: str, **changes: object) -> dict[str, object]:
        return {"instrument": {}}

    @override
    async def send(self, body: Mapping[str, object]) -> dict[str, Any]:
        given = datetime.fromisoformat(str(body["deadline"])) - datetime.now(UTC)  # noqa: TID251
        if given > timedelta(seconds=10):
            return {"settlement": "unminting"}
        if self._slow == "order":
            raise Refusal(422, {"code": "LQ-DEADLINE-PAST"})
        return {"settlement": "rejected"}

    @override
    async def until_one_of(self, of: str, *stands: tuple[str, str]) -> dict[str, Any]:
        assert (of, "") in stands, f"it would wait for {stands} for ever"
        return {"stage": of}

    @override
    async def until(self, of: str, stage: str, stop: str = "") -> dict[str, Any]:
        self.done.append(f"{of} {stage}")
        return {}

    @override
    async def network(self, name: str, what: str) -> None:
        self.done.append(f"{name} {what}")


@pytest.mark.parametrize("slow", ["lock", "order"])
async def test_a_time_out_that_came_too_soon_is_told_again_with_more_time(slow: str) -> None:
    tell = Busy(slow)
    assert (await time_out(tell))[1] == "released"
    assert tell.done == ["there pause", "there resume", "unminting released"]
