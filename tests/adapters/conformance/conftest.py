"""Benches run in virtual time here too."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.adapters.virtual_loop import VirtualLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Seconds cost nothing."""
    del config, item
    return {"virtual": VirtualLoop}
