"""A ledger of a hundred thousand settlements beside one of a thousand: appends and a restart."""

import asyncio
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from bridge.clock import SystemClock
from bridge.core.canonical import Value, digest
from bridge.core.events import PolicyRejected
from bridge.core.ids import (
    AssetId,
    Digest,
    Instant,
    LaneId,
    NetworkId,
    PartyId,
    PersonId,
    SettlementId,
    derived_id,
    new_ulid,
)
from bridge.core.instrument import Instrument, InstrumentKind
from bridge.core.money import Units
from bridge.core.order import Leg, SettlementOrder
from bridge.core.parties import Beneficiary, Commitment, Originator
from bridge.core.settlement import MACHINE, Settlement, advance, proposed
from bridge.notary.entries import Draft, Group
from bridge.notary.event_forms import event_form
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed
from bridge.notary.store.sqlite import SqliteStore
from examples.benchmarks.figure import Figure, Given

SMALL, LARGE = 1_000, 100_000
MEASURED = 1_500  # appends a ledger
NOW = Instant(1_767_225_600_000)
HASH = Digest(sha256(b"x").hexdigest())


def order(number: int) -> SettlementOrder:
    """The n-th order: a share, free of payment, that policy will reject."""
    leg = {"escrow": "escrow", "asset": "token"}
    return SettlementOrder(
        id=SettlementId(new_ulid(Instant(NOW + number), number.to_bytes(10, "big"))),
        lane=LaneId("lane"),
        maker=PersonId("maker"),
        created=NOW,
        deadline=Instant(NOW + 10**9),
        lapse=Instant(NOW + 10**11),
        instrument=Instrument(
            kind=InstrumentKind.RWA_SHARE,
            asset=AssetId("share"),
            profile="share/1",
            issuer="529900T8BM49AURSDO55",
            number=f"S{number}",
            document=HASH,
        ),
        fingerprint=Digest(sha256(str(number).encode()).hexdigest()),
        units=Units(1),
        origin=Leg(network=NetworkId("memory:here"), **leg),
        destination=Leg(network=NetworkId("memory:there"), **leg),
        originator=Originator(party=PartyId("a"), name=Commitment(HASH), account="a"),
        beneficiary=Beneficiary(party=PartyId("b"), name=Commitment(HASH), account="b"),
        salt=HASH,
        consents=(),
    )


def told(number: int) -> tuple[Group, Group]:
    """A settlement from order to rest: three entries in two groups."""
    asked = order(number)
    begun = proposed(asked)
    made = Draft(
        id=derived_id(asked.id, "order"),
        kind="order",
        body={"order": asked.leaf(), "uetr": asked.uetr},
    )
    decision: dict[str, Value] = {
        "settlement": asked.id,
        "visit": str(begun.visit),
        "stage": begun.stage.value,
        "body_hash": asked.terms,
        "pack": HASH,
        "rules": ["screening@1"],
        "outcome": "reject",
        "dossier": HASH,
        "findings": HASH,
        "valid_until": str(10**14),
    }
    event = PolicyRejected(visit=begun.visit, verdict=Digest(digest(decision)))
    ended: Settlement = advance(begun, event)
    saga: dict[str, Value] = {
        "settlement": asked.id,
        "machine": MACHINE,
        "from": begun.stage.value,
        "event": event_form(event),
        "to": ended.stage.value,
        "visit": str(ended.visit),
        "stop": "",
    }
    answered = (
        Draft(id=derived_id(asked.id, "decision"), kind="decision", body=decision),
        Draft(id=derived_id(asked.id, "saga"), kind="saga", body=saga),
    )
    return (
        Group(id=derived_id(asked.id, "group/order"), drafts=(made,)),
        Group(id=derived_id(asked.id, "group/answer"), drafts=answered),
    )


async def _fill(path: Path, count: int) -> None:
    journal = Journal.open(SqliteStore(path), SystemClock())
    for first in range(0, count, 200):
        stories = [told(number) for number in range(first, min(first + 200, count))]
        groups = [group for story in stories for group in story]
        outcomes = await journal.append(groups)
        assert all(isinstance(outcome, Committed) for outcome in outcomes)
    await journal.close()


async def _appends(paths: tuple[Path, Path]) -> list[list[float]]:
    """Seconds of each append; the two ledgers take turns, so that both meet the same machine."""
    journals = [Journal.open(SqliteStore(path), SystemClock()) for path in paths]
    taken: list[list[float]] = [[], []]
    for number in range(MEASURED):
        for which, journal in enumerate(journals):
            group = told(10**6 + number)[0]
            began = time.perf_counter()
            (outcome,) = await journal.append([group])
            taken[which].append(time.perf_counter() - began)
            assert isinstance(outcome, Committed)
    for journal in journals:
        await journal.close()
    return taken


async def _restart(path: Path) -> float:
    began = time.perf_counter()
    journal = Journal.open(SqliteStore(path), SystemClock())
    took = time.perf_counter() - began
    assert journal.trouble is None
    await journal.close()
    return took


def p99(seconds: list[float]) -> float:
    """The time that one of a hundred exceeds."""
    return sorted(seconds)[int(len(seconds) * 0.99)]


def figures(given: Given) -> Iterator[Figure]:
    """The slowest appends of a hundred, and how long a start takes."""
    small, large = given.scratch / "small.sqlite", given.scratch / "large.sqlite"
    asyncio.run(_fill(small, SMALL))
    asyncio.run(_fill(large, LARGE))
    few, many = asyncio.run(_appends((small, large)))
    yield Figure(
        name="ledger_growth.append_p99",
        ours=p99(many) * 1e3,
        theirs=p99(few) * 1e3,
        baseline=f"{SMALL:,} settlements instead of {LARGE:,}, in turns (bar 1.5)",
        unit="ms",
    )
    yield Figure(
        name="ledger_growth.restart",
        ours=asyncio.run(_restart(large)),
        theirs=5.0,
        baseline=f"the bar, in a ledger of {LARGE:,} settlements",
        unit="s",
    )
