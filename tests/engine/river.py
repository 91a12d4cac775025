"""The whole ring in one process: two memory networks, a bank, three notaries, three people."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.bank import Bank
from adapters.memory.chain import Chain
from adapters.memory.codec import public_hex, verify
from adapters.memory.direct import Direct, counter, node
from adapters.memory.escrow import Escrow, Quorum
from adapters.memory.network import MemoryNetwork
from bridge.core.canonical import Value, canonical, digest
from bridge.core.consent import Consent
from bridge.core.ids import (
    AssetId,
    Bic,
    DateText,
    Digest,
    EntryId,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    PersonId,
    SettlementId,
    new_ulid,
)
from bridge.core.instrument import Instrument, InstrumentKind
from bridge.core.money import Units, money
from bridge.core.order import Leg
from bridge.core.parties import Jurisdiction, personal
from bridge.core.registers import Asset, Lane, Party, Wallet
from bridge.core.settlement import Settlement, Stage
from bridge.engine.admission import OrderRequest, PaymentRequest, Side
from bridge.engine.desk import disclosed
from bridge.engine.dossiers import DossierScreening
from bridge.engine.lists import list_draft, pack_payload, refreshed
from bridge.engine.perform import Doors
from bridge.engine.ring import Ring
from bridge.notary.attestation import CanonicalSigner
from bridge.notary.attestor import DevelopmentCustody, Notary
from bridge.notary.entries import Draft, Group, Request
from bridge.notary.journal import Journal
from bridge.notary.keys import Ed25519Key
from bridge.notary.register_forms import asset_form, lane_form, party_form, person_form
from bridge.notary.state.proposals import approval_message
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.port import Store
from bridge.notary.votebook import FileVoteBook
from bridge.ports import Clock
from tests.engine.railing import Railing, Verify, memory_rail
from tests.notary.ledgers import LI, WANG, ZHAO, key_of, person
from tests.policy.packs import pack_value
from tests.strategies import DAY_MS, DESTINATION, NOW, ORIGIN, RAIL, SEED

HEADER = "id,type,names,ids,dates,countries,wallets\n"
LIST = (HEADER + "X1,person,Nobody Here;无人,,,,\n").encode()
SELLER, BUYER = "Seller Co", "Buyer Ltd"
FINGERPRINT_KEY = b"k" * 32
BACK = LaneId("hk-sz")
NOTARIES = ("alpha", "beta", "gamma")


class LoopClock:
    """Time that passes with the loop's, so that a virtual loop makes virtual time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()

    def now(self) -> Instant:
        return Instant(NOW + int((self._loop.time() - self._began) * 1000))


def key(name: str) -> Ed25519PrivateKey:
    """The key of a thing, the same in every run."""
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


class Chance:
    """Entropy from a seed: the same run, the same ids."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        self._drawn += 1
        return sha256(f"{self._seed}/{self._drawn}".encode()).digest()[:count]


@dataclass
class Wires:
    """What is outside: it lives on while the daemon dies."""

    clock: Clock
    chains: dict[NetworkId, Chain]
    nodes: dict[NetworkId, Direct]
    bank: Bank
    counter: Direct
    votes: Path
    finality_ms: int = 0
    rail: Railing = memory_rail


def wires(clock: Clock, votes: Path, *, finality_ms: int = 0, block_ms: int = 0) -> Wires:
    """Two networks and a bank; the bond is at home at the origin, a twin at the destination."""
    chains: dict[NetworkId, Chain] = {}
    quorum = Quorum(frozenset(public_hex(key(name)) for name in NOTARIES), 2)
    for network, home in ((ORIGIN, True), (DESTINATION, False)):
        escrow = Escrow(network, "escrow")
        escrow.operators = {public_hex(key("operator"))}
        escrow.holders = {f"{who}-wallet": public_hex(key(who)) for who in ("seller", "buyer")}
        escrow.assets = {"bond": home, "paper": home}
        escrow.epochs = {1: quorum}
        chain = Chain(escrow, key(network), block_ms=block_ms, finality_ms=finality_ms)
        chains[network] = chain
    home_escrow = chains[ORIGIN].escrow
    home_escrow.issue("bond", "", "seller-wallet", 1_000_000_000)
    home_escrow.issue("paper", "", "seller-wallet", 1_000_000)
    bank = Bank(RAIL, key("bank"))
    bank.open_account("HK00123", "HKD", 10**15)
    bank.open_account("CN00456", "HKD", 0)
    nodes = {network: node(chain, clock) for network, chain in chains.items()}
    return Wires(clock, chains, nodes, bank, counter(bank, clock), votes, finality_ms)


def genesis(clock: Clock, draw: Chance, *, pack: Mapping[str, Value] | None = None) -> Group:
    """The first group: people, parties, assets, both lanes, a pack, a list, the notaries."""
    drafts: list[Draft] = []
    side: list[tuple[str, bytes | None]] = []

    def write(kind: str, body: Mapping[str, Value]) -> None:
        name = EntryId(new_ulid(clock.now(), draw(10)))
        drafts.append(Draft(id=name, kind=kind, body=body))

    write("epoch", {"epoch": "1", "notaries": list(NOTARIES), "threshold": "2"})
    roles = ("operator", "approver", "compliance", "admin")
    for one in (LI, WANG, ZHAO):
        write("person", person_form(person(one, *roles)))
    for who, called, where in (("seller", SELLER, "CN"), ("buyer", BUYER, "HK")):
        name = personal(called, SEED, "name")
        side.append((f"personal/party/{who}/name", name.salt + called.encode()))
        row = Party(
            id=PartyId(who),
            name=name.commitment,
            kind="legal",
            jurisdiction=Jurisdiction(where),
            wallets=tuple(Wallet(net, f"{who}-wallet") for net in (ORIGIN, DESTINATION)),
        )
        write("party", party_form(row))
    for asset, kind, issued in (
        ("bond", InstrumentKind.BOND, 100),
        ("paper", InstrumentKind.BILL_OF_LADING, 1),
    ):
        held = Asset(
            id=AssetId(asset),
            profile=f"{asset}/1",
            kind=kind,
            home=ORIGIN,
            legs=tuple(
                Leg(network=net, escrow="escrow", asset=asset) for net in (ORIGIN, DESTINATION)
            ),
            scale=0,
            issued=Units(issued),
            cap=Units(10**9),
        )
        write("asset", asset_form(held))
    for lane, there, back in (("sz-hk", ORIGIN, DESTINATION), (BACK, DESTINATION, ORIGIN)):
        opened = Lane(
            id=LaneId(lane),
            origin=there,
            destination=back,
            rail=RAIL,
            pack="cn-hk",
            limit=money("100000000000.00", "HKD"),
            quorum=2,
            notaries=NOTARIES,
            acknowledge="committed",
            assets=(AssetId("bond"), AssetId("paper")),
            lapse_ms=400 * DAY_MS,
            open=True,
        )
        write("lane", lane_form(opened))
    body, beside = pack_payload(canonical(pack if pack is not None else _both_ways()))
    write("pack", body)
    side += beside
    return Group(id=drafts[0].id, drafts=tuple(drafts), side=tuple(side))


def _both_ways() -> dict[str, Value]:
    return pack_value(corridor=["CN-HK", "HK-CN"])


@dataclass
class River:
    """A running ring and what a test does with it."""

    ring: Ring
    wires: Wires
    draw: Chance
    asked: int = 0
    notaries: tuple[Notary, ...] = field(default=())

    @property
    def journal(self) -> Journal:
        return self.ring.journal

    def request(self, route: str) -> Request:
        """A request nobody made before."""
        self.asked += 1
        return Request(key=f"k{self.asked}", principal=LI, route=route, body=Digest("ab" * 32))

    def order(self, number: int = 1, **changes: object) -> OrderRequest:
        """An order for ten units of a bond, paid for."""
        members: dict[str, object] = {
            "id": SettlementId(new_ulid(self.ring.clock.now(), self.draw(10))),
            "seed": SEED,
            "lane": LaneId("sz-hk"),
            "instrument": bond(number),
            "units": Units(10),
            "originator": Side(party=PartyId("seller"), account="seller-wallet"),
            "beneficiary": Side(party=PartyId("buyer"), account="buyer-wallet"),
            "deadline": Instant(self.ring.clock.now() + DAY_MS),
            "payment": PaymentRequest(
                amount=money("1000.00", "HKD"),
                debtor=BUYER,
                debtor_account="HK00123",
                debtor_agent=Bic("HSBCHKHH"),
                creditor=SELLER,
                creditor_account="CN00456",
                creditor_agent=Bic("BKCHCNBJ"),
            ),
            "purpose": "GDDS",
            "bop_code": "121010",
        }
        return OrderRequest(**{**members, **changes})  # type: ignore[arg-type]  # members by name

    async def send(self, request: OrderRequest, maker: PersonId = LI) -> SettlementId:
        """Send an order and bring its holder's consent."""
        sent = await self.ring.desk.send(request, maker, self.request("send"))
        for owed in sent.consents:
            who = owed.by.removesuffix("-wallet")
            consent = Consent(
                settlement=sent.settlement,
                terms=sent.terms,
                network=owed.network,
                by=owed.by,
                kind=owed.kind,
                public_key=public_hex(key(who)),
                signature=key(who).sign(owed.message),
                not_after=Instant(request.deadline + 7 * DAY_MS),
            )
            await self.ring.desk.give_consent(consent, self.request("consent"))
        return sent.settlement

    def now(self, of: SettlementId) -> Settlement:
        """A settlement as it stands."""
        settlement = self.journal.view.settlement(of)
        assert settlement is not None
        return settlement

    async def until(
        self, of: SettlementId, *stages: Stage, stop: str | None = "", within: float = 20
    ) -> Settlement:
        """Wait until a settlement stands there, under that stop or none; None: under any."""
        async with asyncio.timeout(within):
            while True:
                settlement = self.now(of)
                stopped = settlement.stop.value if settlement.stop else ""
                if settlement.stage in stages and stop in (stopped, None):
                    return settlement
                await self.journal.changed(self.journal.head.seq - 1)

    async def decide(
        self,
        subject: str,
        target: str,
        payload: Value,
        *,
        maker: PersonId = WANG,
        checker: PersonId = ZHAO,
    ) -> str:
        """Two people do it; return the proposal's state."""
        row = await self.ring.people.propose(
            subject, target, payload, maker=maker, reason="a test", asked=self.request(subject)
        )
        return await self.check(EntryId(row.id), "approve", checker)

    async def check(self, name: EntryId, says: str, checker: PersonId) -> str:
        """One person's word on a proposal; return its state."""
        row = self.ring.people.proposal(name)
        signature = key_of(checker).sign(approval_message(row, says))
        closed = await self.ring.people.decide(
            name, says, person=checker, reason="seen", signature=signature,
            asked=self.request("decide"),
        )  # fmt: skip
        return closed.state


def bond(number: int) -> Instrument:
    """The n-th bond; each has a hundred units."""
    return Instrument(
        kind=InstrumentKind.BOND,
        asset=AssetId("bond"),
        profile="bond/1",
        issuer="529900T8BM49AURSDO55",
        number=f"BOND{number}",
        document=Digest(sha256(b"bond").hexdigest()),
        face=money("1000000.00", "HKD"),
        maturity=DateText("2027-06-30"),
    )


@asynccontextmanager
async def opened(wired: Wires, store: Store, seed: int = 1) -> AsyncIterator[River]:
    """A ring over these wires and this store, not turning yet."""
    clock, draw = wired.clock, Chance(seed)
    journal = Journal.open(store, clock)
    if journal.head.seq == 0:
        await journal.append((genesis(clock, draw),))
        taken = refreshed(journal, "house", LIST, source="a test", as_of=clock.now())
        name = EntryId(new_ulid(clock.now(), draw(10)))
        await journal.append((Group(id=name, drafts=(list_draft(name, taken),), side=taken.side),))
    networks = {
        network: MemoryNetwork(
            network, "escrow", to, clock, operator=key("operator"), finality_ms=wired.finality_ms
        )
        for network, to in wired.nodes.items()
    }
    rail, verify_rail = wired.rail(journal, wired)
    doors = Doors(origins=networks, destinations=networks, rails={RAIL: rail})
    verifiers: dict[NetworkId, Verify] = {}
    for network in networks:
        pinned: dict[str, Value] = {
            "kind": "network",
            "network": network,
            "key": public_hex(key(network)),
            "escrow": "escrow",
        }
        verifiers[network] = lru_cache(1_024)(partial(verify, pinned=pinned))
    verifiers[RAIL] = lru_cache(1_024)(verify_rail)
    books = [FileVoteBook(wired.votes / f"{name}.votes") for name in NOTARIES]
    notaries = tuple(
        Notary(
            name, book, {"*": CanonicalSigner(Ed25519Key(public_hex(key(name)), key(name).sign))}
        )
        for name, book in zip(NOTARIES, books, strict=True)
    )
    ring = Ring(
        journal,
        doors,
        verifiers,
        attestor=DevelopmentCustody(notaries, lambda: journal.view, verifiers, clock),
        screening=DossierScreening(
            journal, doors, clock, disclosed=lambda order: disclosed(journal, order), key=b"p" * 32
        ),
        clock=clock,
        entropy=draw,
        fingerprint_key=FINGERPRINT_KEY,
    )
    try:
        yield River(ring, wired, draw, notaries=notaries)
    finally:
        for book in books:
            book.close()
        await journal.close()


@asynccontextmanager
async def turning(wired: Wires, store: Store, seed: int = 1) -> AsyncIterator[River]:
    """The same, turning until the test is done with it."""
    async with opened(wired, store, seed) as river, asyncio.TaskGroup() as tasks:
        turn = tasks.create_task(river.ring.run())
        try:
            yield river
        finally:
            turn.cancel()


@asynccontextmanager
async def river(votes: Path, **how: int) -> AsyncIterator[River]:
    """A new world with a ring turning in it, on a store in memory."""
    async with turning(wires(LoopClock(), votes, **how), MemoryStore()) as running:
        yield running


def digest_of(value: Value) -> str:
    """The digest of a value, for what a request's body was."""
    return digest(value)
