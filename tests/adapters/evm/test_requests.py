"""How many requests a door makes of each endpoint: what CPU and a provider's bill are made of."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, TypeVar

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from adapters.conformance.bench import Bench
from adapters.evm.client import Endpoint
from adapters.evm.devnet import DevNet, application
from adapters.evm.network import EscrowNetwork
from bridge.core.effects import MintAsset
from bridge.ports import Answered
from tests.adapters.evm.grounds import Here
from tests.adapters.evm.stand import OPERATORS

AT_ONCE = 8
PREFLIGHT = 3 + 1  # head, what the escrow says, what custody and asset say; a trial of the token
PREPARE = 2  # what is final and what the chain asks; how it stands and whether it would land
T = TypeVar("T")


@dataclass
class Wired:
    """A door that asks over HTTP, and how many requests each of its endpoints had."""

    network: EscrowNetwork
    bench: Bench
    had: Counter[str]

    async def at_once(self, *asking: Coroutine[Any, Any, T]) -> tuple[list[T], int]:
        """What they give, asked at the same time, and the most requests that an endpoint had."""
        self.had.clear()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in asking]
        return [task.result() for task in tasks], max(self.had.values())


@pytest.fixture
async def wired() -> AsyncIterator[Wired]:
    had: Counter[str] = Counter()

    @web.middleware
    async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
        had[request.path] += 1
        return await handler(request)

    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(Here(is_home=False))
        here.mining = False
        net = DevNet(here.world.chain, {one.operator: one.node for one in here.nodes}, 0)
        app = application(net)
        app.middlewares.append(counted)
        server = await stack.enter_async_context(TestServer(app))
        nodes = [
            await stack.enter_async_context(Endpoint(str(server.make_url(f"/{name}")), name))
            for name in OPERATORS
        ]
        here.network = here.door(nodes)
        yield Wired(here.network, here.bench(destination=True), had)


async def test_a_verb_is_prepared_in_two_rounds_and_many_share_them(wired: Wired) -> None:
    bench, network = wired.bench, wired.network
    orders = [await bench.new_order() for _ in range(AT_ONCE)]
    said, _ = await wired.at_once(network.preflight(orders[0], {}))  # the first compares the chain
    assert {check.answer for check in said[0]} == {Answered.YES}
    _, one = await wired.at_once(network.preflight(orders[0], {}))
    assert one <= PREFLIGHT
    _, many = await wired.at_once(*(network.preflight(order, {}) for order in orders))
    assert many <= 2 * PREFLIGHT
    _, one = await wired.at_once(bench.prepare(MintAsset(orders[0])))
    assert one <= PREPARE
    prepared, many = await wired.at_once(*(bench.prepare(MintAsset(order)) for order in orders[1:]))
    assert many <= 2 * PREPARE
    assert len({one.tx for one in prepared}) == AT_ONCE - 1
