"""A clock that cannot be right: nothing is written under it, and the sentence names it."""

import asyncio
import time
from pathlib import Path

import pytest
from typing_extensions import override

from bridge.cli import run
from bridge.clock import SystemClock
from bridge.core.ids import Instant, SettlementId
from bridge.core.settlement import Stage
from bridge.ports import Clock
from tests.api.front import front, order
from tests.cli.test_up import installation
from tests.engine.river import LoopClock
from tests.strategies import NOW

Capture = pytest.CaptureFixture[str]
YEAR_MS = 365 * 24 * 3_600_000
HOURS_MS = 3 * 3_600_000


def says(monkeypatch: pytest.MonkeyPatch, clock: type[Clock], at_ms: int) -> None:
    """Have the one reader of time say so many milliseconds, and go on from there."""
    begun = time.monotonic_ns()

    def now(_: Clock) -> Instant:
        return Instant(at_ms + (time.monotonic_ns() - begun) // 1_000_000)

    monkeypatch.setattr(clock, "now", now)


class RightClock(LoopClock):
    """The clock of those who have a right one."""

    @override
    def now(self) -> Instant:
        return Instant(NOW + int((asyncio.get_running_loop().time() - self._began) * 1000))


@pytest.mark.parametrize(("at_ms", "year"), [(0, "1970"), (130 * YEAR_MS, "2099")])
def test_under_a_clock_of_another_age_nothing_begins(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch, at_ms: int, year: str
) -> None:
    where = installation(tmp_path / "here")
    before = (tmp_path / "here" / "data" / "ledger.db").read_bytes()
    says(monkeypatch, SystemClock, at_ms)
    capsys.readouterr()
    for words in (["init", str(tmp_path / "new")], ["up", *where], ["demo", "--once"]):
        assert run(words) == 1
        error, cause, following = capsys.readouterr().err.splitlines()
        assert error.startswith(f"error LQ-CLOCK: this machine's clock says {year}-")
        assert "nothing was written" in cause
        assert following == "next: timedatectl set-ntp true, then the same command"
    assert not (tmp_path / "new").exists()
    assert (tmp_path / "here" / "data" / "ledger.db").read_bytes() == before


@pytest.mark.parametrize("step_ms", [-HOURS_MS, 75 * YEAR_MS])
async def test_while_the_clock_is_wrong_nothing_is_written_and_what_waits_goes_on_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step_ms: int
) -> None:
    async with front(tmp_path) as desk:
        outside = RightClock()
        for one in (*desk.water.wires.nodes.values(), desk.water.wires.counter):
            one._clock = outside  # networks and banks have their own
        of = await desk.send(1)
        whole, key = order(desk.water, 2), {"Idempotency-Key": "again"}
        entries = desk.water.journal.head.seq
        right = desk.water.ring.clock.now()
        says(monkeypatch, LoopClock, right + step_ms)
        told = await desk.ask("POST", "/v1/settlements", whole, headers=key)
        assert (told.status, told.json["code"]) == (503, "LQ-CLOCK"), told.raw
        assert "clock" in told.json["detail"]
        assert "timedatectl set-ntp true" in told.json["remedy"]
        late = desk.water.journal.head.seq
        assert desk.water.journal.trouble is None
        says(monkeypatch, LoopClock, right + 1_000)
        await desk.water.until(SettlementId(of), Stage.SETTLED)
        assert desk.water.journal.head.seq > late >= entries
        again = await desk.ask("POST", "/v1/settlements", whole, headers=key)
        assert again.status == 201, again.raw
