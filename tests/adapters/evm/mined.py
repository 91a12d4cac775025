"""The same chain with blocks, headers, receipts and tries: py-evm, one transaction a block.

Slower than the other, and honest about what that one leaves out: gas of a cold start, and
everything evidence is made of. Its types are too narrow for what its own documentation does, so
it is loaded as what it is here: a foreign program.
"""

import importlib
import warnings
from dataclasses import dataclass, field
from typing import Any

from eth_hash.auto import keccak
from eth_keys.datatypes import PrivateKey
from typing_extensions import override

from adapters.evm import calls
from adapters.evm.abi import Word
from tests.adapters.evm.chain import (
    CHAIN_ID,
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    ISSUER,
    OPERATOR,
    STRANGER,
    Chain,
    Party,
    Reverted,
)

FUNDED = (GOVERNOR, GUARDIAN, OPERATOR, ISSUER, STRANGER, *HOLDERS)
GAS = 8_000_000
GWEI = 10**9


def _loaded(module: str) -> Any:
    with warnings.catch_warnings():  # its own imports warn; what we do with it may not
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def _mining_chain() -> Any:
    rules = _loaded("eth.vm.forks.prague").PragueVM.configure(
        consensus_class=_loaded("eth.consensus").NoProofConsensus
    )
    kind = _loaded("eth.chains.base").MiningChain
    return kind.configure("Mined", chain_id=CHAIN_ID, vm_configuration=((0, rules),))


@dataclass
class MinedChain(Chain):
    """A chain that mines a block for every transaction."""

    blocks: list[tuple[Any, list[Any]]] = field(default_factory=list)  # with their receipts

    @override
    def __post_init__(self) -> None:
        params = {
            "difficulty": 0,
            "gas_limit": 30_000_000,
            "timestamp": self.now,
            "nonce": bytes(8),
            "coinbase": bytes(20),
        }
        rich = {"balance": 10**24, "nonce": 0, "code": b"", "storage": {}}
        state = {party.bytes20: rich for party in FUNDED}
        database = _loaded("eth.db.atomic").AtomicDB()
        self.chain: Any = _mining_chain().from_genesis(database, params, state)

    @property
    def genesis_hash(self) -> bytes:
        return bytes(self.chain.get_canonical_block_by_number(0).hash)

    @override
    def later(self, seconds: int) -> None:
        self.now += seconds

    @override
    def code_hash(self, address: str) -> bytes:
        return keccak(self.chain.get_vm().state.get_code(bytes.fromhex(address[2:])))

    def _mine(self, by: Party, to: bytes, data: bytes) -> bytes:
        vm = self.chain.get_vm()
        transaction = vm.get_transaction_builder().new_unsigned_dynamic_fee_transaction(
            chain_id=CHAIN_ID,
            nonce=vm.state.get_nonce(by.bytes20),
            max_priority_fee_per_gas=GWEI,
            max_fee_per_gas=10 * GWEI,
            gas=GAS,
            to=to,
            value=0,
            data=data,
            access_list=(),
        )
        signed = transaction.as_signed_transaction(PrivateKey(by.key.secret))
        self.now += 12
        mined, receipts, (computation,) = self.chain.mine_all([signed], timestamp=self.now)
        self.blocks.append((mined.imported_block, list(receipts)))
        self.gas = receipts[0].gas_used
        if computation.is_error:
            raise Reverted(calls.revert(bytes(computation.output)))
        return bytes(computation.output) if to else bytes(computation.msg.storage_address)

    @override
    def deploy_code(self, code: bytes, *, by: Party = GOVERNOR) -> str:
        return "0x" + self._mine(by, b"", code).hex()

    @override
    def send(self, by: Party, to: str, data: bytes) -> bytes:
        return self._mine(by, bytes.fromhex(to[2:]), data)

    @override
    def view(self, to: str, function: str, *args: Word) -> tuple[Word, ...]:
        contract, target = self.names[to], bytes.fromhex(to[2:])
        vm = self.chain.get_vm()
        computation = vm.execute_bytecode(
            origin=STRANGER.bytes20,
            gas_price=0,
            gas=GAS,
            to=target,
            sender=STRANGER.bytes20,
            value=0,
            data=calls.call(contract, function, *args),
            code=vm.state.get_code(target),
        )
        return calls.result(contract, function, bytes(computation.output))
