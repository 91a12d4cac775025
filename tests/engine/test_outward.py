"""Whatever holds an order, the wires carry the same: no byte that leaves says why, or that it is.

What the API tells whom is read in tests/api/test_events.py. Here it is what doors send: to the
gateway of a permissioned chain, to a node, to a bank.
"""

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from adapters.bsn.devnet.macs import SM2
from adapters.iso20022.agreement import Instruct
from adapters.memory import direct
from bridge.core.canonical import canonical
from bridge.core.parties import personal
from bridge.core.settlement import Stage
from bridge.notary.store.memory import MemoryStore
from tests.adapters.bsn.devnet import ring
from tests.adapters.evm.grounds import Here
from tests.adapters.evm.stand import Direct
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import agreed
from tests.api.test_events import HOLDS
from tests.engine import river as world
from tests.policy.packs import pack_value, rule
from tests.strategies import SEED

NAMES = (world.SELLER, world.BUYER)
TELLING = re.compile(  # names, what rules are called, what a verdict is called
    rb"seller co|buyer ltd|listed|screen|fresh|document|polic|held\b|hold\b|frozen|block(?:ed)\b"
    rb"|sanction|complian|suspic|verdict|finding",
    re.IGNORECASE,
)
QUIET_S = 3.0  # in which something more might leave


class Tapped:
    """What two memory networks and a bank were sent and asked, in order."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sent: list[bytes] = []
        self.asked: list[bytes] = []
        send, ask = direct.Direct.send, direct.Direct.ask

        async def sending(to: direct.Direct, raw: bytes) -> None:
            self.sent.append(raw)
            await send(to, raw)

        async def asking(to: direct.Direct, question: Any) -> Any:
            self.asked.append(canonical(question))
            return await ask(to, question)

        patch.setattr(direct.Direct, "send", sending)
        patch.setattr(direct.Direct, "ask", asking)


def plain(raw: bytes) -> str:
    """A request without what differs by chance: ids, nonces, signatures, times, block numbers."""
    text = re.sub(r"[A-Za-z0-9+/=]{40,}|[0-7][0-9A-HJKMNP-TV-Z]{25}", "CHANCE", raw.decode())
    return re.sub(r"[0-9a-f]{16,}|\d{3,}", "CHANCE", text)


async def outward(folder: Path, kind: str) -> tuple[Mapping[str, set[str]], list[bytes]]:
    """What leaves of an order that one kind of rule holds: plain, by wire, and every byte."""
    folder.mkdir()  # noqa: ASYNC240  a test's own
    rules = [rule(kind, HOLDS[kind])] if HOLDS[kind] else []
    named = b"Buyer Ltd" if kind == "screening" else b"Nobody Here"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ring, "pack_value", lambda **more: pack_value(*rules, **more))
        patch.setattr(world, "LIST", world.LIST.replace(b"Nobody Here", named))
        crossing = await ring.crossing(folder, SM2)
        tapped = Tapped(patch)
        async with ring.turning(crossing, MemoryStore(), 1) as water:
            here = crossing.ground.here
            before, blocks = len(here.wire.sent), len(here.ledger.blocks)
            of = await crossing.send(water, back=False)
            await water.until(of, Stage.SCREENING, stop="held")
            await asyncio.sleep(QUIET_S)
            assert water.now(of).stop is not None, "it is held still"
            gateway = here.wire.sent[before:]
            assert len(here.ledger.blocks) == blocks, "what a peer was asked was never ordered"
    assert tapped.sent == [], "nothing is sent to a network or a bank for an order that is held"
    paths = {f"{path} {plain(data)}" for path, data in gateway}
    told = {"gateway": paths, "memory": {plain(one) for one in tapped.asked}}
    every = {*tapped.asked, *(path.encode() + data for path, data in gateway)}
    laid_open = [one + within(one) for one in every]
    assert any(crossing.asset.encode() in one for one in laid_open), "it was asked about"
    return told, laid_open


def within(raw: bytes) -> bytes:
    """What a request carries in base64, such as a signed proposal, laid open."""
    found = re.findall(rb'"([A-Za-z0-9+/]{20,}={0,2})"', raw)
    return b"".join(b64decode(one) for one in found if not len(one) % 4)


async def test_gateway_networks_and_bank_are_asked_the_same_whatever_holds_an_order(
    tmp_path: Path,
) -> None:
    told: dict[str, Mapping[str, set[str]]] = {}
    for kind in HOLDS:
        told[kind], every = await outward(tmp_path / kind, kind)
        assert len(every) > 5
        for raw in every:
            assert TELLING.search(raw) is None, raw
    first, *others = told.values()
    for other in others:
        assert other == first


async def test_a_node_is_asked_about_an_order_without_a_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The one thing asked of a chain while an order is judged or held is its preflight."""
    batch, said = Direct.batch, list[str]()

    async def asked(to: Any, calls: Any) -> Any:
        said.append(json.dumps(list(calls)))
        return await batch(to, calls)

    monkeypatch.setattr(Direct, "batch", asked)
    async with Here() as here:
        order = await here.bench().new_order()
        said.clear()
        places = ("originator.name", "beneficiary.name", "payment.debtor", "payment.creditor")
        names = {place: personal(name, SEED, place) for place in places for name in NAMES}
        assert await here.network.preflight(order, names)
        assert said
        assert not any(node.sent for node in here.nodes)
        for one in said:
            assert TELLING.search(one.encode()) is None, one
            for name in NAMES:
                assert name.encode().hex() not in one
            for value in names.values():
                assert value.commitment.h not in one


@pytest.mark.parametrize("instruct", list(Instruct))
async def test_a_bank_gets_no_letter_about_an_order_that_is_judged(instruct: Instruct) -> None:
    """Its messages are rendered and judged beforehand, and none leaves."""
    script = Script(agreed(instruct))
    bench, order = await script.order()
    assert await script.rail.preflight(order, bench.disclosed(order))
    assert script.wire.sent == []
