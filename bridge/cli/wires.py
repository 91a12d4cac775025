"""The wires of the demo: worlds of several adapters, started together and asked as one."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from bridge import registry
from bridge.core.canonical import Value

CASTS: Final[Mapping[str, tuple[str, ...]]] = {  # a choice of wires to its worlds, in order
    "memory": ("memory",),
    "bank": ("memory", "iso20022"),
}


class Signed(Protocol):
    """A holder's signature, of a kind, with the key that made it as the consent names it."""

    @property
    def kind(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    @property
    def signature(self) -> bytes: ...


class World(Protocol):
    """What a running world of the demo shows.

    `networks` and `rails` are tables of settings by instance name; `accounts` names each person's
    account on its networks, `escrow` what locks and mints there.
    """

    @property
    def networks(self) -> Mapping[str, Mapping[str, object]]: ...

    @property
    def rails(self) -> Mapping[str, Mapping[str, object]]: ...

    @property
    def accounts(self) -> Mapping[str, str]: ...

    @property
    def escrow(self) -> str: ...

    def consent(self, account: str, message: bytes) -> Signed:
        """Return a holder's own signature of what a consent asks for."""
        ...

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out a command of somebody beside the bridge, or of the fault panel."""
        ...

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return a network's or bank's answer to a question."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wires:
    """Two networks and a rail, each of the world it belongs to. A command says where by `at`."""

    networks: Mapping[str, Mapping[str, object]]  # by instance name: origin, then destination
    rails: Mapping[str, Mapping[str, object]]
    worlds: Mapping[str, World]  # by the id of a network or rail

    def account(self, network: str, who: str) -> str:
        """Return a person's account on a network."""
        return self.worlds[network].accounts[who]

    def consent(self, network: str, account: str, message: bytes) -> Signed:
        """Return the signature of an account's holder."""
        return self.worlds[network].consent(account, message)

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out a command where it says."""
        await self.worlds[str(command["at"])].do(command)

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return a network's or bank's answer to a question."""
        return await self.worlds[name].ask(name, question)


@asynccontextmanager
async def wires(
    folder: Path, cast: Sequence[str], notaries: tuple[str, ...], threshold: int
) -> AsyncGenerator[Wires]:
    """Yield the worlds of a cast, each in a folder of its own; the last that has a rail gives it.

    They end with the block. Errors: those of a world that does not come up.
    """
    networks: dict[str, Mapping[str, object]] = {}
    rails: Mapping[str, Mapping[str, object]] = {}
    worlds: dict[str, World] = {}
    async with AsyncExitStack() as stack:
        for name in cast:
            named: Any = registry.load(registry.WORLDS, name)
            world = await stack.enter_async_context(named.start(folder / name, notaries, threshold))
            networks |= world.networks
            rails = world.rails or rails
            tables = (*world.networks.values(), *world.rails.values())
            worlds |= {str(table["network"]): world for table in tables}
        yield Wires(networks=networks, rails=rails, worlds=worlds)
