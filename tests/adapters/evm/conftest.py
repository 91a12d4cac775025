"""A real node for the modules of this folder that ask for one; virtual time for the dev chain's."""

import asyncio
from collections.abc import Callable, Iterator, Mapping

import pytest

from adapters.evm.anvil import Node
from tests.adapters.evm.anvil import AnvilChain, anvil
from tests.adapters.virtual_loop import VirtualLoop

VIRTUAL = {
    "test_asking.py",
    "test_consents.py",
    "test_network_anvil.py",
    "test_watchman.py",
    "test_network.py",
    "test_nodes.py",
    "test_opening.py",
    "test_reading.py",
    "test_wallet.py",
}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose the loop of an item: seconds cost nothing where nobody else lives by them."""
    del config
    is_virtual = item.path.name in VIRTUAL
    return {"virtual": VirtualLoop} if is_virtual else {"real": asyncio.new_event_loop}


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """An anvil of this module's own."""
    with anvil() as url:
        asked = Node(url)
        yield asked
        asked.close()


@pytest.fixture(scope="module")
def on_anvil(node: Node) -> AnvilChain:
    """The chain of this module's anvil; a test that changes it works in `undone()`."""
    return AnvilChain(node=node)
