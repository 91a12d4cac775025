"""A block, verified to the orderer's signature and the chain of headers, and what it tells.

What the flags say (valid, conflict) is the peer's word: they are not under the orderer's
signature. Everything else of a block is checked here. Pure.
Source: Hyperledger Fabric 2.5, block structure; ISO 8825-1 for the form of a hashed header.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256

from adapters.bsn import der
from adapters.bsn.fabric_proposals import Proposal, Told, endorsed_by
from adapters.bsn.fabric_trust import Trust, Untrusted
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
from schemas.fabric.messages import ENUMS

SIGNATURES = ENUMS["common.BlockMetadataIndex"]["SIGNATURES"]
FLAGS = ENUMS["common.BlockMetadataIndex"]["TRANSACTIONS_FILTER"]
ENDORSER_TRANSACTION = ENUMS["common.HeaderType"]["ENDORSER_TRANSACTION"]
VALID = ENUMS["protos.TxValidationCode"]["VALID"]


@dataclass(frozen=True, slots=True)
class Pinned:
    """What a reader fixes of a channel: its first block, its chaincode, and who must endorse."""

    channel: str
    chaincode: str
    genesis: bytes  # hash of block 0's header
    organisations: frozenset[str]
    orderers: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction of our chaincode, its signatures verified."""

    index: int
    tx: str
    flag: int  # as the peer says
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block whose header is chained, whose data is hashed and whose orderer signed."""

    number: int
    hash: bytes
    previous: bytes
    transactions: tuple[Transaction, ...]  # of our chaincode, valid ones only


def header_der(number: int, previous: bytes, data: bytes) -> bytes:
    """Return the bytes of a header that are hashed and signed."""
    count = number.to_bytes(number.bit_length() // 8 + 1, "big")
    members = der.write(der.INTEGER, count)
    members += der.write(der.OCTET_STRING, previous) + der.write(der.OCTET_STRING, data)
    return der.write(der.SEQUENCE, members)


def header_hash(raw: bytes) -> bytes:
    """Return the hash by which the next block names this one. Errors: Untrusted."""
    try:
        header = part(decode("common.Block", raw), "header")
    except BadMessage as error:
        raise Untrusted(f"block: {error}") from error
    return sha256(_der(header)).digest()


def verified(raw: bytes, previous: bytes | None, pinned: Pinned, trust: Trust) -> Block:
    """Return what a block tells.

    `previous` is the header hash of the block before, None where the reader begins. 1 it names
    that block; 2 its data has the hash its header says; 3 an orderer signed the header, or it is
    the pinned first block; 4 of each valid transaction of our chaincode, all organisations have
    endorsed it, and its creator signed it, if of a pinned one. Errors: Untrusted, naming the step.
    """
    try:
        block = decode("common.Block", raw)
        header, envelopes = part(block, "header"), blobs(part(block, "data"), "data")
        metadata = blobs(part(block, "metadata"), "metadata")
    except BadMessage as error:
        raise Untrusted(f"block: {error}") from error
    signed = _der(header)
    hashed = sha256(signed).digest()
    if previous is not None and blob(header, "previous_hash") != previous:
        raise Untrusted("1: it does not follow the block before")
    if sha256(b"".join(envelopes)).digest() != blob(header, "data_hash"):
        raise Untrusted("2: its data has another hash")
    if number(header, "number") == 0:
        if hashed != pinned.genesis:
            raise Untrusted("3: it is not the pinned first block")
    else:
        _ordered(metadata, signed, pinned, trust)
    return Block(
        number=number(header, "number"),
        hash=hashed,
        previous=blob(header, "previous_hash"),
        transactions=tuple(_transactions(envelopes, metadata, pinned, trust)),
    )


def _der(header: Message) -> bytes:
    return header_der(
        number(header, "number"), blob(header, "previous_hash"), blob(header, "data_hash")
    )


def _ordered(metadata: tuple[bytes, ...], signed: bytes, pinned: Pinned, trust: Trust) -> None:
    try:
        found = decode("common.Metadata", metadata[SIGNATURES])
        for one in parts(found, "signatures"):
            header = blob(one, "signature_header")
            creator = blob(decode("common.SignatureHeader", header), "creator")
            message = blob(found, "value") + header + signed
            by = trust.verify(creator, blob(one, "signature"), message, "orderer")
            if by in pinned.orderers:
                return
    except (BadMessage, IndexError, Untrusted) as error:
        raise Untrusted(f"3: {error}") from error
    raise Untrusted("3: no orderer signed it")


def _transactions(
    envelopes: tuple[bytes, ...], metadata: tuple[bytes, ...], pinned: Pinned, trust: Trust
) -> Iterator[Transaction]:
    flags = metadata[FLAGS] if len(metadata) > FLAGS else b""
    if len(flags) != len(envelopes):
        raise Untrusted("4: a flag is asked for each transaction")
    for index, (raw, flag) in enumerate(zip(envelopes, flags, strict=True)):
        if flag != VALID:
            continue
        try:
            found = _transaction(index, raw, pinned, trust)
        except (BadMessage, ValueError, Untrusted) as error:
            raise Untrusted(f"4: transaction {index}: {error}") from error
        if found is not None:
            yield found


def _transaction(index: int, raw: bytes, pinned: Pinned, trust: Trust) -> Transaction | None:
    envelope = decode("common.Envelope", raw)
    payload = decode("common.Payload", blob(envelope, "payload"))
    header = part(payload, "header")
    channel = decode("common.ChannelHeader", blob(header, "channel_header"))
    if number(channel, "type") != ENDORSER_TRANSACTION:
        return None
    extension = decode("protos.ChaincodeHeaderExtension", blob(channel, "extension"))
    name = text(part(extension, "chaincode_id"), "name")
    if name != pinned.chaincode:
        return None
    if text(channel, "channel_id") != pinned.channel:
        raise Untrusted("it is of another channel")
    creator = blob(decode("common.SignatureHeader", blob(header, "signature_header")), "creator")
    if trust.knows(creator):  # else another member's, who may bring what the endorsers endorse
        trust.verify(creator, blob(envelope, "signature"), blob(envelope, "payload"))
    proposal, endorsed = call_in(payload)
    told = endorsed_by(endorsed, proposal, trust, pinned.organisations)
    return Transaction(index=index, tx=proposal.tx, flag=VALID, told=told)


def call_in(payload: Message) -> tuple[Proposal, Message]:
    """Return the call that a transaction's payload makes, and what was endorsed of it.

    Errors: ValueError, BadMessage.
    """
    header = part(payload, "header")
    channel = decode("common.ChannelHeader", blob(header, "channel_header"))
    extension = decode("protos.ChaincodeHeaderExtension", blob(channel, "extension"))
    (action,) = parts(decode("protos.Transaction", blob(payload, "data")), "actions")
    if blob(action, "header") != blob(header, "signature_header"):
        raise BadMessage("the action has another header than its transaction")
    inner = decode("protos.ChaincodeActionPayload", blob(action, "payload"))
    proposal = Proposal(
        tx=text(channel, "tx_id"),
        channel=text(channel, "channel_id"),
        chaincode=text(part(extension, "chaincode_id"), "name"),
        signed=b"",
        channel_header=blob(header, "channel_header"),
        signature_header=blob(header, "signature_header"),
        payload=blob(inner, "chaincode_proposal_payload"),
    )
    return proposal, part(inner, "action")
