"""What the entry point `bsn` names: how a channel behind a gateway is set, opened, verified."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType

from adapters.bsn import pcn_evidence, pcn_wire
from adapters.bsn.fabric_settings import FabricSettings
from adapters.bsn.identity import Enrolled
from adapters.bsn.network import Access, ChannelNetwork, Place
from adapters.bsn.pcn_access import Application, PcnAccess
from adapters.bsn.pcn_client import PcnClient
from adapters.bsn.pcn_evidence import trusted_by
from adapters.bsn.pcn_reading import PcnBlocks
from adapters.bsn.pcn_wire import Wire
from adapters.bsn.private_keys import key_of_user
from adapters.bsn.reading import Reader
from adapters.bsn.settings import ALGORITHMS, PcnSettings
from adapters.bsn.sm2 import generator_table
from adapters.bsn.unambiguous import Fixed
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.events import Fact
from bridge.ports import Adapter, AdapterSettings, Clock, Kept, Unavailable

VERBS = frozenset(
    verb.value
    for verb in (
        *(Verb.LOCK, Verb.MINT, Verb.BURN, Verb.ASSIGN, Verb.UNMINT, Verb.RELEASE, Verb.HOLD),
    )
) | {"read", "configure"}


def network_settings(table: Mapping[str, object]) -> PcnSettings | FabricSettings:
    """Return the settings of a network's table. Errors: ValueError naming key and rule."""
    if table.get("access") == "fabric":
        return FabricSettings.model_validate(dict(table))
    return PcnSettings.model_validate(dict(table))


def network_pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes: whose words stand for this channel."""
    if isinstance(settings, FabricSettings):
        from adapters.bsn import fabric_evidence  # noqa: PLC0415  where there is a network of it

        return fabric_evidence.pinned_of(settings.words)
    assert isinstance(settings, PcnSettings)
    return {
        "network": settings.network,
        "channel": settings.channel,
        "chaincode": settings.chaincode,
        "gateway_key": settings.gateway_pin,
        "orderers": list(settings.orderer_keys),
        "endorsers": [{"msp": one.msp, "key": one.key} for one in settings.endorsers],
        "endorsements": str(settings.endorsements),
    }


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return every fact that the evidence proves of the pinned network. Errors: Unproved."""
    if isinstance(pinned, Mapping) and pinned.get("access") == "fabric":
        from adapters.bsn import fabric_evidence  # noqa: PLC0415

        return fabric_evidence.verify(evidence, pinned)
    return pcn_evidence.verify(evidence, pinned)


@asynccontextmanager
async def open_network(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[ChannelNetwork]:
    """Yield the door of a channel; a gateway or ledger that is not pinned is refused by name.

    A gateway that does not answer now is compared before anything is sent to it.
    Errors: Refused, naming what it says and what the settings say; ValueError, OSError for keys.
    """
    del kept  # a channel that can be read from any block keeps nothing
    if isinstance(settings, FabricSettings):
        async with _fabric().open_fabric(settings, clock) as door:
            yield door
        return
    assert isinstance(settings, PcnSettings)
    seconds = settings.timeout_ms / 1000
    async with pcn_wire.reached(settings.base_url, settings.ca_file, timeout_s=seconds) as wire:
        network = network_over(wire, settings, clock)
        with suppress(Unavailable):
            await network.check()
        yield network


@asynccontextmanager
async def open_access(settings: AdapterSettings, clock: Clock) -> AsyncGenerator[Access]:
    """Yield the way to a channel whose escrow may not be configured yet; nothing is compared.

    Errors: ValueError, OSError for keys.
    """
    if isinstance(settings, FabricSettings):
        async with _fabric().open_access(settings, clock) as access:
            yield access
        return
    assert isinstance(settings, PcnSettings)
    seconds = settings.timeout_ms / 1000
    async with pcn_wire.reached(settings.base_url, settings.ca_file, timeout_s=seconds) as wire:
        yield _access_over(wire, settings, clock)[0]


def _fabric() -> ModuleType:
    """Return the module that needs the extra `fabric`. Errors: ValueError without it."""
    try:
        return import_module("adapters.bsn.fabric_door")
    except ModuleNotFoundError as error:
        raise ValueError(f"access: fabric needs the extra `fabric`: {error}") from error


def network_over(wire: Wire, settings: PcnSettings, clock: Clock) -> ChannelNetwork:
    """Return the door over a wire. Errors: ValueError, OSError for keys that cannot be used."""
    access, blocks = _access_over(wire, settings, clock)
    reader = Reader(blocks, settings.network, settings.genesis_hash, poll_ms=settings.poll_ms)
    place = Place(
        network=settings.network,
        escrow=settings.escrow,
        consent="sm2" if settings.algorithm == "sm2" else "p256",
        custody=settings.custody,
        window_ms=settings.window_ms,
        life_ms=settings.window_ms + settings.timeout_ms + settings.finality_ms,
        finality_ms=settings.finality_ms,
    )
    return ChannelNetwork(access, reader, place, clock)


def _access_over(wire: Wire, settings: PcnSettings, clock: Clock) -> tuple[PcnAccess, PcnBlocks]:
    trusted = trusted_by(settings.pinned)
    allowed = settings.allow_software_sm2
    key = key_of_user(_secret(settings, settings.user_key_file), allow_software_sm2=allowed)
    if key.public.algorithm is not ALGORITHMS[settings.algorithm]:
        raise ValueError(f"user_key_file: not of algorithm {settings.algorithm}")
    identity = None
    if settings.mode == "upload":
        assert settings.identity_key_file, "the settings have been checked"
        assert settings.identity_certificate_file, "the settings have been checked"
        signer = _secret(settings, settings.identity_key_file)
        identity = Enrolled(
            settings.msp_id,
            Path(settings.identity_certificate_file).read_text("ascii"),
            key_of_user(signer, allow_software_sm2=allowed),
        )
    client = PcnClient(
        wire,
        clock,
        codes=(settings.user_code, settings.app_code),
        key=key,
        gateway=trusted.gateway,
        fixed=Fixed(settings.chaincode, settings.user_name, VERBS),
    )
    application = Application(
        user=settings.user_name,
        algorithm=ALGORITHMS[settings.algorithm],
        msp=settings.msp_id,
        version=settings.fabric_version,
    )
    access = PcnAccess(client, trusted, application, clock, identity=identity)
    return access, PcnBlocks(client, trusted)


def _secret(settings: PcnSettings, file: str) -> str:
    """Return a key file's PEM; a devnet's key is taken on this machine only. Errors: ValueError."""
    text = Path(file).read_text("ascii")
    if not text.startswith("# a devnet's key"):
        return text
    if not settings.is_local:
        raise ValueError(f"{file}: a devnet's key protects nothing beyond this machine")
    return text.partition("\n")[2]


ADAPTER = Adapter(
    name="bsn",
    settings=network_settings,
    open=open_network,
    pinned=network_pinned,
    verify=verify,
    loads=generator_table,
)
