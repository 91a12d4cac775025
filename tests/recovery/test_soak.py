"""Half an hour on all embedded wires with random SIGKILLs: nothing lost, doubled or stuck."""

import secrets
import sys
from pathlib import Path

import pytest

from tests.recovery.soak import DAEMON, IN_FLIGHT, audited, blows, soaked, town

GROWTH = 1.05  # of the daemon's resident memory, between two kills, once it is warm


def test_a_seed_names_its_blows_and_the_last_third_spares_the_daemon() -> None:
    mortals = (DAEMON, "bank", "chain")
    plan = list(blows(7, 600, mortals))
    assert plan == list(blows(7, 600, mortals))
    assert plan != list(blows(8, 600, mortals))
    assert {one for blow in plan for one in blow.victims} == set(mortals)
    spent = 0.0
    for blow in plan:
        spent += blow.after_s
        assert DAEMON not in blow.victims or spent < 400
        spent += blow.down_s


@pytest.mark.long
async def test_orders_in_flight_outlive_every_process_and_all_books_agree(
    tmp_path: Path, unused_tcp_port: int, request: pytest.FixtureRequest
) -> None:
    """Options: `--minutes N` for a shorter one, `--soak-seed N` for the kills of another one."""
    seconds = 60 * float(request.config.getoption("--minutes"))
    asked = request.config.getoption("--soak-seed")
    seed = secrets.randbelow(10**6) if asked is None else int(asked)
    sys.stdout.write(f"\nsoak: --minutes {seconds / 60:g} --soak-seed {seed}\n")
    async with town(tmp_path / "town", unused_tcp_port) as here:
        mortals = (DAEMON, here.stage.rail, here.stage.origin, here.stage.destination)
        await soaked(here, seconds, blows(seed, seconds, mortals))
        grown = here.growth(int(min(60, seconds / 6)))
        sys.stdout.write(
            f"{len(here.orders)} orders, {IN_FLIGHT} in flight; killed {dict(here.kills)}\n"
        )
        for lived, kib, times in grown:
            sys.stdout.write(f"a daemon of {lived} s: {kib} KiB, then x{times:.3f}\n")
        await audited(here)
    assert grown, "one life outlasts the warm-up"
    assert all(times <= GROWTH for _, _, times in grown), grown
