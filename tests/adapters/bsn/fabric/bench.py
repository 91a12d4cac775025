"""What a real peer's door brings to its exam: assets issued on the channel, twins, a peer to end.

An order's asset is issued by its own debtor, so nobody else has to sign.
"""

import itertools
import secrets
from dataclasses import dataclass

from adapters.bsn.adapter import network_pinned, verify
from adapters.bsn.fabric_ground import FabricGround, WallClock, carried_out, records, until
from adapters.bsn.network import ChannelNetwork
from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.exam import Owned, exam_act
from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.consent import Consent
from bridge.core.effects import BurnAsset, LockAsset
from bridge.core.events import Fact
from bridge.core.ids import Cursor
from bridge.core.order import SettlementOrder
from bridge.ports import Unavailable
from tests.adapters.bsn.fabric.board import NOTARIES, hashed, notarised

NUMBERS = itertools.count(1)


def notaries(act: Act, signers: int = 2) -> tuple[Signature, ...]:
    """So many signatures of the notaries that the escrow was configured with."""
    return tuple(sorted(notarised(act.message(), NOTARIES[:signers]), key=lambda one: one.signer))


@dataclass
class Channel:
    """One side of the exam on a real channel; User2 of org1 holds, User1 of org2 is given."""

    real: FabricGround
    door: ChannelNetwork
    is_home: bool = True

    @property
    def holder(self) -> str:
        return self.real.account("org1", "User2")

    @property
    def receiver(self) -> str:
        return self.real.account("org2", "User1")

    async def new_asset(self, units: int = 5) -> Owned:
        """Units that were never locked; elsewhere their name alone."""
        name = f"exam-{next(NUMBERS)}-{secrets.token_hex(4)}"
        if not self.is_home:
            return self._owned(f"twin/{name}", self.receiver, units)
        paper: Value = {
            "network": self.real.id,
            "escrow": "settle/escrow",
            "asset": name,
            "units": str(units),
            "holder": self.holder,
            "obligor": self.holder,
            "profile": hashed("profile"),
        }
        async with self.real.client("org1", "User2") as client:
            _, _, code = await carried_out(client, "issue", {"paper": paper, "signatures": []})
        assert code == 0
        return self._owned(name, self.holder, units)

    async def new_twin(self) -> Owned:
        """What may be made here; at home, an original that crossed to elsewhere before."""
        owned = await self.new_asset()
        if self.is_home:
            bench = self.bench()
            for _ in range(next(NUMBERS) % 997 + 100):
                next(bench._number)  # an id that no card gives out
            order = await bench.new_order(owned)
            for effect in (LockAsset(order), BurnAsset(order)):
                act = exam_act(effect)
                signed = await bench.signed(effect, act)
                words: Value = {
                    "act": act.body(),
                    "signatures": [
                        {"kind": s.kind, "signer": s.signer, "signature": s.signature.hex()}
                        for s in signed
                    ],
                }
                async with self.real.client() as client:
                    _, _, code = await carried_out(client, act.verb.value, words)
                assert code == 0
        return self._owned(owned.asset, self.receiver, owned.units)

    def _owned(self, asset: str, account: str, units: int) -> Owned:
        return Owned(escrow="settle/escrow", asset=asset, account=account, units=units)

    async def sign_consent(self, order: SettlementOrder) -> Consent:
        """The holder's own key under the lock."""
        owed = self.door.consent_owed(order)
        async with self.real.client() as client:
            (account,) = await records(client, f"account/{owed.by}")
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=self.real.id,
            by=owed.by,
            kind=owed.kind,
            public_key=str(account["key"]),
            signature=self.real.identity("org1", "User2").sign(owed.message),
            not_after=order.deadline,
        )

    async def holding(self, owned: Owned, account: str) -> int:
        """The units of the asset that are an account's and free."""
        async with self.real.client() as client:
            (lot,) = await records(client, f"asset/{owned.asset}")
        mine = lot.get("holder") == account and not lot.get("settlement")
        return int(str(lot["units"])) if mine else 0

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        """What the adapter proves with what the settings pin."""
        return verify(evidence, network_pinned(self.real.settings()))

    async def close(self) -> None:
        """The peer dies without a word."""
        self.real.network.kill("org1.peer")

    async def reopen(self) -> None:
        """The peer is started again, and serves as soon as both organisations endorse."""
        self.real.network.start("org1.peer")
        await until(self._serves, 30)

    async def _serves(self) -> bool:
        try:
            async with self.real.client() as client:
                await client.endorse(client.propose("enrol", b"{}"))
            await self.door._reader.head()
        except Unavailable:
            return False
        return True

    async def since(self) -> Cursor:
        """Where the channel stands now: a card need not read what others did."""
        height, last = await self.door._reader.head()
        return Cursor(f"{height - 1}.{2**31 - 1}.{last}")

    def bench(self, *, destination: bool = False) -> Bench:
        """The bench of one card."""
        return Bench(
            side=DestinationSide(self.door)
            if destination
            else OriginSide(self.door, self.sign_consent),
            clock=WallClock(),
            new_asset=self.new_twin if destination else self.new_asset,
            verify=self.verify,
            notaries=notaries,
            patience_s=30,
            holding=self.holding,
            close=self.close,
            reopen=self.reopen,
        )
