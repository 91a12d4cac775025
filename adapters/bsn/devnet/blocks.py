"""Genuine blocks of Fabric: transactions with endorsements, a header chain, an orderer's signature.

Source: Hyperledger Fabric 2.5, messages common, peer, kvrwset; protoutil/blockutils.go.
"""

from dataclasses import dataclass
from hashlib import sha256

from adapters.bsn.devnet.macs import SECP256R1, Secret
from adapters.bsn.devnet.names import certificate
from adapters.bsn.devnet.wire import message, repeated

CONFIG, ENDORSER_TRANSACTION = 1, 3
VALID, DUPLICATE_TXID, MVCC_READ_CONFLICT = 0, 9, 11


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation's signer: its MSP and its key, under a certificate of this network."""

    msp: str
    name: str
    secret: Secret

    @property
    def identity(self) -> bytes:
        """The SerializedIdentity."""
        pem = certificate(self.name, self.secret.public())
        return message((1, self.msp), (2, pem))


ORDERER = Member("OrdererMSP", "orderer0", Secret(SECP256R1, "orderer"))
ENDORSERS = tuple(
    Member(msp, f"peer0.{msp.lower()}", Secret(SECP256R1, f"peer {msp}"))
    for msp in ("Org1MSP", "Org2MSP")
)


@dataclass(frozen=True, slots=True)
class Version:
    """Where a value was last written."""

    block: int
    tx: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What an endorsement read and would write."""

    reads: tuple[tuple[str, Version | None], ...]
    writes: tuple[tuple[str, bytes | None], ...]

    def encoded(self, namespace: str) -> bytes:
        """The TxReadWriteSet."""
        reads = [message((1, key), (2, b"" if v is None else _version(v))) for key, v in self.reads]
        writes = [
            message((1, key), (2, 1 if value is None else 0), (3, value or b""))
            for key, value in self.writes
        ]
        inside = message((1, namespace), (2, repeated(1, reads) + repeated(3, writes)))
        return repeated(2, [inside])


def _version(version: Version) -> bytes:
    return message((1, version.block), (2, version.tx))


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The two headers of a proposal, as they were signed."""

    channel: bytes
    signature: bytes


def envelope(
    header: Header, payload: bytes, action: bytes, *, chaincode_payload: bytes, signer: Secret
) -> bytes:
    """The Envelope of an endorsed transaction; `payload` is what the endorsers sign."""
    proposal_hash = sha256(header.channel + header.signature + chaincode_payload).digest()
    response = message((1, proposal_hash), (2, action))
    assert response == payload, "the endorsers signed something else"
    endorsements = [
        message((1, one.identity), (2, one.secret.sign(response + one.identity)))
        for one in ENDORSERS
    ]
    endorsed = message((1, response)) + repeated(2, endorsements)
    acted = message((1, chaincode_payload), (2, endorsed))
    transaction = repeated(1, [message((1, header.signature), (2, acted))])
    headers = message((1, header.channel), (2, header.signature))
    whole = message((1, headers), (2, transaction))
    return message((1, whole), (2, signer.sign(whole)))


def response_payload(header: Header, action: bytes, chaincode_payload: bytes) -> bytes:
    """The ProposalResponsePayload."""
    proposal_hash = sha256(header.channel + header.signature + chaincode_payload).digest()
    return message((1, proposal_hash), (2, action))


def _integer(number: int) -> bytes:
    body = number.to_bytes(number.bit_length() // 8 + 1, "big")
    return bytes((2, len(body))) + body


def header_der(number: int, previous: bytes, data_hash: bytes) -> bytes:
    """The DER whose SHA-256 is the block's hash."""
    body = _integer(number)
    for one in (previous, data_hash):
        body += bytes((4, len(one))) + one
    return bytes((0x30, len(body))) + body


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One block as it went out, and what is asked of it."""

    number: int
    previous: bytes
    hash: bytes
    raw: bytes
    transactions: tuple[tuple[str, int, str, int], ...]  # id, flag, creator, time in ms


def block(
    number: int,
    previous: bytes,
    envelopes: list[bytes],
    transactions: tuple[tuple[str, int, str, int], ...],
) -> Block:
    """The next block of a chain, signed by the orderer, flagged by the peer."""
    data_hash = sha256(b"".join(envelopes)).digest()
    der = header_der(number, previous, data_hash)
    value = message((1, message((1, 0))))
    signed = message((1, ORDERER.identity), (2, sha256(der).digest()[:24]))
    signature = ORDERER.secret.sign(value + signed + der)
    written = message((1, value), (2, message((1, signed), (2, signature))))
    flags = bytes(code for _, code, _, _ in transactions) or b"\0"
    metadata = repeated(1, [written, b"", flags, b"", b""])
    header = message((1, number), (2, previous), (3, data_hash))
    raw = message((1, header), (2, repeated(1, envelopes)), (3, metadata))
    return Block(
        number=number,
        previous=previous,
        hash=sha256(der).digest(),
        raw=raw,
        transactions=transactions,
    )
