"""A memory world started for the demo, and what settings and stories need to know of it.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager: it starts the process on a unix socket in `folder` (or finds its state
there again), builds two networks, a bank and the holders below, and yields a `Stand`.
"""

import asyncio
import sys
from asyncio.subprocess import Process as Child
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.adapter import reached
from adapters.memory.codec import public_hex
from bridge.core.canonical import Value, canonical, parse
from bridge.ports import Refused, Unavailable

SOCKET = "world.sock"
ADDRESS = "address"  # where a world of this folder is, so that settings find it again
SOCKET_MAX = 100  # bytes of a unix socket's path that every system takes
START_S = 20  # until the process has played its tape and listens
ORIGIN, DESTINATION, BANK = "memory:shenzhen", "memory:hongkong", "rail:bank-a"
HOLDERS = {  # account to network; the seller's side and the buyer's side of the demo's corridor
    "seller-wallet": (ORIGIN, DESTINATION),
    "buyer-wallet": (ORIGIN, DESTINATION),
}
ACCOUNTS = {"seller": "seller-wallet", "buyer": "buyer-wallet"}
ESCROW = "escrow"
ASSETS = {"receivable-a": ORIGIN, "bond-a": ORIGIN}  # to its home
MONEY = {"HK00123": 10**12, "CN00456": 0}  # account to minor units of HKD
SETTLE_MS = 300  # so that a recall can come in time
WORK_MS = 20  # of a block and of finality


@dataclass(frozen=True, slots=True)
class Signed:
    """A holder's signature, of a kind, with the key that made it as the consent names it."""

    kind: str
    public_key: str
    signature: bytes


class Process:
    """The world's process: it can be killed at any moment, and started again over its tape."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._address = f"unix:{folder / SOCKET}"
        if len(self._address) > SOCKET_MAX:  # any port; and once it has one, the same again
            kept = folder / ADDRESS
            self._address = kept.read_text("ascii") if kept.exists() else "tcp:localhost:0"
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Its id now."""
        assert self._child is not None, "it was started"
        return self._child.pid

    async def start(self) -> str:
        """Start it, and return its address. Errors: Unavailable."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.memory.world", "--listen", self._address,
            "--state", str(self._folder), "--until-eof",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,  # it ends when we do
            start_new_session=True,  # Ctrl-C is for the demo, which takes this down
        )  # fmt: skip
        assert self._child.stdout is not None, "its standard output is a pipe"
        try:
            async with asyncio.timeout(START_S):
                line = await self._child.stdout.readline()
        except TimeoutError as error:
            raise Unavailable("the world did not come up") from error
        if not line:
            raise Unavailable(f"the world ended with {await self._child.wait()}")
        said = parse(line.rstrip())
        assert isinstance(said, Mapping), "its first line is an object"
        self._address = str(said["listen"])
        (self._folder / ADDRESS).write_text(self._address, "ascii")
        return self._address

    async def ended(self) -> int:
        """Wait until it has ended, and return its code."""
        assert self._child is not None, "it was started"
        return await self._child.wait()

    async def kill(self) -> None:
        """Kill it, as a failing machine would, and wait."""
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
            await self._child.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A running world.

    `networks` and `rails` are tables of settings by instance name, complete with their `adapter`;
    `accounts` names each person's account, `holders` the key file of each account, the same on
    every network.
    """

    address: str
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    holders: Mapping[str, Path]
    process: Process
    session: aiohttp.ClientSession
    accounts: Mapping[str, str]
    escrow: str
    assets: Mapping[str, object]  # nothing is issued at the beginning

    @property
    def processes(self) -> Mapping[str, Process]:
        """What can be killed and started again, as the demo calls it."""
        return {"world": self.process}

    def leg(self, name: str, part: str = "") -> dict[str, str]:
        """Return an asset's leg; it is called the same on every network here."""
        return {"network": "", "escrow": self.escrow, "asset": name, "part": part}

    def consent(self, account: str, message: bytes) -> Signed:
        """Return a holder's own signature of what a consent asks for."""
        key = Ed25519PrivateKey.from_private_bytes(self.holders[account].read_bytes())
        return Signed("ed25519", public_hex(key), key.sign(message))

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command of the ground, such as an issue.

        `{"do": "twin" | "title", "name", "home": network}` names an asset that is at home there.
        Errors: Refused, Unavailable.
        """
        if command.get("do") in {"twin", "title"}:
            named = {"at": command["at"], "asset": command["name"], "home": False}
            command = {"do": "asset", **named}
        elif command.get("do") == "issue" and command["asset"] not in ASSETS:
            home = {"do": "asset", "at": command["at"], "asset": command["asset"], "home": True}
            await self._post("/world", home)
        await self._post("/world", command)

    async def fault(self, name: str, words: Mapping[str, Value]) -> None:
        """Ask the fault panel of a network or bank. Errors: Refused, Unavailable."""
        await self._post(f"/faults/{name}", words)

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return a network's or bank's answer to a question. Errors: Refused, Unavailable."""
        return await self._post(f"/{name}/ask", question)

    async def _post(self, path: str, words: Mapping[str, Value]) -> Mapping[str, Value]:
        async with self.session.post(path, data=canonical(words)) as answer:
            body = parse(await answer.read())
            assert isinstance(body, Mapping), "a world answers with objects"
            if answer.status == 422:
                raise Refused(str(body.get("why")))
            if answer.status != 200:
                raise Unavailable(str(body.get("why")))
            return body


@dataclass(frozen=True, slots=True)
class World:
    """A side of the demo. `start` takes a folder, the notaries' Ed25519 keys and how many sign."""

    name: str
    start: Callable[[Path, tuple[str, ...], int], AbstractAsyncContextManager[Stand]]


@asynccontextmanager
async def process(folder: Path) -> AsyncGenerator[tuple[str, Process]]:
    """Run a world on a socket in `folder`, and yield its address and its process.

    It is ended with the block; its state stays in the folder.
    Errors: Unavailable where it does not come up in time.
    """
    running = Process(folder)
    try:
        yield await running.start(), running
    finally:
        await running.kill()
        (folder / SOCKET).unlink(missing_ok=True)


@asynccontextmanager
async def start(folder: Path, notaries: tuple[str, ...], threshold: int) -> AsyncGenerator[Stand]:
    """Yield the demo's world; what its folder already holds is not built a second time."""
    is_new, operator, holders = _prepared(folder)
    async with process(folder) as (address, running), reached(address) as session:
        stand = Stand(
            address=address,
            networks={
                name.partition(":")[2]: {
                    "adapter": "memory",
                    "network": name,
                    "escrow": ESCROW,
                    "key": public_hex(_key(folder, name)),
                    "world": address,
                    "operator_key": str(operator),
                    "finality_ms": 2 * WORK_MS,
                    "tx_life_ms": 3_000,
                }
                for name in (ORIGIN, DESTINATION)
            },
            rails={
                "bank-a": {
                    "adapter": "memory-rail",
                    "network": BANK,
                    "key": public_hex(_key(folder, BANK)),
                    "world": address,
                    "finality_ms": SETTLE_MS,
                    "message_life_ms": 3_000,
                }
            },
            holders=holders,
            process=running,
            session=session,
            accounts=ACCOUNTS,
            escrow=ESCROW,
            assets={},
        )
        if is_new:
            for command in _commands(folder, operator, holders, notaries, threshold):
                await stand.do(command)
        yield stand


def _prepared(folder: Path) -> tuple[bool, Path, dict[str, Path]]:
    """Make the folder and its key files; tell whether there was no world in it."""
    folder.mkdir(parents=True, exist_ok=True)
    is_new = not (folder / "commands.jsonl").exists()
    holders = {account: _key_file(folder / f"{account}.key", account) for account in HOLDERS}
    return is_new, _key_file(folder / "operator.key", "operator"), holders


def _commands(
    folder: Path,
    operator: Path,
    holders: Mapping[str, Path],
    notaries: tuple[str, ...],
    threshold: int,
) -> list[Mapping[str, Value]]:
    """Return what builds the world, in order."""
    made: list[Mapping[str, Value]] = []
    for name in (ORIGIN, DESTINATION):
        key = _key(folder, name).private_bytes_raw().hex()
        ms = str(WORK_MS)
        made += [
            {"do": "network", "name": name, "escrow": ESCROW, "key": key,
             "block_ms": ms, "finality_ms": ms},
            {"do": "operator", "at": name, "key": _public(operator)},
            {"do": "notaries", "at": name, "epoch": "1", "keys": " ".join(notaries),
             "threshold": str(threshold)},
        ]  # fmt: skip
        made += [
            {"do": "account", "at": name, "account": account, "key": _public(holders[account])}
            for account, networks in HOLDERS.items()
            if name in networks
        ]
        made += [
            {"do": "asset", "at": name, "asset": asset, "home": home == name}
            for asset, home in ASSETS.items()
        ]
    key = _key(folder, BANK).private_bytes_raw().hex()
    made.append({"do": "bank", "name": BANK, "key": key, "settle_ms": str(SETTLE_MS)})
    made += [
        {"do": "money", "at": BANK, "account": account, "currency": "HKD", "minor": str(minor)}
        for account, minor in MONEY.items()
    ]
    return made


def _key(folder: Path, name: str) -> Ed25519PrivateKey:
    """Return a key of the demo: known to whoever knows the folder, and refused by production."""
    seed = f"lianqiao demo key\n{folder.name}\n{name}".encode()
    return Ed25519PrivateKey.from_private_bytes(sha256(seed).digest())


def _key_file(path: Path, name: str) -> Path:
    if not path.exists():
        path.touch(0o600)
        path.write_bytes(_key(path.parent, name).private_bytes_raw())
    return path


def _public(path: Path) -> str:
    return public_hex(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))


WORLD = World("memory", start)
