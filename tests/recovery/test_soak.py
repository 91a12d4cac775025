"""Half an hour on all embedded wires with random SIGKILLs: nothing lost, doubled or stuck."""

import secrets
import sys
from itertools import islice
from pathlib import Path

import pytest

from tests.recovery.soak import (
    DAEMON,
    IN_FLIGHT,
    WARM,
    audited,
    blows,
    growth,
    soaked,
    struck,
    town,
)

GROWTH = 1.05  # of the daemon's resident memory, between two kills, once it is warm
LONG_S = 900  # a soak whose last third fills the daemon's caches and goes on
LEAK_KIB = 16  # of an order: less than what one keeps beside the ledger
LEAKED = 600  # orders once it is warm


def test_a_seed_names_its_blows_and_in_the_calm_the_daemon_is_spared() -> None:
    mortals = (DAEMON, "bank", "chain")
    plan = list(islice(blows(7, mortals), 80))
    assert plan == list(islice(blows(7, mortals), 80))
    assert plan != list(islice(blows(8, mortals), 80))
    assert {one for blow in plan for one in struck(blow, is_calm=False)} == set(mortals)
    assert {one for blow in plan for one in struck(blow, is_calm=True)} == {"bank", "chain"}


def test_caches_that_fill_are_no_growth_and_a_leak_is() -> None:
    def measured(*, leak_kib: float) -> float:
        """A life that settles two orders a second; its caches are full after the 60th."""
        full = 50 * 60
        life = [(100_000 + min(50 * at, full) + int(leak_kib * at), at) for at in range(0, 600, 2)]
        (one,) = growth([[(100_000, 0)], life])
        assert (one.warm_s, one.orders) == (190, 378)
        return one.times

    assert measured(leak_kib=0) == 1
    assert measured(leak_kib=5) < GROWTH < measured(leak_kib=15)


@pytest.mark.long
async def test_orders_in_flight_outlive_every_process_and_all_books_agree(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Options: `--minutes N` for a shorter one, `--soak-seed N` for the kills of another one."""
    seconds = 60 * float(request.config.getoption("--minutes"))
    asked = request.config.getoption("--soak-seed")
    seed = secrets.randbelow(10**6) if asked is None else int(asked)
    sys.stdout.write(f"\nsoak: --minutes {seconds / 60:g} --soak-seed {seed}\n")
    async with town(tmp_path / "town") as here:
        mortals = (DAEMON, here.stage.rail, here.stage.origin, here.stage.destination)
        await soaked(here, seconds, blows(seed, mortals))
        grown = growth(here.lives)
        sys.stdout.write(
            f"{len(here.orders)} orders, {IN_FLIGHT} in flight; killed {dict(here.kills)}\n"
        )
        for one in grown:
            sys.stdout.write(
                f"a daemon of {one.lived_s} s, warm for {one.warm_s} s and {one.orders} orders: "
                f"{one.kib} KiB, then x{one.times:.3f}\n"
            )
        await audited(here)
    assert grown or seconds < LONG_S, "one life outlasts the warm-up"
    assert all(one.times <= GROWTH for one in grown), grown


@pytest.mark.long
async def test_a_leak_of_less_than_an_order_keeps_is_seen_by_the_same_measure(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """As many orders as the calm of a soak has on a quiet machine; nothing is killed."""
    seconds = 60 * float(request.config.getoption("--minutes"))
    async with town(tmp_path / "town", leaks_kib=LEAK_KIB) as here:
        await soaked(here, seconds, iter(()), most=WARM + LEAKED)
        (grown,) = growth(here.lives)
        sys.stdout.write(f"\na daemon that leaks {LEAK_KIB} KiB an order: {grown}\n")
        assert grown.times > GROWTH
