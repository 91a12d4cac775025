"""Why a settlement waits and what can be done: one row for each cause, on wires and as printed."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from adapters.memory.bank import Fate, Word
from adapters.memory.network import MemoryNetwork
from adapters.memory.panel import Fault, Trouble
from bridge.core.canonical import Value
from bridge.core.effects import DestinationEffect, OriginEffect, Verb, verb_of
from bridge.core.ids import SettlementId
from bridge.core.settlement import Stage
from bridge.engine.waiting import REMEDIES, Cause
from bridge.notary.attestor import DevelopmentCustody
from bridge.ports import Check, Prepared, StrangerOwes, Unproved
from tests.api.front import Front, order
from tests.cli.test_manners import Terminal, terminal
from tests.engine import river as world
from tests.policy.packs import pack_value, rule
from tests.strategies import DESTINATION, ORIGIN, RAIL

Patch = pytest.MonkeyPatch
Brought = Callable[[Front, Patch], Awaitable[str]]


async def nothing(desk: Front, _: Patch) -> str:
    return await desk.send()


async def without_consent(desk: Front, _: Patch) -> str:
    sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
    of: str = sent.json["settlement"]
    return of


async def awaiting_a_paper(desk: Front, _: Patch) -> str:
    wanted = [{"kind": "inspection_certificate", "key": "ab" * 32}]
    return await desk.send(conditions=wanted)


async def a_door_takes_its_time(desk: Front, patch: Patch) -> str:
    """A network is asked before policy judges, and takes its time."""

    async def slow(*_: object) -> tuple[Check, ...]:
        await asyncio.Event().wait()
        raise AssertionError

    patch.setattr(MemoryNetwork, "preflight", slow)
    return await desk.send()


async def not_final_yet(desk: Front, _: Patch) -> str:
    desk.water.wires.chains[ORIGIN].paused = True
    return await desk.send()


async def bank_silent(desk: Front, _: Patch) -> str:
    desk.water.wires.bank.fates["*"] = Fate.SILENT
    return await desk.send()


async def recall_unanswered(desk: Front, patch: Patch) -> str:
    """Two people asked the payment back, and the bank says nothing to that either."""
    of = await bank_silent(desk, patch)
    await desk.water.until(SettlementId(of), Stage.PAYING)
    desk.water.wires.bank.words["*"] = Word.SILENT
    assert await desk.water.decide("settlement.recall", of, {}) == "done"
    return of


async def node_gone(desk: Front, _: Patch) -> str:
    shut = Fault(trouble=Trouble.REFUSE, verb=Verb.MINT, times=1_000)
    desk.water.wires.nodes[DESTINATION].panel.add(shut)
    return await desk.send()


async def gone_before_screening(desk: Front, _: Patch) -> str:
    desk.water.wires.nodes[DESTINATION].closed = True
    return await desk.send()


async def bank_gone(desk: Front, _: Patch) -> str:
    shut = Fault(trouble=Trouble.REFUSE, verb=Verb.PAY, times=1_000)
    desk.water.wires.counter.panel.add(shut)
    return await desk.send()


def given_by_somebody(verb: Verb, says: str) -> Brought:
    """A title that its holder gives, or its receiver accepts, on a network of their own."""

    async def brought(desk: Front, patch: Patch) -> str:
        prepare = MemoryNetwork.prepare

        async def asked(
            door: MemoryNetwork, effect: OriginEffect | DestinationEffect, *more: Any
        ) -> Prepared:
            if verb_of(effect) is verb:
                raise StrangerOwes(says)
            return await prepare(door, effect, *more)

        patch.setattr(MemoryNetwork, "prepare", asked)
        return await desk.send()

    return brought


async def too_few_notaries(desk: Front, patch: Patch) -> str:
    """Two of three are not asked any more: fewer than the lane's quorum are left."""
    votes = DevelopmentCustody._votes

    async def alone(custody: DevelopmentCustody, asked: Any, act: Any) -> Any:
        return await votes(custody, tuple(one for one in asked if one.name == "alpha"), act)

    patch.setattr(DevelopmentCustody, "_votes", alone)
    return await desk.send()


async def evidence_found_wrong(desk: Front, patch: Patch) -> str:
    """The notaries' own look at the lock's evidence finds that it proves nothing."""
    proved = DevelopmentCustody._proved

    def looked(custody: DevelopmentCustody, *seen: Any) -> None:
        def no(_: bytes) -> Any:
            raise Unproved("3 receipt: the block has no receipt 7")

        custody._verifiers = dict.fromkeys(custody._verifiers, no)
        proved(custody, *seen)

    patch.setattr(DevelopmentCustody, "_proved", looked)
    return await desk.send()


async def receiver_blocked(desk: Front, patch: Patch) -> str:
    """The token blocks the receiver's wallet once all is paid."""
    of = await bank_silent(desk, patch)
    paying = await desk.water.until(SettlementId(of), Stage.PAYING)
    await told(desk, of, Cause.BANK)
    desk.water.wires.chains[DESTINATION].escrow.blocked.add("buyer-wallet")
    desk.water.wires.bank.settle(paying.order.uetr, desk.water.ring.clock.now())
    desk.water.wires.counter.wake()
    return of


async def bytes_take_time(desk: Front, patch: Patch) -> str:
    """A network takes its time over what it is about to be asked."""

    async def slow(*_: object) -> Prepared:
        await asyncio.Event().wait()
        raise AssertionError

    patch.setattr(MemoryNetwork, "prepare", slow)
    return await desk.send()


async def frozen(desk: Front, patch: Patch) -> str:
    of = await without_consent(desk, patch)
    body = {"scope": f"settlement/{of}", "reason": "a court's order"}
    assert (await desk.ask("POST", "/v1/freezes", body)).status == 201
    return of


async def burned_then_frozen(desk: Front, patch: Patch) -> str:
    """No row leads back from a burn: what is frozen there can only go on."""
    shut = Fault(trouble=Trouble.REFUSE, verb=Verb.BURN, times=1_000)
    desk.water.wires.nodes[ORIGIN].panel.add(shut)
    of = await desk.send()
    await desk.water.until(SettlementId(of), Stage.BURNING)
    body = {"scope": f"settlement/{of}", "reason": "a court's order"}
    assert (await desk.ask("POST", "/v1/freezes", body)).status == 201
    return of


async def paid_otherwise(desk: Front, _: Patch) -> str:
    desk.water.wires.bank.fates["*"] = Fate.WRONG
    return await desk.send()


TOO_OLD = rule("list_freshness", {"list": "house", "warn_hours": "0", "hold_hours": "0"})
QUOTA: dict[str, Value] = {
    "key": [], "measure": "payment_out", "currency": "HKD", "limit": "99999",
    "period": "calendar_year", "zone": "Asia/Shanghai", "border": "le", "over": "hold",
}  # fmt: skip
FULL = rule("person_period_quota", QUOTA, jurisdiction="HK")


def packed(*rules: Mapping[str, Value]) -> Callable[[Patch], None]:
    pack = pack_value(*rules, corridor=["CN-HK", "HK-CN"])
    return lambda patch: patch.setattr(world, "_both_ways", lambda: pack)


def listed(patch: Patch) -> None:
    """The buyer stands on the list."""
    patch.setattr(world, "LIST", world.LIST.replace(b"Nobody Here", b"Buyer Ltd"))


@dataclass(frozen=True, kw_only=True)
class Row:
    """What brings a settlement into a wait, and what is then said of it."""

    cause: Cause
    brought: Brought
    stage: str
    why: str
    remedy: str  # {id}, {uetr}: of the settlement
    stop: str = ""
    before: Callable[[Patch], None] = field(default=lambda _: None)


SELF = "nothing: it goes on by itself"
CANCEL = "lianqiao cancel {id} proposes to give it back"
RECALL = "lianqiao recall {id} proposes to ask the payment back"
OUTSIDE = "ask whom it names to act: nobody here can; then it goes on by itself"
DOCTOR = "lianqiao doctor names what is down; when it is back, this goes on by itself"
NEVER = "lianqiao status shows the alarm: a notary found the evidence wrong"
LOOK = "lianqiao status shows the alarm: see why the network refuses what is owed"
ROWS = {
    "consent missing": Row(
        cause=Cause.CONSENT, brought=without_consent, stage="proposed",
        why="the holder's consent",
        remedy="lianqiao consent show {id} says what the holder signs, consent give brings it",
    ),
    "paper missing": Row(
        cause=Cause.PAPER, brought=awaiting_a_paper, stage="awaiting",
        why="papers: inspection_certificate", remedy=f"who signs the paper brings it; {CANCEL}",
    ),
    "policy judges": Row(
        cause=Cause.POLICY, brought=a_door_takes_its_time, stage="screening",
        why="policy is judging", remedy=SELF,
    ),
    "not final": Row(
        cause=Cause.FINALITY, brought=not_final_yet, stage="locking",
        why=f"finality on {ORIGIN}", remedy=SELF,
    ),
    "bank silent": Row(
        cause=Cause.BANK, brought=bank_silent, stage="paying",
        why=f"the answer of {RAIL}", remedy=f"ask the bank by UETR {{uetr}}; {RECALL}",
    ),
    "recall unanswered": Row(
        cause=Cause.BANK, brought=recall_unanswered, stage="recalling",
        why=f"the answer of {RAIL}", remedy="ask the bank by UETR {uetr}",
    ),
    "node gone": Row(
        cause=Cause.AWAY, brought=node_gone, stage="preparing",
        why=f"{DESTINATION}: ", remedy=DOCTOR,
    ),
    "bank gone": Row(
        cause=Cause.AWAY, brought=bank_gone, stage="paying", why=f"{RAIL}: ", remedy=DOCTOR,
    ),
    "node gone at screening": Row(
        cause=Cause.AWAY, brought=gone_before_screening, stage="screening",
        why=f"{DESTINATION}: ", remedy=DOCTOR,
    ),
    "a title to be given": Row(
        cause=Cause.STRANGER, brought=given_by_somebody(Verb.LOCK, "waits for 0xab to give"),
        stage="locking", why=f"{ORIGIN}: waits for 0xab to give", remedy=f"{OUTSIDE}; {CANCEL}",
    ),
    "a title to be accepted": Row(
        cause=Cause.STRANGER, brought=given_by_somebody(Verb.ASSIGN, "waits for 0xcd to accept"),
        stage="assigning", why=f"{DESTINATION}: waits for 0xcd to accept", remedy=OUTSIDE,
    ),
    "too few notaries": Row(
        cause=Cause.NOTARIES, brought=too_few_notaries, stage="preparing",
        why="notaries: too few notaries",
        remedy="see that the notaries run; when enough of them do, it goes on by itself",
    ),
    "a notary's final no": Row(
        cause=Cause.NEVER_SIGNED, brought=evidence_found_wrong, stage="preparing",
        why="a notary will never sign this: AssetLocked: 3 receipt: the block has no receipt 7",
        remedy=f"{NEVER}; {CANCEL}",
    ),
    "refused, and owed": Row(
        cause=Cause.OWED, brought=receiver_blocked, stage="assigning",
        why="assign/0 was refused, and is still owed", remedy=LOOK,
    ),
    "a listed name": Row(
        cause=Cause.PERSON, brought=nothing, stage="screening", stop="held", before=listed,
        why="held: a person decides",
        remedy="somebody but the maker decides: lianqiao ls approvals",
    ),
    "quota full": Row(
        cause=Cause.QUOTA, brought=nothing, stage="screening", stop="held", before=packed(FULL),
        why="held: a quota has no room for it",
        remedy="lianqiao cancel {id} proposes to give it up; somebody but the maker may clear it",
    ),
    "list stale": Row(
        cause=Cause.LIST, brought=nothing, stage="screening", stop="held", before=packed(TOO_OLD),
        why="held: a screening list is too old",
        remedy="lianqiao lists release NAME FILE brings it; then somebody but the maker clears it",
    ),
    "frozen": Row(
        cause=Cause.FROZEN, brought=frozen, stage="proposed", stop="frozen",
        why="frozen: two people decide how it goes on",
        remedy="lianqiao thaw {id} --go-on or --give-back proposes, a second person decides",
    ),
    "frozen after the point of no return": Row(
        cause=Cause.FROZEN, brought=burned_then_frozen, stage="burning", stop="frozen",
        why="frozen: two people decide how it goes on",
        remedy="lianqiao thaw {id} --go-on proposes, a second person decides",
    ),
    "the facts contradict": Row(
        cause=Cause.SUSPENDED, brought=paid_otherwise, stage="paying", stop="suspended",
        why="suspended: what was seen contradicts what was asked",
        remedy="lianqiao resume {id} --to paying or recalling proposes, a second person decides",
    ),
    "under way": Row(
        cause=Cause.MOVING, brought=bytes_take_time, stage="locking",
        why="it is being carried on", remedy=SELF,
    ),
}  # fmt: skip


async def told(desk: Front, of: str, cause: Cause) -> Mapping[str, Any]:
    """What the API says of a settlement, once it says that cause."""
    shown: Mapping[str, Any] = {}
    try:
        async with asyncio.timeout(15):
            while True:
                shown = (await desk.ask("GET", f"/v1/settlements/{of}")).json
                if shown["cause"] == cause.value:
                    return shown
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"it never waited for {cause.value}: {shown}") from None


def test_every_cause_of_the_closed_list_has_a_row_and_a_remedy() -> None:
    assert {row.cause for row in ROWS.values()} == set(Cause) == set(REMEDIES)


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
async def test_a_settlement_says_for_what_it_waits_and_what_can_be_done(
    row: Row, tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    row.before(monkeypatch)
    async with terminal(tmp_path, capsys) as at:
        of = await row.brought(at.desk, monkeypatch)
        shown = await told(at.desk, of, row.cause)
        remedy = row.remedy.format(id=of, uetr=shown["uetr"])
        assert (shown["stage"], shown["stop"]) == (row.stage, row.stop)
        assert str(shown["waiting"]).startswith(row.why)
        assert shown["remedy"] == remedy
        for name in (of, shown["uetr"]):
            await printed(at, name, row, remedy)
        document = json.loads((await at.type("trace", of, "--output", "json")).out)
        assert (document["cause"], document["remedy"]) == (row.cause.value, remedy)


async def printed(at: Terminal, name: str, row: Row, remedy: str) -> None:
    """What a person reads says the stage, the stop, the reason and the remedy."""
    out = (await at.type("trace", name)).out
    lines = out.replace(f" --folder {at.folder}", "").splitlines()  # as it was typed
    assert any(line.startswith(f"● {row.stage} ") for line in lines), lines
    assert (f"! {row.stop}" in lines) is bool(row.stop)
    (why,) = (line for line in lines if line.startswith("why: "))
    assert why.startswith(f"why: {row.why}")
    assert f"you can do: {remedy}" in lines


async def test_no_running_settlement_waits_for_a_paused_lane_and_a_new_order_is_told_so(
    tmp_path: Path, monkeypatch: Patch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A pause shuts the entrance: what is inside goes on, so it is no cause of waiting."""
    async with terminal(tmp_path, capsys) as at:
        of = await bank_silent(at.desk, monkeypatch)
        await told(at.desk, of, Cause.BANK)
        assert (await at.type("lane", "pause", "sz-hk", "--reason", "odd prices")).exit == 0
        refused = await at.type("send", at.order_file(2))
        assert refused.exit == 4
        assert refused.err.splitlines() == [
            "error LQ-LANE-SHUT: lane sz-hk is paused: odd prices",
            "cause: at body.lane",
            f"next: lianqiao lane open --folder {at.folder} sz-hk, which a second person approves",
        ]
        uetr = at.desk.water.now(SettlementId(of)).order.uetr
        at.desk.water.wires.bank.settle(uetr, at.desk.water.ring.clock.now())
        at.desk.water.wires.counter.wake()
        await at.desk.water.until(SettlementId(of), Stage.SETTLED)
        ended = (await at.type("trace", of)).out
        assert "✓ settled" in ended
        assert "why: " not in ended
