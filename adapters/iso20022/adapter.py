"""What the entry point `iso20022` names: how a bank's rail is set, opened and verified."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from adapters.iso20022.client import HttpChannel
from adapters.iso20022.evidence import verify
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
    async with aiohttp.ClientSession() as session:
        assert settings.address is not None, "its settings were checked"
        assert settings.listen is not None, "its settings were checked"
        channel = HttpChannel(session, settings.address, agreement.bank_keys)
        rail = IsoRail(
            agreement,
            channel,
            load_signer(settings.key_name, Path(settings.signing_key)),
            clock,
            kept,
            judge=Judge(agreement, clock),
            finality_ms=settings.finality_ms,
            question_ms=settings.question_ms,
            answer_limit_ms=settings.answer_limit_ms,
        )
        async with listening(rail.inbox, settings.listen):
            yield rail


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
