"""What a card of the exam asks of an EVM chain, on the dev chain of `stand.py`."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_utils.address import to_checksum_address

from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.exam import EPOCH, THRESHOLD, Owned
from adapters.evm.accounts import Account
from adapters.evm.adapter import network_over, network_pinned
from adapters.evm.codec import ticket_of
from adapters.evm.evidence import verify
from adapters.evm.network import EscrowNetwork
from adapters.evm.nodes import Node
from adapters.evm.settings import EvmSettings
from adapters.evm.ticket import Domain, digest
from bridge.core.act import Act, Signature, act_for
from bridge.core.consent import Consent
from bridge.core.effects import LockAsset
from bridge.core.events import Fact
from bridge.core.ids import Cursor, NetworkId
from bridge.core.order import SettlementOrder
from bridge.notary.attestation import Eip712Signer
from tests.adapters.evm import stand
from tests.adapters.evm.chain import CHAIN_ID, HOLDERS, OPERATOR, Party
from tests.adapters.evm.stand import EXIT, GWEI, OPERATORS, SIGNERS, UNITS, Direct, World, world

NETWORK = NetworkId(f"eip155:{CHAIN_ID}")
LIFE_MS, FINALITY_MS, POLL_MS = 30_000, 3_000, 500
FIRST, SECOND = HOLDERS[:2]
READER = Ed25519PrivateKey.from_private_bytes(sha256(b"reader").digest())
assert (EPOCH, THRESHOLD) == (1, stand.THRESHOLD)


def right(address: str) -> str:
    return str(to_checksum_address(address))


def signing(genesis: bytes, parties: tuple[Party, ...]) -> Callable[[Act, int], Any]:
    """The exam's notaries, as an escrow knows them."""
    signers = [Eip712Signer(party.key.secret, {}) for party in parties]

    def signed(act: Act, number: int = THRESHOLD) -> tuple[Signature, ...]:
        known = [Eip712Signer(party.key.secret, {act.network: genesis}) for party in parties]
        if not act.network.startswith("eip155:"):
            return tuple(
                Signature(kind="secp256k1", signer=one.address, signature=bytes(65))
                for one in signers[:number]
            )
        return tuple(one.sign(act) for one in known[:number])

    return signed


@dataclass
class Here:
    """One fork of the world, its nodes, the door over them, and assets as they are asked for."""

    is_home: bool = True
    changes: dict[str, object] = field(default_factory=dict)
    leave: Party = EXIT
    ground: World | None = None  # the dev chain's, unless another is given

    def __post_init__(self) -> None:
        self.world: World = (self.ground or world()).fork()
        self.began = self.world.chain.finalized
        self.nodes = [Direct(self.world.node(), name) for name in OPERATORS]
        self.network = self.door()
        self.mining = True
        self._task = asyncio.get_running_loop().create_task(self._mine())

    async def _mine(self) -> None:
        while True:
            await asyncio.sleep(stand.BLOCK_S)
            if self.mining:
                self.world.chain.mine()

    async def __aenter__(self) -> "Here":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.end()

    async def end(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self.world.gone()

    def table(self) -> dict[str, object]:
        """What an operator would write."""
        at = self.world.at
        return {
            "network": NETWORK,
            "genesis_hash": f"0x{self.world.genesis.hex()}",
            "escrow": right(at["Escrow"]),
            "escrow_code_hash": f"0x{self.world.code_hash(at['Escrow']).hex()}",
            "start_block": self.began,
            "contracts": [
                {
                    "name": name.lower(),
                    "address": right(at[name]),
                    "code_hash": f"0x{self.world.code_hash(at[name]).hex()}",
                }
                for name in ("NotarySet", "Vault", "TwinVault")
            ],
            "endpoints": [
                {"url": f"http://localhost/{name}", "operator": name} for name in OPERATORS
            ],
            "quorum": 2,
            "finality": "finalized",
            "readers": [READER.public_key().public_bytes_raw().hex()],
            "reader_key_file": "reader",
            "max_fee_wei": 100 * GWEI,
            "finality_ms": FINALITY_MS,
            "poll_ms": POLL_MS,
            "tx_life_ms": LIFE_MS,
            "bump_blocks": 3,
        } | self.changes

    def settings(self) -> EvmSettings:
        return EvmSettings.model_validate(self.table())

    def door(self, nodes: Sequence[Node] = ()) -> EscrowNetwork:
        """A door that knows nothing yet, as after a restart."""
        return network_over(
            nodes or self.nodes,
            self.settings(),
            self.world.time,
            reader=READER,
            entry=Account(OPERATOR.key.secret),
            leave=Account(self.leave.key.secret),
        )

    async def new_asset(self) -> Owned:
        """A lot of its own that the first holder has."""
        return self._owned(self._asset("held" if self.is_home else "crossed"), FIRST)

    async def new_made(self) -> Owned:
        """What may be made here for the second holder."""
        return self._owned(self._asset("vaulted" if self.is_home else "awaited"), SECOND)

    def _owned(self, asset: str, who: Party) -> Owned:
        return Owned(
            escrow=right(self.world.at["Escrow"]),
            asset=right(asset),
            account=right(who.address),
            units=UNITS,
        )

    def _asset(self, kind: str) -> str:
        ready = self.world.ready[kind]
        return ready.pop() if ready else self.world.new(kind)

    async def sign_consent(self, order: SettlementOrder) -> Consent:
        act = act_for(LockAsset(order))
        words: dict[str, bytes | int] = {"notAfter": act.not_after // 1_000}
        hashed = digest(self.domain, "Lock", ticket_of(act), words)
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=NETWORK,
            by=order.originator.account,
            kind="eip712",
            public_key="",
            signature=FIRST.sign(hashed),
            not_after=act.not_after,
        )

    @property
    def domain(self) -> Domain:
        return Domain(CHAIN_ID, bytes.fromhex(self.world.at["Escrow"][2:]), self.world.genesis)

    async def holding(self, owned: Owned, account: str) -> int:
        (units,) = self.world.view("RepresentationToken", owned.asset, "balanceOf", account)
        assert isinstance(units, int)
        return units

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, network_pinned(self.settings()))

    async def undo(self) -> None:
        """Mine what was sent, and drop that block for ever."""
        self.world.chain.mine()
        self.world.chain.undo(1, forget=True)

    async def break_finality(self) -> None:
        self.world.chain.undo(2 * self.world.epoch + 3, forget=True)
        self.world.time.began += 1  # so that the blocks are others

    async def close(self) -> None:
        for node in self.nodes:
            node.closed = True

    async def reopen(self) -> None:
        for node in self.nodes:
            node.closed = False

    async def passes(self, ms: int) -> None:
        """Let time pass, but a block at least: nothing changes between two."""
        await asyncio.sleep(max(ms / 1_000, stand.BLOCK_S))

    def bench(self, *, destination: bool = False) -> Bench:
        make: Callable[[], Awaitable[Owned]] = self.new_made if destination else self.new_asset
        side: OriginSide | DestinationSide = OriginSide(self.network, self.sign_consent)
        if destination:
            side = DestinationSide(self.network)
        number = self.world.chain.finalized
        here = self.world.chain.blocks[number].header.hash.hex()
        return Bench(
            side=side,
            clock=self.world.time,
            new_asset=make,
            verify=self.verify,
            notaries=signing(self.world.genesis, SIGNERS),
            strangers=signing(self.world.genesis, tuple(Party(f"stranger {n}") for n in range(3))),
            pass_ms=self.passes,
            holding=self.holding,
            undo=self.undo,
            break_finality=self.break_finality,
            close=self.close,
            reopen=self.reopen,
            since=Cursor(f"{number}:{here}:0"),
            patience_s=120,
        )
