"""A proposal of ours, as Fabric signs it: its id is known before it is sent.

Where the identity's key is SM2, SM3 takes the place of SHA-256 in the id and in the signature.

Source: Hyperledger Fabric 2.5, protoutil/proputils.go; BSN user manual for SM.
"""

from dataclasses import dataclass
from hashlib import sha256

from adapters.bsn import protobuf
from adapters.bsn.certificates import Algorithm
from adapters.bsn.private_keys import KeyOfUser
from adapters.bsn.sm3 import sm3
from bridge.core.ids import Instant, TxRef

ENDORSER_TRANSACTION = 3
GOLANG = 1  # the type every client writes, whatever the chaincode is written in


@dataclass(frozen=True, slots=True)
class Identity:
    """An enrolled key: its organisation, its certificate as received, and how it signs."""

    msp: str
    certificate: str
    key: KeyOfUser

    @property
    def creator(self) -> bytes:
        """The SerializedIdentity."""
        return protobuf.write(((1, self.msp), (2, self.certificate)))

    def transaction_id(self, nonce: bytes) -> TxRef:
        """The id of the transaction with this nonce."""
        made = nonce + self.creator
        is_sm = self.key.public.algorithm is Algorithm.SM2
        return TxRef((sm3(made) if is_sm else sha256(made).digest()).hex())


def signed_proposal(
    identity: Identity,
    place: tuple[str, str],
    words: tuple[str, bytes],
    *,
    nonce: bytes,
    time: Instant,
) -> bytes:
    """The SignedProposal that calls a chaincode: a function and one argument."""
    channel, chaincode = place
    named = protobuf.write(((2, chaincode),))
    stamp = protobuf.write(((1, time // 1000), (2, time % 1000 * 1_000_000)))
    header = protobuf.write(
        (
            (1, ENDORSER_TRANSACTION),
            (3, stamp),
            (4, channel),
            (5, identity.transaction_id(nonce)),
            (7, protobuf.write(((2, named),))),
        )
    )
    signature_header = protobuf.write(((1, identity.creator), (2, nonce)))
    given = protobuf.write(((1, [words[0].encode(), words[1]]),))
    spec = protobuf.write(((1, GOLANG), (2, named), (3, given)))
    payload = protobuf.write(((1, protobuf.write(((1, spec),))),))
    headers = protobuf.write(((1, header), (2, signature_header)))
    proposal = protobuf.write(((1, headers), (2, payload)))
    return protobuf.write(((1, proposal), (2, identity.key.sign_bytes(proposal))))


def argument_in(signed: bytes) -> bytes:
    """The one argument of a proposal of ours. Errors: protobuf.NotProtobuf."""
    given = protobuf.at(signed, 1, 2, 1, 1, 3)
    words = protobuf.every(protobuf.read(given), 1)
    if len(words) != 2:
        raise protobuf.NotProtobuf("a function and one argument are due")
    return words[1]
