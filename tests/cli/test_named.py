"""A settlement is found by what the world calls its transactions, in this life and the next."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.network import MemoryNetwork
from bridge.core.ids import Cursor, SettlementId, TxRef
from bridge.core.settlement import Stage
from bridge.notary.fsck import Nothing
from bridge.notary.journal import Journal
from bridge.notary.state.apply import apply
from bridge.notary.state.refusals import Refusal
from bridge.notary.state.view import Overlay, View
from bridge.ports import Page, Prepared
from tests.cli.test_manners import terminal


async def test_a_settlement_is_found_by_whatever_its_transactions_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By each rung's hash in either case, by account and nonce, by what told a fact of it."""
    prepare, pages = MemoryNetwork.prepare, MemoryNetwork.observe
    names: list[str] = []

    async def named(door: MemoryNetwork, *asked: Any) -> Prepared:
        made = await prepare(door, *asked)
        rungs = [f"0x{sha256(made.items[0] + rung).hexdigest()}" for rung in (b"0", b"1", b"2")]
        account = f"0x{sha256(door.id.encode()).hexdigest()[:40]}/{len(names)}"
        names.extend((account, *rungs))
        return replace(made, tx=TxRef(account), names=tuple(map(TxRef, rungs)))

    async def told_by(door: MemoryNetwork, since: Cursor) -> AsyncGenerator[Page, None]:
        async for page in pages(door, since):
            told = [f"0x{sha256(one.evidence).hexdigest()}" for one in page]
            names.extend(told)
            yield tuple(replace(one, tx=TxRef(tx)) for one, tx in zip(page, told, strict=True))

    monkeypatch.setattr(MemoryNetwork, "prepare", named)
    monkeypatch.setattr(MemoryNetwork, "observe", told_by)
    async with terminal(tmp_path, capsys) as at:
        of = await at.desk.send()
        await at.desk.water.until(SettlementId(of), Stage.SETTLED)
        shown = (await at.type("trace", of)).out
        assert len(names) == 4 * 4 + 4  # lock, mint, burn, assign, and each is told
        for name in names:
            for written in (name, f"0x{name[2:].upper()}"):
                assert (await at.desk.ask("GET", f"/v1/transactions/{written}")).json["id"] == of
        assert (await at.type("trace", names[0])).out == shown
        assert (await at.type("trace", names[-1])).out == shown
        assert (await at.type("trace", f"{names[0]}/1")).exit == 3
        ledger = fresh(at.desk.water.journal)
        assert {ledger.text("tx", name) for name in names} == {of}


def fresh(journal: Journal) -> View:
    """What a life after this one knows: every entry applied again, from the first."""
    view = Overlay(Nothing())
    for entry in journal.entries(-1, 1_000):
        changes = apply(view, entry)
        assert not isinstance(changes, Refusal)
        view.lay(changes)
    return view
