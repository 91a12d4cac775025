"""One effect to one adapter: journal the act, attest, prepare, journal, submit, look.

A crash between any two of these repeats the same bytes. Trouble with the world is triaged here:
what was surely not sent is tried again, what may have been sent is looked for.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from bridge.core.act import Act, Signature
from bridge.core.canonical import Value
from bridge.core.effects import (
    AssignAsset,
    Effect,
    HoldLock,
    InstructPayment,
    LockAsset,
    MintAsset,
    NetworkEffect,
    PaymentEffect,
    RecallPayment,
    UnmintAsset,
    Verb,
    attempt_of,
    network_of,
    verb_of,
)
from bridge.core.events import Answer, EffectRefused, NeverLands, NeverPrepared, NothingToRecall
from bridge.core.ids import Instant, NetworkId, SettlementId, TxRef, derived_id
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement, due
from bridge.core.upkeep import upkeep
from bridge.engine.handing import WORLD_S, handed, under_way
from bridge.engine.keeping import entry_of, kept
from bridge.engine.waiting import Cause, Wait
from bridge.notary.citation import citing_act, consent_signatures, must_read
from bridge.notary.entries import Draft, Expect, Group
from bridge.notary.forms import act_of
from bridge.notary.journal import Journal
from bridge.notary.outcomes import Committed, Overloaded
from bridge.notary.state.view import View
from bridge.ports import (
    Again,
    Attested,
    Attestor,
    Clock,
    DestinationNetwork,
    Disclosed,
    Door,
    Evidence,
    FinalityBroken,
    FinalNo,
    Key,
    Landed,
    Never,
    NotYet,
    OriginNetwork,
    PaymentRail,
    Prepared,
    Refused,
    StrangerOwes,
    Unavailable,
    Uncertain,
    Unknown,
    Unseen,
)

log = structlog.stdlib.get_logger(__name__)

ASK_AGAIN_MS = 2_000  # after a network that is not there, or notaries that are too few
HOLD_AGAIN_MS = 60_000  # a refused hold is asked again, with an alarm each time
PATIENCE_MS = 5_000  # beyond finality before we look at what became of bytes we sent
EXITS = frozenset({Verb.RELEASE, Verb.UNMINT, Verb.BURN, Verb.ASSIGN, Verb.HOLD, Verb.RECALL})


class Stale(Exception):
    """Raised where visit or stop moved on while we worked: the bytes are never submitted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Doors:
    """Every open door, by what it can be asked."""

    origins: Mapping[NetworkId, OriginNetwork]
    destinations: Mapping[NetworkId, DestinationNetwork]
    rails: Mapping[NetworkId, PaymentRail]

    def of(self, effect: NetworkEffect | PaymentEffect) -> Door | None:
        """Return the door an effect goes through, if it is open."""
        where = network_of(effect)
        if isinstance(effect, InstructPayment | RecallPayment):
            return self.rails.get(where)
        if isinstance(effect, MintAsset | UnmintAsset | AssignAsset):
            return self.destinations.get(where)
        return self.origins.get(where)

    async def prepare(
        self,
        effect: NetworkEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None,
    ) -> Prepared:
        """Return the bytes of an asset effect from the door it goes through."""
        where = network_of(effect)
        if isinstance(effect, MintAsset | UnmintAsset | AssignAsset):
            return await self.destinations[where].prepare(effect, act, signatures, replaces)
        return await self.origins[where].prepare(effect, act, signatures, replaces)


class Perform:
    """Carries out what a settlement owes now, one step further each time it is called."""

    def __init__(
        self,
        journal: Journal,
        doors: Doors,
        attestor: Attestor,
        clock: Clock,
        *,
        disclosed: Callable[[SettlementOrder], Disclosed],
        turn: Callable[[NetworkId, Verb], AbstractAsyncContextManager[object]],
        alarm: Callable[[str, SettlementId, str], None],
    ) -> None:
        self._journal = journal
        self._doors = doors
        self._attestor = attestor
        self._clock = clock
        self._disclosed = disclosed
        self._turn = turn
        self._alarm = alarm
        self._sent: dict[SettlementId, dict[Key, TxRef]] = {}  # by this process, until it rests

    async def perform(
        self, settlement: Settlement, effect: NetworkEffect | PaymentEffect
    ) -> Answer | Wait:
        """Take `effect` as far as it goes now; an answer for the machine, or what we wait for."""
        network, verb = network_of(effect), verb_of(effect)
        door = self._doors.of(effect)
        key = Key(settlement.order.id, verb, attempt_of(effect))
        if door is None:
            return self._later(f"no adapter is open for {network}", Cause.AWAY)
        async with self._turn(network, verb):
            try:
                result = await self._carry_out(settlement, effect, door, key)
            except (Stale, Overloaded):  # nothing was written, so nothing was sent
                log.info("effect.stale", settlement_id=key.settlement, verb=verb.value)
                return self._later("it moved on, or the ledger has no room now", Cause.MOVING)
            except StrangerOwes as error:
                return self._later(f"{network}: {error}", Cause.STRANGER)
            except (Unavailable, FinalityBroken) as error:  # who reads it says so, and freezes
                return self._later(f"{network}: {error}", Cause.AWAY)
            except TimeoutError:
                return self._later(f"{network}: no answer in {WORLD_S} s", Cause.AWAY)
        if isinstance(effect, HoldLock) and isinstance(result, Answer):
            # a hold's refusal answers no question of the stage: somebody must look at it
            self._alarm("hold.refused", key.settlement, f"{network} refused to hold the lock")
            again = Instant(self._clock.now() + HOLD_AGAIN_MS)
            return Wait(again, "the hold was refused", Cause.OWED)
        return result

    def _later(self, why: str, cause: Cause) -> Wait:
        return Wait(Instant(self._clock.now() + ASK_AGAIN_MS), why, cause)

    async def _carry_out(
        self,
        settlement: Settlement,
        effect: NetworkEffect | PaymentEffect,
        door: Door,
        key: Key,
    ) -> Answer | Wait:
        prepared = kept(self._journal, key) if key.verb in settlement.prepared else None
        sent = prepared is not None and self._sent.get(key.settlement, {}).get(key) == prepared.tx
        if prepared is not None and (sent or self._lapsed(prepared)):
            return await self._look(settlement, effect, door, prepared, may_hand_over=True)
        if isinstance(effect, RecallPayment) and Verb.PAY not in settlement.prepared:
            return NothingToRecall(visit=settlement.visit)
        if prepared is None:
            ready = await self._prepare(settlement, effect, key, None)
            if not isinstance(ready, Prepared):
                return ready
            prepared = ready
        return await self._submit(settlement, effect, door, prepared)

    async def _prepare(
        self,
        settlement: Settlement,
        effect: NetworkEffect | PaymentEffect,
        key: Key,
        replaces: TxRef | None,
    ) -> Prepared | Answer | Wait:
        """Act, signatures, bytes; each is in the ledger before the next is asked for."""
        signatures: tuple[Signature, ...] = ()
        try:
            if isinstance(effect, InstructPayment | RecallPayment):
                async with asyncio.timeout(WORLD_S):
                    prepared = await self._doors.rails[network_of(effect)].prepare(
                        effect, self._disclosed(effect.order), replaces
                    )
            else:
                act = await self._act(settlement, effect, key)
                signed = await self._signatures(settlement, effect, act)
                if isinstance(signed, Wait):
                    return signed
                signatures = signed
                async with asyncio.timeout(WORLD_S):
                    prepared = await self._doors.prepare(effect, act, signatures, replaces)
        except Refused as error:
            return self._refused(settlement, key, str(error))
        await self._journal_prepared(settlement, prepared, signatures)
        return prepared

    async def _act(self, settlement: Settlement, effect: NetworkEffect, key: Key) -> Act:
        """Return the act, journalled first (rule 3); anew where it has to cite another entry."""
        view = self._journal.view
        act = citing_act(view, settlement, effect)
        assert act is not None, f"{key.text}: what is owed has nothing to cite"
        row = view.act(key.text) if key.verb in settlement.acts else None
        if row is not None and act_of(_object(row.act)) == act:
            return act
        body: dict[str, Value] = {"act": act.body(), "visit": str(settlement.visit)}
        name = derived_id(key.settlement, "act", key.text, act.digest)
        draft = Draft(id=name, kind="act", body=body)
        await self._append(settlement, draft, ())
        self._unmoved(settlement)
        return act

    async def _signatures(
        self, settlement: Settlement, effect: NetworkEffect, act: Act
    ) -> tuple[Signature, ...] | Wait:
        view = self._journal.view
        if isinstance(effect, LockAsset):
            return consent_signatures(view, effect.order)
        evidence = tuple(
            self._evidence(view, settlement.order.id, name)
            for name in must_read(settlement, act.verb)
        )
        async with asyncio.timeout(WORLD_S):
            answer = await self._attestor.attest(act, effect.order, evidence)
        match answer:
            case Attested(signatures=signatures):
                return signatures
            case NotYet(why=why):
                return self._later(f"notaries: {why}", Cause.NOTARIES)
            case FinalNo(why=why):
                self._alarm("attestor.final_no", act.settlement, why)
                return self._later(f"a notary will never sign this: {why}", Cause.NEVER_SIGNED)

    def _evidence(self, view: View, of: SettlementId, name: str) -> Evidence:
        row = view.fact(of, name)
        assert row is not None, f"{of}: {name} is cited but not in the ledger"
        entry = self._journal.raw(row.n)
        assert entry is not None, f"entry {row.n} is gone"
        return Evidence(leaf=row.leaf, entry=entry, raw=self._journal.side(row.side) or b"")

    def _refused(self, settlement: Settlement, key: Key, why: str) -> Answer:
        """Rule 4: *ever* journalled counts every visit, not this one and not memory."""
        log.warning(
            "effect.refused", settlement_id=key.settlement, verb=key.verb.value, why=why[:200]
        )
        if key.verb in settlement.prepared:
            return EffectRefused(visit=settlement.visit)
        return NeverPrepared(visit=settlement.visit)

    async def _journal_prepared(
        self, settlement: Settlement, prepared: Prepared, signatures: tuple[Signature, ...]
    ) -> None:
        """Keep the exact bytes before they are sent: rule 2."""
        draft, side = entry_of(settlement, prepared, signatures)
        await self._append(settlement, draft, side)

    async def _acknowledged(self, settlement: Settlement, key: Key) -> None:
        """Wait until what is kept for `key` has the lane's level, also where a crash left it."""
        view = self._journal.view
        row, lane = view.prepared(key.text), view.lane(settlement.order.lane)
        assert row is not None, f"{key.text}: it is journalled before it is sent"
        level = "committed" if lane is None or key.verb is Verb.LOCK else lane.acknowledge
        await self._journal.wait(row.n, level)

    async def _append(
        self, settlement: Settlement, draft: Draft, side: tuple[tuple[str, bytes | None], ...]
    ) -> None:
        expect = Expect(
            settlement=settlement.order.id, visit=settlement.visit, stop=settlement.stop
        )
        group = Group(id=draft.id, drafts=(draft,), side=side, expect=(expect,), spends=False)
        (outcome,) = await self._journal.append((group,))
        if not isinstance(outcome, Committed):
            raise Stale(str(outcome))

    def _unmoved(self, settlement: Settlement) -> None:
        """Raise Stale where the settlement stands elsewhere than when we began."""
        now = self._journal.view.settlement(settlement.order.id)
        if now is None or (now.visit, now.stop) != (settlement.visit, settlement.stop):
            raise Stale(settlement.order.id)

    async def _submit(
        self,
        settlement: Settlement,
        effect: NetworkEffect | PaymentEffect,
        door: Door,
        prepared: Prepared,
    ) -> Answer | Wait:
        """Hand the bytes over once more, if the settlement still stands where it stood."""
        await self._acknowledged(settlement, prepared.key)
        self._unmoved(settlement)
        sent = self._sent.setdefault(settlement.order.id, {})
        sent[prepared.key] = prepared.tx
        try:
            await handed(door, prepared)
        except Unavailable:
            del sent[prepared.key]
            raise
        except (Refused, Uncertain, TimeoutError) as error:
            if isinstance(error, Refused) and not self._lapsed(prepared):
                return self._refused(settlement, prepared.key, str(error))
            log.info(
                "effect.uncertain",
                settlement_id=prepared.key.settlement,
                verb=prepared.key.verb.value,
                tx=prepared.tx,
            )
            return await self._look(settlement, effect, door, prepared)
        log.info(
            "effect.submitted",
            settlement_id=prepared.key.settlement,
            network_id=prepared.network,
            verb=prepared.key.verb.value,
            tx=prepared.tx,
        )
        return under_way(self._patience(door, prepared), effect)

    def forget(self, of: SettlementId) -> None:
        """Forget what was sent for a settlement that is at rest."""
        self._sent.pop(of, None)

    def _lapsed(self, prepared: Prepared) -> bool:
        return prepared.expires is not None and prepared.expires <= self._clock.now()

    def _patience(self, door: Door, prepared: Prepared) -> Instant:
        patience = Instant(self._clock.now() + door.finality_ms + PATIENCE_MS)
        return patience if prepared.expires is None else min(patience, prepared.expires)

    async def _look(
        self,
        settlement: Settlement,
        effect: NetworkEffect | PaymentEffect,
        door: Door,
        prepared: Prepared,
        *,
        may_hand_over: bool = False,
    ) -> Answer | Wait:
        """Unknown is resolved by looking, never by asking again blindly.

        The very bytes are handed over again where nothing of them is seen, as after our crash.
        """
        async with asyncio.timeout(WORLD_S):
            sight = await door.look(prepared)
        log.info(
            "settlement.looked",
            settlement_id=prepared.key.settlement,
            verb=prepared.key.verb.value,
            outcome=type(sight).__name__,
        )
        later = Instant(self._clock.now() + door.finality_ms + PATIENCE_MS)
        match sight:
            case Landed():
                return under_way(later, effect)
            case Never(why=why):
                log.warning(
                    "effect.refused",
                    settlement_id=prepared.key.settlement,
                    verb=prepared.key.verb.value,
                    why=why[:200],
                )
                return NeverLands(visit=settlement.visit)
            case Unknown(why=why, stranger=True):
                return Wait(later, why, Cause.STRANGER)
            case Unseen() if may_hand_over:
                return await self._submit(settlement, effect, door, prepared)
            case Unknown(why=why):
                return under_way(later, effect, why)
            case Again():
                ready = await self._prepare(settlement, effect, prepared.key, prepared.tx)
                if not isinstance(ready, Prepared):
                    return ready
                return await self._submit(settlement, effect, door, ready)

    def owed(self, settlement: Settlement) -> tuple[Effect, ...]:
        """Return what is to be done now: a hold comes before what the stage owes, and alone."""
        owed = upkeep(settlement, self._clock.now()) or due(settlement)
        return () if owed is None else (owed,)


def _object(value: Value) -> Mapping[str, Value]:
    assert isinstance(value, Mapping), "an act's row holds an object"
    return value
