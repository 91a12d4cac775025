"""A network on this machine for the exam, set up to trust its notaries; and the door to it.

Here stands no meaning of the bridge: only how your network is started, and how an asset is made
on it. What is not written raises NotImplementedError, whose sentence says what it has to do.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters._template.codec import public_hex, verify
from adapters._template.network import ADAPTER, TemplateNetwork, opened
from adapters.conformance.exam import Owned
from adapters.conformance.surroundings import LoopClock, NothingKept
from bridge.core.consent import Consent
from bridge.core.order import SettlementOrder


def key(name: str) -> Ed25519PrivateKey:
    """Return the key of somebody on this network, the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(f"template {name}".encode()).digest())


async def holding(owned: Owned, account: str) -> int:
    """Return the units of an account, as final pages have them."""
    raise NotImplementedError("devnet.holding: the units of an account, for ON-19 and DN-05")


async def undo() -> None:
    """Drop the last page that is not final, with what stands on it."""
    raise NotImplementedError("devnet.undo: take a page back before it is final, for ON-21")


async def break_finality() -> None:
    """Take back what was final, as no honest network would: the last two pages."""
    raise NotImplementedError("devnet.break_finality: take two final pages back, for ON-24")


async def close() -> None:
    """Let nobody in: from now on no question is answered and no request is taken."""
    raise NotImplementedError("devnet.close: let nobody in any more, for ON-51")


async def reopen() -> None:
    """Let everybody in again after `close`; nothing was lost meanwhile."""
    raise NotImplementedError("devnet.reopen: let everybody in again, for ON-51")


@dataclass
class Devnet:
    """A running network and its door. `offers` are members of the exam's `Bench`, by name."""

    network: TemplateNetwork
    offers: dict[str, Any]

    async def original(self) -> Owned:
        """Return an asset at home here, that nobody had yet and the holder owns."""
        raise NotImplementedError("devnet.original: make an asset, give it to the holder's account")

    async def twin(self) -> Owned:
        """Return an asset whose twin may be made here, and the account it is made for."""
        raise NotImplementedError("devnet.twin: list an asset from elsewhere, name the receiver")

    async def holder_signs(self, order: SettlementOrder) -> Consent:
        """Return the holder's word that an order may lock their asset."""
        owed = self.network.consent_owed(order)
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=owed.network,
            by=owed.by,
            kind=owed.kind,
            public_key=public_hex(key("holder")),
            signature=key("holder").sign(owed.message),
            not_after=order.deadline,
        )


@asynccontextmanager
async def devnet(folder: Path) -> AsyncGenerator[Devnet]:
    """Yield a network whose state is in `folder`, and the door to it.

    Start yours here: its escrow trusts `adapters.conformance.exam.NOTARY_KEYS`, `THRESHOLD` of them
    in epoch `EPOCH`, its gateway is `key("gateway")`, its clock the one below or its own.
    """
    (folder / "gateway.key").write_bytes(key("gateway").private_bytes_raw())
    settings = ADAPTER.settings(
        {
            "network": "template:exam",
            "escrow": "escrow",
            "key": public_hex(key("network")),
            "node": "http://localhost:1",
            "gateway_key": str(folder / "gateway.key"),
            "finality_ms": 100,
            "request_life_ms": 2_000,
        }
    )
    clock = LoopClock()
    offers: dict[str, Any] = {
        "clock": clock,
        "verify": partial(verify, pinned=ADAPTER.pinned(settings)),
        # What your network cannot be made to do goes, and its cards are skipped by that name.
        "holding": holding,
        "undo": undo,
        "break_finality": break_finality,
        "close": close,
        "reopen": reopen,
    }
    async with opened(settings, clock, NothingKept()) as network:
        yield Devnet(network, offers)
