"""A try at a wire that is away leaves nothing to the collector, which looks seldom in a daemon."""

import gc
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any, TypeAlias

import aiohttp
import pytest

from adapters.bsn.pcn_wire import HttpWire, NoAnswer, NotSent
from adapters.evm.client import Bounds, Endpoint, Trouble
from adapters.iso20022.client import HttpChannel
from adapters.iso20022.signed import Signed
from adapters.memory.client import HttpClient
from bridge.ports import AdapterError, let_go

TRIES = 20
Try: TypeAlias = Callable[[aiohttp.ClientSession, str], Coroutine[Any, Any, object]]


async def evm(_: aiohttp.ClientSession, address: str) -> None:
    async with Endpoint(address, "north") as node:
        await node.send(b"a transaction")


async def reads(_: aiohttp.ClientSession, address: str) -> None:
    async with Endpoint(address, "north", Bounds(tries=2)) as node:
        await node.call("eth_blockNumber")


async def bsn(session: aiohttp.ClientSession, address: str) -> None:
    await HttpWire(session, address, timeout_s=5).post("/transaction", b"{}")


async def iso20022(session: aiohttp.ClientSession, address: str) -> None:
    message = Signed(b"<Document/>", "ed25519", "bank", b"")
    await HttpChannel(session, address, {}).put(message, "one")


async def receipt(session: aiohttp.ClientSession, address: str) -> None:
    await HttpChannel(session, address, {}).receipt("00")


async def memory(session: aiohttp.ClientSession, address: str) -> None:
    await HttpClient(session, address).ask({})


async def bare(session: aiohttp.ClientSession, address: str) -> None:
    """The library alone: why anything has to be let go of."""
    async with session.get(address):
        pass


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address at which nobody is, for as long as the test runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and no one listens
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def left(tried: Try, session: aiohttp.ClientSession, address: str) -> int:
    """How many objects only the collector finds after so many tries."""
    world = (AdapterError, Trouble, NotSent, NoAnswer, aiohttp.ClientError)
    with suppress(*world):
        await tried(session, address)  # what is made once is no litter
    gc.collect()
    gc.disable()
    try:
        for _ in range(TRIES):
            with pytest.raises(world):
                await tried(session, address)
        return gc.collect()
    finally:
        gc.enable()


@pytest.mark.parametrize("tried", [evm, reads, bsn, iso20022, receipt, memory])
async def test_a_try_at_a_wire_that_is_away_leaves_no_cycle_of_the_library(
    tried: Try, session: aiohttp.ClientSession, nobody: str
) -> None:
    """An endpoint of the evm wire that is opened for each leaves some 18 objects, and a read none.

    The libraries left 80 of a transaction, and 130 of a read that was tried again.
    """
    assert await left(tried, session, nobody) < TRIES * (25 if tried in {evm, reads} else 1)


async def test_the_library_leaves_a_cycle_a_try(
    session: aiohttp.ClientSession, nobody: str
) -> None:
    """Once it does not, `let_go` is not needed any more."""
    assert await left(bare, session, nobody) > TRIES


def test_what_was_let_go_of_says_what_it_was_and_holds_no_frame() -> None:
    def refused() -> None:
        raise OSError("refused")

    def connected() -> None:
        try:
            refused()
        except OSError as error:
            raise ValueError("no connection") from error

    with pytest.raises(ValueError, match="no connection") as caught:
        connected()
    cause = caught.value.__cause__
    assert isinstance(cause, OSError)
    let_go(caught.value)
    assert [one.__traceback__ for one in (caught.value, cause)] == [None, None]
    assert (caught.value.__cause__, str(cause)) == (cause, "refused")


def test_what_came_from_each_other_is_let_go_of_once() -> None:
    """A library may set a cause by hand: of two that name each other, neither comes last."""
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    let_go(first)
    assert (first.__cause__, second.__cause__) == (second, first)
