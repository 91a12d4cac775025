"""A real network for the figures of permissioned chains: its keys, its calls, and the bare ones."""

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.bsn.chaincode.proposal import caller_of
from adapters.bsn.fabric_blocks import header_hash
from adapters.bsn.fabric_client import FabricClient, Target, open_channel
from adapters.bsn.fabric_layout import CHANNEL, ORGANISATIONS, msp, peer_home, user_home
from adapters.bsn.fabric_network import NAME, Network
from adapters.bsn.fabric_proposals import signed_envelope
from adapters.bsn.fabric_trust import Identity, Trust
from adapters.bsn.fabric_wire import blob, decode, part
from bridge.clock import SystemClock
from bridge.core.canonical import Value, canonical
from bridge.core.ids import NetworkId
from bridge.ports import Unavailable


@asynccontextmanager
async def opened(network: Network) -> AsyncGenerator[FabricClient]:
    """Yield a client of the first organisation's User1 at its own peer."""
    roots = (network.root / peer_home("org1") / "tls/ca.crt").read_bytes()
    target = Target(
        channel=CHANNEL, chaincode=NAME, organisations=frozenset(map(msp, ORGANISATIONS))
    )
    async with open_channel(f"127.0.0.1:{network.ports['org1.peer']}", roots) as channel:
        yield FabricClient(
            channel, identity_of(network), target, Trust(roots_of(network)), SystemClock()
        )


def identity_of(network: Network, user: str = "User1") -> Identity:
    """Return a user of the first organisation."""
    home = network.root / user_home("org1", user) / "msp"
    (certificate,), (key,) = (home / "signcerts").iterdir(), (home / "keystore").iterdir()
    return Identity(msp("org1"), certificate.read_bytes(), key.read_bytes())


def roots_of(network: Network) -> dict[str, bytes]:
    """Return every organisation's root certificate."""
    crypto = network.root / "crypto"
    homes = {msp(one): crypto / f"peerOrganizations/{one}.test" for one in ORGANISATIONS}
    homes["OrdererMSP"] = crypto / "ordererOrganizations/ord.test"
    return {
        name: next((home / "msp/cacerts").iterdir()).read_bytes() for name, home in homes.items()
    }


def genesis_of(network: Network) -> bytes:
    """Return the hash of the first block."""
    return header_hash(network.genesis.read_bytes())


def network_id(network: Network) -> NetworkId:
    """Return the network as acts and papers name it."""
    return NetworkId(f"fabric:{genesis_of(network).hex()[:32]}")


def notary(index: int) -> Ed25519PrivateKey:
    """Return a notary's key: one of three."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"notary %d" % index).digest())


async def configured(network: Network, client: FabricClient) -> None:
    """Let both organisations agree to a configuration, bring it, and enrol our user."""
    public = [notary(index).public_key().public_bytes_raw().hex() for index in range(3)]
    body = canonical(
        {
            "network": network_id(network),
            "escrow": f"{CHANNEL}/{NAME}",
            "number": "1",
            "escape_after": str(400 * 24 * 3_600_000),
            "window": "60000",
            "operators": [account_of(network)],
            "notaries": sorted(public),
            "threshold": "2",
        }
    )
    for organisation in ORGANISATIONS:
        network.admitted(organisation).write_text(sha256(body).hexdigest(), "ascii")
    for _ in range(200):
        try:
            await checked(client, "configure", body)
        except Unavailable:
            await asyncio.sleep(0.1)
            continue
        await checked(client, "enrol", b"{}")
        return
    raise AssertionError("the escrow is not configured")


def account_of(network: Network) -> str:
    """Return our user's account."""
    return caller_of(identity_of(network).creator).account


def paper(network: Network) -> bytes:
    """Return the issue of an asset that nobody has seen."""
    words: Value = {
        "network": network_id(network),
        "escrow": f"{CHANNEL}/{NAME}",
        "asset": f"paper-{secrets.token_hex(8)}",
        "units": "1",
        "holder": account_of(network),
        "obligor": account_of(network),
        "profile": sha256(b"a benchmark").hexdigest(),
    }
    return canonical({"paper": words, "signatures": []})


async def checked(client: FabricClient, verb: str, argument: bytes) -> None:
    """Carry out a call as the adapter does, until its block holds it."""
    proposal = client.propose(verb, argument)
    envelope, _ = await client.endorse(proposal)
    await client.submit(proposal.tx, envelope)
    commit = await client.commit(proposal.tx)
    assert commit is not None
    assert commit.code == 0, commit.name


async def bare(client: FabricClient, identity: Identity, verb: str, argument: bytes) -> None:
    """Make the same three calls, nothing of the answers looked at but the last."""
    proposal = client.propose(verb, argument)
    asked = {
        "transaction_id": proposal.tx,
        "channel_id": proposal.channel,
        "proposed_transaction": decode("protos.SignedProposal", proposal.signed),
        "endorsing_organizations": sorted(map(msp, ORGANISATIONS)),
    }
    answer = await client._call("/gateway.Gateway/Endorse", asked)  # noqa: SLF001 the bare call
    payload = blob(part(answer, "prepared_transaction"), "payload")
    await client.submit(proposal.tx, signed_envelope(identity, payload))
    commit = await client.commit(proposal.tx)
    assert commit is not None
    assert commit.code == 0, commit.name


async def timed(run: Callable[[], Awaitable[None]]) -> float:
    """Return the milliseconds it takes."""
    began = time.perf_counter()
    await run()
    return (time.perf_counter() - began) * 1e3


def median(values: list[float]) -> float:
    """Return the middle value."""
    return sorted(values)[len(values) // 2]
