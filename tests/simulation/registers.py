"""What the first group of a simulated ledger holds: people, parties, assets, lanes, pack, list."""

from collections.abc import Mapping
from hashlib import sha256

from bridge.core.canonical import Value, canonical
from bridge.core.ids import (
    AssetId,
    DateText,
    Digest,
    EntryId,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    new_ulid,
)
from bridge.core.instrument import Instrument, InstrumentKind
from bridge.core.money import Units, money
from bridge.core.order import Leg
from bridge.core.parties import Jurisdiction, personal
from bridge.core.registers import Asset, Lane, Party, Wallet
from bridge.engine.lists import list_draft, pack_payload, refreshed
from bridge.notary.entries import Draft, Group
from bridge.notary.journal import Journal
from bridge.notary.register_forms import asset_form, lane_form, party_form, person_form
from bridge.ports import Clock
from tests.engine.river import NOTARIES, Chance
from tests.notary.ledgers import LI, WANG, ZHAO, person
from tests.policy.packs import pack_value
from tests.simulation.world import PARTIES, name_of, wallet
from tests.strategies import DAY_MS, DESTINATION, ORIGIN, RAIL, SEED

THERE, BACK = LaneId("sz-hk"), LaneId("hk-sz")
ISSUED = {"bond": 100, "paper": 1}
LISTED = 24  # entries of the list: what is listed and struck off changes one, so it never shrinks


def list_of(named: Mapping[int, str], wallets: Mapping[int, str]) -> bytes:
    """Return a list whose entry of a party bears its name, its wallet, or nobody's."""
    rows = [
        f"X{i},company,{named.get(i, f'Nobody Number {i}')},,,,{wallets.get(i, '')}"
        for i in range(LISTED)
    ]
    return ("id,type,names,ids,dates,countries,wallets\n" + "\n".join(rows) + "\n").encode()


def instrument(asset: str, number: str) -> Instrument:
    """Return the instrument of that number: a bond in a hundred units, or a bill of lading."""
    is_bond = asset == "bond"
    return Instrument(
        kind=InstrumentKind.BOND if is_bond else InstrumentKind.BILL_OF_LADING,
        asset=AssetId(asset),
        profile=f"{asset}/1",
        issuer="529900T8BM49AURSDO55",
        number=number,
        document=Digest(sha256(number.encode()).hexdigest()),
        face=money("1000000.00", "HKD") if is_bond else None,
        maturity=DateText("2027-06-30") if is_bond else None,
    )


def genesis(journal: Journal, clock: Clock, draw: Chance) -> Group:
    """Return the first group."""
    drafts: list[Draft] = []
    side: list[tuple[str, bytes | None]] = []

    def write(kind: str, body: Mapping[str, Value]) -> None:
        drafts.append(Draft(id=EntryId(new_ulid(clock.now(), draw(10))), kind=kind, body=body))

    write("epoch", {"epoch": "1", "notaries": list(NOTARIES), "threshold": "2"})
    for one in (LI, WANG, ZHAO):
        write("person", person_form(person(one, "operator", "approver", "compliance", "admin")))
    for party in range(PARTIES):
        name = personal(name_of(party), SEED, "name")
        side.append((f"personal/party/p{party}/name", name.salt + name_of(party).encode()))
        write("party", party_form(_party(party)))
    for asset, kind in (("bond", InstrumentKind.BOND), ("paper", InstrumentKind.BILL_OF_LADING)):
        write("asset", asset_form(_asset(asset, kind)))
    for lane, there, back in ((THERE, ORIGIN, DESTINATION), (BACK, DESTINATION, ORIGIN)):
        write("lane", lane_form(lane_of(lane, there, back)))
    body, beside = pack_payload(
        canonical(pack_value(corridor=["CN-HK", "HK-CN", "CN-CN", "HK-HK"]))
    )
    write("pack", body)
    taken = refreshed(journal, "house", list_of({}, {}), source="a test", as_of=clock.now())
    drafts.append(list_draft(EntryId(new_ulid(clock.now(), draw(10))), taken))
    return Group(id=drafts[0].id, drafts=tuple(drafts), side=(*side, *beside, *taken.side))


def _party(party: int) -> Party:
    return Party(
        id=PartyId(f"p{party}"),
        name=personal(name_of(party), SEED, "name").commitment,
        kind="legal",
        jurisdiction=Jurisdiction("CN" if party % 2 else "HK"),
        wallets=tuple(Wallet(net, wallet(party)) for net in (ORIGIN, DESTINATION)),
    )


def _asset(asset: str, kind: InstrumentKind) -> Asset:
    return Asset(
        id=AssetId(asset),
        profile=f"{asset}/1",
        kind=kind,
        home=ORIGIN,
        legs=tuple(Leg(network=net, escrow="escrow", asset=asset) for net in (ORIGIN, DESTINATION)),
        scale=0,
        issued=Units(ISSUED[asset]),
        cap=Units(10**9),
    )


def lane_of(lane: LaneId, there: NetworkId, back: NetworkId) -> Lane:
    """Return one direction, open."""
    return Lane(
        id=lane,
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


def list_group(journal: Journal, name: EntryId, data: bytes, now: Instant) -> Group:
    """Return the group that brings a list."""
    taken = refreshed(journal, "house", data, source="a test", as_of=now)
    return Group(id=name, drafts=(list_draft(name, taken),), side=taken.side)
