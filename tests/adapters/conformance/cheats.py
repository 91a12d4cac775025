"""The memory network with one bug planted, again and again: what the exam has to find."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any

from typing_extensions import override

from adapters.memory import chain as chains
from adapters.memory.chain import Block, Chain, Standing
from adapters.memory.codec import (
    Transaction,
    is_signed,
    read_transaction,
)
from adapters.memory.escrow import Escrow, Written
from adapters.memory.network import MemoryNetwork
from adapters.memory.slots import EMPTY, Slot, State
from bridge.core.act import Act
from bridge.core.effects import Verb
from bridge.core.ids import Cursor, Instant, TxRef
from bridge.ports import (
    AdapterError,
    Again,
    Answered,
    Landed,
    Never,
    Page,
    Prepared,
    Sight,
    Unknown,
)


class Careless(Escrow):
    """Moves what is not there, so that a bug of the slots is not stopped by the accounts."""

    @override
    def _move(self, ticket: Any, giver: str, taker: str) -> Any:
        try:
            return super()._move(ticket, giver, taker)
        except AssertionError:
            return ()


class NoFence(Escrow):
    """Tells the fence of an unused id and forgets it."""

    @override
    def execute(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Written:
        written = super().execute(tx, signers, now)
        if tx.act.verb in {Verb.RELEASE, Verb.UNMINT} and written.before is None:
            del self.slots[written.key]
            return replace(written, after=EMPTY)
        return written


class OneIsEnough(Escrow):
    """Takes one notary's word."""

    @override
    def authentic(self, tx: Transaction) -> frozenset[str]:
        quorum = self.epochs.get(tx.act.epoch)
        if quorum is None:
            return super().authentic(tx)
        self.epochs[tx.act.epoch] = replace(quorum, threshold=1)
        try:
            super().authentic(tx)
            return quorum.keys
        finally:
            self.epochs[tx.act.epoch] = quorum


class CountsTwice(Escrow):
    """Counts signatures instead of signers."""

    @override
    def authentic(self, tx: Transaction) -> frozenset[str]:
        quorum = self.epochs.get(tx.act.epoch)
        true = [one for one in tx.signatures if is_signed(one.signer, one.signature, tx.message)]
        if quorum and len([one for one in true if one.signer in quorum.keys]) >= quorum.threshold:
            return quorum.keys
        return super().authentic(tx)


class NoConsent(Escrow):
    """Locks without asking the holder."""

    @override
    def authentic(self, tx: Transaction) -> frozenset[str]:
        if tx.act.verb is Verb.LOCK:
            return frozenset({self.holders[tx.act.party]})
        return super().authentic(tx)


class Anywhere(Escrow):
    """Does not read for which network or escrow an act is."""

    @override
    def check(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Slot:
        act = replace(tx.act, network=self.network, escrow=self.name)
        return super().check(replace(tx, act=act), signers, now)


class AnyTicket(Escrow):
    """Does not compare later verbs with what the slot was opened for."""

    @override
    def check(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Slot:
        return super().check(replace(tx, act=self.believed(tx.act)), signers, now)

    @override
    def execute(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Written:
        return super().execute(replace(tx, act=self.believed(tx.act)), signers, now)

    def believed(self, act: Act) -> Act:
        ticket = self.slots.get(f"{side_of(act)}/{act.settlement}", EMPTY).ticket
        if ticket is None:
            return act
        words = {"units": ticket.units, "terms": ticket.terms, "counterpart": ticket.counterpart}
        return replace(act, **words)  # type: ignore[arg-type]  # the ticket's own words


class NoHold(Escrow):
    """Notes a hold and does not keep it."""

    @override
    def _held(self, act: Act, after: Slot) -> Written:
        return super()._held(act, replace(after, held_until=Instant(0)))


class HoldReplayed(Escrow):
    """Forgets which holds it has seen."""

    @override
    def _held(self, act: Act, after: Slot) -> Written:
        return super()._held(act, replace(after, holds=after.holds[-1:]))


class Timeless(Escrow):
    """Does not read until when a lock or mint may land."""

    @override
    def check(self, tx: Transaction, signers: frozenset[str], now: Instant) -> Slot:
        return super().check(tx, signers, min(now, tx.act.not_after or now))


class LockForAll(Careless):
    """Locks what is not there."""

    @override
    def _admits(self, act: Act, slot: Slot, now: Instant) -> None:
        if act.verb is not Verb.LOCK:
            super()._admits(act, slot, now)


class EndsNothing(Careless):
    """Burns and assigns what was never there."""

    @override
    def _admits(self, act: Act, slot: Slot, now: Instant) -> None:
        if act.verb not in {Verb.BURN, Verb.ASSIGN}:
            super()._admits(act, slot, now)


class KeepsOnRelease(Escrow):
    """Tells a release and gives nothing back."""

    @override
    def _move(self, ticket: Any, giver: str, taker: str) -> Any:
        return () if giver.startswith("slot/") else super()._move(ticket, giver, taker)


class AssignsAtMint(Escrow):
    """Gives the twin to the beneficiary before anybody said so."""

    @override
    def _move(self, ticket: Any, giver: str, taker: str) -> Any:
        to = ticket.party if taker.startswith("slot/") else taker
        return super()._move(ticket, giver if giver == "vault" else "", to)


class TooEarly(Chain):
    """Tells what is in a block as if it were final."""

    @override
    def _append(self, block: Block) -> None:
        super()._append(block)
        self._finalize(self._open.pop())


class TellsTwice(Chain):
    """Tells every event twice."""

    @override
    def _tell(self, told: Any, block: Block) -> None:
        super()._tell(told, block)
        super()._tell(told, block)


class TellsMore(Chain):
    """Signs an event with other units than were moved."""

    @override
    def _tell(self, told: Any, block: Block) -> None:
        more = {"units": str(int(told["units"]) + 1)} if told.get("units", "0") != "0" else {}
        super()._tell({**told, **more}, block)


class ExpiresNever(Chain):
    """Takes a transaction however late it comes."""

    @override
    def receive(self, raw: bytes, now: Instant) -> TxRef:
        tx = read_transaction(raw)
        self._pool.append(
            chains.Pooled(
                tx=replace(tx, expires=Instant(now * 2)),
                signers=self.escrow.authentic(tx),
                arrived=now,
            )
        )
        self._where[tx.id] = None
        return tx.id


class NoFenceSeen(Chain):
    """Keeps its fences and does not show them to who looks."""

    @override
    def standing(self, tx: TxRef, key: str, now: Instant) -> Standing:
        found = super().standing(tx, key, now)
        return replace(found, slot=EMPTY) if found.slot.state is State.SPENT else found


class AlwaysLanded(MemoryNetwork):
    @override
    async def look(self, prepared: Prepared) -> Sight:
        return Landed()


class NeverForUnknown(MemoryNetwork):
    @override
    async def look(self, prepared: Prepared) -> Sight:
        sight = await super().look(prepared)
        return Never("not here") if isinstance(sight, Unknown) else sight


class AgainAtOnce(MemoryNetwork):
    @override
    async def look(self, prepared: Prepared) -> Sight:
        sight = await super().look(prepared)
        return Again("not here") if isinstance(sight, Unknown) else sight


class SkipsOne(MemoryNetwork):
    """A reader who comes back misses an event."""

    @override
    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        first = bool(since)
        async for page in super().observe(since):
            left = page[1:] if first else page
            first = False
            if left:
                yield left


class OtherOrder(MemoryNetwork):
    """Pages come in another order than the network's."""

    @override
    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        async for page in super().observe(since):
            yield tuple(reversed(page))


class OtherOrderLater(MemoryNetwork):
    """The second reader is told in another order than the first."""

    readers = 0

    @override
    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        self.readers += 1
        turned = self.readers > 1
        async for page in super().observe(since):
            yield (*reversed(page[:2]), *page[2:]) if turned else page


class AgainForLanded(MemoryNetwork):
    """Wants to do again what has landed."""

    @override
    async def look(self, prepared: Prepared) -> Sight:
        sight = await super().look(prepared)
        return Again("not here") if isinstance(sight, Landed) else sight


class Anyone(MemoryNetwork):
    """Does not read for which network or escrow an act is."""

    @override
    async def prepare(self, effect: Any, act: Act, *rest: Any) -> Prepared:
        mine = self._id, self._escrow
        self._id, self._escrow = act.network, act.escrow
        try:
            return await super().prepare(effect, act, *rest)
        finally:
            self._id, self._escrow = mine


class Leaks(MemoryNetwork):
    """A call that is ended half way locks the door for ever."""

    busy = False

    @override
    async def submit(self, prepared: Prepared) -> None:
        assert not self.busy, "somebody is inside"
        self.busy = True
        await asyncio.sleep(0)
        await super().submit(prepared)
        self.busy = False


class Panics(MemoryNetwork):
    """Lets its own trouble through the door."""

    @override
    async def submit(self, prepared: Prepared) -> None:
        try:
            await super().submit(prepared)
        except AdapterError as error:
            raise KeyError(prepared.tx) from error


class SendsAtPrepare(MemoryNetwork):
    """Sends while it prepares."""

    @override
    async def prepare(self, *arguments: Any, **named: Any) -> Prepared:
        prepared = await super().prepare(*arguments, **named)
        await self.submit(prepared)
        return prepared


class Optimist(MemoryNetwork):
    """Sees no trouble beforehand."""

    @override
    async def preflight(self, order: Any, disclosed: Any) -> Any:
        checks = await super().preflight(order, disclosed)
        return tuple(replace(check, answer=Answered.YES) for check in checks)


class BlankConsent(MemoryNetwork):
    """Any true signature of the holder is consent to anything."""

    @override
    async def consent_holds(self, order: Any, consent: Any) -> Any:
        check = await super().consent_holds(order, consent)
        return replace(check, answer=Answered.YES)


def side(tx: Transaction) -> str:
    return side_of(tx.act)


def side_of(act: Act) -> str:
    return (
        "origin" if act.verb in {Verb.LOCK, Verb.RELEASE, Verb.BURN, Verb.HOLD} else "destination"
    )
