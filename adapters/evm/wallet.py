"""One key's transactions: a nonce for each action until it is final, at three fees it may need.

The rungs are signed beforehand and kept by the ledger, so a dearer fee sends bytes that are
already written down. A nonce is used once: who wants to be sure that bytes can land no more
spends theirs on an empty transfer to oneself.
Source: EIP-1559; EIP-2718; Ethereum execution-apis.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.evm.accounts import Account, Transaction, hash_of, transaction_in
from adapters.evm.client import Answer, Json, NodeError, Trouble, Unreachable
from adapters.evm.nodes import HEAD, Node, Nodes, found
from adapters.evm.tries import BadProof
from bridge.core.ids import Instant, TxRef
from bridge.ports import Again, Clock, Sight, Unavailable, Uncertain, Unknown

IN_FLIGHT = 16  # of one key: what nodes keep of one sender without dropping some
UNSENT_MS = 10_000  # bytes not handed over by then were given up: nobody waits behind them
RUNG_PERCENT = 150  # of the rung before, on both fees; nodes ask 110
TRANSFER_GAS = 21_000
GAS_PERCENT = 120  # of the most that a quorum estimates
BLOCKS = 10  # whose tips are looked at
Numbers: TypeAlias = tuple[tuple[Node, int], ...]  # who says which
DONE = ("already known", "known transaction", "already imported", "nonce too low")
TOO_CHEAP = ("underpriced", "less than block base fee", "fee cap", "max fee per gas less")
POOR = ("insufficient funds",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one transaction may cost and take. Units: wei for one gas, gas, blocks, ms."""

    max_fee: int
    min_tip: int
    max_gas: int
    bump_blocks: int
    life_ms: int


@dataclass(frozen=True, slots=True)
class Rungs:
    """One call at the fees it may need, signed; after `expires` its nonce is spent otherwise."""

    tx: TxRef  # account and nonce: all rungs share them, and one of them lands
    items: tuple[bytes, ...]
    expires: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the nodes say of the chain, a key and a call: each in one answer. Units: gas, wei."""

    head: int  # which a quorum has
    gas: Numbers  # what the call takes
    used: Numbers  # nonces in blocks
    pending: Numbers  # and beside those in the pool
    market: tuple[tuple[int, int], ...]  # the next base fee, and what others tip


@dataclass(slots=True)
class _Sent:
    """What this process handed over for a nonce: which rung, and the head seen since."""

    rung: int = 0
    since: int | None = None
    is_taken: bool = False  # a node said so; else it may have come, or not


@dataclass(slots=True)
class Wallet:
    """A key on one chain. It keeps nothing of consequence: nonces are learned from the chain."""

    account: Account
    nodes: Nodes
    clock: Clock
    chain_id: int
    limits: Limits
    _next: int = 0
    _given: dict[int, Instant] = field(default_factory=dict)  # until when its bytes may land
    _sent: dict[int, _Sent] = field(default_factory=dict)
    _fillers: dict[int, Transaction] = field(default_factory=dict)

    def rungs(self, to: bytes, data: bytes, seen: Seen, *, known_to_land: bool) -> Rungs:
        """Return the id, the rungs and the last instant of a call; nothing is sent.

        Errors: Unavailable: too many are under way, the chain asks more than the cap, or no
        quorum says how much gas it takes.
        """
        gas = self._gas(seen) if known_to_land else self.limits.max_gas
        tip, max_fee = self._fees(seen)
        used, pending = (self.nodes.supported(one) for one in (seen.used, seen.pending))
        nonce = max(self._next, pending)
        if nonce - used >= IN_FLIGHT:
            raise Unavailable(f"{nonce - used} transactions of this key are under way")
        self._forget(used - IN_FLIGHT)  # the last ones might yet be undone
        self._next = nonce + 1
        expires = Instant(self.clock.now() + self.limits.life_ms)
        self._given[nonce] = expires
        rung: Transaction | None = Transaction(
            chain_id=self.chain_id,
            nonce=nonce,
            tip=tip,
            max_fee=max_fee,
            gas=gas,
            to=to,
            data=data,
        )
        items: list[bytes] = []
        while rung is not None and len(items) < 3:
            items.append(rung.signed(self.account))
            rung = rung.dearer(RUNG_PERCENT, self.limits.max_fee)
        return Rungs(TxRef(f"0x{self.account.address.hex()}/{nonce}"), tuple(items), expires)

    async def look_around(self, to: bytes, data: bytes) -> Seen:
        """Return what the nodes say now of the chain, this key, and a call it may send.

        Errors: Unavailable: no quorum has a head, or knows how many nonces are used.
        """
        who = f"0x{self.account.address.hex()}"
        call: Mapping[str, Json] = {"from": who, "to": f"0x{to.hex()}", "data": f"0x{data.hex()}"}
        told = await self.nodes.each(
            [
                HEAD,
                ("eth_getTransactionCount", (who, "latest")),
                ("eth_getTransactionCount", (who, "pending")),
                ("eth_estimateGas", (call, "latest")),
                ("eth_feeHistory", (hex(BLOCKS), "latest", (50,))),
            ]
        )
        head, used, pending, gas = (_numbers(told, place) for place in range(4))
        market = tuple(self._markets(told))
        head_ = self.nodes.supported(head)
        seen = Seen(head=head_, gas=gas, used=used, pending=pending, market=market)
        await self._make_room(seen)
        return seen

    async def _make_room(self, seen: Seen) -> None:
        """Spend what was given up where nothing else can be given: nobody behind it would."""
        used, now = self.nodes.supported(seen.used), self.clock.now()
        if self._next - used < IN_FLIGHT:
            return
        tip, max_fee = self._fees(seen)
        for nonce in range(used, self._next):
            held_until = self._held_until(nonce)
            if held_until is not None and held_until <= now:
                await self._fill(nonce, tip, max_fee)

    def _gas(self, seen: Seen) -> int:
        self.nodes.supported(seen.gas)
        most = max(gas for _, gas in seen.gas)  # too much is given back, too little burns the nonce
        return min(most * GAS_PERCENT // 100, self.limits.max_gas)

    def _markets(self, told: Sequence[tuple[Node, list[Answer]]]) -> Iterator[tuple[int, int]]:
        for node, answers in told:
            try:
                yield _market(answers[-1])
            except NodeError:
                continue
            except BadProof as error:
                self.nodes.lied(node, str(error))

    def _fees(self, seen: Seen) -> tuple[int, int]:
        """Return tip and cap by the middle of what the nodes say of the market."""
        if not seen.market:
            raise Unavailable("nobody could say what the chain asks for a gas")
        base, tip = sorted(seen.market, key=sum)[len(seen.market) // 2]
        tip, most = max(tip, self.limits.min_tip), self.limits.max_fee
        if base + base // 8 + tip > most:
            raise Unavailable(f"the chain asks {base + tip} wei for a gas, the cap is {most}")
        return tip, min(2 * base + tip, most)

    async def submit(self, items: Sequence[bytes]) -> None:
        """Hand over the rung that is due. Errors: Unavailable, Uncertain."""
        nonce = transaction_in(items[-1])[0].nonce
        self._next = max(self._next, nonce + 1)
        is_first = nonce not in self._sent
        sent = self._sent.setdefault(nonce, _Sent())  # it is on its way, and maybe comes
        try:
            sent.rung = await self._hand(items, min(sent.rung, len(items) - 1))
            sent.is_taken = True
        except Unavailable:
            if is_first:  # nobody has it
                self._sent.pop(nonce, None)
            raise

    async def _hand(self, items: Sequence[bytes], rung: int) -> int:
        """Hand over a rung, or a dearer one where it is too cheap; return which."""
        maybe, why = False, "no node may be asked"
        for node in self.nodes.able():
            try:
                return await self._handed(node, items, rung)
            except Trouble as trouble:
                self.nodes.heard(node, trouble)
                maybe, why = maybe or not isinstance(trouble, Unreachable), str(trouble)
            except NodeError as error:
                maybe, why = True, f"{node.operator}: {error.message}"
                if any(text in error.message.lower() for text in POOR):
                    raise Unavailable(f"the key has too little to pay with: {why}") from error
        raise Uncertain(why) if maybe else Unavailable(why)

    async def _handed(self, node: Node, items: Sequence[bytes], rung: int) -> int:
        while True:
            try:
                known = await node.send(items[rung])
            except NodeError as error:
                said = error.message.lower()
                if any(text in said for text in DONE):
                    return rung
                if not any(text in said for text in TOO_CHEAP) or rung + 1 >= len(items):
                    raise
                rung += 1
                continue
            self.nodes.heard(node, None)
            if known.lower() != hash_of(items[rung]):
                self.nodes.lied(node, "it names another transaction than it was handed")
                raise Unreachable(f"{node.operator}: it took something else")
            return rung

    async def tend(self, items: Sequence[bytes], expires: Instant | None, used: int) -> Sight:
        """Return what can still become of bytes whose verb has not landed, and help them on.

        `used` is how many nonces of this key are final. Errors: Unavailable.
        """
        told, _ = transaction_in(items[-1])
        nonce, now = told.nonce, self.clock.now()
        if nonce < used:
            self._forget(used)
            return Again("its nonce was spent, and not by what it asked")
        is_over = expires is not None and expires <= now
        for lower in range(used, nonce):
            held_until = self._held_until(lower)
            unknown = held_until is None and not self._is_taken(lower)
            if (held_until is not None and held_until <= now) or (unknown and is_over):
                await self._fill(lower, told.tip, told.max_fee)
        if is_over:
            await self._fill(nonce, told.tip, told.max_fee)
            return Unknown("its time is over: its nonce is being spent")
        sent = self._sent.get(nonce)
        if sent is not None:
            await self._bump(items, sent)
        return Unknown("it is in no final block yet")

    async def abandon(self, items: Sequence[bytes], used: int) -> None:
        """Spend the nonce of bytes that can land no more, so that nothing waits behind them."""
        told, _ = transaction_in(items[-1])
        if told.nonce >= used and not self._is_taken(told.nonce):
            with suppress(Unavailable, Uncertain):
                await self._fill(told.nonce, told.tip, told.max_fee)

    def _held_until(self, nonce: int) -> Instant | None:
        """Return until when a nonce waits for its bytes; None for one of a former life.

        Who does bring them later finds it spent, and has new ones made.
        """
        expires = self._given.get(nonce)
        if expires is None or nonce in self._sent:
            return expires
        return min(expires, Instant(expires - self.limits.life_ms + UNSENT_MS))

    def _is_taken(self, nonce: int) -> bool:
        sent = self._sent.get(nonce)
        return sent is not None and sent.is_taken

    async def _bump(self, items: Sequence[bytes], sent: _Sent) -> None:
        head = await self.nodes.head()
        if sent.since is None:
            sent.since = head
        if head - sent.since < self.limits.bump_blocks:
            return
        sent.since = head
        with suppress(Uncertain):
            sent.rung = await self._hand(items, min(sent.rung + 1, len(items) - 1))
            sent.is_taken = True

    async def _fill(self, nonce: int, tip: int, max_fee: int) -> None:
        """Ask for an empty transfer to oneself in the place of a nonce, dearer than these fees."""
        former = self._fillers.get(nonce)
        most = 8 * self.limits.max_fee  # the cap holds what is asked, this only ends it
        made = former
        if made is None:
            made = Transaction(
                chain_id=self.chain_id,
                nonce=nonce,
                tip=tip * RUNG_PERCENT // 100,
                max_fee=max(2 * self.limits.max_fee, max_fee * 2),
                gas=TRANSFER_GAS,
                to=self.account.address,
                data=b"",
            )
        self._fillers[nonce] = made
        dearer = made.dearer(RUNG_PERCENT, most)
        items = [one.signed(self.account) for one in (made, dearer) if one is not None]
        with suppress(Uncertain):
            if await self._hand(items, 0) and dearer is not None:
                self._fillers[nonce] = dearer

    def _forget(self, used: int) -> None:
        for kept in (self._given, self._sent, self._fillers):
            for nonce in [nonce for nonce in kept if nonce < used]:
                del kept[nonce]


def _whole(answer: Json) -> int:
    if not isinstance(answer, str) or not answer.startswith("0x") or len(answer) > 66:
        raise BadProof("a number is no quantity")
    try:
        return int(answer, 16)
    except ValueError as error:
        raise BadProof("a number is no quantity") from error


def _numbers(told: Sequence[tuple[Node, list[Answer]]], place: int) -> Numbers:
    """Return the numbers that nodes answered in a place; who refuses says none."""
    numbers: list[tuple[Node, int]] = []
    for node, answers in told:
        with suppress(BadProof, NodeError):
            numbers.append((node, _whole(found(answers[place]))))
    return tuple(numbers)


def _market(told: Answer) -> tuple[int, int]:
    """Return the next block's base fee, and the median of the last blocks' median tips."""
    history = found(told)
    if not isinstance(history, Mapping):
        raise BadProof("a fee history is no object")
    fees, rewards = history.get("baseFeePerGas"), history.get("reward") or ()
    if not isinstance(fees, Sequence) or isinstance(fees, str) or not fees:
        raise BadProof("a fee history has no base fees")
    if not isinstance(rewards, Sequence) or isinstance(rewards, str):
        raise BadProof("a fee history's rewards are no list")
    tips = sorted(_whole(one[0]) for one in rewards if isinstance(one, Sequence) and one)
    return _whole(fees[-1]), tips[len(tips) // 2] if tips else 0
