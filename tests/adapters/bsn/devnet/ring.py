"""The whole ring with a channel behind the gateway on one side and a memory network on the other.

What is outside lives on while the daemon dies: the gateway with its ledger, the network, the bank.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from adapters.bsn.adapter import network_over, network_pinned
from adapters.bsn.devnet.gateway import TRUST, UPLOAD
from adapters.bsn.network import ChannelNetwork
from adapters.bsn.pcn_evidence import verify as verify_block
from adapters.memory.codec import public_hex
from adapters.memory.codec import verify as verify_event
from adapters.memory.network import MemoryNetwork
from bridge.core.canonical import Value, canonical
from bridge.core.consent import Consent
from bridge.core.events import Fact
from bridge.core.ids import (
    Digest,
    EntryId,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    SettlementId,
)
from bridge.core.ids import new_ulid as ulid_at
from bridge.core.instrument import Instrument
from bridge.core.money import Units, money
from bridge.core.order import Condition, Leg
from bridge.core.parties import Jurisdiction, personal
from bridge.core.registers import Asset, Lane, Party, Wallet
from bridge.engine.admission import OrderRequest, Side
from bridge.engine.desk import disclosed
from bridge.engine.dossiers import DossierScreening
from bridge.engine.lists import list_draft, pack_payload, refreshed
from bridge.engine.perform import Doors
from bridge.engine.ring import Ring
from bridge.notary.attestation import CanonicalSigner
from bridge.notary.attestor import DevelopmentCustody, Notary
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.keys import Ed25519Key
from bridge.notary.register_forms import asset_form, lane_form, party_form, person_form
from bridge.notary.store.port import Store
from bridge.notary.votebook import FileVoteBook
from bridge.ports import Clock
from tests.adapters.bsn.devnet.grounds import DAY, Here
from tests.engine import river
from tests.engine.railing import Verify
from tests.engine.river import BACK, NOTARIES, Chance, River, Wires, key, wires
from tests.notary.ledgers import LI, WANG, ZHAO, person
from tests.policy.packs import pack_value
from tests.strategies import DESTINATION, RAIL, SEED

UNITS = Units(5)
WALLETS = {"seller": "seller-wallet", "buyer": "buyer-wallet"}


class Ground(Protocol):
    """What a channel brings to a crossing, whatever its door leads to."""

    @property
    def network(self) -> NetworkId: ...

    @property
    def escrow(self) -> str: ...

    def account(self, who: str) -> str:
        """The seller's or the buyer's account."""
        ...

    def sign(self, message: bytes) -> tuple[bytes, str]:
        """The seller's signature, and the key that made it."""
        ...

    def door(self, clock: Clock) -> AbstractAsyncContextManager[ChannelNetwork]:
        """The channel, opened anew."""
        ...

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        """What the adapter proves."""
        ...


@dataclass(frozen=True)
class Devnet:
    """The channel behind the devnet's gateway."""

    here: Here
    custody: bool = False

    @property
    def network(self) -> NetworkId:
        return NetworkId(self.here.ledger.network)

    @property
    def escrow(self) -> str:
        return self.here.escrow

    def account(self, who: str) -> str:
        return self.here.holder.account if who == "seller" else self.here.receiver.account

    def sign(self, message: bytes) -> tuple[bytes, str]:
        if self.custody:
            return b"", ""
        return self.here.holder.secret.sign(message), self.here.holder.key.point.hex()

    @asynccontextmanager
    async def door(self, clock: Clock) -> AsyncIterator[ChannelNetwork]:
        yield network_over(
            self.here.wire, self.here.settings(poll_ms=50, custody=self.custody), clock
        )

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify_block(
            evidence, network_pinned(self.here.settings(poll_ms=50, custody=self.custody))
        )


G = TypeVar("G", bound=Ground)


@dataclass
class Crossing(Generic[G]):
    """A channel, a memory network and a bank, with one paper that is at home on the channel.

    `asset` is the paper's on the channel, `units` the lot that crosses, `issued` the whole.
    """

    ground: G
    wired: Wires
    asset: str
    agreement: Digest | None = None  # by which the seller's word is a custodian's on the channel
    paper: Instrument = field(default_factory=lambda: river.bond(1))
    units: Units = UNITS
    issued: Units = UNITS
    conditions: tuple[Condition, ...] = ()  # papers that an order waits for, its twin made

    @property
    def channel(self) -> NetworkId:
        return self.ground.network

    def account(self, who: str, network: NetworkId) -> str:
        """A party's account on one side."""
        if network == DESTINATION:
            return WALLETS[who]
        return self.ground.account(who)

    def agreements(self, who: str) -> tuple[tuple[NetworkId, Digest], ...]:
        """The custody agreements of a party."""
        return ((self.channel, self.agreement),) if self.agreement and who == "seller" else ()

    def request(self, at: River, *, back: bool) -> OrderRequest:
        """An order for the whole lot: away and paid for, or home again for nothing."""
        there, to = (DESTINATION, self.channel) if back else (self.channel, DESTINATION)
        giver, taker = ("buyer", "seller") if back else ("seller", "buyer")
        changes: dict[str, object] = {
            "lane": BACK if back else LaneId("sz-hk"),
            "instrument": self.paper,
            "units": self.units,
            "conditions": self.conditions,
            "originator": Side(party=PartyId(giver), account=self.account(giver, there)),
            "beneficiary": Side(party=PartyId(taker), account=self.account(taker, to)),
        }
        if back:
            changes["payment"] = None
        return at.order(1, **changes)

    async def send(self, at: River, *, back: bool) -> SettlementId:
        """Send an order and bring its holder's consent, in the network's own kind."""
        request = self.request(at, back=back)
        sent = await at.ring.desk.send(request, LI, at.request("send"))
        for owed in sent.consents:
            if owed.network == self.channel:
                assert owed.by == self.ground.account("seller"), "nobody else consents there"
                signature, public = self.ground.sign(owed.message)
            else:
                who = owed.by.removesuffix("-wallet")
                signature, public = key(who).sign(owed.message), public_hex(key(who))
            consent = Consent(
                settlement=sent.settlement,
                terms=sent.terms,
                network=owed.network,
                by=owed.by,
                kind=owed.kind,
                public_key=public,
                signature=signature,
                not_after=Instant(request.deadline + 7 * DAY),
            )
            await at.ring.desk.give_consent(consent, at.request("consent"))
        return sent.settlement


async def crossing(
    folder: Path, algorithm: int, mode: int = UPLOAD, agreement: Digest | None = None
) -> Crossing[Devnet]:
    """A new world."""
    (folder / "votes").mkdir()
    keys = tuple(public_hex(key(name)) for name in NOTARIES)
    here = Here(folder=folder, algorithm=algorithm, mode=mode, notary_keys=keys)
    here.ledger.block_ms = 20
    owned = await here.new_asset()
    ground = Devnet(here, custody=mode == TRUST)
    return Crossing(ground, wires(here.clock, folder / "votes"), owned.asset, agreement)


def _genesis(world: Crossing[G], draw: Chance) -> Group:
    drafts: list[Draft] = []
    side: list[tuple[str, bytes | None]] = []
    sides = (world.channel, DESTINATION)

    def write(kind: str, body: object) -> None:
        name = EntryId(ulid_at(world.wired.clock.now(), draw(10)))
        drafts.append(Draft(id=name, kind=kind, body=body))  # type: ignore[arg-type]

    write("epoch", {"epoch": "1", "notaries": list(NOTARIES), "threshold": "2"})
    for one in (LI, WANG, ZHAO):
        write("person", person_form(person(one, "operator", "approver", "compliance", "admin")))
    for who, called, where in (("seller", river.SELLER, "CN"), ("buyer", river.BUYER, "HK")):
        name = personal(called, SEED, "name")
        side.append((f"personal/party/{who}/name", name.salt + called.encode()))
        row = Party(
            id=PartyId(who),
            name=name.commitment,
            kind="legal",
            jurisdiction=Jurisdiction(where),
            wallets=tuple(Wallet(net, world.account(who, net)) for net in sides),
            custody=world.agreements(who),
        )
        write("party", party_form(row))
    legs = (
        Leg(network=world.channel, escrow=world.ground.escrow, asset=world.asset),
        Leg(network=DESTINATION, escrow="escrow", asset="bond"),
    )
    held = Asset(
        id=world.paper.asset,
        profile=world.paper.profile,
        kind=world.paper.kind,
        home=world.channel,
        legs=legs,
        scale=0,
        issued=world.issued,
        cap=Units(10**9),
    )
    write("asset", asset_form(held))
    for lane, there, back in (("sz-hk", *sides), (BACK, *sides[::-1])):
        opened_lane = Lane(
            id=LaneId(lane),
            origin=there,
            destination=back,
            rail=RAIL,
            pack="cn-hk",
            limit=money("100000000000.00", "HKD"),
            quorum=2,
            notaries=NOTARIES,
            acknowledge="committed",
            assets=(world.paper.asset,),
            lapse_ms=400 * DAY,
            open=True,
        )
        write("lane", lane_form(opened_lane))
    pack = pack_value(corridor=["CN-HK", "HK-CN"])
    body, beside = pack_payload(canonical(pack))
    write("pack", body)
    return Group(id=drafts[0].id, drafts=tuple(drafts), side=(*side, *beside))


def _notary(name: str, book: FileVoteBook) -> Notary:
    signer = CanonicalSigner(Ed25519Key(public_hex(key(name)), key(name).sign))
    return Notary(name, book, {"*": signer})


def _pinned_there() -> Value:
    return {
        "kind": "network",
        "network": DESTINATION,
        "key": public_hex(key(DESTINATION)),
        "escrow": "escrow",
    }


@asynccontextmanager
async def turning(world: Crossing[G], store: Store, seed: int) -> AsyncIterator[River]:
    """A daemon's ring over this world and store, turning until the test is done with it."""
    clock, draw, wired = world.wired.clock, Chance(seed), world.wired
    journal = Journal.open(store, clock)
    if journal.head.seq == 0:
        await journal.append((_genesis(world, draw),))
        taken = refreshed(journal, "house", river.LIST, source="a test", as_of=clock.now())
        name = EntryId(ulid_at(clock.now(), draw(10)))
        await journal.append((Group(id=name, drafts=(list_draft(name, taken),), side=taken.side),))
    async with world.ground.door(clock) as channel:
        memory = MemoryNetwork(
            DESTINATION, "escrow", wired.nodes[DESTINATION], clock, operator=key("operator")
        )
        networks: dict[NetworkId, ChannelNetwork | MemoryNetwork] = {
            world.channel: channel,
            DESTINATION: memory,
        }
        rail, verify_rail = wired.rail(journal, wired)
        verifiers: dict[NetworkId, Verify] = {
            world.channel: world.ground.verify,
            DESTINATION: partial(verify_event, pinned=_pinned_there()),
            RAIL: verify_rail,
        }
        doors = Doors(origins=networks, destinations=networks, rails={RAIL: rail})
        books = [FileVoteBook(wired.votes / f"{name}.votes") for name in NOTARIES]
        notaries = tuple(map(_notary, NOTARIES, books))
        ring = Ring(
            journal,
            doors,
            verifiers,
            attestor=DevelopmentCustody(notaries, lambda: journal.view, verifiers, clock),
            screening=DossierScreening(
                journal,
                doors,
                clock,
                disclosed=lambda order: disclosed(journal, order),
                key=b"p" * 32,
            ),
            clock=clock,
            entropy=draw,
            fingerprint_key=river.FINGERPRINT_KEY,
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                turn = tasks.create_task(ring.run())
                try:
                    yield River(ring, wired, draw, notaries=notaries)
                finally:
                    turn.cancel()
        finally:
            for book in books:
                book.close()
            await journal.close()
