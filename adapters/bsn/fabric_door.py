"""From a table of settings to the door of a channel behind a peer of our own."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from adapters.bsn.fabric_access import FabricAccess
from adapters.bsn.fabric_client import FabricClient, Target, open_channel
from adapters.bsn.fabric_evidence import trusted_by
from adapters.bsn.fabric_settings import FabricSettings
from adapters.bsn.fabric_trust import Identity
from adapters.bsn.network import ChannelNetwork, Place
from adapters.bsn.reading import Reader
from bridge.ports import Clock, Unavailable


@asynccontextmanager
async def open_client(settings: FabricSettings, clock: Clock) -> AsyncGenerator[FabricClient]:
    """Yield a client of the peer that the settings name.

    Errors: ValueError, OSError for keys and certificates.
    """
    roots, own = _tls_of(settings)
    target = Target(
        channel=settings.channel,
        chaincode=settings.chaincode,
        organisations=frozenset(one.msp for one in settings.organisations),
        patience_s=settings.timeout_ms / 1000,
    )
    trust = trusted_by(settings.words).trust
    async with open_channel(settings.address, roots, settings.server_name, own) as channel:
        yield FabricClient(channel, identity_of(settings), target, trust, clock)


def _tls_of(settings: FabricSettings) -> tuple[bytes, tuple[bytes, bytes] | None]:
    roots = Path(settings.ca_file).read_bytes()
    if not (settings.tls_key_file and settings.tls_certificate_file):
        return roots, None
    key, certificate = Path(settings.tls_key_file), Path(settings.tls_certificate_file)
    return roots, (key.read_bytes(), certificate.read_bytes())


def identity_of(settings: FabricSettings) -> Identity:
    """Return the identity that signs for us. Errors: ValueError, OSError."""
    return Identity(
        settings.msp_id,
        Path(settings.identity_certificate_file).read_bytes(),
        Path(settings.identity_key_file).read_bytes(),
    )


@asynccontextmanager
async def open_access(settings: FabricSettings, clock: Clock) -> AsyncGenerator[FabricAccess]:
    """Yield the way to a channel, nothing compared yet.

    Errors: ValueError, OSError for keys and certificates.
    """
    async with open_client(settings, clock) as client:
        yield FabricAccess(client, identity_of(settings), trusted_by(settings.words))


@asynccontextmanager
async def open_fabric(settings: FabricSettings, clock: Clock) -> AsyncGenerator[ChannelNetwork]:
    """Yield the door of a channel; a ledger that is not the one pinned is refused by name.

    Errors: Refused; ValueError, OSError for keys and certificates.
    """
    async with open_access(settings, clock) as access:
        reader = Reader(access, settings.network, settings.genesis_hash, poll_ms=settings.poll_ms)
        place = Place(
            network=settings.network,
            escrow=settings.escrow,
            consent="p256",
            custody=False,
            window_ms=settings.window_ms,
            life_ms=settings.window_ms + settings.timeout_ms + settings.finality_ms,
            finality_ms=settings.finality_ms,
        )
        network = ChannelNetwork(access, reader, place, clock)
        with suppress(Unavailable):
            await network.check()
        yield network
