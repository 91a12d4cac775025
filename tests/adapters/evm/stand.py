"""The contract set on the product's own dev chain, in this process and in virtual time.

The set is deployed once; each test has a fork of its own. Nodes of three operators show the same
chain, and each can be told to lie.
"""

import asyncio
import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import rlp
from eth_account import Account
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from adapters.evm import calls as abi
from adapters.evm.abi import Word
from adapters.evm.client import Answer, Call, Lied, NodeError, Unanswered, Unreachable
from adapters.evm.contracts.code import artifact
from adapters.evm.devchain import DevChain
from adapters.evm.devnode import DevNode, Refusal
from adapters.evm.ticket import Domain, Ticket, digest, network_word
from bridge.core.ids import Instant
from schemas.contracts import typed
from tests.adapters.evm.chain import (
    CHAIN_ID,
    ESCAPE_AFTER,
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    ISSUER,
    NOBODY,
    NOTARIES,
    OPERATOR,
    START,
    STRANGER,
    Party,
    in_order,
)

GWEI = 10**9
EPOCH = 1  # blocks: final is two under the head
BLOCK_S = 1
EXIT, FOUNDER = Party("exit"), Party("founder")  # who locks for what was there before a test
SIGNERS = in_order(NOTARIES[:3])
THRESHOLD = 2
HOME = network_word(f"eip155:{CHAIN_ID}")
AWAY = network_word("memory:elsewhere")
UNITS = 5
READY = 3  # assets of each kind that are there before a test begins
KINDS = ("held", "vaulted", "crossed", "awaited")
OPERATORS = ("north", "south", "east")


@dataclass
class Time:
    """The chain's time: before a test it stands, in a test it goes with its loop."""

    began: int = START  # seconds

    def seconds(self) -> int:
        try:
            return self.began + int(asyncio.get_running_loop().time())
        except RuntimeError:
            return self.began

    def now(self) -> Instant:
        return Instant(self.seconds() * 1_000)


@dataclass(eq=False)
class Direct:
    """A node of this process, asked without a wire."""

    node: DevNode
    operator: str
    closed: bool = False
    asked: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        self.asked += [method for method, _ in calls]
        lie = self.node.lie.told(calls[0][0])
        await self._reached(lie)
        return [self._answer(method, params, lie) for method, params in calls]

    async def send(self, raw: bytes) -> str:
        lie = self.node.lie.told("eth_sendRawTransaction")
        await self._reached(lie)
        self.sent.append(raw)
        if lie == "swallow":
            return f"0x{keccak(raw).hex()}"
        answer = self._answer("eth_sendRawTransaction", (f"0x{raw.hex()}",), lie)
        if isinstance(answer, NodeError):
            raise answer
        return str(answer)

    async def _reached(self, lie: str) -> None:
        await asyncio.sleep(0)
        if self.closed or lie == "busy":
            raise Unreachable(f"{self.operator}: no connection")
        if lie == "drop":
            raise Unanswered(f"{self.operator}: no answer")
        if lie in {"garbage", "huge", "wrong_id"}:
            raise Lied(f"{self.operator}: {lie}")

    def _answer(self, method: str, params: Any, lie: str) -> Answer:
        try:
            result: Answer = self.node.answer(method, params, lie)
        except Refusal as refusal:
            told = refusal.document
            return NodeError(
                int(str(told["code"])),
                str(told["message"]),
                bytes.fromhex(str(told.get("data", "0x"))[2:]),
            )
        return result


@dataclass
class World:
    """A dev chain with the set on it, and who may do what there."""

    time: Time
    chain: DevChain
    at: dict[str, str] = field(default_factory=dict)  # contracts by name
    ready: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    epoch: int = EPOCH

    def node(self) -> DevNode:
        """A node that shows the chain."""
        return DevNode(self.chain)

    def gone(self) -> None:
        """A test is over: what it did on its fork has not happened."""

    def send(self, by: Party, to: str | None, data: bytes) -> str:
        """Send it in a block of its own; the contract it made, if it did."""
        nonce = self.chain.nonce(by.bytes20, self.chain.head)
        words: dict[str, Any] = {
            "type": 2,
            "chainId": CHAIN_ID,
            "nonce": nonce,
            "value": 0,
            "data": data,
            "gas": 8_000_000,
            "maxFeePerGas": 10 * GWEI,
            "maxPriorityFeePerGas": GWEI,
        }
        if to is not None:
            words["to"] = to_checksum_address(to)
        signed = Account.sign_transaction(words, by.key.secret)
        self.chain.add(bytes(signed.raw_transaction))
        self.chain.mine()
        known = f"0x{signed.hash.hex()}"
        told = self.node().answer("eth_getTransactionReceipt", (known,))
        assert told["status"] == "0x1", abi.revert(self._why(by, to, data))
        made = keccak(rlp.encode([by.bytes20, nonce.to_bytes(8, "big").lstrip(b"\0")]))[-20:]
        return str(to_checksum_address(made))

    def _why(self, by: Party, to: str | None, data: bytes) -> bytes:
        asked = {"from": by.address, "data": f"0x{data.hex()}", **({"to": to} if to else {})}
        try:
            self.node().answer("eth_call", (asked, hex(self.chain.head - 1)))
        except Refusal as refusal:
            return bytes.fromhex(str(refusal.document.get("data", "0x"))[2:])
        return b""

    def deploy(self, contract: str, *args: Word, by: Party = GOVERNOR) -> str:
        return self.send(by, None, abi.creation(contract, artifact(contract).creation, *args))

    def do(self, by: Party, contract: str, to: str, function: str, *args: Word) -> None:
        self.send(by, to, abi.call(contract, function, *args))

    def view(self, contract: str, to: str, function: str, *args: Word) -> tuple[Word, ...]:
        data = abi.call(contract, function, *args)
        number = self.chain.head
        out, _ = self.chain.call(STRANGER.bytes20, bytes.fromhex(to[2:]), data, number)
        return abi.result(contract, function, out)

    def code_hash(self, address: str) -> bytes:
        return keccak(self.chain.code(bytes.fromhex(address[2:]), self.chain.head))

    @property
    def genesis(self) -> bytes:
        return self.chain.blocks[0].header.hash

    def found(self) -> None:
        """Deploy the set and what there is to move."""
        genesis, governor, guardian = self.genesis, GOVERNOR.address, GUARDIAN.address
        names: list[Word] = [signer.address for signer in SIGNERS]
        notaries = self.deploy("NotarySet", governor, guardian, NOBODY, genesis, names, THRESHOLD)
        escrow = self.deploy("Escrow", governor, guardian, notaries, ESCAPE_AFTER, genesis)
        vault = self.deploy("Vault", governor, escrow, notaries, genesis)
        twins = self.deploy("TwinVault", governor, escrow, notaries, genesis)
        self.at = {"NotarySet": notaries, "Escrow": escrow, "Vault": vault, "TwinVault": twins}
        for operator in (OPERATOR, FOUNDER):
            self.do(GOVERNOR, "Escrow", escrow, "setOperator", operator.address, True)
        for _ in range(READY):
            for kind in self.ready:
                self.ready[kind].append(self.new(kind))

    def _listed(self, asset: str, custody: str, home: bytes) -> str:
        most = 2**127
        rule = (custody, 0, most, most, most, 2**64, self.code_hash(asset), home, bytes(32))
        self.do(GOVERNOR, "Escrow", self.at["Escrow"], "listAsset", asset, rule)
        for holder in HOLDERS[:2]:
            self.do(holder, "RepresentationToken", asset, "approve", custody, 2**255)
        return asset

    def new_home(self) -> str:
        """A token at home here, of which the first holder has some."""
        issuer = ISSUER.address
        words = ("Share", "SHR", 0, HOME, b"\x01" * 32, issuer, issuer)
        asset = self._listed(self.deploy("RepresentationToken", *words), self.at["Vault"], HOME)
        holder = HOLDERS[0].address
        self.do(ISSUER, "RepresentationToken", asset, "crosschainMint", holder, UNITS)
        return asset

    def new_twin(self) -> str:
        """A token whose home is elsewhere; nobody has any."""
        of = keccak(b"elsewhere")  # what the exam's orders call their asset on the other network
        words = ("Twin", "TWN", 0, AWAY, of, self.at["TwinVault"], ISSUER.address)
        return self._listed(self.deploy("RepresentationToken", *words), self.at["TwinVault"], AWAY)

    def new(self, kind: str) -> str:
        """The first holder's asset, or one in the vault; a twin of theirs, or one nobody made."""
        asset = self.new_home() if kind in {"held", "vaulted"} else self.new_twin()
        before = {"vaulted": ("lock", "burn"), "crossed": ("mint", "assign")}
        for verb in before.get(kind, ()):
            self.verb(verb, asset, HOLDERS[0])
        return asset

    def verb(self, verb: str, asset: str, holder: Party) -> None:
        """Carry out a verb that happened before the test: the asset's own settlement."""
        ticket = Ticket(
            settlement=bytes.fromhex(asset[2:34]) + bytes(16),
            terms=b"\x01" * 32,
            asset=bytes.fromhex(asset[2:]),
            token_id=0,
            amount=UNITS,
            party=holder.bytes20,
            counterpart=AWAY,
        )
        names = [name for name, _ in typed.VERBS[verb.capitalize()][1:]]
        known: dict[str, bytes | int] = {
            "evidence": b"\x02" * 32,
            "verdict": b"\x03" * 32,
            "epoch": 1,
            "notAfter": 2**40,
        }
        words = {name: known[name] for name in names}
        domain = Domain(CHAIN_ID, bytes.fromhex(self.at["Escrow"][2:]), self.genesis)
        asked = digest(domain, verb.capitalize(), ticket, words)
        signers = (holder,) if verb == "lock" else SIGNERS[:THRESHOLD]
        signed = b"".join(one.sign(asked) for one in signers)
        by = FOUNDER if verb == "lock" else STRANGER
        self.do(by, "Escrow", self.at["Escrow"], verb, ticket.words(), *words.values(), signed)

    def fork(self) -> "World":
        """The same world, whose blocks from now on are its own."""
        time = Time(self.time.began)
        chain = copy.copy(self.chain)
        chain.blocks, chain.pool, chain.now = list(self.chain.blocks), {}, time.seconds
        return World(
            time, chain, dict(self.at), {kind: list(own) for kind, own in self.ready.items()}
        )


@cache
def world() -> World:
    """The world every test begins with."""
    time = Time()
    parties = (GOVERNOR, GUARDIAN, OPERATOR, EXIT, FOUNDER, ISSUER, STRANGER, *HOLDERS)
    made = World(
        time, DevChain(CHAIN_ID, [party.bytes20 for party in parties], time.seconds, EPOCH)
    )
    made.found()
    for _ in range(2 * EPOCH):
        made.chain.mine()
    time.began = made.chain.blocks[-1].header.timestamp
    return made
