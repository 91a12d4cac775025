"""What must hold, read from the worlds' books and the ledger's raw entries, by code of its own.

Nothing of the daemon's projections, folds or parsers is used here: slots, balances, bookings, the
bytes of entries and of vote books, and a sum of our own.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from adapters.memory.escrow import VAULT
from adapters.memory.slots import EMPTY, Slot
from bridge.core.ids import NetworkId
from tests.simulation.world import CANARY, ISSUED, PARTIES, Sale, World
from tests.strategies import DESTINATION, ORIGIN

Body = dict[str, Any]
REST = frozenset({"settled", "released", "rejected"})
VERBS = {
    "AssetLocked": "lock",
    "LockReleased": "release",
    "AssetBurned": "burn",
    "AssetMinted": "mint",
    "AssetUnminted": "unmint",
    "AssetAssigned": "assign",
}
DECIDED = {  # kinds that take two people after the first group, and the subjects they go by
    "party": {"register.party"},
    "asset": {"register.asset"},
    "lane": {"register.lane", "lane.open"},
    "person": {"register.person"},
    "pack": {"pack.publish"},
    "rate": {"rates.import"},
    "opening": {"quota.opening"},
    "thaw": {"freeze.lift"},
    "epoch": {"epoch"},
}
UNDOING = frozenset({"unmint", "release"})


# While it goes on


def placed(world: World, of: str) -> None:
    """Look at one settlement on both networks and at the bank, as they stand this moment."""
    sale = world.sales.get(of)
    if sale is None:
        world.wrong(f"{of}: a network moved something for nobody")
        return
    first, second = (
        _slot(world, sale.origin, "origin", of),
        _slot(world, sale.destination, "destination", of),
    )
    o, d = first.state.value, second.state.value
    if d in {"open", "done"} and o not in {"open", "done"}:
        world.wrong(f"{of}: a twin ({d}) beside an original that is not locked ({o})")
    if d == "done" and o != "done":
        world.wrong(f"{of}: assigned beside an original that is not burned ({o})")
    if o == "done" and d not in {"open", "done"}:
        world.wrong(f"{of}: burned at the origin and not there at the destination ({d})")
    payment = next((p for p in world.bank.payments.values() if p.settlement == of), None)
    state = "none" if payment is None else payment.state.value
    if o == "done" and sale.minor and (payment is None or payment.booked != sale.minor):
        world.wrong(f"{of}: burned without its payment ({state})")
    given_back = o in {"spent", "escaped"} and first.ticket is not None
    if given_back and state in {"pending", "settled"}:
        world.wrong(f"{of}: given back with its payment {state}")


def _slot(world: World, network: NetworkId, side: str, of: str) -> Slot:
    return world.chains[network].escrow.slots.get(f"{side}/{of}", EMPTY)


def supply(world: World) -> None:
    """Count every unit once: free, locked, or on its way between burn and assignment."""
    for asset in ("bond", "paper"):
        free = sum(
            units
            for chain in world.chains.values()
            for (of, _, account), units in chain.escrow.balances.items()
            if of == asset and account != VAULT and not account.startswith("slot/")
        )
        moving = 0
        for sale in world.sales.values():
            o = _slot(world, sale.origin, "origin", sale.id).state.value
            d = _slot(world, sale.destination, "destination", sale.id).state.value
            if sale.asset == asset and (o == "open" or (o == "done" and d == "open")):
                moving += sale.units
        if free + moving != ISSUED * PARTIES:
            world.wrong(f"{asset}: {free} free and {moving} moving of {ISSUED * PARTIES}")


# What the ledger says


def entries(world: World) -> Iterator[Body]:
    """Yield every entry as JSON reads it."""
    for raw, _ in world.ledger.disk.entries:
        yield _read(raw)


@lru_cache(8_192)
def _read(raw: bytes) -> Body:
    found: Body = json.loads(raw)
    return found


def settlements(world: World) -> int:
    """Return how many orders the ledger holds."""
    return sum(entry["kind"] == "order" for entry in entries(world))


def stands(world: World) -> dict[str, tuple[str, str]]:
    """Return stage and stop of every order, as its last saga entry says."""
    found: dict[str, tuple[str, str]] = {}
    for entry in entries(world):
        body = entry["body"]
        if entry["kind"] == "order":
            found[body["order"]["id"]] = ("proposed", "")
        elif entry["kind"] == "saga":
            found[body["settlement"]] = (body["to"], body["stop"])
    return found


def resting(world: World) -> bool:
    """Tell whether every order is at rest."""
    return all(stage in REST and not stop for stage, stop in stands(world).values())


def at_the_end(world: World) -> None:
    """Look at everything once more, when all has come to rest."""
    for of in world.sales:
        placed(world, of)
    supply(world)
    _kept(world)
    _chained(world)
    _rested(world)
    _stopped(world)
    _screened(world)
    _balanced(world)
    _votes(world)
    _authorised(world)
    _decided(world)
    _money(world)
    _private(world)


def _kept(world: World) -> None:
    """Every entry that was acknowledged is there, byte for byte, and every order answered for."""
    kept = world.ledger.disk.entries
    for n, leaf in world.acknowledged.items():
        if n >= len(kept) or hashlib.sha256(b"\x00" + kept[n][0]).digest() != leaf:
            world.wrong(f"entry {n} was acknowledged and is not there")
            break
    missing = world.answered - stands(world).keys()
    for of in sorted(missing):
        world.wrong(f"{of}: its client was told that it is in, and it is not")


def _chained(world: World) -> None:
    """Numbers are dense, times never go back, groups are whole, the head's root is the tree's."""
    before, at = 0, 0
    for n, entry in enumerate(entries(world)):
        if entry["n"] != str(n) and entry["n"] != n:
            world.wrong(f"entry {n} says it is {entry['n']}")
        if int(entry["t"]) < before:
            world.wrong(f"entry {n}: its time goes back")
        before = int(entry["t"])
        at = n
    leaves = [hashlib.sha256(b"\x00" + raw).digest() for raw, _ in world.ledger.disk.entries]
    if leaves and _root(leaves).hex() != world.ledger.disk.head.root:
        world.wrong(f"the head at {at} is not the root of its entries")


def _root(leaves: list[bytes]) -> bytes:
    """Return the tree's root, as RFC 6962 2.1 writes it."""
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(leaves[:split]) + _root(leaves[split:])).digest()


def _rested(world: World) -> None:
    """Every order is at rest, and the networks agree with how it ended."""
    for of, (stage, stop) in stands(world).items():
        sale = world.sales[of]
        o = _slot(world, sale.origin, "origin", of)
        d = _slot(world, sale.destination, "destination", of)
        if stage not in REST or stop:
            world.wrong(f"{of}: stuck in {stage} {stop}")
        elif stage == "settled" and d.state.value != "done":
            world.wrong(f"{of}: settled, and the beneficiary has nothing")
        elif stage != "settled":
            if o.state.value not in {"none", "spent"} or d.state.value not in {"none", "spent"}:
                world.wrong(f"{of}: {stage}, and something lies locked")
            for verb, slot in (("lock", o), ("mint", d)):
                if (of, verb) in world.reached and slot.state.value != "spent":
                    world.wrong(f"{of}: {stage}, and a late {verb} could land")


def _stopped(world: World) -> None:
    """Nothing but a hold is signed or prepared under a stop; no answer comes after its visit."""
    stop: dict[str, str] = {}
    visit: dict[str, str] = defaultdict(lambda: "1")
    for entry in entries(world):
        kind, body = entry["kind"], entry["body"]
        if kind == "saga":
            of = body["settlement"]
            if body["event"].get("visit", visit[of]) != visit[of]:
                world.wrong(f"{of}: {body['event']['name']} answers a question of an earlier visit")
            stop[of], visit[of] = body["stop"], body["visit"]
        elif kind == "act" and stop.get(body["act"]["settlement"]):
            if body["act"]["verb"] != "hold":
                world.wrong(f"{body['act']['settlement']}: {body['act']['verb']} under a stop")
        elif kind == "prepared" and stop.get(body["settlement"]) and body["verb"] != "hold":
            world.wrong(f"{body['settlement']}: {body['verb']} prepared under a stop")


def _screened(world: World) -> None:
    """Nothing is locked, paid or given back but after a verdict of its own that let it go."""
    let_go: dict[str, set[str]] = defaultdict(set)
    needs = {"lock": "screening", "pay": "rescreening", "burn": "rescreening",
             "release": "rechecking"}  # fmt: skip
    for entry in entries(world):
        kind, body = entry["kind"], entry["body"]
        if kind == "decision":
            let = body["outcome"] == "clear"
            let = let or (body["stage"] == "rechecking" and body["outcome"] == "reject")
            (let_go[body["settlement"]].add if let else let_go[body["settlement"]].discard)(
                body["stage"]
            )
        elif kind == "prepared":
            wanted = needs.get(body["verb"])
            if wanted is not None and wanted not in let_go[body["settlement"]]:
                world.wrong(f"{body['settlement']}: {body['verb']} without a {wanted}")


def _balanced(world: World) -> None:
    """A sum of our own over every posting: both sides equal, nothing uncovered, nothing pending."""
    accounts: dict[str, Body] = {}
    posted: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])  # debits, credits, pendings
    pending: dict[str, tuple[str, str, int]] = {}
    for entry in entries(world):
        kind, body = entry["kind"], entry["body"]
        if kind == "account":
            accounts[body["id"]] = body
        if kind != "transfer":
            continue
        debit, credit, units = body["debit"], body["credit"], int(body["units"])
        match body["op"]:
            case "post":
                posted[debit][0] += units
                posted[credit][1] += units
            case "pending":
                pending[entry["id"]] = (debit, credit, units)
                posted[debit][2] += units
                posted[credit][3] += units
            case op:
                was = pending.pop(body["of"], None)
                if was != (debit, credit, units):
                    world.wrong(f"{entry['id']}: resolves what is not pending")
                    continue
                posted[debit][2] -= units
                posted[credit][3] -= units
                if op == "post_pending":
                    posted[debit][0] += units
                    posted[credit][1] += units
        gone, come, leaving, _ = posted[debit]
        if accounts[debit].get("covered") and gone + leaving > come:
            world.wrong(f"{debit}: more leaves than is there")
    if sum(p[0] for p in posted.values()) != sum(p[1] for p in posted.values()):
        world.wrong("debits are not credits")
    if pending:
        world.wrong(f"{len(pending)} postings are pending after all came to rest")


def _votes(world: World) -> None:
    """No notary's book holds two votes that exclude each other."""
    for name, file in world.files.items():
        votes: dict[str, list[str]] = defaultdict(list)
        for line in file.written.splitlines(keepends=True):
            if line.endswith(b"\n"):
                said = json.loads(line)
                if "format" in said:
                    continue
                votes[said["settlement"]].append(said["verb"])
        for of, verbs in votes.items():
            if "burn" in verbs and UNDOING & set(verbs):
                world.wrong(f"{of}: {name} voted {verbs}")


def _authorised(world: World) -> None:
    """Whatever an escrow did was written down as an act before."""
    acts = {
        (entry["body"]["act"]["settlement"], entry["body"]["act"]["verb"])
        for entry in entries(world)
        if entry["kind"] == "act"
    }
    for chain in world.chains.values():
        for event in chain.events:
            told = json.loads(event[64:])
            verb = VERBS.get(told["name"])
            if verb is not None and (told["settlement"], verb) not in acts:
                world.wrong(f"{told['settlement']}: {told['name']}, and nobody was asked to")


def _decided(world: World) -> None:
    """What takes two people was said by two, about just that, in the group that did it."""
    proposals: dict[str, Body] = {}
    group: list[Body] = []
    for n, entry in enumerate(entries(world)):
        start = n - int(entry["group"]["at"]) if "group" in entry else n
        group = [*group, entry] if start < n else [entry]
        kind, body = entry["kind"], entry["body"]
        if kind == "proposal":
            proposals[body["id"]] = body
        if kind not in DECIDED or start == 0 or (kind == "lane" and "by" in body):
            continue
        said = [
            (proposals[one["body"]["proposal"]], one["body"])
            for one in group
            if one["kind"] == "approval" and one["body"]["state"] == "done"
        ]
        if not any(
            asked["subject"] in DECIDED[kind]
            and asked["maker"] != word["person"]
            and (asked["target"] == body["scope"] if kind == "thaw" else asked["payload"] == body)
            for asked, word in said
        ):
            world.wrong(f"entry {n}: a {kind} that no two people decided on")


def _money(world: World) -> None:
    """Each settlement moved its money once, and no money appeared."""
    total = sum(world.bank.accounts.values())
    if total != PARTIES * 10**12:
        world.wrong(f"the bank holds {total}")
    paid: dict[str, int] = defaultdict(int)
    stood = stands(world)
    for payment in world.bank.payments.values():
        if payment.state.value == "settled":
            paid[payment.settlement] += 1
    for of, times in paid.items():
        if times > 1:
            world.wrong(f"{of}: paid {times} times")
        if stood.get(of, ("", ""))[0] != "settled":
            world.wrong(f"{of}: paid, and not settled")


def _private(world: World) -> None:
    """No name and no account stands in an entry or on a network."""
    for n, (raw, _) in enumerate(world.ledger.disk.entries):
        if CANARY.encode() in raw:
            world.wrong(f"entry {n} tells a name")
    for network in (ORIGIN, DESTINATION):
        if any(CANARY.encode() in event for event in world.chains[network].events):
            world.wrong(f"{network} was told a name")


def sale_of(world: World, of: str) -> Sale | None:
    return world.sales.get(of)
