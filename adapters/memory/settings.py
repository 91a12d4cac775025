"""What an operator writes for one memory network or its rail."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from bridge.core.ids import NetworkId

_KEY = r"^[0-9a-f]{64}$"
_WORLD = r"^(unix:.+|tcp:(localhost|127\.0\.0\.1):[0-9]{1,5})$"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NetworkSettings(_Strict):
    """One memory network, reached in a world process.

    Units: `_ms` are milliseconds. `tx_life_ms` is how long a transaction may still land after it
    was made: within it nobody can say what became of one whose answer was lost.
    """

    network: Annotated[NetworkId, Field(pattern=r"^memory:[-_a-zA-Z0-9]{1,32}$")]
    escrow: str = "escrow"
    key: Annotated[str, Field(pattern=_KEY)]  # pinned: what the network signs its events with
    world: Annotated[str, Field(pattern=_WORLD)]  # unix:PATH or tcp:localhost:PORT
    operator_key: str | None = None  # file of 32 raw bytes; needed to ask for a lock
    finality_ms: Annotated[int, Field(ge=0, le=3_600_000)] = 0
    tx_life_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 30_000


class RailSettings(_Strict):
    """The bank of a world, as a rail. Units: `message_life_ms` bounds an instruction's way."""

    network: Annotated[NetworkId, Field(pattern=r"^rail:[-_a-zA-Z0-9]{1,32}$")]
    key: Annotated[str, Field(pattern=_KEY)]  # pinned: what the bank signs its bookings with
    world: Annotated[str, Field(pattern=_WORLD)]
    finality_ms: Annotated[int, Field(ge=0, le=864_000_000)] = 0  # how long a payment may take
    message_life_ms: Annotated[int, Field(ge=100, le=3_600_000)] = 30_000
