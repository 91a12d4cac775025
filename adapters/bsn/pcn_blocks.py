"""A block that the gateway hands out is checked before anything in it is believed.

Its data against its header, its header against its hash, the orderer's signature over that, and
every valid transaction's endorsements by keys that the settings pin. That a transaction is valid
is the peer's own word, which no orderer signs; it stands under the gateway's mac. The envelope's
signature is not looked at: the gateway closes envelopes for us, and the endorsements say more.

Source: Hyperledger Fabric 2.5, protoutil/blockutils.go, core/common/validation/msgvalidation.go.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from adapters.bsn import certificates, der, protobuf
from adapters.bsn.certificates import KeyPoint
from adapters.bsn.protobuf import NotProtobuf
from adapters.bsn.signing import MacRefused, MacVerifier

VALID = 0
ENDORSER_TRANSACTION = 3
_SIGNATURES, _FLAGS = 0, 2  # of the block's metadata


class BlockRefused(ValueError):
    """A block that does not prove itself; the sentence names the step."""


@dataclass(frozen=True, slots=True)
class Told:
    """What one valid transaction of our chaincode told."""

    index: int
    tx: str
    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block that has been checked: its place in the chain, and what was told in it."""

    number: int
    hash: str
    previous: str
    told: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Pins:
    """Whose words a block stands on: who orders, who endorses, and how many of them must."""

    channel: str
    chaincode: str
    orderers: frozenset[KeyPoint]
    endorsers: Mapping[str, frozenset[KeyPoint]]  # by organisation
    endorsements: int


def read_block(raw: bytes, pins: Pins) -> Block:
    """The block that some bytes are.

    Errors: BlockRefused.
    """
    try:
        return _block(raw, pins)
    except (NotProtobuf, der.FormRefused) as error:
        raise BlockRefused(f"form: {error}") from error


def _block(raw: bytes, pins: Pins) -> Block:
    block = protobuf.read(raw)
    header = protobuf.read(protobuf.field(block, 1))
    number = protobuf.number(header, 1)
    previous, data_hash = protobuf.field(header, 2), protobuf.field(header, 3)
    envelopes = protobuf.every(protobuf.read(protobuf.field(block, 2)), 1)
    metadata = protobuf.every(protobuf.read(protobuf.field(block, 3)), 1)
    if sha256(b"".join(envelopes)).digest() != data_hash:
        raise BlockRefused("data: it is not what the header names")
    signed = header_bytes(number, previous, data_hash)
    if number:  # the first block is nobody's: its hash is pinned
        _ordered(signed, metadata, pins)
    flags = metadata[_FLAGS] if len(metadata) > _FLAGS else b""
    if len(flags) != len(envelopes):
        raise BlockRefused("flags: not one for each transaction")
    told = []
    for index, (envelope, flag) in enumerate(zip(envelopes, flags, strict=True)):
        if flag == VALID and (one := _transaction(index, envelope, pins)) is not None:
            told.append(one)
    return Block(number, sha256(signed).hexdigest(), previous.hex(), tuple(told))


def header_bytes(number: int, previous: bytes, data_hash: bytes) -> bytes:
    """The DER of a block's header, whose SHA-256 is the block's hash."""
    size = number.bit_length() // 8 + 1
    fields = der.write(der.INTEGER, number.to_bytes(size, "big"))
    fields += der.write(der.OCTET_STRING, previous) + der.write(der.OCTET_STRING, data_hash)
    return der.write(der.SEQUENCE, fields)


def _ordered(signed: bytes, metadata: list[bytes], pins: Pins) -> None:
    """Refuse a block that no pinned orderer has signed."""
    if not metadata:
        raise BlockRefused("orderer: no signature")
    written = protobuf.read(metadata[_SIGNATURES])
    value = protobuf.field(written, 1)
    for raw in protobuf.every(written, 2):
        one = protobuf.read(raw)
        header, signature = protobuf.field(one, 1), protobuf.field(one, 2)
        _, key = identity_of(protobuf.at(header, 1))
        if key in pins.orderers and _true(key, value + header + signed, signature):
            return
    raise BlockRefused("orderer: no pinned key has signed the header")


def _transaction(index: int, envelope: bytes, pins: Pins) -> Told | None:
    payload = protobuf.at(envelope, 1)
    header = protobuf.at(payload, 1)
    channel_header = protobuf.at(header, 1)
    channel = protobuf.read(channel_header)
    if protobuf.number(channel, 1) != ENDORSER_TRANSACTION:
        return None
    if protobuf.text(channel, 4) != pins.channel:
        raise BlockRefused("channel: a transaction is of another")
    actions = protobuf.every(protobuf.read(protobuf.at(payload, 2)), 1)
    if len(actions) != 1:
        raise BlockRefused("transaction: one action is due")
    action = protobuf.read(protobuf.at(actions[0], 2))
    endorsed = protobuf.read(protobuf.field(action, 2))
    response = protobuf.field(endorsed, 1)
    done = protobuf.read(protobuf.at(response, 2))
    if protobuf.text(protobuf.read(protobuf.field(done, 4)), 2) != pins.chaincode:
        return None  # another chaincode of the channel, under another policy
    over = channel_header + protobuf.at(header, 2) + protobuf.field(action, 1)
    if protobuf.at(response, 1) != sha256(over).digest():
        raise BlockRefused("endorsement: of another proposal")
    _endorsed(response, protobuf.every(endorsed, 2), pins)
    event = protobuf.read(protobuf.field(done, 2))
    if not event:
        return None
    if protobuf.text(event, 1) != pins.chaincode:
        raise BlockRefused("event: of another chaincode")
    tx = protobuf.text(channel, 5)
    if protobuf.text(event, 2) != tx:
        raise BlockRefused("event: of another transaction")
    return Told(index, tx, protobuf.text(event, 3), protobuf.field(event, 4))


def _endorsed(response: bytes, endorsements: list[bytes], pins: Pins) -> None:
    """Refuse a transaction that too few of the pinned organisations' peers endorsed."""
    organisations = set()
    for raw in endorsements:
        one = protobuf.read(raw)
        endorser, signature = protobuf.field(one, 1), protobuf.field(one, 2)
        msp, key = identity_of(endorser)
        if key not in pins.endorsers.get(msp, frozenset()):
            continue
        if not _true(key, response + endorser, signature):
            raise BlockRefused(f"endorsement: {msp} has signed something else")
        organisations.add(msp)
    if len(organisations) < pins.endorsements:
        raise BlockRefused(f"endorsement: {len(organisations)} of {pins.endorsements} pinned")


@lru_cache(256)
def identity_of(serialized: bytes) -> tuple[str, KeyPoint]:
    """The organisation and the key of a SerializedIdentity; its certificate proves nothing here.

    Errors: NotProtobuf, der.FormRefused.
    """
    identity = protobuf.read(serialized)
    return protobuf.text(identity, 1), certificates.read_key(protobuf.text(identity, 2))


@lru_cache(256)
def _verifier(key: KeyPoint) -> MacVerifier:
    return MacVerifier(key)


def _true(key: KeyPoint, data: bytes, signature: bytes) -> bool:
    try:
        _verifier(key).verify_bytes(data, signature)
    except (MacRefused, ValueError):
        return False
    return True
