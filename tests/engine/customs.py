"""A ledger with people, parties, a lane, a pack and a list; and a settlement told to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from bridge.core.canonical import Value, canonical, parse
from bridge.core.events import Event
from bridge.core.ids import (
    AssetId,
    EntryId,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    SettlementId,
)
from bridge.core.instrument import InstrumentKind
from bridge.core.money import Units, money
from bridge.core.order import SettlementOrder
from bridge.core.parties import Jurisdiction, Personal, personal
from bridge.core.registers import Asset, Lane, Party, Wallet
from bridge.core.settlement import Settlement
from bridge.engine.book import step
from bridge.engine.dossiers import DossierScreening
from bridge.engine.errands import Answered as Answering
from bridge.engine.errands import Screened
from bridge.engine.lists import list_draft, pack_payload, refreshed
from bridge.engine.perform import Doors
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, Outcome
from bridge.notary.register_forms import asset_form, lane_form, party_form, person_form
from bridge.notary.store.memory import MemoryStore
from bridge.ports import (
    Answered,
    Check,
    DestinationNetwork,
    Disclosed,
    OriginNetwork,
    PaymentRail,
    Unavailable,
)
from tests.notary.ledgers import LI, WANG, ZHAO, SetClock, by_two, person
from tests.policy.packs import pack_value
from tests.strategies import DESTINATION, ORIGIN, RAIL, SEED, make_order

KEY = b"k" * 32
HEADER = "id,type,names,ids,dates,countries,wallets\n"
NOBODY = HEADER + "X1,person,Nobody Here,,,,\n"
SELLER, BUYER = "Seller Co", "Buyer Ltd"
YES = (Check("it could land", Answered.YES, ""),)


@dataclass
class Porter:
    """A door that answers preflight as the test says, and counts how often it was asked."""

    id: NetworkId
    checks: tuple[Check, ...] = YES
    trouble: Exception | None = None
    asked: int = 0

    async def preflight(self, _order: SettlementOrder, _names: Disclosed) -> tuple[Check, ...]:
        self.asked += 1
        if self.trouble is not None:
            raise self.trouble
        return self.checks


def away() -> Unavailable:
    """What a door raises that cannot reach its network."""
    return Unavailable("no node answers")


def party(name: str, called: str, where: str, network: NetworkId, **more: object) -> Party:
    row = Party(
        id=PartyId(name),
        name=personal(called, SEED, "name").commitment,
        kind="legal",
        jurisdiction=Jurisdiction(where),
        wallets=(Wallet(network, f"{name}-wallet"),),
    )
    return replace(row, **more)  # type: ignore[arg-type]  # members of a party, by the test


@dataclass
class Customs:
    """The ledger and its screening; `doors` are porters by network."""

    journal: Journal
    clock: SetClock
    doors: dict[NetworkId, Porter] = field(default_factory=dict)
    number: int = 0

    @property
    def screening(self) -> DossierScreening:
        return self._screening

    def __post_init__(self) -> None:
        self.doors = {name: Porter(name) for name in (ORIGIN, DESTINATION, RAIL)}
        open_doors = Doors(
            origins={ORIGIN: cast("OriginNetwork", self.doors[ORIGIN])},
            destinations={DESTINATION: cast("DestinationNetwork", self.doors[DESTINATION])},
            rails={RAIL: cast("PaymentRail", self.doors[RAIL])},
        )
        self._screening = DossierScreening(
            self.journal, open_doors, self.clock, disclosed=self.names, key=KEY
        )

    def names(self, order: SettlementOrder) -> dict[str, Personal]:
        """The personal values that lie beside an order."""
        prefix = f"personal/{order.id}/"
        kept = {key: self.journal.side(key) for key in self.journal.side_keys(prefix)}
        return {
            key.removeprefix(prefix): Personal(value[32:].decode(), value[:32])
            for key, value in kept.items()
            if value is not None
        }

    async def append(
        self, *drafts: Draft, side: Sequence[tuple[str, bytes | None]] = ()
    ) -> Outcome:
        """One group of the test's own."""
        self.number += 1
        name = self.entry_id()
        group = Group(id=name, drafts=drafts, side=tuple(side), spends=False)
        return (await self.journal.append((group,)))[0]

    def entry_id(self) -> EntryId:
        """An id never used before."""
        self.number += 1
        return EntryId(f"01HZZZZZZZ{self.number:016d}")

    def draft(self, kind: str, body: Mapping[str, Value]) -> Draft:
        return Draft(id=self.entry_id(), kind=kind, body=body)

    async def put_in_force(self, kind: str, body: Mapping[str, Value]) -> None:
        """A pack, rate or opening that two people decided on."""
        drafts = by_two(self.entry_id, kind, body, now=self.clock.now())
        outcome = await self.append(*drafts)
        assert isinstance(outcome, Committed), outcome

    async def bring_list(self, text: str, name: str = "house") -> None:
        """A list one person brings."""
        data = text.encode()
        taken = refreshed(
            self.journal, name, data, source="a test", as_of=Instant(self.clock.now())
        )
        draft = list_draft(self.entry_id(), taken)
        assert isinstance(await self.append(draft, side=taken.side), Committed)

    async def order(self, number: int = 1, **changes: object) -> Settlement:
        """An order that owes its first screening."""
        made = replace(make_order(number, consents=False), **changes)  # type: ignore[arg-type]  # members of an order, by the test
        said = {
            "originator.name": SELLER,
            "beneficiary.name": BUYER,
            "payment.debtor": BUYER,
            "payment.creditor": SELLER,
            "payment.debtor_account": "HK00123",
            "payment.creditor_account": "CN00456",
        }
        values = {place: personal(value, SEED, place) for place, value in said.items()}
        side = [
            (f"personal/{made.id}/{place}", value.salt + value.value.encode())
            for place, value in values.items()
        ]
        body: dict[str, Value] = {"order": made.leaf(), "uetr": made.uetr}
        draft = Draft(id=EntryId(made.id), kind="order", body=body)
        assert isinstance(await self.append(draft, side=side), Committed)
        return self.now(made.id)

    def now(self, of: SettlementId) -> Settlement:
        """A settlement as it stands."""
        settlement = self.journal.view.settlement(of)
        assert settlement is not None
        return settlement

    async def screen(self, of: SettlementId, tries: int = 0) -> Screened:
        return await self.screening.screen(self.now(of), tries)

    async def told(self, of: SettlementId, screened: Screened) -> Outcome | None:
        """What policy said, written as the ring writes it."""
        group = Answering(of, screened, self.clock).build(self.journal.view)
        return None if group is None else (await self.journal.append((group,)))[0]

    async def screened(self, of: SettlementId) -> Settlement:
        """Screened, and written."""
        outcome = await self.told(of, await self.screen(of))
        assert isinstance(outcome, Committed), outcome
        return self.now(of)

    async def hear(self, of: SettlementId, event: Event) -> Settlement:
        """A fact, written as the ring writes it."""
        taken = step(self.journal.view, self.now(of), event)
        assert taken is not None
        outcome = await self.append(*taken.drafts)
        assert isinstance(outcome, Committed), outcome
        return self.now(of)

    def findings(self, of: SettlementId) -> dict[str, Mapping[str, Value]]:
        """The findings of the last verdict, by rule."""
        row = self.journal.view.decision(
            of, self.now(of).stage.value
        ) or self.journal.view.decision(of, "screening")
        assert row is not None
        data = self.journal.side(row.findings)
        assert data is not None
        told = parse(data)
        assert isinstance(told, Mapping)
        found = told["findings"]
        assert isinstance(found, list)
        return {str(one["rule"]): one for one in found if isinstance(one, Mapping)}


async def opened(
    *rules: Mapping[str, Value], listed: str = NOBODY, pack: bytes = b"", **more: object
) -> Customs:
    """A house with its registers, a pack of these rules beside screening, and a list."""
    clock = SetClock()
    customs = Customs(Journal.open(MemoryStore(), clock), clock)
    payload, pack_side = pack_payload(pack or canonical(pack_value(*rules)))
    lane = Lane(
        id=LaneId("sz-hk"),
        origin=ORIGIN,
        destination=DESTINATION,
        rail=RAIL,
        pack="cn-hk",
        limit=money("9999999.00", "HKD"),
        quorum=2,
        notaries=("a", "b", "c"),
        acknowledge="committed",
        assets=(AssetId("receivable-a"),),
        lapse_ms=400 * 86_400_000,
        open=True,
    )
    order = make_order()
    asset = Asset(
        id=AssetId("receivable-a"),
        profile="receivable/1",
        kind=InstrumentKind.RECEIVABLE,
        home=ORIGIN,
        legs=(order.origin, order.destination),
        scale=0,
        issued=Units(1_000),
        cap=Units(1_000),
    )
    parties = (
        party("seller", SELLER, "CN", ORIGIN, **cast("dict[str, object]", more.get("seller", {}))),
        party(
            "buyer", BUYER, "HK", DESTINATION, **cast("dict[str, object]", more.get("buyer", {}))
        ),
    )
    people = [person(name, "operator", "approver", "compliance") for name in (LI, WANG, ZHAO)]
    rows = (
        *(customs.draft("person", person_form(row)) for row in people),
        *(customs.draft("party", party_form(row)) for row in parties),
        customs.draft("asset", asset_form(asset)),
        customs.draft("lane", lane_form(lane)),
        customs.draft("pack", payload),
    )
    side = [
        (f"personal/party/{row.id}/name", b"s" * 32 + called.encode())
        for row, called in zip(parties, (SELLER, BUYER), strict=True)
    ]
    outcome = await customs.append(*rows, side=(*side, *pack_side))
    assert isinstance(outcome, Committed), outcome
    await customs.bring_list(listed)
    return customs
