"""The demo's channel: a process of its own, opened by the settings it tells, its holders sign."""

import os
import signal
import tomllib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.bsn.adapter import ADAPTER
from adapters.bsn.network import ChannelNetwork
from adapters.bsn.stand import BUYER, INSTANCE, RECEIVABLE, SELLER, WORLD, Stand
from adapters.conformance.bench import Bench, OriginSide
from adapters.conformance.exam import NOTARY_KEYS, THRESHOLD, Owned
from bridge import registry
from bridge.cli.found import write_settings
from bridge.clock import SystemClock
from bridge.core.consent import Consent
from bridge.core.effects import BurnAsset, LockAsset
from bridge.core.ids import NetworkId
from bridge.core.order import SettlementOrder
from bridge.ports import Refused, Unavailable, Uncertain
from tests.adapters.bsn.devnet.test_server import Nothing


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with WORLD.start(tmp_path / "world", NOTARY_KEYS, THRESHOLD) as built:
        yield built


def test_the_entry_point_names_it() -> None:
    assert registry.load(registry.WORLDS, "bsn") is WORLD


async def test_what_it_holds_is_confirmed_parted_and_passed_on(stand: Stand) -> None:
    lot = await stand.ask(INSTANCE, {"of": "lot", "asset": RECEIVABLE})
    assert (lot["holder"], lot["units"]) == stand.assets[RECEIVABLE]
    place = {"account": SELLER, "asset": RECEIVABLE}
    await stand.do({"do": "split", **place, "part": "", "into": "first", "units": "400"})
    await stand.do({"do": "endorse", **place, "part": "first", "to": BUYER})
    part = await stand.ask(INSTANCE, {"of": "lot", "asset": RECEIVABLE, "part": "first"})
    assert (part["holder"], part["units"]) == (stand.accounts[BUYER], "400")
    with pytest.raises(Refused, match="issued before"):
        await stand.do({"do": "issue", **place, "units": "1", "obligor": "debtor"})


async def test_its_keys_are_its_owners_alone_and_a_strange_folder_is_refused(
    stand: Stand, tmp_path: Path
) -> None:
    assert stand.assets
    files = [file for file in (tmp_path / "world").iterdir() if file.suffix == ".pem"]
    assert files
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    (tmp_path / "strange").mkdir()
    (tmp_path / "strange" / "file").touch()
    with pytest.raises(ValueError, match="empty"):
        async with WORLD.start(tmp_path / "strange", NOTARY_KEYS, THRESHOLD):
            pass


async def test_a_world_that_ended_comes_back_as_it_was(tmp_path: Path) -> None:
    place = {"account": SELLER, "asset": RECEIVABLE}
    async with WORLD.start(tmp_path / "world", NOTARY_KEYS, THRESHOLD) as stand:
        await stand.do({"do": "split", **place, "part": "", "into": "first", "units": "400"})
        await stand.do({"do": "twin", "name": "bond", "home": "memory:there"})
        networks, accounts, leg = stand.networks, stand.accounts, stand.leg("bond")
    async with WORLD.start(tmp_path / "world", NOTARY_KEYS, THRESHOLD) as again:
        assert (again.networks, again.accounts) == (networks, accounts)
        assert again.leg("bond") == leg
        part = await again.ask(INSTANCE, {"of": "lot", "asset": RECEIVABLE, "part": "first"})
        assert (part["holder"], part["units"]) == (accounts[SELLER], "400")
        await again.do({"do": "endorse", **place, "part": "first", "to": BUYER})  # and it goes on


async def test_a_gateway_that_is_killed_and_started_again_undoes_nothing(
    stand: Stand, tmp_path: Path
) -> None:
    place = {"account": SELLER, "asset": RECEIVABLE}
    await stand.do({"do": "split", **place, "part": "", "into": "first", "units": "400"})
    file = write_settings(
        tmp_path, profile="demo", listen="tcp:localhost:1", networks=stand.networks, rails={}
    )
    table = tomllib.loads(file.read_text("utf-8"))["network"][INSTANCE]
    del table["adapter"]
    pid = stand.process.pid
    os.kill(pid, signal.SIGKILL)
    await stand.process.ended()
    with pytest.raises(Unavailable):
        await stand.do({"do": "resume"})
    await stand.do({"do": "start"})
    assert stand.process.pid != pid
    part = await stand.ask(INSTANCE, {"of": "lot", "asset": RECEIVABLE, "part": "first"})
    assert (part["holder"], part["units"]) == (stand.accounts[SELLER], "400")
    await stand.do({"do": "endorse", **place, "part": "first", "to": BUYER})  # and it goes on
    async with ADAPTER.open(ADAPTER.settings(table), SystemClock(), Nothing()) as door:
        assert isinstance(door, ChannelNetwork)
        await door.check()  # under the keys and the genesis of before


async def test_written_settings_open_it_and_a_holder_locks_there(
    stand: Stand, tmp_path: Path
) -> None:
    file = write_settings(
        tmp_path, profile="demo", listen="tcp:localhost:1", networks=stand.networks, rails={}
    )
    table = tomllib.loads(file.read_text("utf-8"))["network"][INSTANCE]
    assert table.pop("adapter") == ADAPTER.name
    clock = SystemClock()
    async with ADAPTER.open(ADAPTER.settings(table), clock, Nothing()) as door:
        assert isinstance(door, ChannelNetwork)
        held_by, units = stand.assets[RECEIVABLE]

        async def new_asset() -> Owned:
            return Owned(escrow=stand.escrow, asset=RECEIVABLE, account=held_by, units=int(units))

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

        pinned = ADAPTER.pinned(ADAPTER.settings(table))
        bench = Bench(
            side=OriginSide(door, sign),
            clock=clock,
            new_asset=new_asset,
            verify=lambda evidence: ADAPTER.verify(evidence, pinned),
        )
        order = await bench.new_order()
        await stand.fault(INSTANCE, {"kind": "lose_answer", "path": "(ordered)"})
        lock = await bench.prepare(LockAsset(order))
        with pytest.raises(Uncertain):
            await door.submit(lock)
        await bench.decided(lock)
        await bench.carry_out(BurnAsset, order)
        assert await bench.names(order) == ["AssetLocked", "AssetBurned"]
