"""A chain of blocks in this process: true headers, receipts and tries, a pool, and reorganisations.

It is py-evm with an own head: which blocks are canonical is decided here, so that a block can be
undone. For demo and tests: nothing of value belongs on it.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import rlp
from eth_hash.auto import keccak
from typing_extensions import override

from adapters.evm.blocks import Header, parsed_header
from adapters.evm.pyevm import loaded, prague
from adapters.evm.tape import Tape

GAS_LIMIT = 30_000_000
CALL_GAS = 10_000_000
PRICE_BUMP_PERCENT = 10  # what geth asks on both fee fields
INTRINSIC, DATA, ZERO, CREATE = 21_000, 16, 4, 32_000


class PoolError(Exception):
    """Raised where the pool does not take a transaction, in the words that nodes use."""


class Reverted(Exception):
    """Raised where a call was refused; `data` is what it gave."""

    def __init__(self, data: bytes) -> None:
        super().__init__("execution reverted")
        self.data = data


@dataclass(frozen=True, slots=True)
class Mined:
    """One block with its transactions and receipts, as they stand in its tries.

    `foreign` is the header as py-evm has it.
    """

    header: Header
    foreign: Any
    transactions: tuple[bytes, ...]
    receipts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """A transaction that waits."""

    raw: bytes
    hash: bytes
    sender: bytes
    nonce: int
    fee: int
    tip: int
    signed: Any


class Kept(dict[bytes, bytes]):
    """The database of all states; `fresh` is what was written since it was emptied last."""

    def __init__(self) -> None:
        super().__init__()
        self.fresh: dict[bytes, bytes] = {}

    @override
    def __setitem__(self, key: bytes, value: bytes) -> None:
        super().__setitem__(key, value)
        self.fresh[key] = value


@dataclass(slots=True)
class DevChain:
    """The chain. `now` gives seconds; a block is final twice `epoch` blocks below the head.

    One with a tape goes on where the tape ends: the same blocks, and what waited waits again.
    """

    chain_id: int
    funded: Sequence[bytes]
    now: Callable[[], int]
    epoch: int = 2
    blocks: list[Mined] = field(default_factory=list)
    pool: dict[tuple[bytes, int], Pooled] = field(default_factory=dict)
    held_final: int | None = None  # the fault panel's: finality stands still here
    tape: Tape | None = None
    _kept: dict[bytes, bytes] = field(default_factory=dict)
    _chain: Any = None

    def __post_init__(self) -> None:
        rules = prague().configure(consensus_class=loaded("eth.consensus").NoProofConsensus)
        kind = loaded("eth.chains.base").MiningChain.configure(
            "Dev", chain_id=self.chain_id, vm_configuration=((0, rules),)
        )
        if self.tape is not None:
            self._kept = Kept()
        database = loaded("eth.db.atomic").AtomicDB(
            loaded("eth.db.backends.memory").MemoryDB(self._kept)
        )
        if self.tape is not None and (lines := self.tape.lines()):
            self._play(lines, kind, database)
            return
        rich = {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}
        params = {
            "difficulty": 0,
            "gas_limit": GAS_LIMIT,
            "timestamp": self.now(),
            "nonce": bytes(8),
            "coinbase": bytes(20),
        }
        self._chain = kind.from_genesis(database, params, dict.fromkeys(self.funded, rich))
        self._append(self._chain.get_canonical_block_by_number(0).header, (), ())

    def _append(self, header: Any, raws: Sequence[bytes], receipts: Sequence[Any]) -> None:
        told = tuple(bytes(receipt.encode()) for receipt in receipts)
        mined = Mined(parsed_header(rlp.encode(header)), header, tuple(raws), told)
        if self.tape is not None and isinstance(self._kept, Kept):
            fresh, self._kept.fresh = self._kept.fresh, {}
            self.tape.add(
                {
                    "block": mined.header.hash.hex(),
                    "transactions": [raw.hex() for raw in mined.transactions],
                    "receipts": [one.hex() for one in told],
                    "states": {key.hex(): value.hex() for key, value in fresh.items()},
                }
            )
        self.blocks.append(mined)

    def _play(self, lines: Sequence[Mapping[str, Any]], kind: Any, database: Any) -> None:
        """Become the chain of a tape; nothing is carried out again."""
        for line in lines:
            for key, value in line.get("states", {}).items():
                dict.__setitem__(self._kept, bytes.fromhex(key), bytes.fromhex(value))
        self._chain = kind(database)
        waiting: list[bytes] = []
        for line in lines:
            match line:
                case {"add": raw}:
                    waiting.append(bytes.fromhex(raw))
                case {"undo": depth}:
                    del self.blocks[-depth:]
                case _:
                    self.blocks.append(self._played(line))
        mined = {raw for one in self.blocks for raw in one.transactions}
        tape, self.tape = self.tape, None
        for raw in waiting:
            with suppress(PoolError):  # another one of its number is in a block
                if raw not in mined:
                    self.add(raw)
        self.tape = tape

    def _played(self, line: Mapping[str, Any]) -> Mined:
        foreign = self._chain.get_block_header_by_hash(bytes.fromhex(line["block"]))
        return Mined(
            parsed_header(rlp.encode(foreign)),
            foreign,
            tuple(bytes.fromhex(raw) for raw in line["transactions"]),
            tuple(bytes.fromhex(one) for one in line["receipts"]),
        )

    @property
    def head(self) -> int:
        """The number of the latest block."""
        return len(self.blocks) - 1

    @property
    def finalized(self) -> int:
        """The number of the latest block that is final."""
        final = max(0, self.head - 2 * self.epoch)
        return final if self.held_final is None else min(final, self.held_final)

    @property
    def safe(self) -> int:
        """The number of the latest block that is called safe."""
        return max(self.finalized, self.head - self.epoch)

    @property
    def is_busy(self) -> bool:
        """Whether something waits for a block, or to be final."""
        last = self.blocks[self.finalized + 1 :]
        return bool(self.pool) or any(mined.transactions for mined in last)

    def _vm(self, number: int) -> Any:
        """Return the machine that stands after a block."""
        parent = self.blocks[number].foreign
        child = self._chain.create_header_from_parent(parent)
        later = max(parent.timestamp + 1, self.now())
        return self._chain.get_vm(child.copy(timestamp=later))

    def base_fee(self) -> int:
        """Return what the next block burns per gas."""
        return int(self._vm(self.head).get_header().base_fee_per_gas)

    def nonce(self, account: bytes, number: int) -> int:
        """Return how many transactions of an account stand in the chain at a block."""
        return int(self._vm(number).state.get_nonce(account))

    def pending_nonce(self, account: bytes) -> int:
        """Return the first nonce that neither the chain nor the pool has."""
        nonce = self.nonce(account, self.head)
        while (account, nonce) in self.pool:
            nonce += 1
        return nonce

    def balance(self, account: bytes, number: int) -> int:
        """Return an account's balance. Units: wei."""
        return int(self._vm(number).state.get_balance(account))

    def code(self, account: bytes, number: int) -> bytes:
        """Return an account's code."""
        return bytes(self._vm(number).state.get_code(account))

    def word(self, account: bytes, place: int, number: int) -> int:
        """Return what an account keeps at a place."""
        return int(self._vm(number).state.get_storage(account, place))

    def call(self, sender: bytes, to: bytes, data: bytes, number: int) -> tuple[bytes, int]:
        """Return what a call gives and the gas it takes; nothing is kept. Errors: Reverted."""
        vm = self._vm(number)
        computation = vm.execute_bytecode(
            origin=sender,
            gas_price=0,
            gas=CALL_GAS,
            to=to,
            sender=sender,
            value=0,
            data=data if to else b"",
            code=vm.state.get_code(to) if to else data,
        )
        if computation.is_error:
            raise Reverted(bytes(computation.output))
        calldata = sum(DATA if byte else ZERO for byte in data)
        creation = 0 if to else CREATE + 200 * len(computation.output)
        gas = int(computation.get_gas_used()) + INTRINSIC + calldata + creation
        return bytes(computation.output), gas + gas // 16

    def simulate(
        self, steps: Sequence[tuple[bytes, bytes, bytes]], number: int
    ) -> list[tuple[bool, bytes]]:
        """Return how calls go one after another, and what each gave; nothing is kept.

        A step is from whom, to whom, and its bytes.
        """
        vm, told = self._vm(number), list[tuple[bool, bytes]]()
        for sender, to, data in steps:
            before = vm.state.snapshot()
            computation = vm.execute_bytecode(
                origin=sender,
                gas_price=0,
                gas=CALL_GAS,
                to=to,
                sender=sender,
                value=0,
                data=data,
                code=vm.state.get_code(to),
            )
            if computation.is_error:
                vm.state.revert(before)
            told.append((not computation.is_error, bytes(computation.output)))
        return told

    def sender(self, raw: bytes) -> bytes:
        """Return whose a signed transaction of the chain is."""
        return bytes(self._vm(self.head).get_transaction_builder().decode(raw).sender)

    def add(self, raw: bytes) -> bytes:
        """Take a signed transaction into the pool; return its hash. Errors: PoolError."""
        vm = self._vm(self.head)
        try:
            signed = vm.get_transaction_builder().decode(raw)
            sender = bytes(signed.sender)
        except Exception as error:
            raise PoolError(f"invalid transaction: {type(error).__name__}") from error
        if signed.chain_id != self.chain_id:
            raise PoolError("invalid chain id for signer")
        fee, tip = int(signed.max_fee_per_gas), int(signed.max_priority_fee_per_gas)
        nonce = int(signed.nonce)
        if nonce < int(vm.state.get_nonce(sender)):
            known = any(raw in mined.transactions for mined in self.blocks)
            raise PoolError("already known" if known else "nonce too low")
        former = self.pool.get((sender, nonce))
        if former is not None:
            if former.raw == raw:
                raise PoolError("already known")
            floor = 100 + PRICE_BUMP_PERCENT
            if fee * 100 < former.fee * floor or tip * 100 < former.tip * floor:
                raise PoolError("replacement transaction underpriced")
        if int(vm.state.get_balance(sender)) < int(signed.gas) * fee + int(signed.value):
            raise PoolError("insufficient funds for gas * price + value")
        if int(signed.gas) > GAS_LIMIT:
            raise PoolError("exceeds block gas limit")
        if self.tape is not None:
            self.tape.add({"add": raw.hex()})
        self.pool[sender, nonce] = Pooled(
            raw=raw,
            hash=keccak(raw),
            sender=sender,
            nonce=nonce,
            fee=fee,
            tip=tip,
            signed=signed,
        )
        return keccak(raw)

    def _next(self) -> list[Pooled]:
        """Return what goes into the next block: each sender's in order, while it pays and fits."""
        base, room, chosen = self.base_fee(), GAS_LIMIT, list[Pooled]()
        state = self._vm(self.head).state
        for key in sorted(self.pool, key=lambda key: (key[0], key[1])):
            one = self.pool[key]
            due = int(state.get_nonce(one.sender)) + sum(
                other.sender == one.sender for other in chosen
            )
            if one.nonce == due and one.fee >= base and int(one.signed.gas) <= room:
                chosen.append(one)
                room -= int(one.signed.gas)
        return chosen

    def mine(self) -> Mined:
        """Make the next block from what waits in the pool, which may be nothing."""
        chosen, parent = self._next(), self.blocks[-1].foreign
        later = max(parent.timestamp + 1, self.now())
        child = self._chain.create_header_from_parent(parent)  # at the time of this machine
        # py-evm would let the limit of empty blocks fall until nothing fits in one.
        self._chain.header = child.copy(timestamp=later, gas_limit=GAS_LIMIT)
        made, receipts, _ = self._chain.mine_all([one.signed for one in chosen], timestamp=later)
        self._append(made.imported_block.header, [one.raw for one in chosen], list(receipts))
        for one in chosen:
            del self.pool[one.sender, one.nonce]
        stale = [key for key in self.pool if key[1] < self.nonce(key[0], self.head)]
        for key in stale:
            del self.pool[key]
        return self.blocks[-1]

    def undo(self, depth: int, *, forget: bool = False) -> None:
        """Undo the last blocks; their transactions wait again, unless they are to be forgotten."""
        assert 0 < depth <= self.head, "genesis stays"
        if self.tape is not None:
            self.tape.add({"undo": depth})
        undone = self.blocks[-depth:]
        del self.blocks[-depth:]
        for mined in () if forget else undone:
            for raw in mined.transactions:
                self.add(raw)

    def proof(self, account: bytes, places: Sequence[int], number: int) -> Mapping[str, Any]:
        """Return the nodes that prove an account and some of its words (EIP-1186)."""
        kind, database = loaded("trie").HexaryTrie, self._chain.chaindb.db
        header = self.blocks[number].header
        state = kind(database, header.state_root)
        found = loaded("eth.rlp.accounts").Account
        raw = state.get(keccak(account))
        held = rlp.decode(raw, sedes=found) if raw else found()
        words = kind(database, held.storage_root)
        return {
            "balance": int(held.balance),
            "nonce": int(held.nonce),
            "code_hash": bytes(held.code_hash),
            "storage_root": bytes(held.storage_root),
            "account": tuple(rlp.encode(node) for node in state.get_proof(keccak(account))),
            "words": tuple(
                (
                    place,
                    self.word(account, place, number),
                    tuple(
                        rlp.encode(node)
                        for node in words.get_proof(keccak(place.to_bytes(32, "big")))
                    ),
                )
                for place in places
            ),
        }
