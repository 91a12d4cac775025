"""The bench an exam is laid on: orders, acts signed by three notaries of its own, and readers.

A card asks for verbs, then lays down a *marker*: the fence of an id nobody used. It reads to the
marker's own fact, so that what is told of its order until then is all there is. A card that
stopped at the first fact would pass a network that tells it twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from adapters.conformance.exam import (
    THRESHOLD,
    Owned,
    Signers,
    exam_act,
    exam_order,
    notaries,
    strangers,
)
from adapters.conformance.telling import proved, read_to
from bridge.core.act import Act, Signature
from bridge.core.consent import Consent
from bridge.core.effects import (
    DestinationEffect,
    LockAsset,
    NetworkEffect,
    OriginEffect,
    ReleaseLock,
    UnmintAsset,
)
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor, TxRef
from bridge.core.order import Leg, SettlementOrder
from bridge.ports import (
    Clock,
    DestinationNetwork,
    Door,
    Observation,
    OriginNetwork,
    Prepared,
    Refused,
    Sight,
    Unavailable,
    Unknown,
)


def _numbers() -> Iterator[int]:
    return count(1)


@dataclass(frozen=True, slots=True)
class OriginSide:
    """A network where assets are locked; `sign_consent` is the holder's word for an order."""

    network: OriginNetwork
    sign_consent: Callable[[SettlementOrder], Awaitable[Consent]]

    def order_of(self, near: Owned, made: SettlementOrder) -> SettlementOrder:
        """Return the order with its origin here."""
        leg = Leg(network=self.network.id, escrow=near.escrow, asset=near.asset, part=near.part)
        who = replace(made.originator, account=near.account)
        return replace(made, origin=leg, originator=who, consents=(self.network.id,))

    def fence(self, order: SettlementOrder) -> NetworkEffect:
        """Return the release, which closes an id that was never locked."""
        return ReleaseLock(order)

    async def ask(
        self,
        effect: NetworkEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None,
    ) -> Prepared:
        """Prepare an origin's effect."""
        assert isinstance(effect, OriginEffect), f"{effect} is not an origin's"
        return await self.network.prepare(effect, act, signatures, replaces)


@dataclass(frozen=True, slots=True)
class DestinationSide:
    """A network where twins are made."""

    network: DestinationNetwork

    def order_of(self, near: Owned, made: SettlementOrder) -> SettlementOrder:
        """Return the order with its destination here."""
        leg = Leg(network=self.network.id, escrow=near.escrow, asset=near.asset, part=near.part)
        whom = replace(made.beneficiary, account=near.account)
        return replace(made, destination=leg, beneficiary=whom)

    def fence(self, order: SettlementOrder) -> NetworkEffect:
        """Return the unmint, which closes an id that was never minted."""
        return UnmintAsset(order)

    async def ask(
        self,
        effect: NetworkEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None,
    ) -> Prepared:
        """Prepare a destination's effect."""
        assert isinstance(effect, DestinationEffect), f"{effect} is not a destination's"
        return await self.network.prepare(effect, act, signatures, replaces)


@dataclass(kw_only=True)
class Bench:
    """What a network brings to its exam.

    `new_asset` makes units that were never locked and says who holds them; at a destination it
    says what may be made, and for whom. `verify` is the adapter's own with its pinned words. What
    a network cannot do is left None, and the cards that need it are skipped by that name.
    Units: `patience_s` bounds one reading; `pass_ms` lets so many milliseconds pass there.
    """

    side: OriginSide | DestinationSide
    clock: Clock
    new_asset: Callable[[], Awaitable[Owned]]
    verify: Callable[[bytes], tuple[Fact, ...]]
    notaries: Signers = notaries
    strangers: Signers = strangers
    patience_s: float = 20
    pass_ms: Callable[[int], Awaitable[None]] | None = None
    holding: Callable[[Owned, str], Awaitable[int]] | None = None  # units of an account
    undo: Callable[[], Awaitable[None]] | None = None  # drop the last block that is not final
    break_finality: Callable[[], Awaitable[None]] | None = None  # take a final block back
    close: Callable[[], Awaitable[None]] | None = None  # from now on nobody answers there
    reopen: Callable[[], Awaitable[None]] | None = None
    since: Cursor = BEGINNING  # where the exam begins to read
    _number: Iterator[int] = field(default_factory=_numbers)
    _marker: Owned | None = None  # the asset that markers name; nothing of it moves

    @property
    def door(self) -> Door:
        """The network, as what all doors share."""
        return self.side.network

    @property
    def origin(self) -> OriginNetwork:
        """The network, as an origin."""
        assert isinstance(self.side, OriginSide), "this card is about an origin"
        return self.side.network

    @property
    def consent(self) -> Callable[[SettlementOrder], Awaitable[Consent]]:
        """How the holder gives their word."""
        assert isinstance(self.side, OriginSide), "this card is about an origin"
        return self.side.sign_consent

    async def new_order(self, owned: Owned | None = None) -> SettlementOrder:
        """Return an order of its own: new id, and a new asset unless one is given."""
        held = owned if owned is not None else await self.new_asset()
        made = exam_order(next(self._number), self.clock.now(), held.units)
        return self.side.order_of(held, made)

    async def signed(self, effect: NetworkEffect, act: Act) -> tuple[Signature, ...]:
        """Return the holder's consent for a lock, the notaries' signatures for the rest."""
        if not isinstance(effect, LockAsset):
            return self.notaries(act, THRESHOLD)
        word = await self.consent(effect.order)
        signer = word.public_key or word.by
        return (Signature(kind=word.kind, signer=signer, signature=word.signature),)

    def act(self, effect: NetworkEffect) -> Act:
        """Return the act of an effect, citing what the exam makes up."""
        return exam_act(effect)

    async def prepare(self, effect: NetworkEffect, replaces: TxRef | None = None) -> Prepared:
        """Return the prepared bytes of an effect, properly signed."""
        act = self.act(effect)
        return await self.side.ask(effect, act, await self.signed(effect, act), replaces)

    async def carry_out(
        self, kind: Callable[[SettlementOrder], NetworkEffect], order: SettlementOrder
    ) -> Prepared:
        """Prepare and submit an effect and wait until it has landed; whatever is refused raises."""
        prepared = await self.prepare(kind(order))
        await self.door.submit(prepared)
        await self.decided(prepared)
        return prepared

    async def try_out(
        self,
        effect: NetworkEffect,
        act: Act | None = None,
        signatures: tuple[Signature, ...] | None = None,
    ) -> None:
        """Try what must not land: the door may refuse at any step, the facts say what came of it.

        A landing shows in the facts; anything but an AdapterError is a finding by itself.
        """
        given = act if act is not None else self.act(effect)
        try:
            signed = signatures if signatures is not None else await self.signed(effect, given)
            prepared = await self.side.ask(effect, given, signed, None)
            await self.door.submit(prepared)
        except (Refused, Unavailable):
            return
        await self.decided(prepared)

    async def decided(self, prepared: Prepared) -> Sight:
        """Look until the answer is no longer Unknown."""
        async with asyncio.timeout(self.patience_s):
            while isinstance(sight := await self.door.look(prepared), Unknown):
                await self.sleep(20)
        return sight

    async def sleep(self, ms: int) -> None:
        """Let time pass, in the network's way where it has one."""
        if self.pass_ms is not None:
            await self.pass_ms(ms)
        else:
            await asyncio.sleep(ms / 1000)

    async def facts(self, order: SettlementOrder) -> list[Fact]:
        """Return every fact told of `order` until now, in order, each proved by its evidence."""
        return [seen for seen in await self.all_facts() if seen.settlement == order.id]

    async def names(self, order: SettlementOrder) -> list[str]:
        """Return the names of the facts told of `order` until now."""
        return [type(fact).__name__ for fact in await self.facts(order)]

    async def all_facts(self) -> list[Fact]:
        """Return every fact the network tells, read from the exam's beginning to a new marker."""
        return proved(await self.observed(), self.verify)

    async def observed(self, since: Cursor | None = None) -> list[Observation]:
        """Lay a marker down and return every observed fact up to it, the marker's left out."""
        if self._marker is None:
            self._marker = await self.new_asset()
        marker = await self.new_order(self._marker)
        prepared = await self.prepare(self.side.fence(marker))
        await self.door.submit(prepared)
        begin = self.since if since is None else since
        return await read_to(self.door, marker.id, begin, self.patience_s)

    def needs(self, capability: str) -> None:
        """Skip the card unless the network has this capability."""
        if getattr(self, capability) is None:
            pytest.skip(f"capability: {capability}")
