"""The contract set on an EVM in this process, deployed from the committed artifacts.

The parties are keys made from their names, so that every run has the same addresses.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Self

from coincurve import PrivateKey
from eth_hash.auto import keccak
from pyrevm import EVM, BlockEnv, CfgEnv, Env

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.contracts.code import artifact
from adapters.evm.ticket import Domain, Ticket, digest, network_word
from schemas.contracts.interface import interface

CHAIN_ID = 31337
GENESIS = b"\x07" * 32
START = 1_750_000_000
DAY = 86_400
HOME = network_word(f"eip155:{CHAIN_ID}")
AWAY = network_word("eip155:1")
ELSEWHERE = network_word("eip155:137")
NOBODY = "0x" + "00" * 20
ESCAPE_AFTER = 400 * DAY
EVIDENCE = {"evidence": b"\x02" * 32, "verdict": b"\x03" * 32}
REVERT = re.compile(r"output: 0x([0-9a-f]*)")


@dataclass(frozen=True)
class Party:
    """Somebody with a key."""

    name: str

    @property
    def key(self) -> PrivateKey:
        return PrivateKey(keccak(self.name.encode()))

    @property
    def bytes20(self) -> bytes:
        return keccak(self.key.public_key.format(compressed=False)[1:])[-20:]

    @property
    def address(self) -> str:
        return "0x" + self.bytes20.hex()

    def sign(self, digest_: bytes) -> bytes:
        """r, s and v, as a contract takes them."""
        made = self.key.sign_recoverable(digest_, hasher=None)
        return made[:64] + bytes([27 + made[64]])


def in_order(parties: Iterable[Party]) -> tuple[Party, ...]:
    return tuple(sorted(parties, key=lambda party: party.bytes20))


GOVERNOR, GUARDIAN, OPERATOR, ISSUER = (
    Party(n) for n in ("governor", "guardian", "operator", "issuer")
)
NOTARIES = in_order(Party(f"notary {n}") for n in range(5))
HOLDERS = tuple(Party(f"holder {n}") for n in range(3))
STRANGER = Party("stranger")


class Reverted(Exception):
    """What a contract refused with; `name` is its error's."""

    def __init__(self, refusal: calls.Revert) -> None:
        super().__init__(f"{refusal.name}{refusal.words}")
        self.name = refusal.name


@dataclass(frozen=True)
class Said:
    """One event: which contract, its name, its words by name."""

    contract: str
    name: str
    words: dict[str, Word]


@dataclass
class Chain:
    """One EVM, its clock, and who speaks."""

    now: int = START
    chain_id: int = CHAIN_ID
    gas: int = 0  # of the last transaction
    events: list[Said] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)  # contract by address

    def __post_init__(self) -> None:
        env = Env(cfg=CfgEnv(chain_id=self.chain_id), block=BlockEnv(timestamp=self.now))
        self.evm = EVM(env=env, spec_id="CANCUN")

    def later(self, seconds: int) -> None:
        self.now += seconds
        self.evm.set_block_env(BlockEnv(timestamp=self.now))

    def code_hash(self, address: str) -> bytes:
        return bytes(self.evm.basic(address).code_hash or b"")

    def deploy(self, contract: str, *args: Word, by: Party = GOVERNOR) -> str:
        code = calls.creation(contract, artifact(contract).creation, *args)
        address = self.deploy_code(code, by=by)
        self.names[address] = contract
        return address

    def deploy_code(self, code: bytes, *, by: Party = GOVERNOR) -> str:
        try:
            address = str(self.evm.deploy(by.address, code)).lower()
        except RuntimeError as error:
            raise self._refusal(error) from error
        assert self.evm.result is not None
        self.gas = self.evm.result.gas_used
        return address

    def send(self, by: Party, to: str, data: bytes) -> bytes:
        try:
            out = bytes(self.evm.message_call(by.address, to, data))
        except RuntimeError as error:
            raise self._refusal(error) from error
        done = self.evm.result
        assert done is not None
        self.gas = done.gas_used
        self.events = [said for log in done.logs if (said := self._read(log))]
        return out

    def view(self, to: str, function: str, *args: Word) -> tuple[Word, ...]:
        contract = self.names[to]
        data = calls.call(contract, function, *args)
        return calls.result(contract, function, self.answer(to, data))

    def answer(self, to: str, data: bytes, *, by: Party | None = None) -> bytes:
        """What a contract answers now. Errors: Reverted."""
        asks = (by or STRANGER).address
        try:
            return bytes(self.evm.message_call(asks, to, data, is_static=True))
        except RuntimeError as error:
            raise self._refusal(error) from error

    def _refusal(self, error: RuntimeError) -> Reverted:
        found = REVERT.search(str(error))
        if found is None:
            raise error
        return Reverted(calls.revert(bytes.fromhex(found.group(1))))

    def _read(self, log: object) -> Said | None:
        address = str(getattr(log, "address")).lower()  # noqa: B009 - pyrevm's stub has no fields
        topics, data = getattr(log, "data")  # noqa: B009
        if address not in self.names:
            return None
        entry = interface(self.names[address]).event(bytes(topics[0]))
        if entry is None:
            return None
        indexed = iter(topics[1:])
        kinds = [f.type for f in entry.inputs if not f.indexed]
        plain = iter(calls.decoded(kinds, bytes(data)))
        words: dict[str, Word] = {}
        for place in entry.inputs:
            if place.indexed:
                (words[place.name],) = calls.decoded([place.type], bytes(next(indexed)))
            else:
                words[place.name] = next(plain)
        return Said(self.names[address], entry.name, words)


class Bridge:
    """The set in force: two custodies, a token at home and a twin, five notaries of whom three."""

    def __init__(
        self,
        chain: Chain,
        *,
        threshold: int = 3,
        notaries: tuple[Party, ...] = NOTARIES,
        genesis: bytes = GENESIS,
        signers: Iterable[str] = (),
    ):
        """Deploy it; `signers` are addresses of notaries whose keys others keep."""
        self.chain = chain
        self.genesis = genesis
        self.threshold = threshold
        self.notaries = notaries
        self.ids = count(1)
        governor = GOVERNOR.address
        self.set = chain.deploy(
            "NotarySet",
            governor,
            GUARDIAN.address,
            NOBODY,
            genesis,
            [*signers] or [n.address for n in notaries],
            threshold,
        )
        self.escrow = chain.deploy(
            "Escrow", governor, GUARDIAN.address, self.set, ESCAPE_AFTER, genesis
        )
        self.vault = chain.deploy("Vault", governor, self.escrow, self.set, genesis)
        self.twin_vault = chain.deploy("TwinVault", governor, self.escrow, self.set, genesis)
        issuer = ISSUER.address  # the home token is a twin whose custody is its issuer's own key
        self.home = chain.deploy(
            "RepresentationToken", "Share", "SHR", 0, HOME, b"\x01" * 32, issuer, issuer
        )
        self.twin = chain.deploy(
            "RepresentationToken", "Twin", "TWN", 0, AWAY, b"\x01" * 32, self.twin_vault, issuer
        )
        self.title = chain.deploy(
            "RepresentationTitle", "Title", "TTL", AWAY, b"\x01" * 32, self.twin_vault
        )
        self.govern("setOperator", OPERATOR.address, True)
        self.list_asset(self.home, self.vault, HOME)
        self.list_asset(self.twin, self.twin_vault, AWAY)
        self.list_asset(self.title, self.twin_vault, AWAY)

    @classmethod
    def standing(
        cls, chain: Chain, at: Mapping[str, str], genesis: bytes, notaries: tuple[Party, ...]
    ) -> Self:
        """A set that others deployed, addresses by contract; all of these notaries sign."""
        bridge = cls.__new__(cls)
        bridge.chain, bridge.ids = chain, count(1)
        bridge.genesis, bridge.notaries, bridge.threshold = genesis, notaries, len(notaries)
        bridge.escrow, bridge.set = at["Escrow"], at["NotarySet"]
        chain.names.update({address: contract for contract, address in at.items()})
        return bridge

    @property
    def domain(self) -> Domain:
        return Domain(self.chain.chain_id, bytes.fromhex(self.escrow[2:]), self.genesis)

    def govern(self, function: str, *args: Word, by: Party = GOVERNOR) -> None:
        self.chain.send(by, self.escrow, calls.call("Escrow", function, *args))

    def list_asset(self, asset: str, custody: str, home: bytes, **limits: int) -> None:
        rule = {
            "window": 0,
            "cap": 2**127,
            "instantCap": 2**127,
            "rateCap": 2**127,
            "perSecond": 2**64,
        } | limits
        code = self.chain.code_hash(asset)
        self.govern("listAsset", asset, (custody, *rule.values(), code, home, bytes(32)))

    def fund(self, holder: Party, amount: int) -> None:
        """Give the holder home tokens, and the vaults their allowance."""
        mint = calls.call("RepresentationToken", "crosschainMint", holder.address, amount)
        self.chain.send(ISSUER, self.home, mint)
        self.allow(holder)

    def allow(self, holder: Party) -> None:
        for token, vault in ((self.home, self.vault), (self.twin, self.twin_vault)):
            allow = calls.call("RepresentationToken", "approve", vault, 2**255)
            self.chain.send(holder, token, allow)

    def ticket(
        self,
        asset: str,
        party: Party,
        amount: int = 1000,
        *,
        counterpart: bytes = AWAY,
        token_id: int = 0,
        number: int | None = None,
    ) -> Ticket:
        number = next(self.ids) if number is None else number
        return Ticket(
            settlement=number.to_bytes(16, "big") + bytes(16),
            terms=keccak(f"terms {number}".encode()),
            asset=bytes.fromhex(asset[2:]),
            token_id=token_id,
            amount=amount,
            party=party.bytes20,
            counterpart=counterpart,
        )

    def words(self, verb: str, **given: Word) -> dict[str, bytes | int]:
        """The verb's own words, with our evidence, epoch 1, and a year to act."""
        known: dict[str, Word] = {**EVIDENCE, "epoch": 1, "notAfter": START + 800 * DAY, **given}
        names = [f.name for f in interface("Escrow").functions[verb].inputs]
        return {n: v for n in names if isinstance(v := known.get(n), bytes | int)}

    def signed(
        self, verb: str, ticket: Ticket, signers: Iterable[Party] | None = None, **given: Word
    ) -> bytes:
        """The calldata of a notarised verb, signed by just enough notaries or by others."""
        words = self.words(verb, **given)
        asked = digest(self.domain, verb.capitalize(), ticket, words)
        chosen = self.notaries[: self.threshold] if signers is None else signers
        sigs = b"".join(n.sign(asked) for n in chosen)
        return calls.call("Escrow", verb, ticket.words(), *words.values(), sigs)

    def do(self, verb: str, ticket: Ticket, *, by: Party = STRANGER, **given: Word) -> None:
        """Carry out a notarised verb, sent by anybody."""
        self.chain.send(by, self.escrow, self.signed(verb, ticket, None, **given))

    def lock(self, ticket: Ticket, holder: Party, *, by: Party = OPERATOR, **given: Word) -> None:
        words = self.words("lock", **given)
        consent = holder.sign(digest(self.domain, "Lock", ticket, words))
        data = calls.call("Escrow", "lock", ticket.words(), *words.values(), consent)
        self.chain.send(by, self.escrow, data)

    def plain(self, verb: str, ticket: Ticket, *, by: Party = STRANGER) -> None:
        """Carry out a verb that needs no signature: escape, deliver, confirm."""
        self.chain.send(by, self.escrow, calls.call("Escrow", verb, ticket.words()))

    def slot(self, side: str, ticket: Ticket) -> tuple[bytes, int, int, int, int]:
        """Ticket, state, since, held until, vetoed until."""
        hash_, *rest = self.chain.view(self.escrow, side, ticket.settlement)
        state, since, held, vetoed = (int(str(word)) for word in rest)
        assert isinstance(hash_, bytes)
        return hash_, state, since, held, vetoed

    def balance(self, token: str, owner: str) -> int:
        (amount,) = self.chain.view(token, "balanceOf", owner)
        assert isinstance(amount, int)
        return amount
