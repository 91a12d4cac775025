"""The bench of a rail: orders with a payment, what is disclosed, a bank that is told what to do.

The marker of a rail is one more payment, settled: what is told until then is all there is.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from itertools import count
from typing import Literal

from adapters.conformance.exam import exam_order
from adapters.conformance.telling import proved, read_to
from bridge.core.effects import InstructPayment, PaymentEffect, RecallPayment
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Bic, Cursor, Digest, SettlementId, TxRef
from bridge.core.money import Money
from bridge.core.order import Payment, SettlementOrder
from bridge.core.parties import Agent, Personal, personal
from bridge.ports import Clock, Observation, PaymentRail, Prepared, Sight, Unknown

Will = Literal["settle", "reject", "wait", "partial"]  # what the bank does with a payment
Says = Literal["accept", "refuse"]  # what it answers to a recall


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Two accounts a rail can pay between, with money in the debtor's."""

    debtor: str
    debtor_account: str
    debtor_agent: str
    creditor: str
    creditor_account: str
    creditor_agent: str


def _numbers() -> Iterator[int]:
    return count(1)


@dataclass(kw_only=True)
class RailBench:
    """What a rail brings to its exam. `amount` is paid again and again: some dozen times.

    `moved` tells how often an order's money was really moved, as the bank's books have it; None
    where nobody can look into them.
    """

    rail: PaymentRail
    clock: Clock
    accounts: Accounts
    amount: Money
    verify: Callable[[bytes], tuple[Fact, ...]]
    bank_will: Callable[[SettlementOrder, Will], Awaitable[None]]
    bank_answers: Callable[[SettlementOrder, Says], Awaitable[None]]
    bank_settles: Callable[[SettlementOrder], Awaitable[None]]  # what it let wait
    books: Callable[[SettlementOrder], Awaitable[int]] | None = None
    patience_s: float = 20
    since: Cursor = BEGINNING
    _number: Iterator[int] = field(default_factory=_numbers)
    _disclosed: dict[SettlementId, dict[str, Personal]] = field(default_factory=dict)

    async def new_order(self) -> SettlementOrder:
        """Return an order with a payment of its own."""
        number = next(self._number)
        made = exam_order(number, self.clock.now(), 1)
        seed = sha256(f"{made.id}".encode()).digest()
        words = {
            "debtor": self.accounts.debtor,
            "debtor_account": self.accounts.debtor_account,
            "creditor": self.accounts.creditor,
            "creditor_account": self.accounts.creditor_account,
        }
        kept = {f"payment.{name}": personal(said, seed, name) for name, said in words.items()}
        self._disclosed[made.id] = kept
        payment = Payment(
            rail=self.rail.id,
            amount=self.amount,
            debtor=kept["payment.debtor"].commitment,
            debtor_account=kept["payment.debtor_account"].commitment,
            debtor_agent=Agent(Bic(self.accounts.debtor_agent)),
            creditor=kept["payment.creditor"].commitment,
            creditor_account=kept["payment.creditor_account"].commitment,
            creditor_agent=Agent(Bic(self.accounts.creditor_agent)),
        )
        return replace(made, payment=payment, salt=Digest(sha256(seed).hexdigest()))

    def disclosed(self, order: SettlementOrder) -> dict[str, Personal]:
        """Return what may be told to the rail of an order."""
        return self._disclosed[order.id]

    async def prepare(self, effect: PaymentEffect, replaces: TxRef | None = None) -> Prepared:
        """Return the messages of an instruction or a recall."""
        return await self.rail.prepare(effect, self.disclosed(effect.order), replaces)

    async def pay(self, order: SettlementOrder) -> Prepared:
        """Instruct a payment and wait until the bank has decided."""
        prepared = await self.prepare(InstructPayment(order))
        await self.rail.submit(prepared)
        await self.decided(prepared)
        return prepared

    async def recall(self, order: SettlementOrder, number: int) -> Sight:
        """Recall a payment and wait until the bank has answered."""
        prepared = await self.prepare(RecallPayment(order, number))
        await self.rail.submit(prepared)
        return await self.decided(prepared)

    async def decided(self, prepared: Prepared) -> Sight:
        """Look until the answer is no longer Unknown."""
        async with asyncio.timeout(self.patience_s):
            while isinstance(sight := await self.rail.look(prepared), Unknown):
                await self.sleep(20)
        return sight

    async def sleep(self, ms: int) -> None:
        """Let time pass."""
        await asyncio.sleep(ms / 1000)

    async def moved(self, order: SettlementOrder) -> int | None:
        """Return how often the order's money moved, there less back, or None."""
        return await self.books(order) if self.books is not None else None

    async def facts(self, order: SettlementOrder) -> list[Fact]:
        """Return every fact told of `order` until now, in order, each proved by its evidence."""
        told = proved(await self.observed(), self.verify)
        return [fact for fact in told if fact.settlement == order.id]

    async def names(self, order: SettlementOrder) -> list[str]:
        """Return the names of the facts told of `order` until now."""
        return [type(fact).__name__ for fact in await self.facts(order)]

    async def told(self, order: SettlementOrder) -> None:
        """Read until a fact of `order` was told: a look may wait for what is not read yet."""
        async with asyncio.timeout(self.patience_s):
            while not await self.names(order):
                await self.sleep(20)

    async def observed(self, since: Cursor | None = None) -> list[Observation]:
        """Lay a marker down and return every observed fact up to it, the marker's left out."""
        marker = await self.new_order()
        await self.rail.submit(await self.prepare(InstructPayment(marker)))
        begin = self.since if since is None else since
        return await read_to(self.rail, marker.id, begin, self.patience_s)
