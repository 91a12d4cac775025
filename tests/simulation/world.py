"""Everything outside the daemon, from one seed: networks, bank, disk, lists, and who looks on."""

import random  # noqa: TID251 a world is made from its seed
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from typing_extensions import override

from adapters.memory.bank import Bank
from adapters.memory.chain import Block, Chain
from adapters.memory.codec import public_hex
from adapters.memory.direct import Direct, counter, node
from adapters.memory.escrow import Escrow, Quorum
from bridge.core.canonical import Value, parse
from bridge.core.ids import Instant, NetworkId
from bridge.notary.outcomes import LedgerError
from tests.engine.river import NOTARIES, key
from tests.simulation.disk import LedgerDisk, SimFile, SimOs
from tests.simulation.virtual import SimLoop
from tests.strategies import DESTINATION, NOW, ORIGIN, RAIL

VOTED: Final = frozenset({"mint", "burn", "unmint", "release", "assign"})
PARTIES: Final = 6
CANARY: Final = "Canary"  # stands in every name and account; nowhere but beside the leaves
Draw: TypeAlias = random.Random
ISSUED: Final = 1_000_000_000  # of each asset, to each party, on its home network


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What the world itself knows of an order: who gives what to whom, for how much."""

    id: str
    asset: str
    number: str  # of the instrument
    issued: int
    units: int
    origin: NetworkId
    destination: NetworkId
    seller: int
    buyer: int
    minor: int  # 0: free of payment


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """How rough it is; every share is out of one."""

    crashes: int
    message: float = 0.12  # of messages that meet trouble
    silent: float = 0.02  # of messages whose answer takes longer than anybody waits
    rail: float = 0.3  # of payments the bank does something else with
    power: float = 0.4  # of crashes that are the power's
    slow: float = 0.08  # of calls to a network that take a while
    lies: float = 0.02  # of pages that a node makes up
    disk: float = 0.004  # of calls to the disk that fail
    people: float = 0.35  # of settlements that people meddle with
    short: float = 0.15  # of orders whose deadline is near
    commits: tuple[float, ...] = (0.0, 0.0, 0.001, 0.01)  # s: what a commit takes, by chance


class SimChain(Chain):
    """A chain that shows every block to whoever looks on, also when it is taken back."""

    watcher: "World"

    @override
    def _append(self, block: Block) -> None:
        super()._append(block)
        for written in block.written:
            self.watcher.moved(written.key.partition("/")[2])

    @override
    def reorganise(self, depth: int, now: Instant, *, drop: bool = False) -> int:
        undone = super().reorganise(depth, now, drop=drop)
        for of in list(self.watcher.sales):
            self.watcher.moved(of)
        return undone


def wallet(party: int) -> str:
    return f"p{party}-wallet"


def account(party: int) -> str:
    return f"{CANARY}-ACC{party}"


def name_of(party: int) -> str:
    return f"{CANARY} Trading No {party} Ltd"


@dataclass
class World:
    """One world. What happens in it depends on the seed and on nothing else."""

    seed: int
    size: int
    weather: Weather
    loop: SimLoop
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    sales: dict[str, Sale] = field(default_factory=dict)
    acknowledged: dict[int, bytes] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)  # orders a client was told are in
    recalls: dict[tuple[str, int], Mapping[str, Value]] = field(default_factory=dict)  # as asked
    reached: set[tuple[str, str]] = field(default_factory=set)  # settlement, verb: it got there
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=200))
    rough: bool = True
    errors: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger = LedgerDisk()
        self.notaries = {public_hex(key(name)): name for name in NOTARIES}
        self.os = SimOs(lambda _: None)
        self.mean_steps = 350.0
        self.files = {name: SimFile(name) for name in NOTARIES}
        self.chains: dict[NetworkId, SimChain] = {}
        self.nodes: dict[NetworkId, Direct] = {}
        draw = self.chance("world")
        quorum = Quorum(frozenset(public_hex(key(name)) for name in NOTARIES), 2)
        for network, home in ((ORIGIN, True), (DESTINATION, False)):
            escrow = self.escrow(network)
            escrow.operators = {public_hex(key("operator"))}
            escrow.holders = {wallet(i): public_hex(key(wallet(i))) for i in range(PARTIES)}
            escrow.assets = {"bond": home, "paper": home}
            escrow.epochs = {1: quorum}
            chain = SimChain(
                escrow,
                key(network),
                block_ms=draw.choice((0, 200, 1_000, 2_000)),
                finality_ms=draw.choice((0, 500, 3_000, 12_000)),
            )
            chain.watcher = self
            self.chains[network] = chain
            self.nodes[network] = node(chain, self)
        home_escrow = self.chains[ORIGIN].escrow
        for party in range(PARTIES):
            for asset in ("bond", "paper"):
                home_escrow.issue(asset, "", wallet(party), ISSUED)
        self.bank = Bank(RAIL, key("bank"), settle_ms=draw.choice((0, 300, 4_000)))
        for party in range(PARTIES):
            self.bank.open_account(account(party), "HKD", 10**12)
        self.nodes[RAIL] = counter(self.bank, self)

    @staticmethod
    def escrow(network: NetworkId) -> Escrow:
        return Escrow(network, "escrow")

    def chance(self, what: str) -> Draw:
        """Chance of its own for each purpose, so that one more draw here moves nothing there."""
        return Draw(f"{self.seed}/{what}")

    def now(self) -> Instant:
        """The world's clock is the loop's."""
        return Instant(NOW + int(self.loop.time() * 1000))

    def met(self, what: str, times: int = 1) -> None:
        """Count a fault or an event of the world."""
        self.counts[what] += times
        self.tail.append(f"{self.loop.time():10.3f} {what}")

    def wrong(self, what: str) -> None:
        """Keep a violation once."""
        if what not in self.violations:
            self.violations.append(what)
            self.tail.append(f"{self.loop.time():10.3f} VIOLATION {what}")

    def unheard(self, _loop: object, context: dict[str, object]) -> None:
        """Keep an error that nobody waited for; of a dead process nothing is expected."""
        error = context.get("exception")
        if isinstance(error, Exception) and not isinstance(error, OSError | LedgerError):
            self.wrong(f"nobody heard {type(error).__name__}: {error}")
            self.errors.append(error)

    def carried(self, raw: bytes) -> None:
        """Remember that a message reached its network, or may yet."""
        body = parse(raw[64:] if b'{"act":' in raw else raw)
        if isinstance(body, Mapping) and body.get("kind") == "recall":
            self.recalls[str(body["uetr"]), int(str(body["recall"]))] = body
        act = body.get("act", body) if isinstance(body, Mapping) else {}
        if isinstance(act, Mapping):
            verb = act.get("verb") or act.get("kind")
            of, verb = str(act.get("settlement")), str(verb)
            self.reached.add((of, verb))
            if verb in VOTED:
                self._voted(of, verb, body)

    def _voted(self, of: str, verb: str, body: Value) -> None:
        """See that whoever signed what is on its way had its vote on the disk before."""
        listed = body.get("signatures") if isinstance(body, Mapping) else ()
        line = f'"settlement":"{of}","verb":"{verb}"'.encode()
        for one in listed if isinstance(listed, list | tuple) else ():
            signer = str(one.get("signer")) if isinstance(one, Mapping) else ""
            name = self.notaries.get(signer)
            if name is not None and line not in self.files[name].synced:
                self.wrong(f"{of}: {name} signed {verb} with no vote on the disk")

    def moved(self, of: str) -> None:
        """Look at a settlement that something on a network has moved."""
        from tests.simulation import invariants

        invariants.placed(self, of)
