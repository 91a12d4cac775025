"""A real peer behind the gateway, in the embedded ledger's place.

Fabric admits an envelope only under its proposal's creator's own signature. The service closes
envelopes for its users; this gateway does so with copies of their keys, which a test network has.
Its calls block: whoever serves it calls it beside the loop.

Source: Hyperledger Fabric 2.5, gateway service; its messages in protobuf.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters.bsn.devnet.behind import Endorsed, EndorsementFailed
from adapters.bsn.devnet.blocks import Block, header_der
from adapters.bsn.devnet.ledger import proposal
from adapters.bsn.devnet.macs import SECP256R1, Public
from adapters.bsn.devnet.wire import count, message, part, parts

_LIMIT: Final = 100 << 20  # bytes of one message: a block may be as large
CALL_S: Final = 10
AGAIN, AGAIN_S = 4, 0.05  # one organisation's peer may lag behind the other's
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_BLOCKS_KEPT: Final = 64


@dataclass(frozen=True, slots=True)
class Copied:
    """The gateway's copy of a user's key, with the user's SerializedIdentity."""

    key: ec.EllipticCurvePrivateKey
    identity: bytes

    @property
    def algorithm(self) -> int:
        """Fabric's own."""
        return SECP256R1

    def public(self) -> Public:
        """The public half."""
        numbers = self.key.public_key().public_numbers()
        return Public(SECP256R1, numbers.x, numbers.y)

    def sign(self, message: bytes) -> bytes:
        """The DER signature of a message, with the lower s."""
        r, s = decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, _ORDER - s))


def copied(msp: str, certificate: bytes, key: bytes) -> Copied:
    """A copy of somebody's key, from the PEM of certificate and key."""
    private = load_pem_private_key(key, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey), "cryptogen makes no other"
    return Copied(private, message((1, msp), (2, certificate)))


@dataclass(slots=True, kw_only=True)
class Peer:
    """One organisation's peer, asked by its gateway service. `users` may be closed for."""

    address: str
    ca: bytes
    genesis: bytes  # the hash of the first block
    organisations: tuple[str, ...]
    asking: Copied  # whose word qscc is asked by
    users: dict[bytes, Copied]  # by SerializedIdentity
    clock: Callable[[], int]
    channel: str = "settle"
    chaincode: str = "escrow"
    _wire: grpc.Channel = field(init=False)
    _blocks: dict[int, Block] = field(default_factory=dict)
    _number: int = 0

    def __post_init__(self) -> None:
        options = (
            ("grpc.max_receive_message_length", _LIMIT),
            ("grpc.initial_reconnect_backoff_ms", 100),
            ("grpc.max_reconnect_backoff_ms", 1_000),
        )
        credentials = grpc.ssl_channel_credentials(self.ca)
        self._wire = grpc.secure_channel(self.address, credentials, options=options)

    def close(self) -> None:
        """End the connection."""
        self._wire.close()

    @property
    def network(self) -> str:
        """The network's id: the hash of its first block."""
        return f"fabric:{self.genesis.hex()[:32]}"

    def join(self, msp: str, name: str, certificate: str, key: Public) -> bytes:
        """Refuse: users come from the organisation's own authority. Errors: ValueError."""
        del msp, name, certificate, key
        raise ValueError("a real network's users come from its own authority")

    def endorse(self, signed_proposal: bytes) -> Endorsed:
        """What the peers of both organisations make of a proposal.

        Errors: EndorsementFailed; ValueError for bytes that are no proposal.
        """
        proposed = part(signed_proposal, 1)
        raw, given = part(proposed, 1, 1), part(proposed, 1, 2)
        user = self.users.get(part(given, 1))
        if user is None:
            raise EndorsementFailed("access denied: no copy of the creator's key closes for them")
        tx = part(raw, 5).decode()
        asked = message((1, tx), (2, part(raw, 4)), (3, signed_proposal))
        asked += b"".join(message((4, one)) for one in self.organisations)
        payload = part(self._endorsed(asked), 1, 1)
        action = part(payload, 2, 1, 2, 2, 1, 2)  # ChaincodeAction, by way of what is endorsed
        written = [
            one
            for space in parts(part(action, 1), 2)
            if part(space, 1).decode() == self.chaincode
            for one in parts(part(space, 2), 3)
        ]
        return Endorsed(
            tx=tx,
            status=count(part(action, 3), 1),
            payload=part(action, 3, 3),
            envelope=message((1, payload), (2, user.sign(payload))),
            changes=bool(written) or bool(part(action, 2)),
        )

    def _endorsed(self, asked: bytes) -> bytes:
        for turn in range(AGAIN):
            try:
                return self._call("Endorse", asked)
            except grpc.RpcError as error:
                said = _said(error)
                if turn == AGAIN - 1 or "duplicate transaction" in said:
                    raise EndorsementFailed(said) from error
            time.sleep(AGAIN_S)
        raise AssertionError("the last turn returns or raises")

    def order(self, endorsed: Endorsed) -> None:
        """Hand a transaction to the orderer. Errors: EndorsementFailed where nobody took it."""
        asked = message((1, endorsed.tx), (2, self.channel), (3, endorsed.envelope))
        try:
            self._call("Submit", asked)
        except grpc.RpcError as error:
            raise EndorsementFailed(f"系统繁忙: {_said(error)}") from error

    def height(self) -> int:
        """How many blocks there are now. Errors: EndorsementFailed."""
        return count(self._ask("GetChainInfo"), 1)

    def block(self, number: int) -> Block:
        """A block that is there. Errors: EndorsementFailed."""
        if number not in self._blocks:
            if len(self._blocks) >= _BLOCKS_KEPT:
                self._blocks.pop(next(iter(self._blocks)))
            self._blocks[number] = block_in(self._ask("GetBlockByNumber", str(number)))
        return self._blocks[number]

    def found(self, tx: str) -> tuple[Block, int] | None:
        """The block and place of a transaction that was committed, valid or not.

        Errors: EndorsementFailed.
        """
        try:
            block = block_in(self._ask("GetBlockByTxID", tx))
        except EndorsementFailed as error:
            if "no such transaction ID" in str(error) or "not found" in str(error):
                return None
            raise
        places = [place for place, one in enumerate(block.transactions) if one[0] == tx]
        return block, places[0]

    def envelope(self, number: int, place: int) -> bytes:
        """A transaction as its block has it."""
        return parts(part(self.block(number).raw, 2), 1)[place]

    def _ask(self, verb: str, *words: str) -> bytes:
        """What qscc answers here."""
        self._number += 1
        nonce = sha256(f"{self.clock()} {self._number}".encode()).digest()[:24]
        signed = proposal(
            secret=self.asking,
            identity=self.asking.identity,
            nonce=nonce,
            time_ms=self.clock(),
            place=(self.channel, "qscc"),
            words=(verb.encode(), self.channel.encode(), *(word.encode() for word in words)),
        )
        tx = part(signed, 1, 1, 1, 5)
        try:
            answer = self._call("Evaluate", message((1, tx), (2, self.channel), (3, signed)))
        except grpc.RpcError as error:
            raise EndorsementFailed(_said(error)) from error
        return part(answer, 1, 3)

    def _call(self, method: str, asked: bytes) -> bytes:
        called = self._wire.unary_unary(f"/gateway.Gateway/{method}")
        answer: bytes = called(asked, timeout=CALL_S)
        return answer


def block_in(raw: bytes) -> Block:
    """A block of the peer, with what is asked of it."""
    header, flags = part(raw, 1), parts(part(raw, 3), 1)[2].ljust(1, b"\0")  # none before a commit
    number, previous = count(header, 1), part(header, 2)
    listed: list[tuple[str, int, str, int]] = []
    for place, one in enumerate(parts(part(raw, 2), 1)):
        channel, creator = part(one, 1, 1, 1), part(one, 1, 1, 2, 1, 1)
        stamp = part(channel, 3)
        at = count(stamp, 1) * 1000 + count(stamp, 2) // 1_000_000
        listed.append((part(channel, 5).decode(), flags[place], creator.decode(), at))
    return Block(
        number=number,
        previous=previous,
        hash=sha256(header_der(number, previous, part(header, 3))).digest(),
        raw=raw,
        transactions=tuple(listed),
    )


def _said(error: grpc.RpcError) -> str:
    """What a peer said, its details' sentences behind it."""
    told = [str(error.details())]
    for name, value in error.trailing_metadata() or ():
        if name == "grpc-status-details-bin":
            told += [part(one, 2, 3).decode("utf-8", "replace") for one in parts(value, 3)]
    return "; ".join(told)[:600]


def spki_of(certificate: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a certificate that cryptogen made."""
    key = x509.load_pem_x509_certificate(certificate).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey), "cryptogen makes no other"
    numbers = key.public_numbers()
    return Public(SECP256R1, numbers.x, numbers.y).spki()
