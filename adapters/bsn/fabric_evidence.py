"""What a peer's word proves: a block that peers of pinned organisations handed out and signed.

No orderer signs which transactions of a block are valid. So a block is asked for as a call of the
ledger's own chaincode, and the endorsed answer, flags and all, is the evidence. Pure.
Source: Hyperledger Fabric 2.5, query system chaincode and block structure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from adapters.bsn.escrow_words import BadWords, fact_of
from adapters.bsn.fabric_blocks import Pinned, call_in, verified
from adapters.bsn.fabric_proposals import arguments_of, endorsed_by
from adapters.bsn.fabric_trust import Trust, Untrusted, certificate_pem
from adapters.bsn.fabric_wire import BadMessage, decode
from adapters.bsn.reading import Read
from bridge.core.canonical import Value
from bridge.core.events import Fact
from bridge.core.ids import NetworkId
from bridge.ports import Unproved

LEDGER: Final = "qscc"
GET_BLOCK: Final = b"GetBlockByNumber"


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a verifier fixes for a network: its first block, and whose words count."""

    network: NetworkId
    pinned: Pinned
    trust: Trust
    witnesses: frozenset[str]  # organisations whose peers sign every block that is read

    @property
    def escrow(self) -> str:
        """The escrow as orders name it."""
        return f"{self.pinned.channel}/{self.pinned.chaincode}"


def read_block(evidence: bytes, trusted: Trusted, number: int | None = None) -> Read:
    """Return the block that an endorsed answer holds, and the facts it proves.

    1 it answers for a block of this channel, for that number if one is given; 2 every witness has
    signed it; 3 the block proves itself; 4 our chaincode says what it can say.
    Errors: Untrusted, naming the step.
    """
    try:
        payload = decode("common.Payload", evidence)
        call, endorsed = call_in(payload)
        verb, channel, asked = arguments_of(call)
        named = int(asked.decode("ascii"))
    except ValueError as error:
        raise Untrusted(f"1: {error}") from error
    if (call.channel, call.chaincode, verb) != (trusted.pinned.channel, LEDGER, GET_BLOCK):
        raise Untrusted("1: it answers another question")
    if channel != call.channel.encode() or asked != str(named).encode():
        raise Untrusted("1: it answers for another channel or number")
    if number is not None and named != number:
        raise Untrusted(f"1: block {named} answers for {number}")
    told = endorsed_by(endorsed, call, trusted.trust, trusted.witnesses)
    block = verified(told.payload, None, trusted.pinned, trusted.trust)
    if block.number != named:
        raise Untrusted(f"3: block {block.number} answers for {named}")
    facts = []
    for one in block.transactions:
        if one.told.event is None:
            continue
        name, words = one.told.event
        try:
            fact = fact_of(name, words, trusted.network, trusted.escrow)
        except BadWords as error:
            raise Untrusted(f"4: event {name}: {error}") from error
        if fact is not None:
            facts.append((one.index, fact))
    return Read(
        block.number,
        block.hash.hex(),
        block.previous.hex(),
        tuple(facts),
        evidence,
        {one.index: one.tx for one in block.transactions},
    )


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Return every fact that a signed block of the pinned network proves.

    Errors: Unproved, naming the step.
    """
    try:
        read = read_block(evidence, trusted_by(words_of(pinned)))
    except (Untrusted, BadMessage, ValueError) as error:
        raise Unproved(str(error)) from error
    return tuple(fact for _, fact in read.facts)


Words: TypeAlias = tuple[
    str, str, str, str, tuple[tuple[str, str], ...], tuple[tuple[str, str], ...], tuple[str, ...]
]
"""Network, channel, chaincode, first block, endorsers' roots, orderers' roots, witnesses."""


@lru_cache(16)
def trusted_by(words: Words) -> Trusted:
    """Return what some pinned words fix. Errors: ValueError for a root that is no certificate."""
    network, channel, chaincode, genesis, organisations, orderers, witnesses = words
    roots: dict[str, bytes] = {}
    for msp, root in (*organisations, *orderers):
        roots[msp] = roots.get(msp, b"") + certificate_pem(root)
    pinned = Pinned(
        channel,
        chaincode,
        bytes.fromhex(genesis),
        frozenset(msp for msp, _ in organisations),
        frozenset(msp for msp, _ in orderers),
    )
    return Trusted(NetworkId(network), pinned, Trust(roots), frozenset(witnesses))


def pinned_of(words: Words) -> Value:
    """Return pinned words as a value that others can keep."""
    network, channel, chaincode, genesis, organisations, orderers, witnesses = words
    return {
        "access": "fabric",
        "network": network,
        "channel": channel,
        "chaincode": chaincode,
        "genesis": genesis,
        "organisations": [{"msp": msp, "root": root} for msp, root in organisations],
        "orderers": [{"msp": msp, "root": root} for msp, root in orderers],
        "witnesses": list(witnesses),
    }


def words_of(pinned: Value) -> Words:
    """Return the words that a kept value holds. Errors: Unproved."""
    if not isinstance(pinned, Mapping):
        raise Unproved("pinned: no words")
    found = []
    for name in ("network", "channel", "chaincode", "genesis"):
        word = pinned.get(name)
        if not isinstance(word, str):
            raise Unproved(f"pinned: {name} is no text")
        found.append(word)
    network, channel, chaincode, genesis = found
    witnesses = tuple(one for one in _list(pinned, "witnesses") if isinstance(one, str))
    if not witnesses:
        raise Unproved("pinned: no witness")
    organisations, orderers = (_roots(pinned, name) for name in ("organisations", "orderers"))
    return network, channel, chaincode, genesis, organisations, orderers, witnesses


def _list(pinned: Mapping[str, Value], name: str) -> list[Value]:
    found = pinned.get(name)
    if not isinstance(found, list | tuple):
        raise Unproved(f"pinned: {name} is no list")
    return list(found)


def _roots(pinned: Mapping[str, Value], name: str) -> tuple[tuple[str, str], ...]:
    found = _list(pinned, name)
    pairs = [(str(one["msp"]), str(one["root"])) for one in found if isinstance(one, Mapping)]
    if not pairs or len(pairs) != len(found):
        raise Unproved(f"pinned: {name} is no list of roots")
    return tuple(pairs)
