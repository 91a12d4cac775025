"""A daemon between the product's own dev chain and the memory world: out, home, killed, lied to."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random  # noqa: TID251 a seed makes every trial repeatable
from typing import Any

import pytest
from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.ticket import network_word
from adapters.memory.stand import ORIGIN as AWAY
from tests.adapters.evm.chain import (
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    ISSUER,
    OPERATOR,
    STRANGER,
    Bridge,
)
from tests.adapters.evm.live import on_devnet
from tests.adapters.evm.stand import EXIT
from tests.adapters.evm.town import Thing, Town, opened, town

pytestmark = pytest.mark.slow
ROUNDS = 2  # of three deaths each
ASKED = 8  # crossings within which a node is asked for receipts
FUNDED = (GOVERNOR, GUARDIAN, OPERATOR, EXIT, ISSUER, STRANGER, *HOLDERS)


def share_of(bridge: Bridge) -> Thing:
    """A share at home here, of which the seller has a thousand."""
    bridge.fund(HOLDERS[0], 1_000)
    allow = calls.call("RepresentationToken", "approve", bridge.vault, 2**255)
    bridge.chain.send(HOLDERS[1], bridge.home, allow)
    return Thing(name="share-a", kind="rwa_share", at_home=True, here=bridge.home)


def bond_of(bridge: Bridge) -> Thing:
    """The twin here of a bond that is at home in the memory world."""
    home = (network_word(AWAY), keccak(b"bond-a"))
    words = ("Twin", "TWN", 0, *home, bridge.twin_vault, ISSUER.address)
    twin = bridge.chain.deploy("RepresentationToken", *words)
    bridge.list_asset(twin, bridge.twin_vault, network_word(AWAY))
    allow = calls.call("RepresentationToken", "approve", bridge.twin_vault, 2**255)
    for holder in HOLDERS[:2]:
        bridge.chain.send(holder, twin, allow)
    return Thing(name="bond-a", kind="bond", at_home=False, here=twin)


@pytest.fixture
async def built(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> AsyncIterator[tuple[Town, Thing, Thing]]:
    async with (
        on_devnet(FUNDED) as live,
        town(tmp_path, unused_tcp_port_factory(), live) as made,
    ):
        share, bond = share_of(made.bridge), bond_of(made.bridge)
        await opened(made, (share, bond))
        issue = {"do": "issue", "at": AWAY, "asset": "bond-a", "part": ""}
        await made.wires.do({**issue, "account": "seller-wallet", "units": "1000"})
        yield made, share, bond


async def test_home_and_twin_go_out_and_come_home(built: tuple[Town, Thing, Thing]) -> None:
    """Either side is origin and destination, of what is at home there and of a twin."""
    made, share, bond = built
    async with asyncio.TaskGroup() as group:
        group.create_task(made.crosses(share, "out", 40))
        group.create_task(made.crosses(bond, "home", 30))
    assert (await made.held(share, 0), await made.held(share, 1)) == ((960, 0), (0, 40))
    assert (await made.held(bond, 0), await made.held(bond, 1)) == ((0, 970), (30, 0))
    async with asyncio.TaskGroup() as group:
        group.create_task(made.crosses(share, "home", 15, back=True))
        group.create_task(made.crosses(bond, "out", 10, back=True))
    assert (await made.held(share, 0), await made.held(share, 1)) == ((975, 0), (0, 25))
    assert (await made.held(bond, 0), await made.held(bond, 1)) == ((0, 980), (20, 0))
    assert not await made.alarms()
    assert made.custody(share) == (0, 25)
    assert made.custody(bond) == (0, 20)
    await made.at_rest()


async def died_at(made: Town, point: str, passes: int, thing: Thing, lane: str) -> None:
    """Send an order to a daemon that dies at a point, and let its next life go on."""
    await made.daemon.kill()
    await made.daemon.birth(point, passes)
    made.daemon.armed.touch()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(made.send(made.order(thing, lane, 10)))
        assert await made.daemon.ended() == -signal.SIGKILL, point
        made.daemon.armed.unlink()
        await made.daemon.start()
    del sending  # asked again by the same key


SAMPLE = (
    ("a nonce is given, its bytes are not in the ledger", 1, "out"),
    ("a nonce is given, its bytes are not in the ledger", 2, "home"),
    ("one notary has signed for the chain", 1, "home"),
    ("bytes are sent, nobody knows", 2, "home"),
    ("a node has the bytes, nobody knows", 1, "out"),
    ("a fact is observed, not proved", 1, "out"),
    ("a fact is proved, not in the ledger", 2, "home"),
)


async def all_rest(made: Town, share: Thing, bond: Thing, out: int, home: int) -> None:
    """So many tens went out and home, and all books agree to the unit."""
    for of in made.sent:
        await made.until(of, "settled")
    assert (await made.held(share, 0), await made.held(share, 1)) == (
        (1_000 - 10 * out, 0),
        (0, 10 * out),
    )
    assert (await made.held(bond, 0), await made.held(bond, 1)) == (
        (0, 1_000 - 10 * home),
        (10 * home, 0),
    )
    assert (made.custody(share), made.custody(bond)) == ((0, 10 * out), (0, 10 * home))
    await made.at_rest()


async def test_killed_at_named_points_it_goes_on(built: tuple[Town, Thing, Thing]) -> None:
    """What the earlier deaths left is under way while it dies the next one."""
    made, share, bond = built
    for point, passes, lane in SAMPLE:
        await died_at(made, point, passes, share if lane == "out" else bond, lane)
    lanes = Counter(lane for _, _, lane in SAMPLE)
    await all_rest(made, share, bond, lanes["out"], lanes["home"])


async def test_killed_at_random_it_goes_on(built: tuple[Town, Thing, Thing]) -> None:
    made, share, bond = built
    chance = Random(1)
    for _ in range(ROUNDS):
        await made.send(made.order(share, "out", 10))
        await made.send(made.order(bond, "home", 10))
        for _ in range(3):
            await asyncio.sleep(chance.uniform(0, 0.8))
            await made.daemon.kill()
            await made.daemon.start()
    await all_rest(made, share, bond, ROUNDS, ROUNDS)


async def test_one_of_three_operators_lies_and_it_settles_all_the_same(
    built: tuple[Town, Thing, Thing],
) -> None:
    """Another final block, forged receipts: named to people. A stale one is only passed over."""
    made, share, bond = built
    crossed = 0
    for kind in ("forge_header", "forge_receipt", "stale"):
        await made.daemon.kill()
        made.live.lie("east", kind)
        await made.daemon.start()  # whoever was set aside may be asked again
        raised: list[str] = []
        for _ in range(ASKED):  # it is asked in its turn
            async with asyncio.TaskGroup() as group:
                group.create_task(made.crosses(share, "out", 10))
                group.create_task(made.crosses(bond, "home", 10))
            raised, crossed = await made.alarms(), crossed + 1
            if raised or kind == "stale":
                break
        assert len(raised) == (kind != "stale"), raised
        assert all("endpoint.lied: eip155:31337: east: " in one for one in raised)
    await all_rest(made, share, bond, crossed, crossed)


async def test_a_seized_share_is_an_alarm_and_its_next_order_is_held(
    built: tuple[Town, Thing, Thing],
) -> None:
    """Also by a daemon that was not there when it was seized: what was moved here is kept."""
    made, share, _ = built
    await made.crosses(share, "out", 40)
    await made.daemon.kill()
    seized = calls.call(
        "RepresentationToken", "forcedTransfer", made.bridge.vault, STRANGER.address, 1
    )
    made.bridge.chain.send(ISSUER, made.bridge.home, seized)
    await made.daemon.start()
    raised: list[str] = []
    for _ in range(300):
        if raised := await made.alarms():
            break
        await asyncio.sleep(0.1)
    assert [one for one in raised if "its custody has 39 units and owes 40" in one], raised
    of = await made.send(made.order(share, "out", 10))
    shown: dict[str, Any] = {}
    for _ in range(300):
        shown = await made.desk.get(f"/v1/settlements/{of}")
        if shown["stop"]:
            break
        await asyncio.sleep(0.1)
    assert (shown["stage"], shown["stop"]) == ("screening", "held"), shown
