"""The wires of the demo: worlds of several adapters, started together and asked as one."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from bridge import registry
from bridge.cli.manners import DOWN, Stopped
from bridge.core.canonical import Value
from bridge.ports import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Which worlds play the two networks and the bank.

    Where the origin keeps papers in lots that move whole, each story parts off a lot of its own.
    Where `instruments` are told, tokens and titles of others are at home at the destination.
    Only what has all of itself in its folder `comes_back` there. One of it `fetches` programs of
    others: which ones its world says, which takes a second to load.
    """

    origin: str
    destination: str
    rail: str
    parts: bool = False
    instruments: bool = False
    comes_back: bool = True
    fetches: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its worlds, each once."""
        return tuple(dict.fromkeys((self.origin, self.destination, self.rail)))


CASTS: Final[Mapping[str, Cast]] = {  # by the choice of wires
    "memory": Cast(origin="memory", destination="memory", rail="memory"),
    "bank": Cast(origin="memory", destination="memory", rail="iso20022"),
    "channel": Cast(origin="bsn", destination="memory", rail="iso20022", parts=True),
    "embedded": Cast(origin="bsn", destination="evm", rail="iso20022", parts=True),
    "real": Cast(
        origin="fabric",
        destination="anvil",  # which has its chain in memory
        rail="iso20022",
        parts=True,
        instruments=True,
        comes_back=False,
        fetches=True,
    ),
}


class Signed(Protocol):
    """A holder's signature, of a kind, with the key that made it as the consent names it."""

    @property
    def kind(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    @property
    def signature(self) -> bytes: ...


class Process(Protocol):
    """A process of the demo's: it may be killed at any moment, and started again, as it was."""

    @property
    def pid(self) -> int:
        """Its id now."""
        ...

    async def start(self) -> object:
        """Start it, and wait until it answers. Errors: Unavailable, Stopped."""
        ...

    async def ended(self) -> int:
        """Wait until it has ended, and return its code."""
        ...

    async def kill(self) -> None:
        """Kill it, as a failing machine would, and wait."""
        ...


class World(Protocol):
    """What a running world of the demo shows.

    `networks` and `rails` are tables of settings by instance name; `accounts` names each person's
    account on its networks, `escrow` what locks and mints there, `assets` what is there already,
    `processes` what of it can be killed, by what people call it.
    """

    @property
    def networks(self) -> Mapping[str, Mapping[str, object]]: ...

    @property
    def rails(self) -> Mapping[str, Mapping[str, object]]: ...

    @property
    def accounts(self) -> Mapping[str, str]: ...

    @property
    def escrow(self) -> str: ...

    @property
    def assets(self) -> Mapping[str, object]: ...

    @property
    def processes(self) -> Mapping[str, Process]: ...

    def leg(self, name: str, part: str = "") -> Mapping[str, str]:
        """Return an asset's leg there, as the asset register takes it; its network may be empty."""
        ...

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
    processes: Mapping[str, Process]  # by what people call it
    parts: bool
    instruments: bool

    def account(self, network: str, who: str) -> str:
        """Return a person's account on a network."""
        return self.worlds[network].accounts[who]

    def speaks(self, rail: str, adapter: str) -> bool:
        """Tell whether a rail is of that adapter."""
        return any(
            table["network"] == rail and table["adapter"] == adapter
            for table in self.rails.values()
        )

    def leg(self, network: str, asset: str) -> dict[str, str]:
        """Return an asset's leg on a network."""
        return {**self.worlds[network].leg(asset), "network": network}

    def consent(self, network: str, account: str, message: bytes) -> Signed:
        """Return the signature of an account's holder."""
        return self.worlds[network].consent(account, message)

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out a command where it says."""
        await self.worlds[str(command["at"])].do(command)

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return a network's or bank's answer to a question."""
        return await self.worlds[name].ask(name, question)


def _nothing() -> None:
    """There is nothing to do."""


@asynccontextmanager
async def wires(
    folder: Path,
    cast: Cast,
    notaries: Mapping[str, tuple[str, ...]],
    threshold: int,
    meanwhile: Callable[[], None] = _nothing,
) -> AsyncGenerator[Wires]:
    """Yield the worlds of a cast, each in a folder of its own; `meanwhile` runs while they start.

    `notaries` are the notaries' keys by what a world verifies them as: `ed25519`, `secp256k1`. A
    world of two networks begins with an origin. They end with the block.
    Errors: Stopped, which says what a real world that does not come up lacks; Unavailable.
    """
    async with AsyncExitStack() as stack:
        named_by = {name: _world(name) for name in cast.names}
        starting: dict[str, asyncio.Task[World]] = {}
        try:
            async with asyncio.TaskGroup() as group:
                for name, named in named_by.items():
                    keys = notaries[getattr(named, "verifies", "ed25519")]
                    world = named.start(folder / name, keys, threshold)
                    starting[name] = group.create_task(stack.enter_async_context(world))
                await asyncio.sleep(0)  # each has begun, and waits for its process
                for named in named_by.values():
                    getattr(named, "loads", _nothing)()
                meanwhile()
        except BaseExceptionGroup as failed:
            first = failed.exceptions[0]
            if isinstance(first, Unavailable) and cast.fetches:
                raise _lacking(str(first)) from failed
            raise first from failed
        running = {name: task.result() for name, task in starting.items()}
        sides = (
            next(iter(running[cast.origin].networks.items())),
            list(running[cast.destination].networks.items())[-1],
        )
        rails = running[cast.rail].rails
        worlds = {
            str(table["network"]): world
            for world in running.values()
            for table in (*world.networks.values(), *world.rails.values())
        }
        yield Wires(
            networks=dict(sides),
            rails=rails,
            worlds=worlds,
            processes={k: one for world in running.values() for k, one in world.processes.items()},
            parts=cast.parts,
            instruments=cast.instruments,
        )


def fetched(cast: Cast) -> tuple[str, ...]:
    """Return what its worlds say of the programs they fetch: where none does, all is loopback.

    Errors: Stopped.
    """
    said = (getattr(_named(name), "fetches", "") for name in cast.names)
    return tuple(filter(None, said))


def _named(name: str) -> Any:
    try:
        return registry.load(registry.WORLDS, name)
    except ModuleNotFoundError as error:
        lacks = f"the Python package {error.name} is not here: pip install 'lianqiao[demo]'"
        raise _lacking(lacks) from error


def _world(name: str) -> Any:
    """Return a world whose programs are here or can be had. Errors: Stopped."""
    named = _named(name)
    try:
        if obtainable := getattr(named, "obtainable", None):
            obtainable()
    except Unavailable as error:
        raise _lacking(str(error)) from error
    return named


def _lacking(lacks: str) -> Stopped:
    following = "lianqiao demo, whose embedded wires need nothing but pip"
    return Stopped(DOWN, "LQ-WIRES", "the wires do not come up", cause=lacks, following=following)
