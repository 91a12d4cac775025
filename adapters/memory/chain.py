"""A chain in a dictionary: a pool, blocks, a finality delay, and numbered events once final.

It reads no clock and draws no chance: every call brings the instant, and what happens between two
calls happens at the instants it was due, so that it does not matter how often somebody looks.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.codec import (
    EVENT_PREFIX,
    FIRST,
    Transaction,
    event_hash,
    public_hex,
    read_transaction,
    sealed,
)
from adapters.memory.escrow import Escrow, Refusal, Written
from adapters.memory.slots import EMPTY, Slot, landed, slot_key
from bridge.core.canonical import Value
from bridge.core.ids import Instant, SettlementId, TxRef

DEPTH_MAX = 256  # final blocks kept so that a test can take them back
SIGNERS_MAX = 1_024  # transactions whose signatures are not verified a second time


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A transaction that was taken and is in no block yet."""

    tx: Transaction
    signers: frozenset[str]
    arrived: Instant


@dataclass(slots=True, kw_only=True)
class Block:
    number: int
    time: Instant
    taken: tuple[Pooled, ...]
    written: list[Written] = field(default_factory=list)
    failed: dict[TxRef, str] = field(default_factory=dict)
    final: bool = False
    events: int = 0  # told before it became final; a reorganisation goes back to them


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the network knows of one transaction and of the slot it is about."""

    now: Instant
    tx: str  # unknown, pooled, included, failed or final
    why: str  # it failed
    slot: Slot  # as final blocks made it
    moving: bool  # a block that is not final yet changes the slot


class Chain:
    """One network: its escrow, its key, its pool and its blocks."""

    def __init__(
        self, escrow: Escrow, key: Ed25519PrivateKey, *, block_ms: int = 0, finality_ms: int = 0
    ) -> None:
        self.escrow = escrow
        self.block_ms = block_ms
        self.finality_ms = finality_ms
        self.paused = False  # nothing becomes final
        self.reordering = False  # the next blocks take the pool the other way round
        self.events: list[bytes] = []
        self._heads: list[str] = [FIRST]  # hash of each event, by number
        self._key = key
        self._pool: list[Pooled] = []
        self._open: deque[Block] = deque()  # not final yet, oldest first
        self._settled: deque[Block] = deque(maxlen=DEPTH_MAX)  # final, newest last
        self._height = 0
        self._signers: dict[TxRef, frozenset[str]] = {}
        self._where: dict[TxRef, Block | None] = {}  # None: in the pool
        self._final_slots: dict[str, Slot] = {}
        self._moving: dict[str, int] = {}  # slots that blocks not yet final change

    @property
    def public_key(self) -> str:
        """The key its events are signed by, in hex."""
        return public_hex(self._key)

    @property
    def unsettled(self) -> bool:
        """Whether there are blocks that are not final yet."""
        return bool(self._open)

    def receive(self, raw: bytes, now: Instant) -> TxRef:
        """Take a transaction into the pool; one known, or whose verb has landed, is taken silently.

        Errors: Refusal where it cannot land as the chain stands; BadWire.
        """
        self.turn(now)
        tx = read_transaction(raw)
        known = self._where.get(tx.id, self)
        if known is None or (isinstance(known, Block) and tx.id not in known.failed):
            return tx.id
        slot = self.escrow.slots.get(slot_key(tx.act.verb, tx.act.settlement), EMPTY)
        signers = self._authentic(tx)
        if landed(tx.act, slot):
            return tx.id
        if now > tx.expires:
            raise Refusal("the transaction has expired")
        self.escrow.check(tx, signers, now)
        self._pool.append(Pooled(tx=tx, signers=signers, arrived=now))
        self._where[tx.id] = None
        self.turn(now)
        return tx.id

    def check(self, raw: bytes, now: Instant) -> None:
        """Raise Refusal if a transaction could not land now; nothing is taken."""
        self.turn(now)
        tx = read_transaction(raw)
        self.escrow.check(tx, self._authentic(tx), now)

    def escape(self, settlement: SettlementId, now: Instant) -> None:
        """Carry out a holder's escape in a block of its own. Errors: Refusal."""
        self.turn(now)
        block = self._block(now, ())
        block.written.append(self.escrow.escape(settlement, now))
        self._append(block)
        self.turn(now)

    def turn(self, now: Instant) -> None:
        """Let everything happen that was due until `now`: blocks first, then what is final."""
        while self._pool and (due := self._pool[0].arrived + self.block_ms) <= now:
            time = Instant(due)
            taken = [one for one in self._pool if one.arrived <= time]
            self._pool = self._pool[len(taken) :]
            if self.reordering:
                taken.reverse()
            self._execute(self._block(time, tuple(taken)))
        while self._open and not self.paused and self._open[0].time + self.finality_ms <= now:
            self._finalize(self._open.popleft())

    def due(self) -> Instant | None:
        """Return when something happens next by itself, or None while nothing is under way."""
        instants = [one.arrived + self.block_ms for one in self._pool[:1]]
        if not self.paused and self._open:
            instants.append(self._open[0].time + self.finality_ms)
        return Instant(min(instants)) if instants else None

    def standing(self, tx: TxRef, key: str, now: Instant) -> Standing:
        """Return what became of a transaction, and its slot as final blocks made it."""
        self.turn(now)
        state, why, block = "unknown", "", self._where.get(tx, self)
        if block is None:
            state = "pooled"
        elif isinstance(block, Block):
            why = block.failed.get(tx, "")
            state = "included" if not block.final else "failed" if why else "final"
        return Standing(
            now=now,
            tx=state,
            why=why,
            slot=self._final_slots.get(key, EMPTY),
            moving=bool(self._moving.get(key)),
        )

    def told(self, after: int, limit: int) -> tuple[bytes, ...]:
        """Return the final events after that number."""
        return tuple(self.events[after : after + limit])

    def head(self, number: int) -> str | None:
        """Return the hash of the event of that number; of 0, what the first one names."""
        return self._heads[number] if 0 <= number < len(self._heads) else None

    def reorganise(self, depth: int, now: Instant, *, drop: bool = False) -> int:
        """Take the last `depth` blocks back and return how many events that were told are undone.

        Their transactions return to the pool the other way round, or are lost. Above the final
        blocks nobody notices; below them finality is broken, which no promise covers.
        """
        self.turn(now)
        back: list[Pooled] = []
        told = len(self.events)
        for _ in range(min(depth, len(self._open) + len(self._settled))):
            block = (self._open or self._settled).pop()
            for written in reversed(block.written):
                self.escrow.undo(written)
                if block.final:
                    self._set_final(written.key, written.before)
                else:
                    self._moving[written.key] -= 1
            if block.final:
                del self.events[block.events :]
                del self._heads[block.events + 1 :]
            for pooled in block.taken:
                self._where.pop(pooled.tx.id, None)
                back.append(Pooled(tx=pooled.tx, signers=pooled.signers, arrived=now))
        if not drop:
            self._pool = [*back, *self._pool]
            self._pool.sort(key=lambda one: one.arrived)
            self._where.update(dict.fromkeys((one.tx.id for one in back), None))
        undone = told - len(self.events)
        self.turn(now)
        return undone

    def _authentic(self, tx: Transaction) -> frozenset[str]:
        """Return who signed; the same bytes are verified once, what signers may do each time."""
        if tx.id not in self._signers:
            while len(self._signers) >= SIGNERS_MAX:
                del self._signers[next(iter(self._signers))]
            self._signers[tx.id] = self.escrow.authentic(tx)
        return self._signers[tx.id]

    def _block(self, time: Instant, taken: tuple[Pooled, ...]) -> Block:
        self._height += 1
        return Block(number=self._height, time=time, taken=taken)

    def _execute(self, block: Block) -> None:
        for pooled in block.taken:
            self._where[pooled.tx.id] = block
            if block.time > pooled.tx.expires:
                block.failed[pooled.tx.id] = "the transaction has expired"
                continue
            try:
                block.written.append(self.escrow.execute(pooled.tx, pooled.signers, block.time))
            except Refusal as refusal:
                block.failed[pooled.tx.id] = str(refusal)
        self._append(block)

    def _append(self, block: Block) -> None:
        for written in block.written:
            self._moving[written.key] = self._moving.get(written.key, 0) + 1
        self._open.append(block)

    def _finalize(self, block: Block) -> None:
        block.final, block.events = True, len(self.events)
        self._settled.append(block)
        for written in block.written:
            self._moving[written.key] -= 1
            if not self._moving[written.key]:
                del self._moving[written.key]
            self._set_final(written.key, written.after)
            self._tell(written.event, block)

    def _set_final(self, key: str, slot: Slot | None) -> None:
        if slot is None:
            self._final_slots.pop(key, None)
        else:
            self._final_slots[key] = slot

    def _tell(self, told: Mapping[str, Value], block: Block) -> None:
        body: dict[str, Value] = {
            **told,
            "network": self.escrow.network,
            "number": str(len(self.events) + 1),
            "block": str(block.number),
            "time": str(block.time),
            "before": self._heads[-1],
        }
        evidence = sealed(EVENT_PREFIX, body, self._key)
        self.events.append(evidence)
        self._heads.append(event_hash(evidence))
