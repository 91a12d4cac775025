"""The ground of one memory world: its networks and its bank, changed only by commands.

A command is words, and the state after a list of commands with their instants is always the same:
so a world is kept as the list, in a file or not at all. A simulation stands on this ground too.
"""

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.bank import Bank, Fate, Word
from adapters.memory.chain import Chain
from adapters.memory.codec import BadWire, public_key, text, whole
from adapters.memory.direct import Direct, counter, node
from adapters.memory.escrow import Escrow, Quorum, Refusal
from bridge.core.canonical import Value
from bridge.core.ids import BadId, Instant, NetworkId, SettlementId, network_id
from bridge.ports import Clock

Command: TypeAlias = Mapping[str, Value]
Record: TypeAlias = Callable[[Instant, Command], None]


class Recorded:
    """A chain or bank whose messages are recorded once it has taken them."""

    def __init__(self, name: NetworkId, far: Chain | Bank, record: Record) -> None:
        self._name = name
        self._far = far
        self._record = record

    def receive(self, raw: bytes, now: Instant) -> None:
        """Take a message, then record it: what was refused leaves no trace."""
        self._far.receive(raw, now)
        self._record(now, {"do": "send", "at": self._name, "raw": raw.hex()})

    def turn(self, now: Instant) -> None:
        """Let everything happen that was due."""
        self._far.turn(now)

    def due(self) -> Instant | None:
        """Return when something happens next."""
        return self._far.due()

    def told(self, after: int, limit: int) -> tuple[bytes, ...]:
        """Return what was told after that number."""
        return self._far.told(after, limit)


class Ground:
    """Networks and bank by name, with a client in this process for each."""

    def __init__(self, clock: Clock, record: Record | None = None) -> None:
        self.chains: dict[NetworkId, Chain] = {}
        self.banks: dict[NetworkId, Bank] = {}
        self.clients: dict[NetworkId, Direct] = {}
        self._clock = clock
        self._record = record

    def do(self, command: Command) -> None:
        """Carry a command out now, record it, and wake who waits.

        Errors: Refusal or BadWire, and then nothing is changed or recorded.
        """
        now = self._clock.now()
        self.again(now, command)
        if self._record is not None:
            self._record(now, command)
        for client in self.clients.values():
            client.wake()

    def again(self, now: Instant, command: Command) -> None:
        """Carry out a command of that instant. Errors: Refusal, BadWire."""
        what = text(command, "do")
        try:
            if what == "network":
                self._network(command)
            elif what == "bank":
                self._bank(command)
            elif (at := NetworkId(text(command, "at"))) in self.chains:
                self.chains[at].turn(now)
                self._on_chain(self.chains[at], what, command, now)
            elif at in self.banks:
                self.banks[at].turn(now)
                self._on_bank(self.banks[at], what, command, now)
            else:
                raise BadWire(f"at: no {at[:80]} in this world")
        except (BadId, KeyError) as error:
            raise BadWire(f"{what}: {error}") from error

    def _network(self, command: Command) -> None:
        name = network_id(text(command, "name"))
        if name in self.clients:
            raise Refusal(f"{name} is there already")
        chain = Chain(
            Escrow(name, text(command, "escrow")),
            _key(command),
            block_ms=whole(command, "block_ms"),
            finality_ms=whole(command, "finality_ms"),
        )
        self.chains[name] = chain
        self.clients[name] = self._client(name, chain)

    def _bank(self, command: Command) -> None:
        name = network_id(text(command, "name"))
        if name in self.clients:
            raise Refusal(f"{name} is there already")
        self.banks[name] = Bank(name, _key(command), settle_ms=whole(command, "settle_ms"))
        self.clients[name] = self._client(name, self.banks[name])

    def _client(self, name: NetworkId, far: Chain | Bank) -> Direct:
        made = node(far, self._clock) if isinstance(far, Chain) else counter(far, self._clock)
        if self._record is not None:
            made.through(Recorded(name, far, self._record))
        return made

    def _on_chain(self, chain: Chain, what: str, command: Command, now: Instant) -> None:
        escrow = chain.escrow
        match what:
            case "send":
                chain.receive(_raw(command), now)
            case "operator":
                public_key(text(command, "key"))
                escrow.operators.add(text(command, "key"))
            case "account":
                public_key(text(command, "key"))
                escrow.open_account(text(command, "account"), text(command, "key"))
            case "asset":
                escrow.assets[text(command, "asset")] = command.get("home") is True
            case "issue":
                place = text(command, "asset"), text(command, "part"), text(command, "account")
                escrow.issue(*place, whole(command, "units"))
            case "notaries":
                keys = frozenset(text(command, "keys").split())
                for key in keys:
                    public_key(key)
                quorum = Quorum(keys, whole(command, "threshold"))
                if not 0 < quorum.threshold <= len(keys):
                    raise BadWire("threshold: not between 1 and the number of keys")
                escrow.epochs[whole(command, "epoch")] = quorum
            case "retire":
                escrow.epochs.pop(whole(command, "epoch"), None)
            case "bar":
                escrow.blocked.add(text(command, "account"))
            case "admit":
                escrow.blocked.discard(text(command, "account"))
            case "escape":
                chain.escape(SettlementId(text(command, "settlement")), now)
            case "pause" | "resume":
                chain.paused = what == "pause"
                chain.turn(now)
            case "reorder":
                chain.reordering = command.get("on") is True
            case "reorganise":
                drop = command.get("drop") is True
                chain.reorganise(whole(command, "depth"), now, drop=drop)
            case _:
                raise BadWire(f"do: {what[:40]!r}")

    def _on_bank(self, bank: Bank, what: str, command: Command, now: Instant) -> None:
        match what:
            case "send":
                bank.receive(_raw(command), now)
            case "money":
                account, currency = text(command, "account"), text(command, "currency")
                bank.open_account(account, currency, whole(command, "minor"))
            case "fate":
                bank.fates[text(command, "settlement")] = _word(Fate, text(command, "is"))
            case "word":
                bank.words[text(command, "settlement")] = _word(Word, text(command, "is"))
            case "settle":
                bank.settle(text(command, "uetr"), now)
            case "return":
                bank.give_back(text(command, "uetr"), now)
            case _:
                raise BadWire(f"do: {what[:40]!r}")


W = TypeVar("W", Fate, Word)


def _word(kind: type[W], written: str) -> W:
    try:
        return kind(written)
    except ValueError as error:
        raise BadWire(f"is: {error}") from error


def _key(command: Command) -> Ed25519PrivateKey:
    try:
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(text(command, "key")))
    except ValueError as error:
        raise BadWire("key: not 32 bytes in hex") from error


def _raw(command: Command) -> bytes:
    try:
        return bytes.fromhex(text(command, "raw"))
    except ValueError as error:
        raise BadWire("raw: no hex") from error
