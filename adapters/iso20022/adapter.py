"""What the entry point `iso20022` names: how a bank's rail is set, opened and verified."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from adapters.iso20022.client import Channel, HttpChannel
from adapters.iso20022.evidence import verify
from adapters.iso20022.folder import FolderChannel, watching
from adapters.iso20022.judging import Judge
from adapters.iso20022.listener import listening
from adapters.iso20022.rail import IsoRail
from adapters.iso20022.settings import Settings
from adapters.iso20022.signed import load_signer
from bridge.core.canonical import Value
from bridge.ports import Adapter, AdapterSettings, Clock, Kept


def pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a rail: the keys of both sides, and what proves cash."""
    assert isinstance(settings, Settings)
    return settings.agreement().pinned()


@asynccontextmanager
async def open_rail(settings: AdapterSettings, clock: Clock, kept: Kept) -> AsyncGenerator[IsoRail]:
    """Yield the door of a bank, with its own listener beside it."""
    assert isinstance(settings, Settings)
    agreement = settings.agreement()
    signer = load_signer(settings.key_name, Path(settings.signing_key))

    def rail(channel: Channel) -> IsoRail:
        return IsoRail(
            agreement,
            channel,
            signer,
            clock,
            kept,
            judge=Judge(agreement, clock, settings.softened()),
            finality_ms=settings.finality_ms,
            question_ms=settings.question_ms,
            answer_limit_ms=settings.answer_limit_ms,
        )

    if settings.channel == "folder":
        assert settings.inbox_folder is not None, "its settings were checked"
        assert settings.outbox_folder is not None, "its settings were checked"
        made = rail(FolderChannel(Path(settings.outbox_folder), agreement.bank_keys, clock))
        async with watching(made.inbox, Path(settings.inbox_folder), signer, clock):
            yield made
        return
    assert settings.address is not None, "its settings were checked"
    assert settings.listen is not None, "its settings were checked"
    async with aiohttp.ClientSession() as session:
        made = rail(HttpChannel(session, settings.address, agreement.bank_keys))
        async with listening(made.inbox, settings.listen):
            yield made


def settings_of(table: Mapping[str, object]) -> Settings:
    """Return the settings of a rail's table. Errors: ValueError naming key and rule."""
    return Settings.model_validate(dict(table))


ADAPTER = Adapter(
    name="iso20022",
    settings=settings_of,
    open=open_rail,
    pinned=pinned,
    verify=verify,
)
