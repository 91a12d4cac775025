"""What a block proves: the gateway's signed answer that holds it is the evidence of its facts."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Final, TypeAlias

from adapters.bsn import certificates, der
from adapters.bsn.certificates import KeyPoint
from adapters.bsn.escrow_words import BadWords, fact_of
from adapters.bsn.pcn_answers import (
    Answer,
    NotAnAnswer,
    Untrusted,
    bytes_of,
    count_of,
    hash_of,
    object_of,
    read_answer,
)
from adapters.bsn.pcn_blocks import Block, BlockRefused, Pins, read_block
from adapters.bsn.signing import MacVerifier
from bridge.core.canonical import Value
from bridge.core.events import Fact
from bridge.core.ids import NetworkId
from bridge.ports import Unproved

BLOCK_DATA = "/api/fabric/v1/node/getBlockData"
REMEMBERED: Final = 256  # answers that hold a block

Placed: TypeAlias = tuple[tuple[int, Fact], ...]
"""The facts of a block, each with the place of its transaction."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a verifier fixes for a network: who speaks for it, and whose words a block stands on.

    What an answer proved to it once is known by the answer's bytes: the watcher reads a block, then
    every notary looks at the same one. What was refused is not kept.
    """

    network: NetworkId
    gateway: MacVerifier
    pins: Pins
    _proved: dict[bytes, Placed] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    @property
    def escrow(self) -> str:
        """The escrow as orders name it."""
        return f"{self.pins.channel}/{self.pins.chaincode}"

    def proved(self, evidence: bytes) -> Placed | None:
        """What these very bytes have proved before, or None."""
        return self._proved.get(sha256(evidence).digest())

    def remember(self, evidence: bytes, facts: Placed) -> None:
        """Keep what some bytes have proved, and forget the oldest of too many."""
        name = sha256(evidence).digest()
        if name not in self._proved and len(self._proved) >= REMEMBERED:
            del self._proved[next(iter(self._proved))]
        self._proved[name] = facts


def point_of(key: str) -> KeyPoint:
    """The point of a public key given as the base64 of its SubjectPublicKeyInfo.

    Errors: ValueError.
    """
    try:
        raw = base64.b64decode(key, validate=True)
    except ValueError as error:
        raise der.FormRefused("public key: not base64") from error
    return certificates.read_spki(raw)


def block_of(answer: Answer, pins: Pins, number: int | None = None) -> Block:
    """The block that an answer holds, checked, and asked for by that number if one is given.

    Errors: Untrusted.
    """
    if not answer.done:
        raise Untrusted("it holds no block")
    body = object_of(answer.body)
    try:
        block = read_block(bytes_of(body, "blockData"), pins)
    except BlockRefused as error:
        raise Untrusted(f"block: {error}") from error
    said = count_of(body, "blockNumber"), hash_of(body, "blockHash")
    if said != (block.number, block.hash):
        raise Untrusted("number or hash: not those of the block")
    if hash_of(body, "preBlockHash", empty=not block.number) != block.previous:
        raise Untrusted("preBlockHash: not that of the block")
    if number is not None and block.number != number:
        raise Untrusted(f"block {block.number} answers for {number}")
    return block


def facts_of(block: Block, trusted: Trusted) -> Placed:
    """The facts told in a block, with the places of their transactions.

    Errors: Untrusted where our own chaincode tells what it never says.
    """
    found = []
    for told in block.told:
        try:
            fact = fact_of(told.name, told.payload, trusted.network, trusted.escrow)
        except BadWords as error:
            raise Untrusted(f"event {told.name}: {error}") from error
        if fact is not None:
            found.append((told.index, fact))
    return tuple(found)


def verify(evidence: bytes, pinned: Value) -> tuple[Fact, ...]:
    """Every fact that a signed block of the pinned network proves.

    Errors: Unproved, naming the step.
    """
    try:
        trusted = trusted_by(_frozen(pinned))
        found = trusted.proved(evidence)
        if found is None:
            answer = read_answer(BLOCK_DATA, evidence, trusted.gateway)
            found = facts_of(block_of(answer, trusted.pins), trusted)
            trusted.remember(evidence, found)
    except (NotAnAnswer, Untrusted, ValueError) as error:
        raise Unproved(str(error)) from error
    return tuple(fact for _, fact in found)


Pinned = tuple[str, str, str, str, tuple[str, ...], tuple[tuple[str, str], ...], int]


@lru_cache(16)
def trusted_by(words: Pinned) -> Trusted:
    """What some pinned words fix. Errors: ValueError for a key that is none."""
    network, channel, chaincode, gateway, orderers, endorsers, endorsements = words
    by_msp: dict[str, frozenset[KeyPoint]] = {}
    for msp, key in endorsers:
        by_msp[msp] = by_msp.get(msp, frozenset()) | {point_of(key)}
    pins = Pins(channel, chaincode, frozenset(map(point_of, orderers)), by_msp, endorsements)
    return Trusted(NetworkId(network), MacVerifier(point_of(gateway)), pins)


def _frozen(pinned: Value) -> Pinned:
    if not isinstance(pinned, Mapping):
        raise Unproved("pinned: no words")
    words = []
    for name in ("network", "channel", "chaincode", "gateway_key", "endorsements"):
        found = pinned.get(name)
        if not isinstance(found, str):
            raise Unproved(f"pinned: {name} is no text")
        words.append(found)
    orderers, endorsers = pinned.get("orderers", ()), pinned.get("endorsers", ())
    if isinstance(orderers, str | bool | Mapping) or isinstance(endorsers, str | bool | Mapping):
        raise Unproved("pinned: keys are no list")
    pairs = [(str(one["msp"]), str(one["key"])) for one in endorsers if isinstance(one, Mapping)]
    keys = tuple(str(one) for one in orderers)
    network, channel, chaincode, gateway, count = words
    return network, channel, chaincode, gateway, keys, tuple(pairs), int(count)
