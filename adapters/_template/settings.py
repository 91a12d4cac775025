"""What an operator writes for one instance.

Unknown keys are refused. A value whose key ends in `_key` or `_file` is a path, and the daemon
reads it relative to the folder of lianqiao.toml: so a public key never has such a name.
"""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bridge.core.canonical import Value
from bridge.core.ids import NetworkId
from bridge.ports import AdapterSettings

_KEY = r"^[0-9a-f]{64}$"


class TemplateSettings(BaseModel):
    """One network, reached through a node.

    Units: `_ms` are milliseconds. `finality_ms` is the finality rule as a number, and its source
    stands in the README. `request_life_ms` is how long a request may still be entered after it was
    made: until then nobody can say what became of one whose answer was lost.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    network: Annotated[NetworkId, Field(pattern=r"^template:[-_a-zA-Z0-9]{1,32}$")]  # CAIP-2
    escrow: str
    key: Annotated[str, Field(pattern=_KEY)]  # pinned: whose signature makes a page final
    node: Annotated[str, Field(pattern=r"^https?://[^/]+$")]
    gateway_key: str | None = None  # file of 32 bytes; without it nothing can be asked for
    finality_ms: Annotated[int, Field(ge=0, le=86_400_000)] = 60_000
    request_life_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 30_000


def settings_of(table: Mapping[str, object]) -> TemplateSettings:
    """Return the settings of an operator's table. Errors: ValueError naming key and rule."""
    return TemplateSettings.model_validate(dict(table))


def pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for this network: ids, code, keys; nothing that may change."""
    assert isinstance(settings, TemplateSettings)
    return {"network": settings.network, "escrow": settings.escrow, "key": settings.key}
