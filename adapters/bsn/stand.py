"""A channel started for the demo, and what settings and stories need to know of it.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager: it starts the gateway's devnet as a process on loopback, in upload mode
with SM2, its escrow trusting these notaries, issues a receivable, and yields a `Stand`. Its tape
stays in the folder: a gateway that was killed comes back before the same ledger, and so does one
whose world has ended, at the address it had.
"""

import asyncio
import importlib
import json
import re
import sys
import tomllib
from asyncio.subprocess import Process as Child
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bridge.core.canonical import Value
from bridge.ports import Refused, Unavailable

if TYPE_CHECKING:
    import aiohttp

    from adapters.bsn.holders import Signed

START_S = 30  # until the escrow is configured and the gateway listens
CALL_S = 20
INSTANCE, CHANNEL = "qianhai", "settle"
SELLER, BUYER, DEBTOR = "seller", "buyer", "debtor"
RECEIVABLE, FACE = "receivable-a", "1000000"
BLOCK_MS, POLL_MS = 50, 100
PANEL = "/devnet"
KEPT = "stand.json"  # what a stand has to know to come back over its tape
_HOLDS = re.compile(r"^# ([a-z]+): (Org1MSP/[0-9a-f]{64}), ", re.MULTILINE)


class Process:
    """The devnet's process: it can be killed at any moment, and started again over its tape."""

    def __init__(self, folder: Path, words: tuple[str, ...], port: str = "0") -> None:
        self._words = (str(folder), *words)
        self._port = port  # any; and once it has one, the same again
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Its id now."""
        assert self._child is not None, "it was started"
        return self._child.pid

    async def start(self) -> str:
        """Start it, and return the settings it prints. Errors: Unavailable."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.bsn.devnet", *self._words,
            "--until-eof", "--port", self._port,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,  # it ends when we do
            start_new_session=True,  # Ctrl-C is for the demo, which takes this down
        )  # fmt: skip
        assert self._child.stdout is not None, "its standard output is a pipe"
        lines: list[str] = []
        again = f"; it was to listen at port {self._port} again" if self._port != "0" else ""
        try:
            async with asyncio.timeout(START_S):
                async for line in self._child.stdout:
                    lines.append(line.decode())
                    if lines[-1].startswith("# faults:"):
                        break
                else:
                    raise Unavailable(f"the devnet ended with {await self._child.wait()}{again}")
        except TimeoutError as error:
            raise Unavailable("the devnet did not come up") from error
        self._port = lines[-1].removesuffix(PANEL + "\n").rpartition(":")[2]
        return "".join(lines)

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
    """A running channel.

    `networks` is the table of settings by instance name, complete with its `adapter`; there is no
    bank. `accounts` names each person's account, `holders` the key file of each account, and
    `assets` what is held at the beginning, by asset: its holder's account and its units, which
    move whole. An asset that is at home elsewhere is called `twin/…` here.
    """

    address: str
    escrow: str
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    accounts: Mapping[str, str]
    holders: Mapping[str, Path]
    assets: Mapping[str, tuple[str, str]]
    process: Process
    session: "aiohttp.ClientSession"
    folder: Path
    twins: set[str] = field(default_factory=set)  # names of assets that are at home elsewhere

    @property
    def processes(self) -> Mapping[str, Process]:
        """What can be killed and started again, as the demo calls it."""
        return {"gateway": self.process}

    def leg(self, name: str, part: str = "") -> dict[str, str]:
        """Return an asset's leg here; what is not at home here is called a twin."""
        asset = f"twin/{name}" if name in self.twins else name
        network = str(self.networks[INSTANCE]["network"])
        return {"network": network, "escrow": self.escrow, "asset": asset, "part": part}

    def consent(self, account: str, message: bytes) -> "Signed":
        """Return a holder's own signature of what a consent asks for."""
        from adapters.bsn.holders import signed_with  # noqa: PLC0415 loaded while it starts

        return signed_with(self.holders[account].read_text("ascii"), message)

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command: issue, split, endorse, pause, resume, or a fault of the panel.

        `{"do": "twin" | "title", "name", "home": network}` names an asset that is at home there;
        `kill` and `start` are for its process.
        Errors: Refused, Unavailable.
        """
        words = {name: word for name, word in command.items() if name != "at"}
        match words.get("do"):
            case "twin" | "title":
                self.twins.add(str(words["name"]))
                self.keep()
            case "kill":
                await self.process.kill()
            case "start":
                await self.process.start()
            case "pause" | "resume" as verb:
                await self._post({"do": "stall", "on": verb == "pause"})
            case _:
                await self._post(words)

    def keep(self) -> None:
        """Write what the folder has to say beside its tape, whole or not at all."""
        kept = {"port": self.address.rpartition(":")[2], "twins": sorted(self.twins)}
        new = self.folder / f"{KEPT}.new"
        new.write_text(json.dumps(kept), "utf-8")
        new.replace(self.folder / KEPT)

    async def fault(self, name: str, words: Mapping[str, Value]) -> None:
        """Ask the fault panel of the network. Errors: Refused, Unavailable."""
        if name not in {INSTANCE, str(self.networks[INSTANCE]["network"])}:
            raise Refused(f"no {name} in this world")
        await self._post({"do": "fault", **words})

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return who holds a lot: `{"of": "lot", "asset": …, "part": …}`.

        Errors: Refused, Unavailable.
        """
        del name  # there is one network
        told = await self._post({"do": "tell", **question})
        return {key: str(value) for key, value in told.items()}

    async def _post(self, words: Mapping[str, Value]) -> Mapping[str, object]:
        from aiohttp import ClientError  # noqa: PLC0415 loaded while it starts

        try:
            async with (
                asyncio.timeout(CALL_S),
                self.session.post(self.address + PANEL, json=dict(words)) as answer,
            ):
                body: dict[str, object] = await answer.json()
                if answer.status == 422:
                    raise Refused(str(body.get("why")))
                if answer.status != 200:
                    raise Unavailable(f"the devnet answers {answer.status}")
                return body
        except (ClientError, TimeoutError) as error:
            raise Unavailable(f"the devnet does not answer: {error}") from error


S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class World(Generic[S]):
    """A side of the demo. `start` takes a folder, the notaries' Ed25519 keys and how many sign.

    `obtainable` sees beforehand that what it needs is here or can be had. Errors: Unavailable.
    `fetches` says which programs of others it brings here, and builds, before it starts.
    `loads` what its side here needs; one that starts processes waits for them meanwhile.
    """

    name: str
    start: Callable[[Path, tuple[str, ...], int], AbstractAsyncContextManager[S]]
    obtainable: Callable[[], None] = lambda: None
    fetches: str = ""
    loads: Callable[[], None] = lambda: None


def accounts_in(said: str) -> dict[str, str]:
    """Return everybody's account by name, as a devnet prints them behind its settings."""
    return dict(_HOLDS.findall(said))


@asynccontextmanager
async def process(
    folder: Path, words: tuple[str, ...], port: str = "0"
) -> AsyncGenerator[tuple[str, Process]]:
    """Run a devnet over a folder, and yield the settings it prints and its process.

    It is ended with the block. Errors: Unavailable where it does not come up in time.
    """
    running = Process(folder, words, port)
    try:
        yield await running.start(), running
    finally:
        await running.kill()


@asynccontextmanager
async def start(folder: Path, notaries: tuple[str, ...], threshold: int) -> AsyncGenerator[Stand]:
    """Yield the demo's channel: a receivable, confirmed by its debtor, in the seller's hands.

    Where one was kept in this folder, it goes on as it stood.
    Errors: ValueError for a folder of something else; Unavailable.
    """
    kept = _kept(folder)
    asked = ["--algorithm", "sm2", "--mode", "upload", "--threshold", str(threshold)]
    asked += ["--name", CHANNEL, "--block-ms", str(BLOCK_MS), "--tape", str(folder / "tape")]
    for key in notaries:
        asked += ["--notary", key]
    for name in (SELLER, BUYER, DEBTOR):
        asked += ["--holder", name]
    port = "0" if kept is None else str(kept["port"])
    async with AsyncExitStack() as stack:
        said, running = await stack.enter_async_context(process(folder, tuple(asked), port))
        from aiohttp import ClientSession  # noqa: PLC0415 loaded while it starts

        session = await stack.enter_async_context(ClientSession())
        table: dict[str, object] = tomllib.loads(said)["network"]["channel"]
        accounts = accounts_in(said)
        stand = Stand(
            address=str(table["base_url"]),
            escrow=f"{table['channel']}/{table['chaincode']}",
            networks={
                INSTANCE: {**table, "poll_ms": POLL_MS, "finality_ms": BLOCK_MS + 2 * POLL_MS}
            },
            rails={},
            accounts=accounts,
            holders={account: folder / f"{name}.pem" for name, account in accounts.items()},
            assets={RECEIVABLE: (accounts[SELLER], FACE)},
            process=running,
            session=session,
            folder=folder,
            twins=set() if kept is None else set(kept["twins"]),
        )
        if kept is None:
            paper: dict[str, Value] = {"asset": RECEIVABLE, "units": FACE}
            await stand.do({"do": "issue", **paper, "account": SELLER, "obligor": DEBTOR})
            stand.keep()
        yield stand


def _kept(folder: Path) -> dict[str, Any] | None:
    """Return what a stand left in this folder, or None where it is empty. Errors: ValueError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (folder / KEPT).is_file():
        kept: dict[str, Any] = json.loads((folder / KEPT).read_bytes())
        return kept
    if any(folder.iterdir()):
        raise ValueError(f"{folder}: something else lies here; name an empty one")
    return None


def loads() -> None:
    """See that all is loaded that a stand uses."""
    for name in ("aiohttp", "adapters.bsn.holders"):
        importlib.import_module(name)


WORLD = World("bsn", start, loads=loads)
