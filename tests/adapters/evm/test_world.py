"""The demo's chain: a process of its own, opened by the settings it tells, its holders sign."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.exam import Owned
from adapters.evm.adapter import ADAPTER
from adapters.evm.network import EscrowNetwork
from adapters.evm.people import BUYER, SELLER
from adapters.evm.stand import INSTANCE, SHARE, UNITS, WORLD, Stand
from bridge import registry
from bridge.cli.found import write_settings
from bridge.clock import SystemClock
from bridge.core.consent import Consent
from bridge.core.effects import AssignAsset, BurnAsset, LockAsset, MintAsset
from bridge.core.ids import NetworkId
from bridge.core.order import SettlementOrder
from bridge.ports import Refused, Unavailable
from tests.adapters.evm.grounds import signing
from tests.adapters.evm.stand import SIGNERS, THRESHOLD

TREE = Path(__file__).resolve().parents[3]
ELSEWHERE = "memory:elsewhere"


class Nothing:
    """Nothing was kept."""

    def get(self, key: str) -> bytes | None:
        return None

    def keys(self, prefix: str) -> tuple[str, ...]:
        return ()


@pytest.fixture(scope="module")
def notaries() -> tuple[str, ...]:
    return tuple(one.address for one in reversed(SIGNERS))


@pytest.fixture
async def stand(tmp_path: Path, notaries: tuple[str, ...]) -> AsyncIterator[Stand]:
    async with WORLD.start(tmp_path / "world", notaries, THRESHOLD) as built:
        await built.do({"do": "share", "name": SHARE, "units": UNITS})
        yield built


def test_the_entry_point_names_it() -> None:
    assert registry.load(registry.WORLDS, "evm") is WORLD


async def test_its_settings_open_it_and_an_asset_leaves_and_a_twin_comes(
    stand: Stand, tmp_path: Path
) -> None:
    folder = tmp_path / "world"
    files = [file for file in folder.iterdir() if file.is_file()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    secret = {file.read_bytes() for file in files if file.suffix == ".key"}
    assert not any(one.hex() in repr(stand) for one in secret)

    with pytest.raises(Refused, match="taken"):
        await stand.do({"do": "twin", "name": SHARE, "home": ELSEWHERE})
    with pytest.raises(Refused, match="no command"):
        await stand.do({"do": "nothing"})
    await stand.do({"do": "twin", "name": "twin-a", "home": ELSEWHERE})
    await stand.do({"do": "title", "name": "bill-a", "home": ELSEWHERE})

    written = write_settings(
        tmp_path, profile="demo", listen="tcp:localhost:1", networks=stand.networks, rails={}
    )
    table = tomllib.loads(written.read_text("utf-8"))["network"][INSTANCE]
    assert table.pop("adapter") == ADAPTER.name
    async with ADAPTER.open(ADAPTER.settings(table), SystemClock(), Nothing()) as door:
        assert isinstance(door, EscrowNetwork)
        await _leaves(stand, door, table)
        for name, part, units in (("twin-a", "", 7), ("bill-a", "ab" * 32, 1)):
            await _comes(stand, door, table, name=name, part=part, units=units)


async def test_a_chain_that_is_killed_and_started_again_undoes_nothing(stand: Stand) -> None:
    await stand.do({"do": "twin", "name": "twin-a", "home": ELSEWHERE})
    nodes, asked = stand.ground.nodes, ("latest", False)
    (was,) = await nodes.agreed([("eth_getBlockByNumber", asked)])
    assert isinstance(was, dict)
    pid = stand.process.pid
    os.kill(pid, signal.SIGKILL)
    await stand.process.ended()
    with pytest.raises(Unavailable):
        await stand.do({"do": "pause"})
    await stand.do({"do": "start"})
    assert stand.process.pid != pid
    (again,) = await nodes.agreed([("eth_getBlockByNumber", (was["number"], False))])
    assert again == was
    held = {"of": "balance", "asset": SHARE, "account": stand.accounts[SELLER]}
    assert await stand.ask(INSTANCE, held) == {"units": UNITS}
    await stand.do({"do": "title", "name": "bill-a", "home": ELSEWHERE})  # and it goes on


async def test_a_world_that_ended_comes_back_as_it_was_and_a_strange_folder_is_refused(
    tmp_path: Path, notaries: tuple[str, ...]
) -> None:
    folder = tmp_path / "world"
    async with WORLD.start(folder, notaries, THRESHOLD) as stand:
        await stand.do({"do": "share", "name": SHARE, "units": UNITS})
        await stand.do({"do": "twin", "name": "twin-a", "home": ELSEWHERE})
        networks, legs = stand.networks, [stand.leg(name) for name in (SHARE, "twin-a")]
    async with WORLD.start(folder, notaries, THRESHOLD) as again:
        assert again.networks == networks, "settings of before reach it"
        assert [again.leg(name) for name in (SHARE, "twin-a")] == legs
        held = {"of": "balance", "asset": SHARE, "account": again.accounts[SELLER]}
        assert await again.ask(INSTANCE, held) == {"units": UNITS}
        assert again.held == {SHARE: (again.accounts[SELLER], UNITS)}
        await again.do({"do": "title", "name": "bill-a", "home": ELSEWHERE})  # and it goes on
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "file").touch()
    with pytest.raises(ValueError, match="empty"):
        async with WORLD.start(tmp_path / "strange", notaries, THRESHOLD):
            pass


def test_a_chain_ends_with_whoever_started_it(tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, os, signal; from adapters.evm.stand import process\n"
        "async def run():\n"
        "    async with process([], pathlib.Path('tape')) as (_, running):\n"
        "        print(running.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(run())"
    )
    parent = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(TREE)},
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert parent.returncode == -signal.SIGKILL
    until = time.monotonic() + 10
    while Path(f"/proc/{int(parent.stdout)}").exists():
        assert time.monotonic() < until
        time.sleep(0.05)


async def _leaves(stand: Stand, door: EscrowNetwork, table: dict[str, object]) -> None:
    account, units = stand.held[SHARE]
    asset = stand.assets[SHARE]

    async def new_asset() -> Owned:
        return Owned(escrow=stand.escrow, asset=asset, account=account, units=5)

    async def sign(order: SettlementOrder) -> Consent:
        owed = door.consent_owed(order)
        signed = stand.consent(owed.by, owed.message)
        assert signed.kind == owed.kind
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=NetworkId(str(table["network"])),
            by=owed.by,
            kind=signed.kind,
            public_key=signed.public_key,
            signature=signed.signature,
            not_after=order.deadline,
        )

    bench = _bench(OriginSide(door, sign), new_asset, table)
    order = await bench.new_order()
    for effect in (LockAsset, BurnAsset):
        await bench.carry_out(effect, order)
    assert await bench.names(order) == ["AssetLocked", "AssetBurned"]
    asked = {"of": "balance", "asset": SHARE, "account": stand.accounts[SELLER]}
    assert await stand.ask(INSTANCE, asked) == {"units": str(int(UNITS) - 5)}
    assert units == UNITS


async def _comes(
    stand: Stand, door: EscrowNetwork, table: dict[str, object], *, name: str, part: str, units: int
) -> None:
    account = stand.wallet(BUYER)["account"]
    leg = stand.leg(name, part)

    async def new_asset() -> Owned:
        return Owned(
            escrow=leg["escrow"], asset=leg["asset"], account=account, units=units, part=part
        )

    bench = _bench(DestinationSide(door), new_asset, table)
    order = await bench.new_order()
    for effect in (MintAsset, AssignAsset):
        await bench.carry_out(effect, order)
    if part:
        told = await stand.ask(INSTANCE, {"of": "owner", "asset": name, "part": part})
        assert told == {"holder": account}
    else:
        told = await stand.ask(INSTANCE, {"of": "balance", "asset": name, "account": account})
        assert told == {"units": str(units)}


def _bench(
    side: OriginSide | DestinationSide,
    new_asset: Callable[[], Awaitable[Owned]],
    table: dict[str, object],
) -> Bench:
    settings = ADAPTER.settings(table)
    pinned = ADAPTER.pinned(settings)
    genesis = bytes.fromhex(str(table["genesis_hash"])[2:])
    return Bench(
        side=side,
        clock=SystemClock(),
        new_asset=new_asset,
        verify=lambda evidence: ADAPTER.verify(evidence, pinned),
        notaries=signing(genesis, SIGNERS),
    )
