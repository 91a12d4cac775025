"""Ethereum-compatible chains: how long a lock takes that comes back, on the product's dev chain."""

import asyncio
import secrets
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from adapters.conformance.bench import Bench, OriginSide
from adapters.conformance.exam import Owned
from adapters.evm.adapter import ADAPTER
from adapters.evm.stand import BLOCK_MS, INSTANCE, SHARE, UNITS, WORLD, Stand
from bridge.clock import SystemClock
from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.consent import Consent
from bridge.core.effects import LockAsset, ReleaseLock
from bridge.core.order import SettlementOrder
from bridge.notary.attestation import Eip712Signer
from examples.benchmarks.figure import Figure, Given

FINAL_BLOCKS, SLACK_S = 3, 1.0


class Nothing:
    """Nothing was kept."""

    def get(self, key: str) -> bytes | None:
        """Return nothing."""
        del key
        return None

    def keys(self, prefix: str) -> tuple[str, ...]:
        """Return no keys."""
        del prefix
        return ()


async def _round_trip() -> float:
    """Seconds from handing a lock over until its release is in a block, final one block down."""
    notaries = [secrets.token_bytes(32) for _ in range(3)]
    names = tuple(Eip712Signer(one, {}).address for one in notaries)
    with tempfile.TemporaryDirectory() as scratch:
        async with WORLD.start(Path(scratch) / "world", names, 2) as stand:
            await stand.do({"do": "share", "name": SHARE, "units": UNITS})
            table = dict(stand.networks[INSTANCE]) | {"finality": "depth", "depth": 1}
            del table["adapter"]
            settings = ADAPTER.settings(table)
            genesis = bytes.fromhex(str(table["genesis_hash"])[2:])
            async with ADAPTER.open(settings, SystemClock(), Nothing()) as door:
                door_: Any = door
                signed = partial(_signed, notaries, genesis)
                bench = Bench(
                    side=OriginSide(door_, partial(_consent, stand, door_)),
                    clock=SystemClock(),
                    new_asset=partial(_owned, stand),
                    verify=lambda _: (),
                    notaries=signed,
                )
                taken = [await _locked_and_released(stand, bench) for _ in range(4)]
    return min(taken[1:])  # the first also compares the chain with its settings


async def _locked_and_released(stand: Stand, bench: Bench) -> float:
    order = await bench.new_order()
    account = stand.held[SHARE][0]
    asked: dict[str, Value] = {"of": "balance", "asset": SHARE, "account": account}
    before = await stand.ask("", asked)
    lock = await bench.prepare(LockAsset(order))
    began = time.perf_counter()
    await bench.door.submit(lock)
    await bench.decided(lock)
    release = await bench.prepare(ReleaseLock(order))
    await bench.door.submit(release)
    while await stand.ask("", asked) != before:  # noqa: ASYNC110 a block rings no bell
        await asyncio.sleep(0.01)
    return time.perf_counter() - began


def _signed(
    notaries: list[bytes], genesis: bytes, act: Act, number: int = 2
) -> tuple[Signature, ...]:
    signers = [Eip712Signer(one, {act.network: genesis}) for one in notaries]
    return tuple(one.sign(act) for one in signers[:number])


async def _owned(stand: Stand) -> Owned:
    account = stand.held[SHARE][0]
    return Owned(escrow=stand.escrow, asset=stand.assets[SHARE], account=account, units=5)


async def _consent(stand: Stand, door: Any, order: SettlementOrder) -> Consent:
    owed = door.consent_owed(order)
    made = stand.consent(owed.by, owed.message)
    return Consent(
        settlement=order.id,
        terms=order.terms,
        network=owed.network,
        by=owed.by,
        kind=made.kind,
        public_key=made.public_key,
        signature=made.signature,
        not_after=order.deadline,
    )


def figures(given: Given) -> Iterator[Figure]:
    """A lock and its release, final one block down."""
    del given
    yield Figure(
        name="evm.lock-to-release",
        ours=asyncio.run(_round_trip()),
        theirs=FINAL_BLOCKS * BLOCK_MS / 1_000 + SLACK_S,
        baseline=f"the bar: {FINAL_BLOCKS} blocks of {BLOCK_MS} ms and {SLACK_S:g} s",
        unit="s",
    )
