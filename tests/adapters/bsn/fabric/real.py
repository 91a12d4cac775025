"""What tests do on a real Fabric network: clients of its users, a configuration, calls."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from adapters.bsn.chaincode.proposal import caller_of
from adapters.bsn.fabric_blocks import Pinned, header_hash
from adapters.bsn.fabric_client import FabricClient, Target, open_channel
from adapters.bsn.fabric_layout import CHANNEL, ORGANISATIONS, msp, peer_home, user_home
from adapters.bsn.fabric_network import NAME, Network
from adapters.bsn.fabric_proposals import Told
from adapters.bsn.fabric_settings import FabricSettings
from adapters.bsn.fabric_trust import Identity, Trust
from bridge.core.canonical import Value, canonical, parse
from bridge.core.ids import Instant, NetworkId
from bridge.ports import Refused, Unavailable
from tests.adapters.bsn.fabric.board import NOTARIES, THRESHOLD, public

ORGS = frozenset(msp(one) for one in ORGANISATIONS)
DAY = 24 * 3_600_000
WINDOW_MS = 4_000  # what is lost is known to be lost so soon


class WallClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a real network has a real clock


@dataclass(frozen=True)
class Real:
    """A network that is up, its escrow configured."""

    network: Network
    trust: Trust
    pinned: Pinned
    roots: Mapping[str, bytes]

    @property
    def id(self) -> NetworkId:
        return NetworkId("fabric:" + self.pinned.genesis.hex()[:32])

    def identity(self, organisation: str, user: str) -> Identity:
        """A user whom cryptogen made: User1 is the operator, Admin too may be one."""
        home = self.network.root / user_home(organisation, user) / "msp"
        (certificate,) = (home / "signcerts").iterdir()
        (key,) = (home / "keystore").iterdir()
        return Identity(msp(organisation), certificate.read_bytes(), key.read_bytes())

    def account(self, organisation: str, user: str) -> str:
        return caller_of(self.identity(organisation, user).creator).account

    @asynccontextmanager
    async def client(
        self, organisation: str = "org1", user: str = "User1", **target: object
    ) -> AsyncIterator[FabricClient]:
        """A client of one user at their own organisation's peer."""
        ca = (self.network.root / peer_home(organisation) / "tls/ca.crt").read_bytes()
        address = f"127.0.0.1:{self.network.ports[f'{organisation}.peer']}"
        words: dict[str, object] = {
            "channel": CHANNEL,
            "chaincode": NAME,
            "organisations": ORGS,
            **target,
        }
        async with open_channel(address, ca) as channel:
            yield FabricClient(
                channel,
                self.identity(organisation, user),
                Target(**words),  # type: ignore[arg-type]
                self.trust,
                WallClock(),
            )

    def settings(
        self, organisation: str = "org1", user: str = "User1", **changes: object
    ) -> FabricSettings:
        """What an operator would write for this channel."""
        root = self.network.root
        home = root / user_home(organisation, user) / "msp"
        (certificate,), (key,) = (home / "signcerts").iterdir(), (home / "keystore").iterdir()
        crypto = root / "crypto"
        table: dict[str, object] = {
            "network": self.id,
            "access": "fabric",
            "address": f"127.0.0.1:{self.network.ports[f'{organisation}.peer']}",
            "ca_file": str(root / peer_home(organisation) / "tls/ca.crt"),
            "msp_id": msp(organisation),
            "identity_key_file": str(key),
            "identity_certificate_file": str(certificate),
            "channel": CHANNEL,
            "chaincode": NAME,
            "genesis_hash": self.pinned.genesis.hex(),
            "organisations": [
                {
                    "msp": msp(one),
                    "root": root_of(crypto / f"peerOrganizations/{one}.test"),
                }
                for one in ORGANISATIONS
            ],
            "orderers": [
                {"msp": "OrdererMSP", "root": root_of(crypto / "ordererOrganizations/ord.test")}
            ],
            "poll_ms": 50,
            "timeout_ms": 3_000,
            "window_ms": WINDOW_MS,
            "finality_ms": 500,
        }
        return FabricSettings.model_validate({**table, **changes})

    def key(self, organisation: str, user: str) -> str:
        """A user's public key, as consents name it."""
        return caller_of(self.identity(organisation, user).creator).key

    def configuration(self, notaries: Iterable[str] = ()) -> bytes:
        """The first configuration; both organisations have written down that they agree."""
        body = canonical(
            {
                "network": self.id,
                "escrow": f"{CHANNEL}/{NAME}",
                "number": "1",
                "escape_after": str(400 * DAY),
                "window": str(WINDOW_MS),
                "operators": [self.account("org1", "User1")],
                "notaries": sorted(notaries) or [public(key) for key in NOTARIES],
                "threshold": str(THRESHOLD),
            }
        )
        for organisation in ORGANISATIONS:
            self.network.admitted(organisation).write_text(sha256(body).hexdigest(), "ascii")
        return body


def root_of(home: Path) -> str:
    """The root certificate of an organisation, as settings have it."""
    (file,) = (home / "msp/cacerts").iterdir()
    lines = file.read_text("ascii").splitlines()
    return "".join(line for line in lines if not line.startswith("-----"))


def real(network: Network) -> Real:
    """What is pinned of a network that came up just now."""
    root = network.root
    roots = {
        msp(one): (root / f"crypto/peerOrganizations/{one}.test/msp/cacerts").iterdir()
        for one in ORGANISATIONS
    }
    roots["OrdererMSP"] = (root / "crypto/ordererOrganizations/ord.test/msp/cacerts").iterdir()
    pems = {name: next(files).read_bytes() for name, files in roots.items()}
    pinned = Pinned(
        CHANNEL,
        NAME,
        header_hash(network.genesis.read_bytes()),
        ORGS,
        frozenset({"OrdererMSP"}),
    )
    return Real(network, Trust(pems), pinned, pems)


async def whole_block(client: FabricClient, index: int) -> bytes:
    """The bytes of a block, as our own peer has it."""
    args = (b"GetBlockByNumber", CHANNEL.encode(), str(index).encode())
    return await client._evaluated(client._proposed(args, "qscc"))


async def carried_out(
    client: FabricClient, verb: str, argument: "Value | bytes"
) -> tuple[str, Told, int]:
    """Endorse, submit and wait: the transaction, what it told, and its validation code."""
    raw = argument if isinstance(argument, bytes) else canonical(argument)
    proposal = client.propose(verb, raw)
    envelope, told = await client.endorse(proposal)
    await client.submit(proposal.tx, envelope)
    commit = await client.commit(proposal.tx)
    assert commit is not None
    return proposal.tx, told, commit.code


async def records(client: FabricClient, *keys: str) -> list[Mapping[str, Value]]:
    """What the escrow keeps under some keys, as this peer sees it."""
    body = parse(await client.evaluate("read", canonical({"keys": list(keys)})))
    assert isinstance(body, dict)
    return list(body["records"])


async def until(holds: Callable[[], Awaitable[bool]], patience_s: float = 15) -> None:
    """Ask again and again until something holds."""
    async with asyncio.timeout(patience_s):
        while not await holds():  # noqa: ASYNC110 another machine changes, no event of ours
            await asyncio.sleep(0.05)


async def ready(client: FabricClient) -> None:
    """Wait until this peer knows the other organisation's, which gossip tells it."""

    async def answers() -> bool:
        try:
            await client.endorse(client.propose("configure", b"{}"))
        except Unavailable:
            return False
        except Refused:
            return True
        raise AssertionError("an empty configuration was endorsed")

    await until(answers)
