"""What an operator writes for one folio register."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bridge.core.canonical import Value
from bridge.core.ids import NetworkId
from bridge.ports import AdapterSettings

_KEY = r"^[0-9a-f]{64}$"


class FolioSettings(BaseModel):
    """One register, reached through a node.

    Units: `_ms` are milliseconds. `finality_ms` is how long the supervisor may take to sign a page.
    `request_life_ms` is how long a request may still be entered after it was made.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    network: Annotated[NetworkId, Field(pattern=r"^folio:[-_a-zA-Z0-9]{1,32}$")]
    escrow: str
    registrar: Annotated[str, Field(pattern=_KEY)]  # pinned: who signs a page first
    supervisor: Annotated[str, Field(pattern=_KEY)]  # pinned: whose signature makes it final
    node: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    gateway_key: str | None = None  # file of 32 bytes; without it nothing can be asked for
    finality_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 60_000
    request_life_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 30_000


def settings_of(table: Mapping[str, object]) -> FolioSettings:
    """Return the settings of an operator's table. Errors: ValueError naming key and rule."""
    return FolioSettings.model_validate(dict(table))


def pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a register: its id, its escrow, the two keys."""
    assert isinstance(settings, FolioSettings)
    return {
        "network": settings.network,
        "escrow": settings.escrow,
        "registrar": settings.registrar,
        "supervisor": settings.supervisor,
    }
