"""A settlement is found by what the world calls its transactions, in this life and the next."""

import json
import re
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


async def test_a_settlement_is_found_by_the_beginning_of_its_name_where_that_is_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        sent = [json.loads((await at.type("send", at.order_file(n), "-o", "json")).out)
                for n in (1, 2)]  # fmt: skip
        for one in sent:
            shown = (await at.type("trace", one["settlement"])).out
            for begins in (one["uetr"][:8], one["uetr"][:18], one["settlement"][:25]):
                assert (await at.type("trace", begins)).out == shown
            assert (await at.type("consent", "show", one["uetr"][:8])).exit == 0
        common = sent[0]["settlement"][:4]  # days of the clock
        two = await at.type("trace", common)
        assert (two.exit, two.out) == (2, "")
        error, cause, following = two.err.splitlines()
        assert error == f"error LQ-AMBIGUOUS: {common} is what several settlements may be called"
        for one in sent:
            assert f"{one['settlement']} ({one['uetr']})" in cause
        assert following == f"next: lianqiao trace --folder {tmp_path} {sent[-1]['uetr']}"
        for one in sent:
            assert (await at.type("trace", one["settlement"].lower())).exit == 0
            asked = await at.type("cancel", one["uetr"][:8], "--reason", "x")
            assert f", settlement.cancel {one['settlement']}, needs " in asked.out
        for lost in (sent[0]["uetr"][:3], "ffff0000", "no-such-name"):
            none = await at.type("trace", lost)
            assert (none.exit, "LQ-NOT-FOUND" in none.err) == (3, True)


async def test_a_name_that_a_network_chose_is_not_taken_for_the_beginning_of_anothers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who cancels what begins so cancels nothing else, whatever a bank calls its messages."""
    pages, chosen = MemoryNetwork.observe, list[TxRef]()

    async def told_by(door: MemoryNetwork, since: Cursor) -> AsyncGenerator[Page, None]:
        async for page in pages(door, since):
            yield tuple(replace(one, tx=chosen[0]) for one in page)

    monkeypatch.setattr(MemoryNetwork, "observe", told_by)
    async with terminal(tmp_path, capsys) as at:
        sent = json.loads((await at.type("send", at.order_file(1), "-o", "json")).out)
        chosen.append(TxRef(sent["uetr"][:8]))
        other = await at.desk.send(2)
        await at.desk.water.until(SettlementId(other), Stage.SETTLED)
        assert (await at.desk.ask("GET", f"/v1/transactions/{chosen[0]}")).json["id"] == other
        for verb in (("trace",), ("cancel", "--reason", "x")):
            told = await at.type(*verb, chosen[0])
            assert (told.exit, told.out) == (2, "")
            assert "LQ-AMBIGUOUS" in told.err
            assert {sent["settlement"], other} <= set(re.findall("[0-9A-Z]{26}", told.err))


async def test_a_list_of_settlements_ends_with_the_newest_and_says_that_there_are_older(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with terminal(tmp_path, capsys) as at:
        ids = [json.loads((await at.type("send", at.order_file(n), "-o", "json")).out)["settlement"]
               for n in (1, 2, 3)]  # fmt: skip
        whole = await at.type("ls", "settlements")
        assert [line.split()[0] for line in whole.out.splitlines()[1:]] == ids
        assert whole.err == ""
        cut = await at.type("ls", "settlements", "--limit", "2")
        assert [line.split()[0] for line in cut.out.splitlines()[1:]] == ids[1:]
        older = re.fullmatch(
            r"these are the newest 2; older ones: lianqiao ls settlements --folder \S+ "
            r"--limit 2 --cursor (\S+)\n",
            cut.err,
        )
        assert older is not None, cut.err
        rest = await at.type("ls", "settlements", "--limit", "2", "--cursor", older[1])
        assert ([line.split()[0] for line in rest.out.splitlines()[1:]], rest.err) == (ids[:1], "")
        told = json.loads((await at.type("ls", "settlements", "--limit", "2", "-o", "json")).out)
        assert ([one["id"] for one in told["items"]], told["next"]) == (ids[1:], older[1])
        people = (await at.type("ls", "persons")).out.splitlines()
        assert people[1].split("  ")[0] == "li.wei"
        assert "[" not in people[1]
        assert " the beginning " in people[1]
        first = await at.type("ls", "persons", "--limit", "1")
        again = re.fullmatch(
            r"more: lianqiao ls persons --folder \S+ --limit 1 --cursor \S+\n", first.err
        )
        assert again is not None, first.err


def fresh(journal: Journal) -> View:
    """What a life after this one knows: every entry applied again, from the first."""
    view = Overlay(Nothing())
    for entry in journal.entries(-1, 1_000):
        changes = apply(view, entry)
        assert not isinstance(changes, Refusal)
        view.lay(changes)
    return view
