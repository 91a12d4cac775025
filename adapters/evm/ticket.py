"""What a verb acts on, on chain: the ticket, its typed hash, and the digest that is signed.

All members are words of fixed size, so hashing is concatenation. Values are checked here, before
they are hashed: a library that pads or guesses would sign something nobody meant.
Source: EIP-712, hashStruct and domainSeparator; the contracts' Ticket.sol and Domain.sol.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from adapters.evm.keccak import keccak
from schemas.contracts import typed

WORD = 32
U64 = 1 << 64
U128 = 1 << 128
U256 = 1 << 256
TICKET_HASH = keccak(typed.ticket_type().encode())
VERB_HASH = {verb: keccak(typed.encode_type(verb).encode()) for verb in typed.VERBS}
DOMAIN_HASH = keccak(typed.domain_type().encode())


def word(value: bytes | int) -> bytes:
    """Return a value as one 32-byte word. Errors: ValueError where it does not fit."""
    if isinstance(value, int):
        if not 0 <= value < U256:
            raise ValueError(f"{value} is no unsigned word")
        return value.to_bytes(WORD, "big")
    if len(value) == 20:  # an address stands on the right
        return bytes(12) + value
    if len(value) != WORD:
        raise ValueError(f"{len(value)} bytes are no word")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """What a verb acts on; its hash is the content of a slot.

    Units: `amount` in the asset's smallest unit, 1 for a title.
    Errors: ValueError for what the escrow would refuse as a bad ticket.
    """

    settlement: bytes  # the ULID's 16 bytes, then 16 zero bytes
    terms: bytes
    asset: bytes
    token_id: int  # 0, or the document hash of a title
    amount: int
    party: bytes
    counterpart: bytes  # keccak256 of the other network's CAIP-2 text

    def __post_init__(self) -> None:
        for name, size in (("settlement", 32), ("terms", 32), ("asset", 20), ("party", 20)):
            if len(getattr(self, name)) != size:
                raise ValueError(f"{name} must be {size} bytes")
        if len(self.counterpart) != WORD or not any(self.counterpart):
            raise ValueError("counterpart must be 32 bytes and not zero")
        if any(self.settlement[16:]) or not any(self.settlement):
            raise ValueError("settlement must be 16 bytes, then 16 zero bytes")
        if not any(self.terms) or not any(self.party):
            raise ValueError("terms and party must not be zero")
        if not 0 < self.amount < U128 or not 0 <= self.token_id < U256:
            raise ValueError("amount or token id out of range")

    def words(self) -> tuple[bytes | int, ...]:
        """Return the members in the order of the type, as the ABI takes them."""
        return tuple(getattr(self, field.name) for field in fields(self))

    def hash(self) -> bytes:
        """Return the slot's content."""
        return keccak(TICKET_HASH + b"".join(word(member) for member in self.words()))


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature is good: one chain by id and genesis, one contract."""

    chain_id: int
    contract: bytes
    genesis: bytes  # hash of block 0
    name: str = typed.ESCROW_NAME

    def separator(self) -> bytes:
        """Return the domain separator."""
        if len(self.contract) != 20 or len(self.genesis) != WORD:
            raise ValueError("a domain is an address of 20 bytes and a genesis hash of 32")
        head = DOMAIN_HASH + keccak(self.name.encode()) + keccak(typed.VERSION.encode())
        return keccak(head + word(self.chain_id) + word(self.contract) + self.genesis)


def digest(domain: Domain, verb: str, ticket: Ticket, words: Mapping[str, bytes | int]) -> bytes:
    """Return what a notary (or, for a lock, the holder) signs.

    `words` are the verb's own members by name, all of them and no other.
    Errors: ValueError, KeyError for a verb nobody knows.
    """
    members = typed.VERBS[verb][1:]
    if words.keys() != {name for name, _ in members}:
        raise ValueError(f"{verb} takes {', '.join(name for name, _ in members)}")
    out = VERB_HASH[verb] + ticket.hash()
    for name, kind in members:
        value = words[name]
        if kind == "uint64" and not (isinstance(value, int) and 0 <= value < U64):
            raise ValueError(f"{name} is no uint64")
        if kind == "bytes32" and not (isinstance(value, bytes) and len(value) == WORD):
            raise ValueError(f"{name} is no bytes32")
        out += word(value)
    return keccak(b"\x19\x01" + domain.separator() + keccak(out))


def network_word(caip2: str) -> bytes:
    """Return a network's id as it stands in a ticket: keccak256 of its CAIP-2 text."""
    return keccak(caip2.encode("ascii"))
