"""Permissioned chains: SM2 against a compiled library, and a real peer's door against its calls."""

import asyncio
import itertools
import json
import signal
import time
import tomllib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path

import gmssl_pyx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from typing_extensions import override

from adapters.bsn import der, sm2
from adapters.bsn.adapter import ADAPTER, open_access
from adapters.bsn.chaincode.call import Call
from adapters.bsn.chaincode.escrow import invoke, reads
from adapters.bsn.chaincode.proposal import caller_of
from adapters.bsn.fabric_blocks import Pinned, verified
from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_layout import CHANNEL, ORGANISATIONS, Batch, msp
from adapters.bsn.fabric_network import NAME, Network, down, up
from adapters.bsn.fabric_tools import NoFabric
from adapters.bsn.fabric_trust import Trust
from adapters.bsn.network import Access
from adapters.bsn.stand import process
from bridge.clock import SystemClock
from bridge.core.act import Act
from bridge.core.canonical import canonical
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, new_ulid
from bridge.core.money import Units
from bridge.ports import Key, Prepared, Refused, Unavailable
from examples.benchmarks import channel
from examples.benchmarks.figure import Figure, Given, side_by_side

SIGNATURES = 100
CALLS, WARM = 60, 5
FIRST_LOOK_S, NEXT_LOOK_S = 0.003, 0.001  # of the gateway, after a transaction's commit
BLOCK, AT_ONCE, TURNS = 500, 32, 2  # transactions of the large block, and under way together
UNCHECKED = "examples.benchmarks.unchecked"
BAR = {"sign": 0.2, "verify": 1.3, "commit": 1.1, "gateway": 1.3, "block": 1.5, "escrow": 0.7}


def _sm2() -> Iterator[Figure]:
    public, private = gmssl_pyx.sm2_key_generate()
    d = int.from_bytes(private, "big")
    signer = sm2.Signer(d)
    point = public[-64:]
    key = sm2.PublicKey(int.from_bytes(point[:32], "big"), int.from_bytes(point[32:], "big"))
    verifier = sm2.Verifier(key, width=sm2.HELD)
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


async def _commits(network: Network) -> tuple[float, float]:
    """Milliseconds from proposal to commit, the median of each: ours, and the bare calls."""
    async with channel.opened(network) as client:
        await channel.configured(network, client)
        return await _by_turns(
            lambda paper: channel.checked(client, "issue", paper), client, network
        )


async def _by_turns(
    ours: Callable[[bytes], Awaitable[None]], client: FabricClient, network: Network
) -> tuple[float, float]:
    identity = channel.identity_of(network)
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(WARM + CALLS):
        taken[0].append(await channel.timed(partial(ours, channel.paper(network))))
        paper = channel.paper(network)
        taken[1].append(
            await channel.timed(partial(channel.bare, client, identity, "issue", paper))
        )
    return channel.median(taken[0][WARM:]), channel.median(taken[1][WARM:])


async def _through(network: Network, folder: Path) -> tuple[float, float]:
    """Milliseconds from proposal to commit: through the gateway's devnet, and the bare calls."""
    async with (
        process(folder, ("--peer", str(network.root))) as (said, _),
        channel.opened(network) as client,
    ):
        table = tomllib.loads(said)["network"]["channel"]
        del table["adapter"]
        async with open_access(ADAPTER.settings(table), SystemClock()) as access:
            return await _by_turns(
                lambda paper: _asked(access, table["network"], paper), client, network
            )


async def _asked(access: Access, network: NetworkId, argument: bytes) -> None:
    """A call through the gateway, asked after until its block holds it."""
    tx, request = access.request("issue", argument)
    key = Key(SettlementId("0" * 26), Verb.LOCK, 0)
    prepared = Prepared(key=key, network=network, tx=tx, items=(request,))
    await access.submit(prepared)
    pause = FIRST_LOOK_S  # a question takes the machine's time from the commit
    while True:
        await asyncio.sleep(pause)
        if await access.status(tx) == 0:
            return
        pause = NEXT_LOOK_S


@contextmanager
def _network(root: Path, batch: Batch) -> Iterator[Network]:
    network = up(root, batch=batch)
    try:
        yield network
    finally:
        network.stop()
        down(root)


def _one_by_one(scratch: Path) -> Iterator[Figure]:
    with _network(scratch / "fabric", Batch(count=1, timeout_ms=1_000)) as network:
        ours, bare = asyncio.run(_commits(network))
        through, straight = asyncio.run(_through(network, scratch / "gateway"))
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


def _mint(network: Network, number: int) -> bytes:
    """A mint that two notaries have signed, of a twin that nobody has seen."""
    made = Act(
        verb=Verb.MINT,
        settlement=SettlementId(new_ulid(SystemClock().now(), number.to_bytes(10, "big"))),
        terms=Digest(sha256(b"terms").hexdigest()),
        network=channel.network_id(network),
        escrow=f"{CHANNEL}/{NAME}",
        asset=f"twin/benchmark-{number}",
        part="",
        units=Units(100),
        party=channel.account_of(network),
        counterpart=NetworkId("memory:elsewhere"),
        evidence=Digest(sha256(b"evidence").hexdigest()),
        verdict=Digest(sha256(b"verdict").hexdigest()),
        epoch=1,
        not_after=Instant(SystemClock().now() + 3_600_000),
        until=Instant(0),
    )
    signatures = sorted(
        (key.public_key().public_bytes_raw().hex(), key.sign(made.message()).hex())
        for key in map(channel.notary, range(2))
    )
    return canonical(
        {
            "act": made.body(),
            "signatures": [
                {"kind": "ed25519", "signer": signer, "signature": word}
                for signer, word in signatures
            ],
        }
    )


def _unchecked(network: Network, argument: bytes, state: dict[str, bytes]) -> bytes:
    """What the unchecked chaincode is told: to read and write what the escrow would."""
    call = Call(
        channel=CHANNEL,
        chaincode=NAME,
        tx="0" * 64,
        caller=caller_of(channel.identity_of(network).creator),
        verb="mint",
        argument=argument,
        time=SystemClock().now(),
        clock=SystemClock().now(),
    )
    outcome = invoke(call, {key: state[key] for key in reads(call) if key in state})
    assert outcome.event is not None, outcome.response.message
    return json.dumps(
        {
            "reads": reads(call),
            "writes": {key: (value or b"").decode() for key, value in outcome.writes},
            "event": [outcome.event.name, outcome.event.payload.decode()],
        }
    ).encode()


async def _rate(network: Network, arguments: list[bytes]) -> float:
    """Transactions a second, from the first proposal to the last commit."""
    identity, waiting = channel.identity_of(network), list(arguments)

    async with channel.opened(network) as client:

        async def worker() -> None:
            while waiting:
                await channel.bare(client, identity, "mint", waiting.pop())

        began = time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(worker())
        return len(arguments) / (time.perf_counter() - began)


async def _configured(network: Network) -> dict[str, bytes]:
    """Configure the escrow, and return what a mint will read there."""
    async with channel.opened(network) as client:
        await channel.configured(network, client)
        keys = ("configuration", "epoch/1", f"account/{channel.account_of(network)}")
        told = json.loads(await client.evaluate("read", canonical({"keys": list(keys)})))
    return {key: canonical(one) for key, one in zip(keys, told["records"], strict=True)}


def _chaincode(scratch: Path) -> Iterator[Figure]:
    best, numbers = {True: 0.0, False: 0.0}, itertools.count(1)
    with _network(scratch / "busy", Batch(count=AT_ONCE, timeout_ms=50)) as network:
        state = asyncio.run(_configured(network))
        for _ in range(TURNS):
            for checks in (True, False):
                _serve(network, "adapters.bsn.chaincode.serve" if checks else UNCHECKED)
                told = [_mint(network, next(numbers)) for _ in range(BLOCK)]
                if not checks:
                    told = [_unchecked(network, one, state) for one in told]
                best[checks] = max(best[checks], asyncio.run(_rate(network, told)))
    yield Figure(
        name="permissioned.escrow.rate",
        ours=best[True],
        theirs=best[False],
        baseline=f"a chaincode that reads and writes the same, unchecked; bar {BAR['escrow']}x",
        unit="tx/s",
    )


def _serve(network: Network, module: str) -> None:
    """Let another module be the chaincode, behind the same peers."""
    network.serving = module
    for organisation in ORGANISATIONS:
        network.kill(f"{organisation}.escrow", signal.SIGTERM)
        network.start(f"{organisation}.escrow")
        network._listening(f"{organisation}.escrow")  # noqa: SLF001 as it does itself
    asyncio.run(_served(network))


async def _served(network: Network) -> None:
    """Wait until both peers have found the chaincode again."""
    nothing = json.dumps({"reads": [], "writes": {}, "event": ["nothing", ""]}).encode()
    async with channel.opened(network) as client:
        for organisation in map(msp, ORGANISATIONS):
            for _ in range(100):
                try:
                    asked = client.propose("mint", nothing)
                    await client._evaluated(asked, organisation)  # noqa: SLF001 at one peer
                except Refused:
                    break  # the escrow, which knows no such argument
                except Unavailable:
                    await asyncio.sleep(0.1)
                    continue
                break


class Noting(Trust):
    """Notes every signature that it verifies."""

    seen: list[tuple[bytes, bytes, bytes]] | None = None

    @override
    def verify(self, creator: bytes, signature: bytes, message: bytes, role: str = "") -> str:
        """Note it, then do as ever."""
        if self.seen is not None:
            self.seen.append((creator, signature, message))
        return super().verify(creator, signature, message, role)


async def _large_block(network: Network) -> bytes:
    """A block of many mints, each endorsed by both organisations."""
    async with channel.opened(network) as client:
        await channel.configured(network, client)
        envelopes: list[tuple[str, bytes]] = []
        waiting = [_mint(network, number) for number in range(1, BLOCK + 1)]

        async def endorse() -> None:
            while waiting:
                proposal = client.propose("mint", waiting.pop())
                envelopes.append((proposal.tx, (await client.endorse(proposal))[0]))

        async def submit() -> None:
            while envelopes:
                await client.submit(*envelopes.pop())

        last = ""
        for work in (endorse, submit):
            last = envelopes[0][0] if envelopes else last
            async with asyncio.TaskGroup() as tasks:
                for _ in range(AT_ONCE):
                    tasks.create_task(work())
        commit = await client.commit(last)
        assert commit is not None
        args = (b"GetBlockByNumber", CHANNEL.encode(), str(commit.block).encode())
        return await client._evaluated(client._proposed(args, "qscc"))  # noqa: SLF001 bare


def _block(scratch: Path) -> Iterator[Figure]:
    with _network(scratch / "large", Batch(count=BLOCK, timeout_ms=3_000)) as network:
        raw = asyncio.run(_large_block(network))
        trust = Noting(channel.roots_of(network))
        pinned = Pinned(
            CHANNEL,
            NAME,
            channel.genesis_of(network),
            frozenset(map(msp, ORGANISATIONS)),
            frozenset({"OrdererMSP"}),
        )
    trust.seen = []
    told = verified(raw, None, pinned, trust)
    signed, trust.seen = trust.seen, None
    keys = [(trust.key_of(creator, "")[1], one, message) for creator, one, message in signed]
    scheme = ec.ECDSA(hashes.SHA256())
    ours, bare = side_by_side(
        lambda: verified(raw, None, pinned, trust),
        lambda: [key.verify(one, message, scheme) for key, one, message in keys],
        work=len(keys),
    )
    yield Figure(
        name="permissioned.block.signature",
        ours=1e6 / ours,
        theirs=1e6 / bare,
        baseline=(
            f"cryptography's bare verification of the same {len(keys)} signatures of "
            f"{len(told.transactions)} transactions; bar {BAR['block']}x"
        ),
        unit="us CPU",
    )


def figures(given: Given) -> Iterator[Figure]:
    """SM2's two directions, and what a real peer does where one can be had."""
    yield from _sm2()
    try:
        yield from _one_by_one(given.scratch)
    except NoFabric:
        return  # no programs and no way to build them here
    yield from _block(given.scratch)
    yield from _chaincode(given.scratch)
