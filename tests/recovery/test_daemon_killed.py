"""A real daemon is killed by SIGKILL, at named points of its path and at random, and goes on.

Nothing is lost, doubled or stuck: ledger, networks and bank are asked when all is at rest.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable

import pytest

from bridge.cli.stage import Stage
from bridge.cli.teller import Teller
from tests.recovery.condemned import POINTS, TORN
from tests.recovery.daemon_lives import Lives, at_rest, lives

KILLS = 10  # a round, upon its three settlements and what earlier rounds left
Port = Callable[[], int]


def draw(_: str) -> None:
    return


async def died_at(built: Stage, daemon: Lives, number: int, point: str, passes: int) -> str:
    """Send an order to a daemon that dies at a point, and again to its next life."""
    await daemon.birth(point, passes)
    daemon.armed.touch()
    teller = Teller(built, number, draw)
    async with asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(teller.send(teller.order("P")))  # asked again by the same key
        assert await daemon.ended() == -signal.SIGKILL, point
        daemon.armed.unlink()
        await daemon.start()
    of = sending.result()["settlement"]
    assert isinstance(of, str)
    return of


async def all_settled(built: Stage, daemon: Lives, sent: list[str]) -> None:
    """Let the daemon live until everything is settled, and compare all books."""
    if not daemon.pid:
        await daemon.start()
    for of in sent:
        await Teller(built, 0, draw).until(of, "settled")
    await at_rest(built, daemon, sent)


@pytest.mark.slow
async def test_killed_at_each_named_point_it_goes_on(
    tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    """What the earlier deaths left is under way while it dies the next one."""
    sent: list[str] = []
    async with lives(tmp_path, unused_tcp_port_factory()) as (built, daemon):
        for number, point in enumerate((*POINTS, TORN)):
            sent.append(await died_at(built, daemon, number, point, passes=1))
            await daemon.kill()
        await all_settled(built, daemon, sent)


@pytest.mark.long
@pytest.mark.parametrize("passes", range(2, 7))
async def test_killed_at_a_later_pass_of_each_point_it_goes_on(
    tmp_path: Path, unused_tcp_port_factory: Port, passes: int
) -> None:
    """Later passes are later verbs: from the lock and the mint to burn and assignment."""
    sent: list[str] = []
    points = [name for name, point in POINTS.items() if point.passes >= passes]
    async with lives(tmp_path, unused_tcp_port_factory()) as (built, daemon):
        for number, point in enumerate((*points, TORN)):
            sent.append(await died_at(built, daemon, number, point, passes))
            await Teller(built, 0, draw).until(sent[-1], "settled")
            await daemon.kill()
        await all_settled(built, daemon, sent)


async def killed_at_random(folder: Path, port: int, rounds: int, seed: int) -> int:
    """Kill it so many rounds at random, with settlements under way; return the early deaths.

    Each within twice the time that this machine needs for a start, whatever else it does.
    """
    chance, sent, early = Random(seed), list[str](), 0
    async with lives(folder, port) as (built, daemon):
        await daemon.start()  # the first waits for the imports of all
        await daemon.kill()
        for number in range(rounds):
            began = time.monotonic()
            await daemon.start()
            start_s = time.monotonic() - began
            teller = Teller(built, number, draw)
            for lot in "ABC":
                sent.append((await teller.send(teller.order(lot)))["settlement"])
            await asyncio.sleep(chance.uniform(0, 0.2))
            await daemon.kill()
            for _ in range(KILLS - 1):
                await daemon.birth()
                await asyncio.sleep(chance.uniform(0, 2 * start_s))
                await daemon.kill()
                early += not daemon.was_ready
        await all_settled(built, daemon, sent)
    return early


@pytest.mark.slow
async def test_killed_a_hundred_times_at_random_it_goes_on(
    tmp_path: Path, unused_tcp_port_factory: Port
) -> None:
    early = await killed_at_random(tmp_path, unused_tcp_port_factory(), 10, seed=1)
    assert 0 < early < 90, "some die while they start, most do not"


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 7))
async def test_killed_a_thousand_times_it_goes_on(
    tmp_path: Path, unused_tcp_port_factory: Port, seed: int
) -> None:
    await killed_at_random(tmp_path, unused_tcp_port_factory(), 20, seed)
