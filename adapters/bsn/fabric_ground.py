"""Who is who on a Fabric network of ours: its users, what is pinned of it, how its escrow starts.

`fabric_network` makes the users; this is what settings, holders and administrators take of them.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

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

ORGS: Final = frozenset(msp(one) for one in ORGANISATIONS)
ESCAPE_MS: Final = 400 * 24 * 3_600_000
WINDOW_MS: Final = 4_000  # what is lost is known to be lost so soon
POLL_S: Final = 0.05


class WallClock:
    """The machine's own clock."""

    def now(self) -> Instant:
        """Return the time of this machine."""
        return Instant(time.time_ns() // 1_000_000)  # noqa: TID251 a real network has a real clock


@dataclass(frozen=True)
class FabricGround:
    """A network that is up."""

    network: Network
    trust: Trust
    pinned: Pinned
    roots: Mapping[str, bytes]

    @property
    def id(self) -> NetworkId:
        """The network as orders name it."""
        return NetworkId("fabric:" + self.pinned.genesis.hex()[:32])

    def key_file(self, organisation: str, user: str) -> Path:
        """Return where a user's private key lies."""
        (key,) = (self._msp_of(organisation, user) / "keystore").iterdir()
        return key

    def certificate_file(self, organisation: str, user: str) -> Path:
        """Return where a user's certificate lies."""
        (certificate,) = (self._msp_of(organisation, user) / "signcerts").iterdir()
        return certificate

    def _msp_of(self, organisation: str, user: str) -> Path:
        return self.network.root / user_home(organisation, user) / "msp"

    def identity(self, organisation: str, user: str) -> Identity:
        """Return a user whom cryptogen made: User1 of the first organisation is the operator."""
        certificate = self.certificate_file(organisation, user).read_bytes()
        return Identity(
            msp(organisation), certificate, self.key_file(organisation, user).read_bytes()
        )

    def account(self, organisation: str, user: str) -> str:
        """Return a user's account."""
        return caller_of(self.identity(organisation, user).creator).account

    def key(self, organisation: str, user: str) -> str:
        """Return a user's public key, as consents name it."""
        return caller_of(self.identity(organisation, user).creator).key

    @asynccontextmanager
    async def client(
        self, organisation: str = "org1", user: str = "User1", **target: object
    ) -> AsyncGenerator[FabricClient]:
        """Yield a client of one user at their own organisation's peer."""
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

    def table(
        self, organisation: str = "org1", user: str = "User1", **changes: object
    ) -> dict[str, object]:
        """Return what an operator would write for this channel."""
        root = self.network.root
        crypto = root / "crypto"
        table: dict[str, object] = {
            "network": str(self.id),
            "access": "fabric",
            "address": f"127.0.0.1:{self.network.ports[f'{organisation}.peer']}",
            "ca_file": str(root / peer_home(organisation) / "tls/ca.crt"),
            "msp_id": msp(organisation),
            "identity_key_file": str(self.key_file(organisation, user)),
            "identity_certificate_file": str(self.certificate_file(organisation, user)),
            "channel": CHANNEL,
            "chaincode": NAME,
            "genesis_hash": self.pinned.genesis.hex(),
            "organisations": [
                {"msp": msp(one), "root": root_of(crypto / f"peerOrganizations/{one}.test")}
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
        return {**table, **changes}

    def settings(
        self, organisation: str = "org1", user: str = "User1", **changes: object
    ) -> FabricSettings:
        """Return the same, checked."""
        return FabricSettings.model_validate(self.table(organisation, user, **changes))

    def configuration(
        self, notaries: Iterable[str], threshold: int, window_ms: int = WINDOW_MS
    ) -> bytes:
        """Return the first configuration; both organisations have written down that they agree."""
        body = canonical(
            {
                "network": self.id,
                "escrow": f"{CHANNEL}/{NAME}",
                "number": "1",
                "escape_after": str(ESCAPE_MS),
                "window": str(window_ms),
                "operators": [self.account("org1", "User1")],
                "notaries": sorted(notaries),
                "threshold": str(threshold),
            }
        )
        for organisation in ORGANISATIONS:
            self.network.admitted(organisation).write_text(sha256(body).hexdigest(), "ascii")
        return body

    async def set_up(
        self,
        notaries: Iterable[str],
        threshold: int,
        people: Iterable[tuple[str, str]],
        window_ms: int = WINDOW_MS,
    ) -> None:
        """Have the escrow configured and these users enrolled. Errors: Refused, Unavailable."""
        async with self.client() as client:
            await ready(client)
            await valid(client, "configure", self.configuration(notaries, threshold, window_ms))
        for organisation, user in people:
            async with self.client(organisation, user) as client:
                await valid(client, "enrol", {})


def root_of(home: Path) -> str:
    """Return the root certificate of an organisation, as settings have it."""
    (file,) = (home / "msp/cacerts").iterdir()
    lines = file.read_text("ascii").splitlines()
    return "".join(line for line in lines if not line.startswith("-----"))


def ground_of(network: Network) -> FabricGround:
    """Return what is pinned of a network that came up just now."""
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
    return FabricGround(network, Trust(pems), pinned, pems)


async def carried_out(
    client: FabricClient, verb: str, argument: "Value | bytes"
) -> tuple[str, Told, int]:
    """Endorse, submit and wait: the transaction, what it told, and its validation code.

    Errors: Refused, Unavailable.
    """
    raw = argument if isinstance(argument, bytes) else canonical(argument)
    proposal = client.propose(verb, raw)
    envelope, told = await client.endorse(proposal)
    await client.submit(proposal.tx, envelope)
    commit = await client.commit(proposal.tx)
    if commit is None:
        raise Unavailable(f"{verb}: its commit is not seen")
    return proposal.tx, told, commit.code


async def valid(client: FabricClient, verb: str, argument: "Value | bytes") -> None:
    """Have a call stand on the channel. Errors: Refused, Unavailable."""
    _, _, code = await carried_out(client, verb, argument)
    if code:
        raise Refused(f"{verb}: validation code {code}")


async def records(client: FabricClient, *keys: str) -> list[Mapping[str, Value]]:
    """Return what the escrow keeps under some keys, as this peer sees it. Errors: Unavailable."""
    body = parse(await client.evaluate("read", canonical({"keys": list(keys)})))
    assert isinstance(body, dict)
    return list(body["records"])


async def until(holds: Callable[[], Awaitable[bool]], patience_s: float = 15) -> None:
    """Ask again and again until something holds. Errors: TimeoutError."""
    async with asyncio.timeout(patience_s):
        while not await holds():  # noqa: ASYNC110 another machine changes, no event of ours
            await asyncio.sleep(POLL_S)


async def ready(client: FabricClient, patience_s: float = 15) -> None:
    """Wait until this peer knows the other organisation's, which gossip tells it.

    Errors: TimeoutError.
    """

    async def answers() -> bool:
        try:
            await client.endorse(client.propose("configure", b"{}"))
        except Unavailable:
            return False
        except Refused:
            return True
        raise AssertionError("an empty configuration was endorsed")

    await until(answers, patience_s)
