"""An Ethereum-compatible chain started for the demo, and what settings and stories need of it.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager: it starts the dev chain as a process on loopback, puts the contract set on
it, trusting the secp256k1 addresses given as `notaries`, and yields a `Stand`. Its tape stays in
the folder, with everybody's key and what stands there: a chain that was killed comes back as the
same chain, and so does one whose world has ended, at the address it had.
"""

import asyncio
import importlib
import json
import secrets
import sys
import time
from asyncio.subprocess import Process as Child
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evm.accounts import Account, sealed
from adapters.evm.people import BUYER, CAP_WEI, ENTRY, EXIT, PEOPLE, SELLER
from adapters.evm.world import World
from bridge.core.canonical import Value
from bridge.core.ids import Instant
from bridge.ports import Refused, Unavailable

if TYPE_CHECKING:
    import aiohttp

    from adapters.evm.ground import Ground
    from adapters.evm.holders import Signed

START_S: Final = 30
CALL_S: Final = 20
INSTANCE: Final = "harbour"
SHARE, UNITS = "share-a", "1000000"  # of who needs something at home here
BLOCK_MS, EPOCH, POLL_MS = 100, 1, 50
QUORUM: Final = 2
SCRYPT_N: Final = 2**12  # a demo's: what it hides is worth nothing
KEPT: Final = "stand.json"  # what a stand has to know to come back over its tape


class Watch:
    """The machine's clock."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a program beside the daemon


class Process:
    """The chain's process: it can be killed at any moment, and started again over its tape."""

    def __init__(self, funded: Sequence[bytes], tape: Path, port: str = "0") -> None:
        self._words = ["--fund", *(f"0x{one.hex()}" for one in funded), "--tape", str(tape)]
        self._port = port  # any; and once it has one, the same again
        self._child: Child | None = None

    @property
    def pid(self) -> int:
        """Its id now."""
        assert self._child is not None, "it was started"
        return self._child.pid

    async def start(self) -> Mapping[str, object]:
        """Start it, and return what it says when it is ready. Errors: Unavailable."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.evm.devnet", "--block-ms", str(BLOCK_MS),
            "--epoch", str(EPOCH), "--until-eof", "--port", self._port, *self._words,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,  # it ends when we do
            start_new_session=True,  # Ctrl-C is for the demo, which takes this down
        )  # fmt: skip
        assert self._child.stdout is not None, "its standard output is a pipe"
        try:
            async with asyncio.timeout(START_S):
                line = await self._child.stdout.readline()
        except TimeoutError as error:
            raise Unavailable("the dev chain did not come up") from error
        if not line:
            again = f"; it was to listen at port {self._port} again" if self._port != "0" else ""
            raise Unavailable(f"the dev chain ended with {await self._child.wait()}{again}")
        said: Mapping[str, object] = json.loads(line)
        self._port = str(said["url"]).rpartition(":")[2]
        return said

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
    """A running chain.

    `networks` is the table of settings by instance name, complete with its `adapter`; there is no
    bank. `accounts` names each holder's address, `holders` the key file of each address. `assets`
    are the contracts by name, `held` what a name's holder has of it at the beginning.
    """

    address: str
    network: str
    escrow: str
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    accounts: Mapping[str, str]
    holders: Mapping[str, Path]
    assets: dict[str, str]
    held: dict[str, tuple[str, str]]
    process: Process
    session: "aiohttp.ClientSession"
    ground: "Ground"
    folder: Path

    @property
    def processes(self) -> Mapping[str, Process]:
        """What can be killed and started again, as the demo calls it."""
        return {"chain": self.process}

    def consent(self, account: str, message: bytes) -> "Signed":
        """Return a holder's own signature of the typed data that a consent asks for."""
        from adapters.evm.holders import signed_with  # noqa: PLC0415 loaded while it starts

        return signed_with(self.holders[account].read_bytes(), message)

    def leg(self, name: str, part: str = "") -> dict[str, str]:
        """Return an asset's leg here, as the asset register takes it."""
        asset = self.assets[name]
        return {"network": self.network, "escrow": self.escrow, "asset": asset, "part": part}

    def wallet(self, holder: str) -> dict[str, str]:
        """Return a holder's wallet here, as the party register takes it."""
        return {"network": self.network, "account": self.accounts[holder]}

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command: a contract, or a word of the fault panel.

        `{"do": "share", "name", "units"}` issues a share at home here to the seller;
        `{"do": "twin" | "title", "name", "home": network}` makes the twin of what is at home there.
        `kill` and `start` are for its process.
        Errors: Refused, Unavailable.
        """
        words = {name: word for name, word in command.items() if name != "at"}
        name = str(words.get("name", ""))
        match words.get("do"):
            case "kill":
                await self.process.kill()
            case "start":
                await self.process.start()
            case "share" | "twin" | "title" if not name or name in self.assets:
                raise Refused(f"name: {name!r} is empty or taken; give another")
            case "share":
                units = str(words["units"])
                self.assets[name] = await self.ground.share(name, int(units))
                self.held[name] = (self.accounts[SELLER], units)
            case "twin":
                self.assets[name] = await self.ground.twin(name, str(words["home"]))
            case "title":
                self.assets[name] = await self.ground.title(name, str(words["home"]))
            case _:
                await self._panel(words)
        if name:
            self.keep()

    def keep(self) -> None:
        """Write what the folder has to say beside its tape, whole or not at all."""
        kept = {
            "port": self.address.rpartition(":")[2],
            "table": self.networks[INSTANCE],
            "at": self.ground.at,
            "assets": self.assets,
            "held": self.held,
        }
        new = self.folder / f"{KEPT}.new"
        _written(new, json.dumps(kept).encode())
        new.replace(self.folder / KEPT)

    async def fault(self, name: str, words: Mapping[str, Value]) -> None:
        """Tell one node to lie, such as `{"is": "forge_receipt", "at": "east", "times": 3}`.

        Errors: Refused, Unavailable.
        """
        if name not in {INSTANCE, self.network}:
            raise Refused(f"no {name} in this world")
        await self._panel({"do": "lie", **words})

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what an account has: `{"of": "balance", "asset": name, "account": address}`.

        Or who has a title: `{"of": "owner", "asset": name, "part": hash}`.
        Errors: Refused, Unavailable.
        """
        del name  # there is one network
        asset = self.assets.get(str(question.get("asset")))
        if asset is None:
            raise Refused(f"no asset {question.get('asset')!r} in this world")
        if question.get("of") == "owner":
            part = int(str(question["part"]), 16)
            return {"holder": await self.ground.view("RepresentationTitle", asset, "ownerOf", part)}
        account = str(question["account"])
        told = await self.ground.view("RepresentationToken", asset, "balanceOf", account)
        return {"units": told}

    async def _panel(self, words: Mapping[str, Value]) -> None:
        from aiohttp import ClientError  # noqa: PLC0415 loaded while it starts

        try:
            async with (
                asyncio.timeout(CALL_S),
                self.session.post(f"{self.address}/panel", json=dict(words)) as answer,
            ):
                if answer.status == 400:
                    raise Refused(str((await answer.json())["error"]))
                if answer.status != 200:
                    raise Unavailable(f"the dev chain answers {answer.status}")
        except (ClientError, TimeoutError) as error:
            raise Unavailable(f"the dev chain does not answer: {error}") from error


@asynccontextmanager
async def process(
    funded: Sequence[bytes], tape: Path, port: str = "0"
) -> AsyncGenerator[tuple[Mapping[str, object], Process]]:
    """Run a dev chain on loopback, and yield what it says when it is ready and its process.

    It is ended with the block. Errors: Unavailable where it does not come up in time.
    """
    running = Process(funded, tape, port)
    try:
        yield await running.start(), running
    finally:
        await running.kill()


@asynccontextmanager
async def start(folder: Path, notaries: tuple[str, ...], threshold: int) -> AsyncGenerator[Stand]:
    """Yield the demo's chain: a new one where nothing is issued yet, or the one of this folder.

    Errors: ValueError for a folder of something else; Unavailable.
    """
    kept = _kept(folder)
    keys = keys_in(folder) if kept is None else _keys_again(folder)
    people = {who: Account(secret) for who, secret in keys.items()}
    async with AsyncExitStack() as stack:
        said, running = await stack.enter_async_context(
            process(
                [account.address for account in people.values()],
                folder / "chain.tape",
                "0" if kept is None else str(kept["port"]),
            )
        )
        import aiohttp  # noqa: PLC0415

        from adapters.evm.client import Endpoint  # noqa: PLC0415 loaded while it starts
        from adapters.evm.ground import Ground  # noqa: PLC0415
        from adapters.evm.nodes import Nodes  # noqa: PLC0415
        from adapters.evm.opening import number  # noqa: PLC0415

        address, genesis = str(said["url"]), str(said["genesis"])
        session = await stack.enter_async_context(aiohttp.ClientSession())
        named = said["endpoints"]
        assert isinstance(named, list), "it names its nodes"
        urls = {str(name): f"{address}/{name}" for name in named}
        nodes = [await stack.enter_async_context(Endpoint(url, name)) for name, url in urls.items()]
        chain_id = number(await nodes[0].call("eth_chainId"))
        network = f"eip155:{chain_id}"
        asked = Nodes(network, nodes, QUORUM, Watch(), 60_000)
        stack.push_async_callback(asked.close)
        ground = Ground(asked, chain_id, network, people)
        if kept is None:
            await ground.set_up(bytes.fromhex(genesis[2:]), notaries, threshold)
            table = await table_of(folder, ground, genesis, urls, keys)
        else:
            ground.at.update(kept["at"])
            table = kept["table"]
        accounts = {who: ground.address(who) for who in (SELLER, BUYER)}
        stand = Stand(
            address=address,
            network=network,
            escrow=ground.at["Escrow"],
            networks={INSTANCE: table},
            rails={},
            accounts=accounts,
            holders={ground.address(who): folder / f"{who}.key" for who in (SELLER, BUYER)},
            assets={} if kept is None else kept["assets"],
            held={} if kept is None else {name: tuple(one) for name, one in kept["held"].items()},
            process=running,
            session=session,
            ground=ground,
            folder=folder,
        )
        stand.keep()
        yield stand


def _kept(folder: Path) -> dict[str, Any] | None:
    """Return what a stand left in this folder, or None where none did."""
    file = folder / KEPT
    return json.loads(file.read_bytes()) if file.is_file() else None


def _keys_again(folder: Path) -> dict[str, bytes]:
    return {who: (folder / f"{who}.key").read_bytes() for who in PEOPLE}


def keys_in(folder: Path) -> dict[str, bytes]:
    """Make the folder and everybody's key. Errors: ValueError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ValueError(f"{folder}: a dev chain was here; name an empty folder")
    keys = {who: secrets.token_bytes(32) for who in PEOPLE}
    for who, key in keys.items():
        _written(folder / f"{who}.key", key)
    return keys


async def table_of(
    folder: Path,
    ground: "Ground",
    genesis: str,
    urls: Mapping[str, str],
    keys: Mapping[str, bytes],
    *,
    quorum: int = QUORUM,
) -> dict[str, object]:
    """Write the daemon's key files, and return the network's table of settings."""
    from adapters.evm.deploying.steps import NAMES  # noqa: PLC0415 loaded while it starts

    reader, password = Ed25519PrivateKey.generate(), secrets.token_hex(16).encode()
    _written(folder / "reader.key", reader.private_bytes_raw())
    _written(folder / "keys.password", password)
    for who in (ENTRY, EXIT):
        salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
        _written(folder / f"{who}.json", sealed(keys[who], password, salt=salt, iv=iv, n=SCRYPT_N))
    opens = {"password_file": str(folder / "keys.password")}
    hashes = dict(zip(ground.at, await ground.code_hashes(list(ground.at.values())), strict=True))
    return {
        "adapter": "evm",
        "network": ground.network,
        "genesis_hash": genesis,
        "escrow": ground.at["Escrow"],
        "escrow_code_hash": f"0x{hashes['Escrow'].hex()}",
        "start_block": 0,
        "contracts": [
            {"name": name, "address": ground.at[made], "code_hash": f"0x{hashes[made].hex()}"}
            for made, name in NAMES.items()
            if made in ground.at
        ],
        "endpoints": [{"url": url, "operator": name} for name, url in urls.items()],
        "quorum": quorum,
        "finality": "finalized",
        "readers": [reader.public_key().public_bytes_raw().hex()],
        "reader_key_file": str(folder / "reader.key"),
        "entry_key": {"keystore": str(folder / f"{ENTRY}.json"), **opens},
        "exit_key": {"keystore": str(folder / f"{EXIT}.json"), **opens},
        "max_fee_wei": CAP_WEI,
        "finality_ms": (2 * EPOCH + 1) * BLOCK_MS + 2 * POLL_MS,
        "poll_ms": POLL_MS,
        "tx_life_ms": 30_000,
        "timeout_ms": 5_000,
    }


def _written(file: Path, data: bytes) -> None:
    file.touch(0o600)
    file.write_bytes(data)


def loads() -> None:
    """See that all is loaded that a stand uses: it takes as long as half the chain's start."""
    for name in ("ground", "holders"):
        importlib.import_module(f"adapters.evm.{name}")


WORLD = World("evm", start, loads=loads)
