"""The custody's notaries: their books go to the disk beside the loop, and nobody signs too late."""

import asyncio
import os
from pathlib import Path
from threading import Event

import pytest

from bridge.core.act import Act, Signature
from bridge.core.effects import MintAsset
from bridge.core.events import AssetLocked
from bridge.core.settlement import Stage, due
from bridge.notary.attestation import CanonicalSigner
from bridge.notary.attestor import DevelopmentCustody
from bridge.notary.citation import citing_act
from bridge.ports import Evidence, FinalNo, NotYet
from tests.engine.river import river
from tests.notary.ledgers import WANG


async def test_a_freeze_that_comes_while_the_vote_is_written_keeps_the_notaries_from_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, begun, signed = Event(), Event(), list[Act]()
    real, sign = os.fdatasync, CanonicalSigner.sign

    def slow(handle: int) -> None:
        begun.set()
        assert going.wait(10)
        real(handle)

    def signing(self: CanonicalSigner, act: Act) -> Signature:
        signed.append(act)
        return sign(self, act)

    async with river(tmp_path) as water:  # opening a book syncs it, and is not what is slow here
        monkeypatch.setattr(os, "fdatasync", slow)
        monkeypatch.setattr(CanonicalSigner, "sign", signing)
        of = await water.send(water.order())
        await water.until(of, Stage.PREPARING)
        assert await asyncio.to_thread(begun.wait, 10)  # the mint's votes are on their way
        asked = water.request("freeze")
        await water.ring.people.freeze(
            f"settlement/{of}", person=WANG, reason="a test", asked=asked
        )
        await water.until(of, Stage.PREPARING, stop="frozen")
        going.set()
        await asyncio.sleep(0.2)
        assert all(act.verb.value == "hold" for act in signed)
        assert water.now(of).stage is Stage.PREPARING


async def test_the_loop_turns_while_the_disk_writes_votes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, begun = Event(), Event()
    real = os.fdatasync

    def slow(handle: int) -> None:
        begun.set()
        assert going.wait(10)
        real(handle)

    async with river(tmp_path) as water:
        monkeypatch.setattr(os, "fdatasync", slow)
        first = await water.send(water.order(1))
        await water.until(first, Stage.PREPARING)
        second = await water.send(water.order(2))
        await water.until(second, Stage.PREPARING)
        assert begun.is_set()
        going.set()
        for of in (first, second):
            await water.until(of, Stage.SETTLED)


async def test_evidence_that_is_not_what_the_ledger_holds_gets_no_signature(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, real = Event(), os.fdatasync

    def slow(handle: int) -> None:
        assert going.wait(10)
        real(handle)

    async with river(tmp_path) as water:
        monkeypatch.setattr(os, "fdatasync", slow)  # the mint's votes wait: it stays owed
        of = await water.send(water.order())
        settlement = await water.until(of, Stage.PREPARING)
        journal, effect = water.journal, due(settlement)
        assert isinstance(effect, MintAsset)
        act, row = (
            citing_act(journal.view, settlement, effect),
            journal.view.fact(of, "AssetLocked"),
        )
        assert act is not None
        assert row is not None
        held = journal.side(row.side)
        assert held is not None
        leg, units = settlement.order.origin, settlement.order.units
        lock = AssetLocked(
            settlement=of, network=leg.network, escrow=leg.escrow, asset=leg.asset,
            part=leg.part, units=units,
        )  # fmt: skip
        credulous = DevelopmentCustody(
            (), lambda: journal.view,
            {settlement.order.origin.network: lambda _: (lock,)}, water.ring.clock,
        )  # fmt: skip
        for raw, answer in ((held, NotYet), (held + b" ", FinalNo), (b"", FinalNo)):
            evidence = (Evidence(leaf=row.leaf, entry=b"", raw=raw),)
            told = await credulous.attest(act, settlement.order, evidence)
            assert isinstance(told, answer), (raw, told)
        going.set()
        await water.until(of, Stage.SETTLED)
