"""What the entry point group `bridge.worlds` names: a side of the demo."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class World(Generic[S]):
    """A side of the demo. `start` takes a folder, the notaries' addresses and how many sign.

    `verifies` is the kind of the notaries' keys whose signatures the contracts verify.
    `obtainable` sees beforehand that what it needs is here or can be had. Errors: Unavailable.
    `fetches` says which programs of others it brings here, and builds, before it starts.
    `loads` what its side here needs; one that starts processes waits for them meanwhile.
    """

    name: str
    start: Callable[[Path, tuple[str, ...], int], AbstractAsyncContextManager[S]]
    verifies: str = "secp256k1"
    obtainable: Callable[[], None] = lambda: None
    fetches: str = ""
    loads: Callable[[], None] = lambda: None
