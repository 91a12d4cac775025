"""What the entry point `bsn` names: how a channel behind a gateway is set, opened, verified."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from adapters.bsn import pcn_wire
from adapters.bsn.network import PcnNetwork, Place
from adapters.bsn.pcn_client import PcnClient
from adapters.bsn.pcn_evidence import trusted_by, verify
from adapters.bsn.pcn_reading import Reader
from adapters.bsn.pcn_wire import Wire
from adapters.bsn.private_keys import key_of_user
from adapters.bsn.proposals import Identity
from adapters.bsn.settings import ALGORITHMS, PcnSettings
from adapters.bsn.unambiguous import Fixed
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.ports import Adapter, AdapterSettings, Clock, Kept, Unavailable

VERBS = frozenset(
    verb.value
    for verb in (
        *(Verb.LOCK, Verb.MINT, Verb.BURN, Verb.ASSIGN, Verb.UNMINT, Verb.RELEASE, Verb.HOLD),
    )
) | {"read"}


def network_settings(table: Mapping[str, object]) -> PcnSettings:
    """Return the settings of a network's table. Errors: ValueError naming key and rule."""
    return PcnSettings.model_validate(dict(table))


def network_pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes: whose words stand for this channel."""
    assert isinstance(settings, PcnSettings)
    return {
        "network": settings.network,
        "channel": settings.channel,
        "chaincode": settings.chaincode,
        "gateway_key": settings.gateway_key,
        "orderers": list(settings.orderer_keys),
        "endorsers": [{"msp": one.msp, "key": one.key} for one in settings.endorsers],
        "endorsements": str(settings.endorsements),
    }


@asynccontextmanager
async def open_network(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[PcnNetwork]:
    """Yield the door of a channel; a gateway that is not the one pinned is refused by name.

    A gateway that does not answer now is compared before anything is sent to it.
    Errors: Refused, naming what it says and what the settings say; ValueError, OSError for keys.
    """
    assert isinstance(settings, PcnSettings)
    del kept  # a channel that can be read from any block keeps nothing
    seconds = settings.timeout_ms / 1000
    async with pcn_wire.reached(settings.base_url, settings.ca_file, timeout_s=seconds) as wire:
        network = network_over(wire, settings, clock)
        with suppress(Unavailable):
            await network.check()
        yield network


def network_over(wire: Wire, settings: PcnSettings, clock: Clock) -> PcnNetwork:
    """Return the door over a wire. Errors: ValueError, OSError for keys that cannot be used."""
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
        identity = Identity(
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
    reader = Reader(client, trusted, settings.genesis_hash, poll_ms=settings.poll_ms)
    place = Place(
        user=settings.user_name,
        algorithm=ALGORITHMS[settings.algorithm],
        msp=settings.msp_id,
        custody=settings.custody,
        window_ms=settings.window_ms,
        timeout_ms=settings.timeout_ms,
        finality_ms=settings.finality_ms,
    )
    return PcnNetwork(client, reader, trusted, place, clock, identity=identity)


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
)
