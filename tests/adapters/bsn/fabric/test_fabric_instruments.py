"""Receivable, warehouse receipt and bill of lading on a real Fabric: issued, passed on, moved."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from adapters.bsn.chaincode.lots import ISSUE_PREFIX
from adapters.bsn.fabric_client import FabricClient
from adapters.bsn.fabric_ground import FabricGround, WallClock, carried_out, records
from bridge.core.canonical import Value, canonical
from bridge.core.ids import AssetId, DateText, Digest
from bridge.core.instrument import NEEDS_FACE, UNIQUE, Instrument, InstrumentKind
from bridge.core.money import Units, money
from bridge.core.settlement import Stage
from bridge.notary.store.memory import MemoryStore
from bridge.ports import Refused
from tests.adapters.bsn.devnet.ring import Crossing, turning
from tests.adapters.bsn.fabric.test_fabric_ring import Ground
from tests.engine.river import wires
from tests.strategies import DESTINATION

pytestmark = pytest.mark.slow

KINDS = (
    InstrumentKind.RECEIVABLE,
    InstrumentKind.WAREHOUSE_RECEIPT,
    InstrumentKind.BILL_OF_LADING,
)
FACE = 100


@dataclass
class Paper:
    """One paper on the channel: org2's User1 owes it, org1's User1 is given it first."""

    fabric: FabricGround
    asset: str
    units: int

    def form(self) -> Value:
        return {
            "network": self.fabric.id,
            "escrow": "settle/escrow",
            "asset": self.asset,
            "units": str(self.units),
            "holder": self.fabric.account("org1", "User1"),
            "obligor": self.fabric.account("org2", "User1"),
            "profile": sha256(b"a paper").hexdigest(),
        }

    def issue(self, *, signed_by: str = "org2") -> Value:
        """The holder's call, with the obligor's word beside it."""
        word = self.fabric.identity(signed_by, "User1").sign(ISSUE_PREFIX + canonical(self.form()))
        key = self.fabric.key(signed_by, "User1")
        signature: Value = {"kind": "p256", "signer": key, "signature": word.hex()}
        return {"paper": self.form(), "signatures": [signature]}

    async def lot(self, client: FabricClient, part: str = "") -> tuple[int, str, str]:
        """Units, holder and last transaction of a lot; nothing where there is none."""
        (lot,) = await records(client, f"asset/{self.asset}{'#' * bool(part)}{part}")
        return (
            int(str(lot.get("units", "0"))),
            str(lot.get("holder", "")),
            str(lot.get("last", "")),
        )

    async def owned(self, client: FabricClient, *parts: str) -> int:
        """The units of all lots that are somebody's here, the vault's left out."""
        lots = [await self.lot(client, part) for part in ("", *parts)]
        return sum(units for units, holder, _ in lots if holder != "vault")

    async def split(self, client: FabricClient, part: str, into: str, units: int) -> None:
        """Part a lot, as its holder. Errors: Refused."""
        last = (await self.lot(client, part))[2]
        body = {"asset": self.asset, "part": part, "into": into, "units": str(units), "last": last}
        await carried_out(client, "split", body)

    async def endorse(self, client: FabricClient, part: str, to: str) -> None:
        """Pass a lot on, as its holder. Errors: Refused."""
        last = (await self.lot(client, part))[2]
        body = {"asset": self.asset, "part": part, "to": to, "last": last}
        await carried_out(client, "endorse", body)


def instrument(kind: InstrumentKind, asset: str, part: str) -> Instrument:
    owed = kind in NEEDS_FACE
    return Instrument(
        kind=kind,
        asset=AssetId(kind.value),
        profile=f"{kind.value}/1",
        issuer="529900T8BM49AURSDO55",
        number=asset.upper().replace("-", ""),
        document=Digest(sha256(asset.encode()).hexdigest()),
        face=money("1000000.00", "HKD") if owed else None,
        maturity=DateText("2027-06-30") if owed else None,
        part=part,
    )


@pytest.mark.parametrize("kind", KINDS)
async def test_a_paper_is_issued_passed_on_moved_and_comes_home(
    ring_fabric: FabricGround, tmp_path: Path, kind: InstrumentKind
) -> None:
    fabric, unique = ring_fabric, kind in UNIQUE
    paper = Paper(fabric, f"paper-{kind.value}", 1 if unique else FACE)
    holder, units = fabric.account("org1", "User2"), 1 if unique else 40
    part = "" if unique else "b"
    async with fabric.client("org1", "User1") as first, fabric.client("org1", "User2") as second:
        await carried_out(first, "enrol", {})
        with pytest.raises(Refused, match="another key"):
            await carried_out(first, "issue", paper.issue(signed_by="org1"))
        await carried_out(first, "issue", paper.issue())
        with pytest.raises(Refused, match="issued before"):
            await carried_out(first, "issue", paper.issue())
        if unique:
            with pytest.raises(Refused, match="less than its lot"):
                await paper.split(first, "", "b", 1)
        else:
            await paper.split(first, "", "b", units)
            with pytest.raises(Refused, match="less than its lot"):
                await paper.split(first, "", "c", FACE - units)
        with pytest.raises(Refused, match="endorsed by its holder"):
            await paper.endorse(second, part, holder)
        await paper.endorse(first, part, holder)
        assert (await paper.lot(second, part))[:2] == (units, holder)
    world = crossing(paper, tmp_path, instrument(kind, paper.asset, part), units)
    away = world.wired.chains[DESTINATION].escrow
    async with turning(world, MemoryStore(), 1) as river, fabric.client() as client:
        for back in (False, True):
            sent = await world.send(river, back=back)
            await river.until(sent, Stage.SETTLED, within=30)
            there = away.balance("bond", part, "buyer-wallet")
            lot = await paper.lot(client, part)
            assert (there, lot[1]) == ((0, holder) if back else (units, "vault"))
            assert lot[0] == units, "a lot moves whole"
            here = await paper.owned(client, "b", "c")
            assert here + there == paper.units, "the parts everywhere never sum above the face"


def crossing(paper: Paper, folder: Path, moved: Instrument, units: int) -> Crossing[Ground]:
    (folder / "votes").mkdir()
    return Crossing(
        Ground(paper.fabric),
        wires(WallClock(), folder / "votes"),
        paper.asset,
        paper=moved,
        units=Units(units),
        issued=Units(paper.units),
    )
