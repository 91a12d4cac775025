"""What the entry points `memory` and `memory-rail` name: how each is set, opened and verified."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.client import HttpClient
from adapters.memory.codec import verify
from adapters.memory.network import MemoryNetwork
from adapters.memory.rail import MemoryRail
from adapters.memory.settings import NetworkSettings, RailSettings
from bridge.core.canonical import Value
from bridge.ports import Adapter, AdapterSettings, Clock, Kept


def network_pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a network: its id, its escrow, its key."""
    assert isinstance(settings, NetworkSettings)
    return {
        "kind": "network",
        "network": settings.network,
        "escrow": settings.escrow,
        "key": settings.key,
    }


def rail_pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a bank: the rail's id and the bank's key."""
    assert isinstance(settings, RailSettings)
    return {"kind": "bank", "network": settings.network, "key": settings.key}


@asynccontextmanager
async def open_network(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[MemoryNetwork]:
    """Yield the door of a network in a world process; nothing is asked before it is used."""
    assert isinstance(settings, NetworkSettings)
    del kept  # a network that can be read from any number keeps nothing
    operator = _operator(settings)
    async with reached(settings.world) as session:
        yield MemoryNetwork(
            settings.network,
            settings.escrow,
            HttpClient(session, f"/{settings.network}"),
            clock,
            operator=operator,
            finality_ms=settings.finality_ms,
            tx_life_ms=settings.tx_life_ms,
        )


@asynccontextmanager
async def open_rail(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[MemoryRail]:
    """Yield the door of a bank in a world process."""
    assert isinstance(settings, RailSettings)
    del kept
    async with reached(settings.world) as session:
        yield MemoryRail(
            settings.network,
            HttpClient(session, f"/{settings.network}"),
            clock,
            finality_ms=settings.finality_ms,
            message_life_ms=settings.message_life_ms,
        )


def _operator(settings: NetworkSettings) -> Ed25519PrivateKey | None:
    if settings.operator_key is None:
        return None
    return Ed25519PrivateKey.from_private_bytes(Path(settings.operator_key).read_bytes())


@asynccontextmanager
async def reached(world: str) -> AsyncGenerator[aiohttp.ClientSession]:
    """Yield a session whose paths are those of a world: `unix:PATH` or `tcp:localhost:PORT`."""
    kind, _, rest = world.partition(":")
    connector: aiohttp.BaseConnector
    connector = aiohttp.UnixConnector(rest) if kind == "unix" else aiohttp.TCPConnector()
    base = "http://world" if kind == "unix" else f"http://{rest}"
    async with aiohttp.ClientSession(base, connector=connector) as session:
        yield session


def network_settings(table: Mapping[str, object]) -> NetworkSettings:
    """Return the settings of a network's table. Errors: ValueError naming key and rule."""
    return NetworkSettings.model_validate(dict(table))


def rail_settings(table: Mapping[str, object]) -> RailSettings:
    """Return the settings of a rail's table. Errors: ValueError naming key and rule."""
    return RailSettings.model_validate(dict(table))


ADAPTER = Adapter(
    name="memory",
    settings=network_settings,
    open=open_network,
    pinned=network_pinned,
    verify=verify,
)
RAIL = Adapter(
    name="memory-rail",
    settings=rail_settings,
    open=open_rail,
    pinned=rail_pinned,
    verify=verify,
)
