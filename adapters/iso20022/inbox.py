"""What arrives and is not yet in the ledger: read, judged at the door, waiting to be committed.

Who brings a message hears of it only after the ledger has it. A repeat is acknowledged again and
does nothing; the same key with other bytes is refused and raises an alarm.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from adapters.iso20022.agreement import Agreement
from adapters.iso20022.judging import Judge, Judged, Refusal
from adapters.iso20022.memo import Memo, repeat_key
from adapters.iso20022.signed import BadSignature, Signed, verified
from bridge.core.ids import NetworkId
from bridge.ports import Notice
from schemas.iso20022.softening import Softening

PENDING_MAX = 1_000  # messages that wait for the ledger; more are told to come again
PENDING_BYTES = 64 * 1024 * 1024  # of them all: six of the largest, or tens of thousands
NOTICES_MAX = 256
COMMIT_S = 20  # how long who brought a message waits for the ledger


class Taken(StrEnum):
    """What becomes of a message at our door."""

    COMMITTED = "committed"
    REPEATED = "repeated"
    CONFLICT = "conflict"
    REFUSED = "refused"
    UNSIGNED = "unsigned"
    BUSY = "busy"  # the ledger has not taken it yet: bring it again


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to who brought a message; findings name rule and place, no value."""

    taken: Taken
    digest: str
    entry: str = ""  # the cursor under which the ledger has it
    findings: tuple[str, ...] = ()


@dataclass(slots=True)
class Arrival:
    """One message between our door and the ledger."""

    signed: Signed
    judged: Judged
    key: str  # against repeats
    done: "asyncio.Future[int]"


class Inbox:
    """The messages that wait, in the order they came."""

    def __init__(self, network: NetworkId, memo: Memo, agreement: Agreement, judge: Judge) -> None:
        self.waiting: dict[str, Arrival] = {}  # by digest
        self.bytes_waiting = 0
        self.again: deque[int] = deque()  # parked ones whose question has come
        self.notices: deque[Notice] = deque(maxlen=NOTICES_MAX)
        self.rejected: deque[tuple[str, Refusal]] = deque(maxlen=NOTICES_MAX)
        self._network = network
        self._memo = memo
        self._agreement = agreement
        self._judge = judge
        self._stirred = asyncio.Event()

    @property
    def softenings(self) -> tuple[Softening, ...]:
        """The rules that are lighter for this bank."""
        return self._judge.softenings

    async def receive(self, signed: Signed) -> Answer:
        """Take a message and wait until the ledger has it."""
        arrival = self._judged(signed)
        if isinstance(arrival, Answer):
            return arrival
        try:
            async with asyncio.timeout(COMMIT_S):
                number = await asyncio.shield(arrival.done)
        except TimeoutError:
            return Answer(Taken.BUSY, signed.digest, findings=("the ledger has not taken it yet",))
        if number == 0:
            return Answer(Taken.BUSY, signed.digest, findings=("the door is closing",))
        return Answer(Taken.COMMITTED, signed.digest, entry=str(number))

    def close(self) -> None:
        """Let nobody wait any longer; what was not committed is brought again."""
        for arrival in self.waiting.values():
            if not arrival.done.done():
                arrival.done.set_result(0)

    def _judged(self, signed: Signed) -> Arrival | Answer:
        digest = signed.digest
        held = self.waiting.get(digest)
        if held is not None:
            return held
        try:
            judged = self._judge.inbound(verified(signed, self._agreement.bank_keys).raw)
        except BadSignature as error:
            self.alarm("message.unsigned", str(error))
            return Answer(Taken.UNSIGNED, digest, findings=(str(error),))
        except Refusal as error:
            self.alarm("message.refused", str(error))
            if self._agreement.reject and error.is_answered:
                self.rejected.append((digest, error))
                self._stirred.set()
            return Answer(Taken.REFUSED, digest, findings=error.findings)
        key = repeat_key(judged.message)
        before = self._memo.known(key) or self._known_waiting(key)
        if before is not None:
            if before == digest:
                return Answer(Taken.REPEATED, digest)
            self.alarm("message.conflict", "COR-004 the same key with other bytes")
            return Answer(Taken.CONFLICT, digest, findings=("COR-004",))
        if len(self.waiting) >= PENDING_MAX or self.bytes_waiting >= PENDING_BYTES:
            return Answer(Taken.BUSY, digest, findings=("too many wait for the ledger",))
        arrival = Arrival(signed, judged, key, asyncio.get_running_loop().create_future())
        self.waiting[digest] = arrival
        self.bytes_waiting += len(signed.raw)
        self._stirred.set()
        return arrival

    def _known_waiting(self, key: str) -> str | None:
        for digest, arrival in self.waiting.items():
            if arrival.key == key:
                return digest
        return None

    def alarm(self, what: str, why: str) -> None:
        """Have something said that is of no settlement."""
        self.say(Notice(network=self._network, what=what, detail=why))

    def say(self, notice: Notice) -> None:
        """Have a notice told by the reader."""
        self.notices.append(notice)
        self._stirred.set()

    def stir(self, number: int) -> None:
        """Have a parked message read again."""
        if number not in self.again:
            self.again.append(number)
            self._stirred.set()

    def committed(self, arrival: Arrival, number: int) -> None:
        """Tell who brought a message that the ledger has it."""
        if self.waiting.pop(arrival.signed.digest, None) is not None:
            self.bytes_waiting -= len(arrival.signed.raw)
        if not arrival.done.done():
            arrival.done.set_result(number)

    def next(self) -> Arrival | None:
        """Return the first that waits."""
        return next(iter(self.waiting.values()), None)

    async def stirred(self, within_s: float) -> None:
        """Wait until there is something to do, or so long."""
        if self.waiting or self.again or self.notices or self.rejected:
            return
        self._stirred.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._stirred.wait()
        except TimeoutError:
            return
