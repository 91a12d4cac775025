"""A real node for the modules of this folder that ask for one."""

from collections.abc import Iterator

import pytest

from tests.adapters.evm.anvil import AnvilChain, Node, anvil


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
