"""Where the gateway keeps the holders' keys, a custodian they named stands for their signature."""

from pathlib import Path

import pytest

from adapters.bsn.adapter import network_over
from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.conformance.bench import Bench, OriginSide
from bridge.core.canonical import Value, parse
from bridge.core.effects import LockAsset
from bridge.ports import Answered, Refused
from tests.adapters.bsn.devnet.grounds import Here


def with_custody(here: Here) -> Bench:
    here.network = network_over(here.wire, here.settings(custody=True), here.clock)
    bench = here.bench()
    bench.side = OriginSide(here.network, here.sign_consent)
    return bench


def entrust(here: Here, to: str) -> None:
    account = parse(here.ledger.state[f"account/{here.holder.account}"][0])
    assert isinstance(account, dict)
    words: Value = {"to": to, "last": str(account["last"])}
    here.call(here.holder, "entrust", words)


async def test_a_custodian_locks_for_who_named_them_and_for_nobody_else(tmp_path: Path) -> None:
    here = Here(folder=tmp_path, mode=TRUST)
    bench = with_custody(here)
    order = await bench.new_order()
    word = await bench.consent(order)
    assert word.kind == "custody"
    assert (await bench.origin.consent_holds(order, word)).answer is Answered.NO
    with pytest.raises(Refused, match="LQ403"):
        await here.network.submit(await bench.prepare(LockAsset(order)))
    entrust(here, here.operator.account)
    assert (await bench.origin.consent_holds(order, word)).answer is Answered.YES
    await bench.carry_out(LockAsset, order)
    assert await bench.names(order) == ["AssetLocked"]


async def test_custody_counts_nowhere_else(tmp_path: Path) -> None:
    trusting = Here(folder=tmp_path, mode=TRUST)
    bench = with_custody(trusting)
    order = await bench.new_order()
    word = await bench.consent(order)
    here = Here(folder=tmp_path, mode=UPLOAD)
    assert (await here.network.consent_holds(order, word)).answer is Answered.NO
