"""Those who mean harm: a node that tells what never happened, a thief with too few keys."""

from collections.abc import Mapping

from adapters.memory.codec import (
    BOOKING_PREFIX,
    EVENT_PREFIX,
    public_hex,
    sealed,
    transaction,
)
from adapters.memory.slots import EMPTY, Slot
from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.effects import Verb
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId, uetr_of
from bridge.ports import Refused, Unavailable, Uncertain
from tests.engine.river import key
from tests.simulation.world import Draw, Sale, World, wallet
from tests.strategies import RAIL

RETIRED = ("old-alpha", "old-beta")  # notaries of an epoch that is over; their keys were stolen


def forged(world: World, network: NetworkId, after: int, draw: Draw) -> tuple[bytes, ...]:
    """Return one event nobody's key has signed, that some order is waiting for; or nothing."""
    sales = list(world.sales.values())
    if not sales:
        return ()
    sale = draw.choice(sales)
    body = _booking(sale) if network == RAIL else _event(world, sale, network)
    far = world.bank if network == RAIL else world.chains[network]
    before = far.head(after)
    if body is None or before is None:
        return ()
    told: dict[str, Value] = {**body, "number": str(after + 1), "before": before}
    world.met("network.lie")
    return (sealed(BOOKING_PREFIX if network == RAIL else EVENT_PREFIX, told, key("liar")),)


def _booking(sale: Sale) -> Mapping[str, Value] | None:
    if not sale.minor:
        return None
    return {
        "name": "PaymentSettled",
        "network": RAIL,
        "settlement": sale.id,
        "uetr": uetr_of(SettlementId(sale.id)),
        "currency": "HKD",
        "minor": str(sale.minor),
        "instructed": str(sale.minor),
    }


def _event(world: World, sale: Sale, network: NetworkId) -> Mapping[str, Value] | None:
    side = "origin" if sale.origin == network else "destination"
    slot = world.chains[network].escrow.slots.get(f"{side}/{sale.id}", EMPTY)
    names = {
        ("origin", "none"): "AssetLocked",
        ("origin", "open"): "AssetBurned",
        ("destination", "none"): "AssetMinted",
        ("destination", "open"): "AssetUnminted",
    }
    name = names.get((side, slot.state.value))
    if name is None:
        return None
    return {
        "name": name,
        "settlement": sale.id,
        "escrow": "escrow",
        "asset": sale.asset,
        "part": "",
        "units": str(sale.units),
        "account": wallet(sale.seller if side == "origin" else sale.buyer),
        "network": network,
        "block": "1",
        "time": str(world.now()),
    }


async def steals(world: World, draw: Draw) -> None:
    """Ask a network to give an open lock back, with one notary's key twice, or retired keys."""
    open_locks = [
        (sale, slot)
        for sale in world.sales.values()
        if (slot := world.chains[sale.origin].escrow.slots.get(f"origin/{sale.id}", EMPTY)).ticket
        and slot.state.value == "open"
    ]
    if not open_locks:
        return
    sale, slot = draw.choice(open_locks)
    once = draw.random() < 0.5
    act = _release(sale, slot, epoch=1 if once else 0)
    signers = ("alpha", "alpha") if once else RETIRED
    signatures = tuple(
        Signature(kind="ed25519", signer=public_hex(key(n)), signature=key(n).sign(act.message()))
        for n in signers
    )
    world.met("thief.one_key" if once else "thief.retired_keys")
    raw = transaction(act, signatures, expires=Instant(world.now() + 30_000))
    try:
        await world.nodes[sale.origin].send(raw)
    except (Refused, Unavailable, Uncertain):
        return


def _release(sale: Sale, slot: Slot, *, epoch: int) -> Act:
    ticket = slot.ticket
    assert ticket is not None, "an open lock has a ticket"
    return Act(
        verb=Verb.RELEASE,
        settlement=ticket.settlement,
        terms=Digest(ticket.terms),
        network=sale.origin,
        escrow="escrow",
        asset=ticket.asset,
        part=ticket.part,
        units=ticket.units,  # type: ignore[arg-type]  # a whole number
        party=ticket.party,
        counterpart=ticket.counterpart,
        evidence=Digest("ab" * 32),
        verdict=Digest(""),
        epoch=epoch,
        not_after=Instant(0),
        until=Instant(0),
    )
