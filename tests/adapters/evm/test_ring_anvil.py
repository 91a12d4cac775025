"""A T-REX share and a TradeTrust title go from anvil to the memory network and back.

Through a daemon that is killed on the way, while one of three endpoints lies.
"""

import asyncio
import re
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from adapters.evm.instruments.foreign import Foreign
from tests.adapters.evm.chain import GOVERNOR, HOLDERS, HOME, Bridge
from tests.adapters.evm.instruments.bills import DOCUMENT, laid_out
from tests.adapters.evm.instruments.bills import World as Bills
from tests.adapters.evm.instruments.shares import share_on
from tests.adapters.evm.live import LiveChain, on_anvil
from tests.adapters.evm.town import Thing, Town, opened, town

pytestmark = pytest.mark.slow
SELLER, BUYER = HOLDERS[:2]
REMARK = re.compile("remark 0x([0-9a-f]{128})")


def share_of(bridge: Bridge) -> Thing:
    """Both holders and the vault are admitted; the seller has a thousand."""
    share = share_on(Foreign(bridge.chain))
    bridge.list_asset(share.token, bridge.vault, HOME)
    bridge.chain.names[share.token] = "RepresentationToken"  # whose questions it answers too
    share.claim(share.identity(bridge.vault, GOVERNOR), GOVERNOR)
    for holder in (SELLER, BUYER):
        share.claim(share.identity(holder.address, holder), holder)
    share.agent("mint(address,uint256)", SELLER.address, 1_000)
    share.foreign.tell(SELLER, share.token, "approve(address,uint256)", bridge.vault, 2**255)
    share.agent("unpause()")
    return Thing(name="pier-7", kind="rwa_share", at_home=True, here=share.token)


Built = tuple[Town, Thing, Thing, Bills[LiveChain]]


@pytest.fixture
async def built(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Built]:
    async with (
        on_anvil() as live,
        town(tmp_path, unused_tcp_port_factory(), live) as made,
    ):
        share, bills = share_of(made.bridge), laid_out(live.chain, made.bridge)
        made.custodies["titlevault"] = bills.vault
        title = Thing(
            name="bill-of-lading",
            kind="bill_of_lading",
            at_home=True,
            here=bills.registry.address,
            part=f"{DOCUMENT:064x}",
            issued=1,
        )
        live.lie("east", "forge_header")
        await opened(made, (share, title))
        yield made, share, title, bills


async def died_at(made: Town, point: str, passes: int, body: dict[str, Any]) -> str:
    """Send an order to a daemon that dies at a point, and let its next life go on."""
    await made.daemon.kill()
    await made.daemon.birth(point, passes)
    made.daemon.armed.touch()
    async with asyncio.TaskGroup() as group:
        sending = group.create_task(made.send(body))
        assert await made.daemon.ended() == -signal.SIGKILL, point
        made.daemon.armed.unlink()
        await made.daemon.start()
    return sending.result()


async def test_a_share_goes_out_and_comes_home(built: Built) -> None:
    made, share, _, _ = built
    out = made.order(share, "out", 400)
    of = await died_at(made, "a node has the bytes, nobody knows", 1, out)
    await made.until(of, "settled")
    assert (await made.held(share, 0), await made.held(share, 1)) == ((600, 0), (0, 400))
    back = made.order(share, "home", 150, back=True)
    of = await died_at(made, "one notary has signed for the chain", 2, back)
    await made.until(of, "settled")
    assert (await made.held(share, 0), await made.held(share, 1)) == ((750, 0), (0, 250))
    assert made.custody(share) == (0, 250)
    await made.at_rest()


async def test_a_title_goes_out_and_comes_home_with_its_history(built: Built) -> None:
    """Pushed when it is asked for, with the words the consent names; accepted at the end."""
    made, _, title, bills = built
    body = made.order(title, "out", 1)
    of = await made.send(body)
    await made.until(of, "locking")
    (owed,) = made.owed[of]
    found = REMARK.search(" ".join(owed["calls"]))
    assert found is not None, owed["calls"]
    await waits(made, of, "to give the title to custody")
    await made.daemon.kill()
    bills.title.push(SELLER, bills.vault, bytes.fromhex(found[1]))  # while nobody listens
    await made.daemon.start()
    await made.until(of, "settled")
    assert bills.title.owners == bills.custody
    assert (await made.held(title, 1))[1] == 1
    back = await died_at(
        made, "a fact is proved, not in the ledger", 1, made.order(title, "home", 1, back=True)
    )
    await made.until(back, "assigning")
    await waits(made, back, "to accept it")
    assert bills.title.owners == (bills.vault, SELLER.address)
    bills.title.tell(SELLER, "rejectTransferHolder")  # the holder's role bounces
    await handed_again(bills)
    bills.title.tell(SELLER, "transferBeneficiary", SELLER.address)
    await made.until(back, "settled")
    assert bills.title.owners == (SELLER.address, SELLER.address)
    assert (await made.held(title, 1))[1] == 0
    await made.at_rest()


async def handed_again(bills: Bills[LiveChain]) -> None:
    """Wait until the holder's role is the recipient's once more."""
    for _ in range(600):
        if bills.title.role("holder") == SELLER.address:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it was not handed over again")


async def waits(made: Town, of: str, why: str) -> None:
    """Wait until it is said for whom a settlement waits."""
    shown: dict[str, Any] = {}
    try:
        async with asyncio.timeout(60):
            while why not in str(shown.get("waiting")):
                shown = await made.desk.get(f"/v1/settlements/{of}")
                await asyncio.sleep(0.1)
    except TimeoutError as error:
        raise AssertionError(f"nobody said {why}: {shown}") from error
