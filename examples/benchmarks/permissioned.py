"""Permissioned chains: SM2 against a compiled library, and a real peer's door against its calls."""

import asyncio
import secrets
import time
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import gmssl_pyx

from adapters.bsn import der, sm2
from adapters.bsn.adapter import ADAPTER, open_access
from adapters.bsn.chaincode.proposal import caller_of
from adapters.bsn.fabric_blocks import header_hash
from adapters.bsn.fabric_client import FabricClient, Target, open_channel
from adapters.bsn.fabric_layout import CHANNEL, ORGANISATIONS, Batch, msp, peer_home, user_home
from adapters.bsn.fabric_network import NAME, Network, down, up
from adapters.bsn.fabric_proposals import signed_envelope
from adapters.bsn.fabric_tools import NoFabric
from adapters.bsn.fabric_trust import Identity, Trust
from adapters.bsn.fabric_wire import blob, decode, part
from adapters.bsn.network import Access
from adapters.bsn.stand import process
from bridge.clock import SystemClock
from bridge.core.canonical import Value, canonical
from bridge.core.effects import Verb
from bridge.core.ids import NetworkId, SettlementId
from bridge.ports import Key, Prepared, Unavailable
from examples.benchmarks.figure import Figure, Given, side_by_side

SIGNATURES = 100
CALLS, WARM = 60, 5
FIRST_LOOK_S, NEXT_LOOK_S = 0.005, 0.001  # of the gateway, after a transaction's commit
BAR = {"sign": 0.2, "verify": 1.3, "commit": 1.1, "gateway": 1.3}


def _sm2() -> Iterator[Figure]:
    public, private = gmssl_pyx.sm2_key_generate()
    d = int.from_bytes(private, "big")
    signer = sm2.Signer(d)
    point = public[-64:]
    key = sm2.PublicKey(int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big"))
    verifier = sm2.Verifier(key, pinned=True)
    message = b"a request of some length, as the gateway signs it" * 4
    theirs = gmssl_pyx.sm2_sign(private, public, message)
    r, s = der.read_signature(theirs)
    assert verifier.verifies(message, r, s)
    ours_rate, their_rate = side_by_side(
        lambda: [signer.sign(message) for _ in range(SIGNATURES)],
        lambda: [gmssl_pyx.sm2_sign(private, public, message) for _ in range(SIGNATURES)],
        work=SIGNATURES,
    )
    yield Figure(
        name="permissioned.sm2.sign",
        ours=1e3 / ours_rate,
        theirs=1e3 / their_rate,
        baseline=f"gmssl-pyx in the same run; bar {BAR['sign']}x of its time",
        unit="ms CPU",
    )
    ours_rate, their_rate = side_by_side(
        lambda: [verifier.verifies(message, r, s) for _ in range(SIGNATURES)],
        lambda: [gmssl_pyx.sm2_verify(public, message, theirs) for _ in range(SIGNATURES)],
        work=SIGNATURES,
    )
    yield Figure(
        name="permissioned.sm2.verify",
        ours=1e3 / ours_rate,
        theirs=1e3 / their_rate,
        baseline=f"gmssl-pyx in the same run; bar {BAR['verify']}x of its time",
        unit="ms CPU",
    )


def _identity(network: Network, user: str) -> Identity:
    home = network.root / user_home("org1", user) / "msp"
    (certificate,), (key,) = (home / "signcerts").iterdir(), (home / "keystore").iterdir()
    return Identity(msp("org1"), certificate.read_bytes(), key.read_bytes())


def _trust(network: Network) -> Trust:
    crypto = network.root / "crypto"
    homes = {msp(one): crypto / f"peerOrganizations/{one}.test" for one in ORGANISATIONS}
    homes["OrdererMSP"] = crypto / "ordererOrganizations/ord.test"
    return Trust(
        {name: next((home / "msp/cacerts").iterdir()).read_bytes() for name, home in homes.items()}
    )


def _admitted(network: Network, identity: Identity) -> bytes:
    """The escrow's configuration, which both organisations agree to."""
    genesis = header_hash(network.genesis.read_bytes()).hex()
    body = canonical(
        {
            "network": f"fabric:{genesis[:32]}",
            "escrow": f"{CHANNEL}/{NAME}",
            "number": "1",
            "escape_after": str(400 * 24 * 3_600_000),
            "window": "60000",
            "operators": [caller_of(identity.creator).account],
            "notaries": sorted(secrets.token_hex(32) for _ in range(3)),
            "threshold": "2",
        }
    )
    for organisation in ORGANISATIONS:
        network.admitted(organisation).write_text(sha256(body).hexdigest(), "ascii")
    return body


async def _commits(network: Network) -> tuple[float, float]:
    """Milliseconds from proposal to commit, the best of each: ours, and the bare calls."""
    identity = _identity(network, "User1")
    roots = (network.root / peer_home("org1") / "tls/ca.crt").read_bytes()
    target = Target(
        channel=CHANNEL, chaincode=NAME, organisations=frozenset(map(msp, ORGANISATIONS))
    )
    async with open_channel(f"127.0.0.1:{network.ports['org1.peer']}", roots) as channel:
        client = FabricClient(channel, identity, target, _trust(network), SystemClock())
        await _until_endorsed(client, _admitted(network, identity))
        ours: list[float] = []
        bare: list[float] = []
        for _ in range(WARM + CALLS):
            ours.append(await _timed(lambda: _checked(client)))
            bare.append(await _timed(lambda: _bare(client, identity)))
    return _median(ours[WARM:]), _median(bare[WARM:])


async def _until_endorsed(client: FabricClient, configuration: bytes) -> None:
    for _ in range(200):
        try:
            proposal = client.propose("configure", configuration)
            envelope, _ = await client.endorse(proposal)
        except Unavailable:
            await asyncio.sleep(0.1)
            continue
        await client.submit(proposal.tx, envelope)
        assert await client.commit(proposal.tx)
        return
    raise AssertionError("the escrow is not configured")


def _paper(network: Network, identity: Identity) -> bytes:
    """The issue of an asset that nobody has seen."""
    account = caller_of(identity.creator).account
    genesis = header_hash(network.genesis.read_bytes()).hex()
    paper: Value = {
        "network": f"fabric:{genesis[:32]}",
        "escrow": f"{CHANNEL}/{NAME}",
        "asset": f"paper-{secrets.token_hex(8)}",
        "units": "1",
        "holder": account,
        "obligor": account,
        "profile": sha256(b"a benchmark").hexdigest(),
    }
    return canonical({"paper": paper, "signatures": []})


async def _through(network: Network, folder: Path) -> tuple[float, float]:
    """Milliseconds from proposal to commit: through the gateway's devnet, and the bare calls."""
    identity = _identity(network, "User1")
    roots = (network.root / peer_home("org1") / "tls/ca.crt").read_bytes()
    target = Target(
        channel=CHANNEL, chaincode=NAME, organisations=frozenset(map(msp, ORGANISATIONS))
    )
    async with (
        process(folder, ("--peer", str(network.root))) as (said, _),
        open_channel(f"127.0.0.1:{network.ports['org1.peer']}", roots) as channel,
    ):
        table = tomllib.loads(said)["network"]["channel"]
        del table["adapter"]
        settings = ADAPTER.settings(table)
        client = FabricClient(channel, identity, target, _trust(network), SystemClock())
        await _checked(client)  # who issues is enrolled
        async with open_access(settings, SystemClock()) as access:
            ours: list[float] = []
            bare: list[float] = []
            for _ in range(WARM + CALLS):
                one, other = _paper(network, identity), _paper(network, identity)
                ours.append(await _timed(partial(_asked, access, table["network"], one)))
                bare.append(await _timed(partial(_bare, client, identity, "issue", other)))
    return _median(ours[WARM:]), _median(bare[WARM:])


async def _asked(access: Access, network: NetworkId, argument: bytes) -> None:
    """A call through the gateway, asked after until its block holds it."""
    tx, request = access.request("issue", argument)
    key = Key(SettlementId("0" * 26), Verb.LOCK, 0)
    await access.submit(Prepared(key=key, network=network, tx=tx, items=(request,)))
    while await access.status(tx) != 0:
        pass


async def _checked(client: FabricClient) -> None:
    proposal = client.propose("enrol", b"{}")
    envelope, _ = await client.endorse(proposal)
    await client.submit(proposal.tx, envelope)
    assert await client.commit(proposal.tx)


async def _bare(
    client: FabricClient, identity: Identity, verb: str = "enrol", argument: bytes = b"{}"
) -> None:
    """The same three calls, nothing of the answers looked at."""
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
    assert await client.commit(proposal.tx)


async def _timed(run: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await run()
    return (time.perf_counter() - began) * 1e3


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _peer(scratch: Path) -> Iterator[Figure]:
    root = scratch / "fabric"
    try:
        network = up(root, batch=Batch(count=1, timeout_ms=1_000))
    except NoFabric:
        return  # no programs and no way to build them here
    try:
        ours, bare = asyncio.run(_commits(network))
        through, straight = asyncio.run(_through(network, scratch / "gateway"))
    finally:
        network.stop()
        down(root)
    yield Figure(
        name="permissioned.peer.commit",
        ours=ours,
        theirs=bare,
        baseline=f"the same gRPC calls, nothing checked, same run; bar {BAR['commit']}x",
        unit="ms, median",
    )
    yield Figure(
        name="permissioned.gateway.commit",
        ours=through,
        theirs=straight,
        baseline=f"the same peer's bare gRPC calls, same run; bar {BAR['gateway']}x",
        unit="ms, median",
    )


def figures(given: Given) -> Iterator[Figure]:
    """SM2's two directions, and a commit on a real peer where one can be had."""
    yield from _sm2()
    yield from _peer(given.scratch)
