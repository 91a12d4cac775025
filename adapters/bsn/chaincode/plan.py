"""A verb read and not yet carried out: the keys it will look at, and what it does with them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from adapters.bsn.chaincode.call import Event
from adapters.bsn.chaincode.records import View
from bridge.core.canonical import Value, canonical

Told: TypeAlias = tuple[Value, Event | None]  # the response's payload, and the event


@dataclass(frozen=True, slots=True)
class Plan:
    """Every key a verb reads or writes, and how it is carried out. `run` raises Refusal."""

    keys: tuple[str, ...]
    run: Callable[[View], Told]


def event(name: str, body: Mapping[str, Value]) -> Event:
    """Return an event whose payload is the canonical form of its body."""
    return Event(name, canonical(body))
