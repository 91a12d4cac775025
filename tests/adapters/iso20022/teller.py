"""A rail and its bank for tests: real HTTP on loopback, and a ledger that keeps what it is told."""

from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typing_extensions import override

from adapters.conformance.railbench import Accounts, RailBench, Says, Will
from adapters.iso20022.agreement import Agreement, Instruct, Proof
from adapters.iso20022.bank import House, WallClock, filing, opened
from adapters.iso20022.bank_desk import Desk
from adapters.iso20022.bank_paper import Pen
from adapters.iso20022.bank_words import State
from adapters.iso20022.client import HttpChannel
from adapters.iso20022.evidence import verify
from adapters.iso20022.folder import FolderChannel, lay_out, watching
from adapters.iso20022.judging import Judge
from adapters.iso20022.listener import listening
from adapters.iso20022.rail import IsoRail
from adapters.iso20022.signed import signer
from bridge.core.effects import PaymentEffect
from bridge.core.events import Fact
from bridge.core.ids import Bic, Cursor, Instant, NetworkId, TxRef
from bridge.core.money import money
from bridge.core.order import SettlementOrder
from bridge.ports import Check, Clock, Disclosed, Page, Prepared, Sight

RAIL = NetworkId("rail:iso")
OWN, BANK = Bic("LIANHKHH"), Bic("BKCHCNBJ")
NOSTRO = "NOSTRO-1"
LIFE_MS = 30_000  # longer than a busy machine ever stands still
LEAP = 50  # how much faster the clock runs while a bench sleeps
ACCOUNTS = Accounts(
    debtor="Buyer Ltd",
    debtor_account="HK-DEBTOR",
    debtor_agent=BANK,
    creditor="Seller Co",
    creditor_account="CN-CREDITOR",
    creditor_agent=BANK,
)
WILLS: dict[Will, str] = {
    "settle": "settle",
    "reject": "reject",
    "wait": "wait",
    "partial": "partial",
}


def ed25519(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def p256(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(sha256(name.encode()).digest()), ec.SECP256R1())


OURS = signer("gateway-1", ed25519("gateway"))
THEIRS = signer("bank-1", p256("bank"))


@dataclass
class Ledger:
    """What was kept, as a ledger would have it."""

    held: dict[str, bytes] = field(default_factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.held.get(key)

    def keys(self, prefix: str) -> tuple[str, ...]:
        return tuple(sorted(key for key in self.held if key.startswith(prefix)))

    def keep(self, kept: tuple[tuple[str, bytes | None], ...]) -> None:
        for key, value in kept:
            if value is None:
                self.held.pop(key, None)
            else:
                self.held[key] = value


@dataclass
class Journalled:
    """A rail whose pages and messages are committed before anybody sees them."""

    rail: IsoRail
    ledger: Ledger

    @property
    def id(self) -> NetworkId:
        return self.rail.id

    @property
    def finality_ms(self) -> int:
        return self.rail.finality_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        return await self.rail.preflight(order, disclosed)

    async def prepare(
        self, effect: PaymentEffect, disclosed: Disclosed, replaces: TxRef | None = None
    ) -> Prepared:
        prepared = await self.rail.prepare(effect, disclosed, replaces)
        self.ledger.keep(prepared.keep)
        return replace(prepared, keep=())

    async def submit(self, prepared: Prepared) -> None:
        await self.rail.submit(prepared)

    async def look(self, prepared: Prepared) -> Sight:
        return await self.rail.look(prepared)

    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        async with aclosing(self.rail.observe(since)) as reading:
            async for page in reading:
                for one in page:
                    self.ledger.keep(one.keep)
                yield page


def agreed(instruct: Instruct = Instruct.PAIN_001, **changed: object) -> Agreement:
    customer = instruct is Instruct.PAIN_001
    made = Agreement(
        network=RAIL,
        instruct=instruct,
        proof=Proof.STATUS_AND_BOOKING,
        profile="customer" if customer else "cbpr+2026",
        own_bic=OWN,
        bank_bic=BANK,
        header="" if customer else "head.001.001.02",
        service="" if customer else "swift.cbprplus.03",
        account="" if customer else NOSTRO,
        life_ms=LIFE_MS,
        own_keys={OURS.name: OURS.public},
        bank_keys={THEIRS.name: THEIRS.public},
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def desk(agreement: Agreement, minor: int = 10**9) -> Desk:
    made = Desk(
        signer=THEIRS,
        partner_keys={OURS.name: OURS.public},
        pen=Pen(
            bic=agreement.bank_bic,
            partner=agreement.own_bic,
            header=not agreement.is_customer,
            service=agreement.service,
        ),
        customer=agreement.is_customer,
        partner_account=agreement.account,
        life_ms=agreement.life_ms,
    )
    payer = ACCOUNTS.debtor_account if agreement.is_customer else NOSTRO
    made.open_account(payer, "HKD", minor)
    made.open_account(ACCOUNTS.creditor_account, "HKD", 0)
    return made


@dataclass
class LeapingClock:
    """The wall's time, and as much as was slept through: a busy machine makes no message late."""

    wall: Clock = field(default_factory=WallClock)
    ahead_ms: int = 0

    def now(self) -> Instant:
        return Instant(self.wall.now() + self.ahead_ms)


@dataclass(kw_only=True)
class LeapingBench(RailBench):
    """A bench that lives through a message's life in some dozen looks."""

    leaping: LeapingClock

    @override
    async def sleep(self, ms: int) -> None:
        self.leaping.ahead_ms += LEAP * ms
        await super().sleep(ms)


@dataclass
class Counter:
    """A rail, its ledger, and the bank on the other side of two doors."""

    rail: Journalled
    house: House
    agreement: Agreement
    bank_address: str
    own_address: str
    clock: LeapingClock

    @property
    def desk(self) -> Desk:
        return self.house.desk

    def tell(self, do: str, **words: str) -> None:
        self.house.tell({"do": do, **words})

    async def will(self, order: SettlementOrder, what: Will) -> None:
        self.tell("fate", uetr=order.uetr, **{"is": WILLS[what]})

    async def answers(self, order: SettlementOrder, says: Says) -> None:
        self.tell("word", uetr=order.uetr, **{"is": says})

    async def settles(self, order: SettlementOrder) -> None:
        self.tell("settle", uetr=order.uetr)

    async def books(self, order: SettlementOrder) -> int:
        payment = self.desk.payments.get(order.uetr)
        return int(payment is not None and payment.state is State.SETTLED)

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, self.agreement.pinned())

    def bench(self) -> RailBench:
        return LeapingBench(
            rail=self.rail,
            clock=self.clock,
            leaping=self.clock,
            accounts=ACCOUNTS,
            amount=money("10.00", "HKD"),
            verify=self.verify,
            bank_will=self.will,
            bank_answers=self.answers,
            bank_settles=self.settles,
            books=self.books,
            patience_s=20,
        )


@asynccontextmanager
async def desk_with_folders(agreement: Agreement, folder: Path) -> AsyncGenerator[Counter]:
    """A rail and a bank that speak by files while the body runs."""
    clock = LeapingClock()
    house = House(desk(agreement), clock, "")
    ledger = Ledger()
    own, bank = folder / "own", folder / "bank"
    lay_out(own)
    lay_out(bank)
    channel = FolderChannel(bank, agreement.bank_keys, clock)
    rail = IsoRail(agreement, channel, OURS, clock, ledger, judge=Judge(agreement, clock))
    async with filing(house, clock, bank, own), watching(rail.inbox, own, OURS, clock):
        yield Counter(Journalled(rail, ledger), house, agreement, str(bank), str(own), clock)


@asynccontextmanager
async def counter(agreement: Agreement, made: Desk | None = None) -> AsyncGenerator[Counter]:
    """A rail and a bank that speak over HTTP while the body runs."""
    clock = LeapingClock()
    house = House(made if made is not None else desk(agreement), clock, "http://127.0.0.1:9")
    ledger = Ledger()
    async with (
        opened(house, clock, "127.0.0.1", 0) as bank_address,
        aiohttp.ClientSession() as session,
    ):
        channel = HttpChannel(session, bank_address, agreement.bank_keys)
        rail = IsoRail(agreement, channel, OURS, clock, ledger, judge=Judge(agreement, clock))
        async with listening(rail.inbox, "tcp:127.0.0.1:0") as own_address:
            house.partner = own_address
            yield Counter(
                Journalled(rail, ledger), house, agreement, bank_address, own_address, clock
            )
