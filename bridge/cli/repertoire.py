"""Which stories the demo tells, in order, and on which wires; `stories.py` tells them."""

from collections.abc import Mapping
from typing import Final

from bridge.cli.wires import Cast

NAMES: Final = (
    "clean",
    "home",
    "free-of-payment",
    "not-filed",
    "quota",
    "name-hit",
    "time-out",
    "listed-while-locked",
    "recalled",
    "recalled-too-late",
    "returned",
    "second-pledge",
    "two-lots",
    "killed",
    "gateway-killed",
    "chain-killed",
    "bank-killed",
    "permissioned-token",
    "title",
)
OF_INSTRUMENTS: Final = frozenset({"permissioned-token", "title"})
OF_A_WIRE: Final[Mapping[str, frozenset[str]]] = {  # told where this comes back as it was
    "gateway-killed": frozenset({"bsn", "fabric"}),
    "chain-killed": frozenset({"evm", "anvil"}),
    "bank-killed": frozenset({"iso20022"}),
}


def told_on(cast: Cast) -> tuple[str, ...]:
    """Return the stories that can be told on these wires, in order."""
    worlds = {cast.origin, cast.destination, cast.rail}
    return tuple(
        name
        for name in NAMES
        if OF_A_WIRE.get(name, worlds) & worlds and (cast.instruments or name not in OF_INSTRUMENTS)
    )
