"""Tests of this room run in virtual time, but for those that go over a socket."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.adapters.virtual_loop import VirtualLoop

REAL = {"test_server.py", "test_ring.py"}


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Choose the loop of an item: seconds cost nothing where nobody else lives by them."""
    del config
    is_real = item.path.name in REAL
    return {"real": asyncio.new_event_loop} if is_real else {"virtual": VirtualLoop}
