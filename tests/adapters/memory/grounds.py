"""Memory worlds for tests: in virtual time, which jumps to whatever is due next."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.conformance.bench import Bench, DestinationSide, OriginSide
from adapters.conformance.exam import EPOCH, NOTARY_KEYS, THRESHOLD, Owned
from adapters.conformance.railbench import Accounts, RailBench, Says, Will
from adapters.memory.bank import Bank
from adapters.memory.codec import public_hex, verify
from adapters.memory.direct import Direct
from adapters.memory.escrow import VAULT
from adapters.memory.ground import Ground
from adapters.memory.network import MemoryNetwork
from adapters.memory.rail import MemoryRail
from bridge.core.canonical import Value
from bridge.core.consent import Consent
from bridge.core.events import Fact
from bridge.core.ids import Instant, NetworkId
from bridge.core.money import money
from bridge.core.order import SettlementOrder

HERE = NetworkId("memory:here")
START = 1_767_225_600_000
BLOCK_MS, FINALITY_MS, LIFE_MS = 1_000, 3_000, 20_000


class LoopClock:
    """The running loop's time as a clock."""

    def now(self) -> Instant:
        return Instant(START + round(asyncio.get_running_loop().time() * 1_000))


def key(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(name.encode()).digest())


def seed(name: str) -> str:
    return key(name).private_bytes_raw().hex()


@dataclass
class Here:
    """One network with an operator, two holders, and assets made on demand."""

    ground: Ground
    network: MemoryNetwork
    made: int = 0
    is_home: bool = True

    @property
    def client(self) -> Direct:
        return self.ground.clients[HERE]

    def do(self, what: str, **words: Value) -> None:
        self.ground.do({"do": what, "at": HERE, **words})

    async def new_asset(self) -> Owned:
        self.made += 1
        asset = f"asset-{self.made}"
        self.do("asset", asset=asset, home=self.is_home)
        if self.is_home:
            self.do("issue", asset=asset, part="", account="holder", units="5")
        return Owned(escrow="escrow", asset=asset, account="holder", units=5)

    async def new_twin(self) -> Owned:
        """What may be made here; at home, an original whose owner sent it away before."""
        owned = await self.new_asset()
        if self.is_home:
            escrow = self.ground.chains[HERE].escrow
            escrow.balances[owned.asset, "", VAULT] = escrow.balances.pop(
                (owned.asset, "", "holder")
            )
        return Owned(escrow="escrow", asset=owned.asset, account="receiver", units=5)

    async def sign_consent(self, order: SettlementOrder) -> Consent:
        owed = self.network.consent_owed(order)
        return Consent(
            settlement=order.id,
            terms=order.terms,
            network=HERE,
            by=owed.by,
            kind=owed.kind,
            public_key=public_hex(key("holder")),
            signature=key("holder").sign(owed.message),
            not_after=order.deadline,
        )

    async def holding(self, owned: Owned, account: str) -> int:
        return self.ground.chains[HERE].escrow.balance(owned.asset, owned.part, account)

    def pinned(self) -> Value:
        chain = self.ground.chains[HERE]
        return {"kind": "network", "network": HERE, "escrow": "escrow", "key": chain.public_key}

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        return verify(evidence, self.pinned())

    async def undo(self) -> None:
        """Drop the block that holds what was sent last, before it is final."""
        await asyncio.sleep((BLOCK_MS + 1) / 1_000)
        self.do("reorganise", depth="1", drop=True)

    async def break_finality(self) -> None:
        await asyncio.sleep((FINALITY_MS + 1) / 1_000)
        self.do("reorganise", depth="2", drop=True)

    async def close(self) -> None:
        self.client.closed = True
        self.client.wake()

    async def reopen(self) -> None:
        self.client.closed = False

    def bench(self, *, destination: bool = False) -> Bench:
        make: Callable[[], Awaitable[Owned]] = self.new_twin if destination else self.new_asset
        side = (
            DestinationSide(self.network)
            if destination
            else OriginSide(self.network, self.sign_consent)
        )
        return Bench(
            side=side,
            clock=LoopClock(),
            new_asset=make,
            verify=self.verify,
            patience_s=1_000,
            holding=self.holding,
            undo=self.undo,
            break_finality=self.break_finality,
            close=self.close,
            reopen=self.reopen,
        )


def here(*, is_home: bool = True, block_ms: int = BLOCK_MS, finality_ms: int = FINALITY_MS) -> Here:
    """A network that trusts the exam's notaries."""
    ground = Ground(LoopClock())
    ground.do(
        {"do": "network", "name": HERE, "escrow": "escrow", "key": seed("network"),
         "block_ms": str(block_ms), "finality_ms": str(finality_ms)}
    )  # fmt: skip
    network = MemoryNetwork(
        HERE,
        "escrow",
        ground.clients[HERE],
        LoopClock(),
        operator=key("operator"),
        finality_ms=finality_ms,
        tx_life_ms=LIFE_MS,
    )
    made = Here(ground, network, is_home=is_home)
    made.do("operator", key=public_hex(key("operator")))
    made.do("notaries", epoch=str(EPOCH), keys=" ".join(NOTARY_KEYS), threshold=str(THRESHOLD))
    for account in ("holder", "receiver"):
        made.do("account", account=account, key=public_hex(key(account)))
    return made


RAIL = NetworkId("rail:here")
ACCOUNTS = Accounts(
    debtor="Buyer Ltd",
    debtor_account="HK-DEBTOR",
    debtor_agent="HSBCHKHH",
    creditor="Seller Co",
    creditor_account="CN-CREDITOR",
    creditor_agent="BKCHCNBJ",
)
FATES: dict[Will, str] = {
    "settle": "settle",
    "reject": "reject",
    "wait": "silent",
    "partial": "partial",
}


class Counter:
    """One bank with two accounts."""

    def __init__(self, *, minor: int = 10**9) -> None:
        self.ground = Ground(LoopClock())
        self.ground.do({"do": "bank", "name": RAIL, "key": seed("bank"), "settle_ms": "500"})
        self.do("money", account=ACCOUNTS.debtor_account, currency="HKD", minor=str(minor))
        self.do("money", account=ACCOUNTS.creditor_account, currency="HKD", minor="0")
        self.rail = MemoryRail(
            RAIL, self.ground.clients[RAIL], LoopClock(), message_life_ms=LIFE_MS
        )

    @property
    def bank(self) -> Bank:
        return self.ground.banks[RAIL]

    def do(self, what: str, **words: Value) -> None:
        self.ground.do({"do": what, "at": RAIL, **words})

    async def will(self, order: SettlementOrder, what: Will) -> None:
        self.do("fate", settlement=order.id, **{"is": FATES[what]})

    async def answers(self, order: SettlementOrder, says: Says) -> None:
        self.do("word", settlement=order.id, **{"is": says})

    async def settles(self, order: SettlementOrder) -> None:
        self.do("settle", uetr=order.uetr)

    async def books(self, order: SettlementOrder) -> int:
        payment = self.bank.payments.get(order.uetr)
        return int(payment is not None and payment.state == "settled")

    def verify(self, evidence: bytes) -> tuple[Fact, ...]:
        pinned = {"kind": "bank", "network": RAIL, "key": self.bank.public_key}
        return verify(evidence, pinned)

    def bench(self) -> RailBench:
        return RailBench(
            rail=self.rail,
            clock=LoopClock(),
            accounts=ACCOUNTS,
            amount=money("10.00", "HKD"),
            verify=self.verify,
            bank_will=self.will,
            bank_answers=self.answers,
            bank_settles=self.settles,
            books=self.books,
            patience_s=1_000,
        )
