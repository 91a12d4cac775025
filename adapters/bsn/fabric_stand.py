"""A real Fabric network started for the demo: an orderer, two organisations' peers, the escrow.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager like the devnet's: both are channels to settings and stories. Here there is
no fault panel: who pauses the channel stops its orderer; a server that was killed is started again.
"""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from adapters.bsn.chaincode.lots import ISSUE_PREFIX
from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_ground import FabricGround, ground_of, ready, records, valid
from adapters.bsn.fabric_layout import CHANNEL, Batch
from adapters.bsn.fabric_network import MODULE, NAME, Network, NotUp, up
from adapters.bsn.fabric_tools import NoFabric, obtainable
from adapters.bsn.holders import Signed, signed_with
from adapters.bsn.stand import BUYER, DEBTOR, FACE, INSTANCE, RECEIVABLE, SELLER, World
from bridge.core.canonical import Value, canonical
from bridge.ports import Refused, Unavailable

OPERATOR: Final = ("org1", "User1")
USERS: Final = {SELLER: ("org1", "User2"), BUYER: ("org2", "User1"), DEBTOR: ("org2", "User2")}
BATCH: Final = Batch(count=50, timeout_ms=50)
POLL_MS: Final = 100
WINDOW_MS: Final = 8_000  # how long a call may wait for its block; a loaded machine is slow
ORDERER: Final = "orderer"
SERVERS: Final = {  # what people call them; the daemon speaks to the gateway service of one peer
    "gateway": "org1.peer",
    "peer": "org2.peer",
    "orderer": ORDERER,
    "chaincode": "org1.escrow",
    "its twin": "org2.escrow",
}
BACK_S: Final = 60  # until a peer that was killed endorses again
LOOK_S: Final = 0.1
# The shell waits for its own input to end, as it does when its parent dies; then all is taken down.
UNTIL_INPUT_ENDS: Final = 'read -r _; exec "$@"'


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the network; what it has to remember is on disk."""

    ground: FabricGround
    name: str

    @property
    def _process(self) -> subprocess.Popen[bytes]:
        return self.ground.network.processes[self.name]

    @property
    def pid(self) -> int:
        """Its id now."""
        return self._process.pid

    async def start(self) -> None:
        """Start it, a paused channel too, and wait until both organisations endorse again.

        Errors: Unavailable.
        """
        self.ground.network.start(self.name)
        self.ground.network.processes[ORDERER].send_signal(signal.SIGCONT)
        try:
            async with self.ground.client(*OPERATOR) as client:
                await ready(client, BACK_S)
        except TimeoutError as error:
            raise Unavailable(f"{self.name} is back, and the peers do not endorse again") from error

    async def ended(self) -> int:
        """Wait until it has ended, and return its code."""
        process = self._process
        while (code := process.poll()) is None:  # noqa: ASYNC110 a process of no loop
            await asyncio.sleep(LOOK_S)
        return code

    async def kill(self) -> None:
        """Kill it, as a failing machine would, and wait."""
        self._process.kill()
        await self.ended()


@dataclass(frozen=True, slots=True, kw_only=True)
class FabricStand:
    """A running network, asked as the devnet's stand is."""

    ground: FabricGround
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    accounts: Mapping[str, str]
    assets: Mapping[str, tuple[str, str]]
    twins: set[str] = field(default_factory=set)  # names of assets that are at home elsewhere
    parting: asyncio.Lock = field(default_factory=asyncio.Lock)  # one lot is parted at a time

    @property
    def processes(self) -> Mapping[str, Server]:
        """What can be killed and started again, as the demo calls it."""
        return {called: Server(self.ground, name) for called, name in SERVERS.items()}

    @property
    def escrow(self) -> str:
        """The chaincode, as orders name it."""
        return f"{CHANNEL}/{NAME}"

    def leg(self, name: str, part: str = "") -> dict[str, str]:
        """Return an asset's leg here; what is not at home here is called a twin."""
        asset = f"twin/{name}" if name in self.twins else name
        return {"network": self.ground.id, "escrow": self.escrow, "asset": asset, "part": part}

    def consent(self, account: str, message: bytes) -> Signed:
        """Return a holder's own signature of what a consent asks for."""
        key = self.ground.key_file(*USERS[self._who(account)])
        return signed_with(key.read_text("ascii"), message)

    def _who(self, account: str) -> str:
        return next(who for who, known in self.accounts.items() if account in {who, known})

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command: issue, split, twin or title; pause, resume.

        Errors: Refused, Unavailable.
        """
        words = {name: str(word) for name, word in command.items() if name != "at"}
        match words.get("do"):
            case "twin" | "title":
                self.twins.add(words["name"])
            case "issue":
                await self._issue(words["asset"], words["units"], self._who(words["account"]))
            case "split":
                async with self.parting:
                    await self._split(words)
            case "pause":
                self._signal(ORDERER, signal.SIGSTOP)
            case "resume":
                self._signal(ORDERER, signal.SIGCONT)
            case unknown:
                raise Refused(f"{unknown}: nobody of a Fabric network does that")

    def _signal(self, name: str, number: signal.Signals) -> None:
        self.ground.network.processes[name].send_signal(number)

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return who holds a lot: `{"of": "lot", "asset": …, "part": …}`.

        Errors: Refused, Unavailable.
        """
        del name  # there is one network
        async with self.ground.client(*OPERATOR) as client:
            lot = await _lot(client, str(question["asset"]), str(question.get("part", "")))
        return {key: str(value) for key, value in lot.items()}

    async def _issue(self, asset: str, units: str, who: str) -> None:
        """Have a holder issue it by their debtor's word."""
        ground, debtor = self.ground, USERS[DEBTOR]
        paper: Value = {
            "network": ground.id,
            "escrow": self.escrow,
            "asset": asset,
            "units": units,
            "holder": self.accounts[who],
            "obligor": self.accounts[DEBTOR],
            "profile": sha256(asset.encode()).hexdigest(),
        }
        word = ground.identity(*debtor).sign(ISSUE_PREFIX + canonical(paper))
        signature: Value = {"kind": "p256", "signer": ground.key(*debtor), "signature": word.hex()}
        async with ground.client(*USERS[who]) as client:
            await valid(client, "issue", {"paper": paper, "signatures": [signature]})

    async def _split(self, words: Mapping[str, str]) -> None:
        asset, part = words["asset"], words.get("part", "")
        async with self.ground.client(*USERS[self._who(words["account"])]) as client:
            last = str((await _lot(client, asset, part)).get("last", ""))
            body: Value = {
                "asset": asset,
                "part": part,
                "into": words["into"],
                "units": words["units"],
                "last": last,
            }
            await valid(client, "split", body)


async def _lot(client: FabricClient, asset: str, part: str) -> Mapping[str, Value]:
    (lot,) = await records(client, f"asset/{asset}#{part}" if part else f"asset/{asset}")
    return lot


@asynccontextmanager
async def start(
    folder: Path, notaries: tuple[str, ...], threshold: int
) -> AsyncGenerator[FabricStand]:
    """Yield the demo's channel with a receivable, confirmed by its debtor, in the seller's hands.

    Fabric's programs are found in the user's cache, or built there once through Go's modules.
    Errors: Unavailable, which says what is missing and how to get it.
    """
    root = folder / "network"
    with _taken_down_with_us(root):
        network = await _up(root)
        try:
            yield await _set_up(network, notaries, threshold)
        finally:
            for process in network.processes.values():
                process.send_signal(signal.SIGCONT)  # who is stopped would not hear it is over
            await asyncio.to_thread(network.stop)


@contextmanager
def _taken_down_with_us(root: Path) -> Iterator[None]:
    """Have a network end and be removed where this process is killed before it can do that."""
    down = (sys.executable, "-m", "adapters.bsn.fabric_network", "down", str(root))
    with subprocess.Popen(  # noqa: S603 a command of ours
        ["/bin/sh", "-c", UNTIL_INPUT_ENDS, "sh", *down],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as waiting:
        try:
            yield
        finally:
            waiting.kill()


async def _set_up(network: Network, notaries: tuple[str, ...], threshold: int) -> FabricStand:
    ground = ground_of(network)
    await ground.set_up(notaries, threshold, (OPERATOR, *USERS.values()), WINDOW_MS)
    accounts = {who: ground.account(*user) for who, user in USERS.items()}
    pace = {"poll_ms": POLL_MS, "finality_ms": 500, "window_ms": WINDOW_MS}
    stand = FabricStand(
        ground=ground,
        networks={INSTANCE: {"adapter": "bsn", **ground.table(*OPERATOR) | pace}},
        rails={},
        accounts=accounts,
        assets={RECEIVABLE: (accounts[SELLER], FACE)},
    )
    issue: dict[str, Value] = {"do": "issue", "asset": RECEIVABLE, "units": FACE}
    await stand.do({**issue, "account": SELLER})
    return stand


async def _up(root: Path) -> Network:
    """Return a network that is up; one that comes up after nobody waits any more is ended.

    Errors: Unavailable.
    """
    coming = asyncio.get_running_loop().run_in_executor(None, lambda: up(root, batch=BATCH))
    try:
        return await asyncio.shield(coming)
    except asyncio.CancelledError:
        (await coming).stop()
        raise
    except NoFabric as error:
        raise _no_fabric(error) from error
    except NotUp as error:
        raise not_up(str(error)) from error


def not_up(said: str) -> Unavailable:
    """Return what to tell of a network that did not come up, from its own words."""
    if "no non-loopback" in said:
        return Unavailable(
            "Fabric's peer starts only where there is an IPv4 address beside loopback's, which it "
            "does not use: bring a network up, or run `ip address add 192.0.2.1/32 dev lo` as root"
        )
    return Unavailable(f"the Fabric network did not come up: {said}")


def _obtainable() -> None:
    try:
        obtainable(MODULE)
    except NoFabric as error:
        raise _no_fabric(error) from error


def _no_fabric(error: NoFabric) -> Unavailable:
    return Unavailable(
        f"Hyperledger Fabric's peer and orderer are not here ({error}): install Go 1.26 from "
        "go.dev/dl, which builds them once in some three minutes, or name the folder of yours in "
        "LIANQIAO_FABRIC_BIN"
    )


FETCHES: Final = "Fabric is built where it is not yet, once, in some three minutes"

WORLD = World("fabric", start, _obtainable, FETCHES)
