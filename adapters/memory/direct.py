"""A chain or a bank in this process, as the client of those who talk to it here.

The fault panel stands in the way of every message. Readers sleep until something is told or is due
by itself; time comes from the clock they were given, so a simulation can turn it.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol

from adapters.memory.bank import Bank
from adapters.memory.chain import Chain
from adapters.memory.codec import BadWire, read_transaction, text, whole
from adapters.memory.escrow import VAULT, Refusal
from adapters.memory.panel import Fault, Panel, Trouble
from adapters.memory.slots import slot_form
from bridge.core.canonical import Value, parse
from bridge.core.effects import Verb
from bridge.core.ids import Instant, TxRef
from bridge.ports import Clock, Refused, Unavailable, Uncertain

PAGE_MAX = 64  # events of one page: the reader commits it before it asks for the next

Answers = Callable[[Mapping[str, Value], Instant], Mapping[str, Value]]


class Far(Protocol):
    """What chain and bank have in common; every call brings the instant."""

    def receive(self, raw: bytes, now: Instant) -> object:
        """Take a message. Errors: Refusal, BadWire."""
        ...

    def turn(self, now: Instant) -> None:
        """Let everything happen that was due until now."""
        ...

    def due(self) -> Instant | None:
        """Return when something happens next by itself."""
        ...

    def told(self, after: int, limit: int) -> tuple[bytes, ...]:
        """Return what was told after that number."""
        ...


class Direct:
    """The client, the fault panel and the waiting readers of one chain or bank."""

    def __init__(
        self,
        far: Far,
        clock: Clock,
        *,
        verb: Callable[[bytes], Verb],
        answers: Answers,
        panel: Panel | None = None,
    ) -> None:
        self.panel = panel if panel is not None else Panel()
        self.closed = False  # the gate: nobody is there
        self._far = far
        self._clock = clock
        self._verb = verb
        self._answers = answers
        self._waiting: set[asyncio.Event] = set()
        self._late: list[tuple[Instant, bytes]] = []

    def through(self, far: Far) -> None:
        """Send and read through `far` instead, which stands before the same chain or bank."""
        self._far = far

    async def send(self, raw: bytes) -> None:
        """Hand a message over, through the faults that wait for it."""
        if self.closed:
            raise Unavailable("the gate is closed")
        with _refusing():
            verb = self._verb(raw)
        self.turn()
        fault = self.panel.take(verb)
        try:
            if fault is not None:
                self._troubled(raw, fault)
            else:
                with _refusing():
                    self._far.receive(raw, self._clock.now())
        finally:
            self.wake()

    async def told(self, after: int, wait_ms: int) -> tuple[bytes, ...]:
        """Return what was told after that number, waiting for it so long."""
        until = self._clock.now() + wait_ms
        while True:
            if self.closed:
                raise Unavailable("the gate is closed")
            self.turn()
            page = self._far.told(after, PAGE_MAX)
            left = until - self._clock.now()
            if page or left <= 0:
                return page
            await self._sleep(left)

    async def ask(self, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Answer from what stands now."""
        if self.closed:
            raise Unavailable("the gate is closed")
        self.turn()
        with _refusing():
            return self._answers(question, self._clock.now())

    def wake(self) -> None:
        """Wake everybody who waits: something happened that was not due."""
        for waiting in self._waiting:
            waiting.set()

    def turn(self) -> None:
        """Let late messages arrive, unheard if they are refused, and everything due happen."""
        now = self._clock.now()
        late, self._late = self._late, [one for one in self._late if one[0] > now]
        for due, raw in late:
            if due <= now:
                try:
                    self._far.receive(raw, now)
                except (Refusal, BadWire):
                    continue
        self._far.turn(now)

    async def _sleep(self, ms: int) -> None:
        """Sleep until something happens or is due, or so long."""
        now = self._clock.now()
        dues = [due for due in (self._far.due(), *(at for at, _ in self._late)) if due is not None]
        woken = asyncio.Event()
        self._waiting.add(woken)
        try:
            async with asyncio.timeout(max(0, min([now + ms, *dues]) - now) / 1000):
                await woken.wait()
        except TimeoutError:
            return
        finally:
            self._waiting.discard(woken)

    def _troubled(self, raw: bytes, fault: Fault) -> None:
        now = self._clock.now()
        match fault.trouble:
            case Trouble.REFUSE:
                raise Unavailable("the gate is closed")
            case Trouble.DROP:
                raise Uncertain("no answer")
            case Trouble.DELAY:
                self._late.append((Instant(now + fault.ms), raw))
                raise Uncertain("no answer")
            case Trouble.LOSE_ANSWER:
                try:
                    self._far.receive(raw, now)
                except (Refusal, BadWire) as error:
                    raise Uncertain("no answer") from error
                raise Uncertain("no answer")
            case Trouble.DUPLICATE:
                self._late.append((Instant(now + fault.ms), raw))
                with _refusing():
                    self._far.receive(raw, now)


def node(chain: Chain, clock: Clock, panel: Panel | None = None) -> Direct:
    """Return the client of a chain in this process."""

    def verb(raw: bytes) -> Verb:
        return read_transaction(raw).act.verb

    def answers(question: Mapping[str, Value], now: Instant) -> Mapping[str, Value]:
        return _of_chain(chain, question, now)

    return Direct(chain, clock, verb=verb, answers=answers, panel=panel)


def counter(bank: Bank, clock: Clock, panel: Panel | None = None) -> Direct:
    """Return the client of a bank in this process."""

    def verb(raw: bytes) -> Verb:
        return Verb.RECALL if text(parse(raw), "kind") == "recall" else Verb.PAY

    def answers(question: Mapping[str, Value], now: Instant) -> Mapping[str, Value]:
        return _of_bank(bank, question, now)

    return Direct(bank, clock, verb=verb, answers=answers, panel=panel)


def _of_chain(chain: Chain, question: Mapping[str, Value], now: Instant) -> Mapping[str, Value]:
    escrow = chain.escrow
    match text(question, "ask"):
        case "standing":
            found = chain.standing(TxRef(text(question, "tx")), text(question, "slot"), now)
            return {
                "now": str(found.now),
                "tx": found.tx,
                "why": found.why,
                "slot": slot_form(found.slot),
                "moving": found.moving,
            }
        case "holding":
            asset, part, account = (text(question, name) for name in ("asset", "part", "account"))
            return {
                "listed": asset in escrow.assets,
                "home": escrow.assets.get(asset, False),
                "units": str(escrow.balance(asset, part, account)),
                "vault": str(escrow.balance(asset, part, VAULT)),
                "key": escrow.holders.get(account, ""),
                "blocked": account in escrow.blocked,
                "operator": text(question, "operator") in escrow.operators,
            }
        case "check":
            chain.check(bytes.fromhex(text(question, "item")), now)
            return {}
        case "head":
            return {"hash": chain.head(whole(question, "number")) or ""}
        case other:
            raise BadWire(f"ask: {other[:40]!r}")


def _of_bank(bank: Bank, question: Mapping[str, Value], now: Instant) -> Mapping[str, Value]:
    match text(question, "ask"):
        case "status":
            number = whole(question, "recall") if text(question, "recall") else None
            status = bank.status(text(question, "uetr"), number, now)
            return {"now": str(now), "status": status}
        case "account":
            place = text(question, "account"), text(question, "currency")
            held = bank.accounts.get(place)
            return {"known": held is not None, "minor": str(held or 0)}
        case "head":
            return {"hash": bank.head(whole(question, "number")) or ""}
        case other:
            raise BadWire(f"ask: {other[:40]!r}")


@contextmanager
def _refusing() -> Iterator[None]:
    """Say in the words of the door what chain, bank and wire refuse with."""
    try:
        yield
    except Refusal as error:
        if error.passing:
            raise Unavailable(str(error)) from error
        raise Refused(str(error)) from error
    except ValueError as error:
        raise Refused(str(error)) from error
