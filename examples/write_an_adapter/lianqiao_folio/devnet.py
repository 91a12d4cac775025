"""A register on this machine with two holders and a hundred lots, and its door: for tests.

Its time goes with the event loop, some milliseconds at every turn, so that a busy machine cannot
make anything come too late.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from folio.escrow import Line
from folio.node import Node
from folio.register import Register

from adapters.conformance.exam import EPOCH, NOTARY_KEYS, THRESHOLD, Owned
from adapters.conformance.surroundings import opened
from bridge.core.consent import Consent
from bridge.core.ids import Instant
from bridge.core.order import SettlementOrder
from lianqiao_folio.codec import public_hex
from lianqiao_folio.network import ADAPTER, FolioNetwork

NAME, ESCROW = "folio:trial", "escrow"
BEGAN_MS, TICK_MS, TICK_S = 1_767_225_600_000, 4, 0.001
PAGE_MS, REVIEW_MS, LIFE_MS = 4, 160, 2_000
LOTS, UNITS = 100, 5


def key(name: str) -> Ed25519PrivateKey:
    """Return the key of somebody of the trial, the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(f"folio trial {name}".encode()).digest())


class LoopClock:
    """Milliseconds that pass with the turns of the event loop, and with nothing else."""

    def __init__(self) -> None:
        self._now = BEGAN_MS

    def now(self) -> Instant:
        """Return milliseconds since 1970-01-01T00:00:00Z."""
        return Instant(self._now)

    @contextmanager
    def running(self, turn: Callable[[], None]) -> Iterator[None]:
        """Let time pass while the body runs, and do at each tick what is due."""
        loop = asyncio.get_running_loop()
        is_running = True

        def tick() -> None:
            if is_running:
                self._now += TICK_MS
                turn()
                loop.call_later(TICK_S, tick)

        tick()
        try:
            yield
        finally:
            is_running = False


@dataclass
class Devnet:
    """A running register and its door; what it holds, and what can go wrong there."""

    network: FolioNetwork
    offers: dict[str, Any]  # what a bench of the exam takes, but for its side and its assets
    given: int = 0  # lots that were handed out

    async def original(self) -> Owned:
        """Return a lot at home here, which nobody had yet and `holder` owns."""
        self.given += 1
        account = public_hex(key("holder"))
        return Owned(escrow=ESCROW, asset=f"original-{self.given}", account=account, units=UNITS)

    async def twin(self) -> Owned:
        """Return a lot of which a twin may be made here, for `receiver`."""
        self.given += 1
        account = public_hex(key("receiver"))
        return Owned(escrow=ESCROW, asset=f"twin-{self.given}", account=account, units=UNITS)

    async def holder_signs(self, order: SettlementOrder) -> Consent:
        """Return the holder's word that an order may lock their lot."""
        owed = self.network.consent_owed(order)
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=owed.network,
            by=owed.by,
            kind=owed.kind,
            public_key=owed.by,
            signature=key("holder").sign(owed.message),
            not_after=order.deadline,
        )


async def holding(register: Register, owned: Owned, account: str) -> int:
    """Return the units of an account, as final pages have them."""
    return register.final.units.get((owned.asset, owned.part, account), 0)


async def undo(register: Register) -> None:
    """Close the page that is waited for, and tear it out before it is final."""
    register.close_page()
    register.tear_out()


async def break_finality(register: Register) -> None:
    """Tear two pages out that were signed twice."""
    for _ in range(2):
        register.tear_out(even_final=True)


async def shut(node: Node, *, closed: bool) -> None:
    """Let nobody in any more, or everybody again."""
    node.closed = closed


def first_page() -> list[Line]:
    """Return what the register begins with; its escrow trusts the notaries of the exam."""
    lines: list[Line] = [
        {"name": "gateway", "key": public_hex(key("gateway"))},
        {"name": "account", "key": public_hex(key("holder"))},
        {"name": "account", "key": public_hex(key("receiver"))},
        {"name": "notaries", "epoch": EPOCH, "keys": list(NOTARY_KEYS), "threshold": THRESHOLD},
    ]
    issue = {"name": "issue", "part": "", "account": public_hex(key("holder")), "units": UNITS}
    for number in range(1, LOTS + 1):
        lines += [
            {"name": "asset", "asset": f"original-{number}", "home": True},
            {"name": "asset", "asset": f"twin-{number}", "home": False},
            {**issue, "asset": f"original-{number}"},
        ]
    return lines


@asynccontextmanager
async def devnet(folder: Path) -> AsyncGenerator[Devnet]:
    """Yield a register behind a node on a free port of this machine, and the door to it."""
    clock = LoopClock()
    register = Register(
        NAME,
        ESCROW,
        folder / "register.db",
        registrar=key("registrar"),
        supervisor=key("supervisor"),
        clock=clock.now,
        page_ms=PAGE_MS,
        review_ms=REVIEW_MS,
    )
    register.administer(*first_page())
    (folder / "gateway.key").write_bytes(key("gateway").private_bytes_raw())
    node = Node(register)
    runner = web.AppRunner(node.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    table: dict[str, object] = {
        "network": NAME,
        "escrow": ESCROW,
        "registrar": public_hex(key("registrar")),
        "supervisor": public_hex(key("supervisor")),
        "node": f"http://127.0.0.1:{runner.addresses[0][1]}",
        "gateway_key": str(folder / "gateway.key"),
        "finality_ms": REVIEW_MS,
        "request_life_ms": LIFE_MS,
    }
    more: dict[str, Any] = {
        "holding": partial(holding, register),
        "undo": partial(undo, register),
        "break_finality": partial(break_finality, register),
        "close": partial(shut, node, closed=True),
        "reopen": partial(shut, node, closed=False),
    }
    try:
        with clock.running(register.turn):
            async with opened(ADAPTER, table, clock) as (door, offers):
                assert isinstance(door, FolioNetwork)
                yield Devnet(door, {**offers, **more})
    finally:
        await runner.cleanup()
