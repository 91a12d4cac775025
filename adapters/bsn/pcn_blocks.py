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

from adapters.bsn import certificates, der
from adapters.bsn.certificates import KeyPoint
from adapters.bsn.fabric_blocks import (
    ENDORSER_TRANSACTION,
    FLAGS,
    SIGNATURES,
    VALID,
    header_der,
)
from adapters.bsn.fabric_wire import (
    BadMessage,
    Message,
    blob,
    blobs,
    decode,
    number,
    part,
    parts,
    text,
)
from adapters.bsn.signing import MacRefused, MacVerifier


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
    except (BadMessage, der.FormRefused) as error:
        raise BlockRefused(f"form: {error}") from error


def _block(raw: bytes, pins: Pins) -> Block:
    block = decode("common.Block", raw)
    header = part(block, "header")
    index, previous = number(header, "number"), blob(header, "previous_hash")
    envelopes = blobs(part(block, "data"), "data")
    metadata = blobs(part(block, "metadata"), "metadata")
    if sha256(b"".join(envelopes)).digest() != blob(header, "data_hash"):
        raise BlockRefused("data: it is not what the header names")
    signed = header_der(index, previous, blob(header, "data_hash"))
    if index:  # the first block is nobody's: its hash is pinned
        _ordered(signed, metadata, pins)
    flags = metadata[FLAGS] if len(metadata) > FLAGS else b""
    if len(flags) != len(envelopes):
        raise BlockRefused("flags: not one for each transaction")
    told = []
    for place, (envelope, flag) in enumerate(zip(envelopes, flags, strict=True)):
        if flag == VALID and (one := _transaction(place, envelope, pins)) is not None:
            told.append(one)
    return Block(index, sha256(signed).hexdigest(), previous.hex(), tuple(told))


def _ordered(signed: bytes, metadata: tuple[bytes, ...], pins: Pins) -> None:
    """Refuse a block that no pinned orderer has signed."""
    if not metadata:
        raise BlockRefused("orderer: no signature")
    written = decode("common.Metadata", metadata[SIGNATURES])
    for one in parts(written, "signatures"):
        header = blob(one, "signature_header")
        _, key = identity_of(blob(decode("common.SignatureHeader", header), "creator"))
        over = blob(written, "value") + header + signed
        if key in pins.orderers and _true(key, over, blob(one, "signature")):
            return
    raise BlockRefused("orderer: no pinned key has signed the header")


def _transaction(index: int, envelope: bytes, pins: Pins) -> Told | None:
    payload = decode("common.Payload", blob(decode("common.Envelope", envelope), "payload"))
    header = part(payload, "header")
    channel = decode("common.ChannelHeader", blob(header, "channel_header"))
    if number(channel, "type") != ENDORSER_TRANSACTION:
        return None
    if text(channel, "channel_id") != pins.channel:
        raise BlockRefused("channel: a transaction is of another")
    actions = parts(decode("protos.Transaction", blob(payload, "data")), "actions")
    if len(actions) != 1:
        raise BlockRefused("transaction: one action is due")
    acted = decode("protos.ChaincodeActionPayload", blob(actions[0], "payload"))
    endorsed = part(acted, "action")
    raw = blob(endorsed, "proposal_response_payload")
    response = decode("protos.ProposalResponsePayload", raw)
    done = decode("protos.ChaincodeAction", blob(response, "extension"))
    if text(part(done, "chaincode_id"), "name") != pins.chaincode:
        return None  # another chaincode of the channel, under another policy
    over = blob(header, "channel_header") + blob(header, "signature_header")
    over += blob(acted, "chaincode_proposal_payload")
    if blob(response, "proposal_hash") != sha256(over).digest():
        raise BlockRefused("endorsement: of another proposal")
    _endorsed(raw, parts(endorsed, "endorsements"), pins)
    if not blob(done, "events"):
        return None
    event = decode("protos.ChaincodeEvent", blob(done, "events"))
    if text(event, "chaincode_id") != pins.chaincode:
        raise BlockRefused("event: of another chaincode")
    tx = text(channel, "tx_id")
    if text(event, "tx_id") != tx:
        raise BlockRefused("event: of another transaction")
    return Told(index, tx, text(event, "event_name"), blob(event, "payload"))


def _endorsed(response: bytes, endorsements: tuple[Message, ...], pins: Pins) -> None:
    """Refuse a transaction that too few of the pinned organisations' peers endorsed."""
    organisations = set()
    for one in endorsements:
        endorser = blob(one, "endorser")
        try:
            msp, key = identity_of(endorser)
        except der.FormRefused:
            continue  # a key that nobody can have pinned
        if key not in pins.endorsers.get(msp, frozenset()):
            continue
        if not _true(key, response + endorser, blob(one, "signature")):
            raise BlockRefused(f"endorsement: {msp} has signed something else")
        organisations.add(msp)
    if len(organisations) < pins.endorsements:
        raise BlockRefused(f"endorsement: {len(organisations)} of {pins.endorsements} pinned")


@lru_cache(256)
def identity_of(serialized: bytes) -> tuple[str, KeyPoint]:
    """The organisation and the key of a SerializedIdentity; its certificate proves nothing here.

    Errors: BadMessage, der.FormRefused.
    """
    identity = decode("msp.SerializedIdentity", serialized)
    try:
        pem = blob(identity, "id_bytes").decode()
    except UnicodeDecodeError as error:
        raise der.FormRefused("identity: its certificate is no text") from error
    return text(identity, "mspid"), certificates.read_key(pem)


@lru_cache(256)
def _verifier(key: KeyPoint) -> MacVerifier:
    return MacVerifier(key)


def _true(key: KeyPoint, data: bytes, signature: bytes) -> bool:
    try:
        _verifier(key).verify_bytes(data, signature)
    except (MacRefused, ValueError):
        return False
    return True
