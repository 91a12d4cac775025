"""Who signs proposals that a node gateway passes on: an enrolled key of one of the algorithms.

Where the key is SM2, SM3 takes the place of SHA-256 in the transaction's id and in the signature.

Source: Hyperledger Fabric 2.5, protoutil/proputils.go; BSN user manual for SM.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from adapters.bsn.certificates import Algorithm
from adapters.bsn.fabric_wire import encode
from adapters.bsn.private_keys import KeyOfUser
from adapters.bsn.sm3 import sm3


@dataclass(frozen=True, slots=True)
class Enrolled:
    """An enrolled key: its organisation, its certificate as received, and how it signs."""

    msp: str
    certificate: str
    key: KeyOfUser

    @property
    def creator(self) -> bytes:
        """The SerializedIdentity."""
        return _serialized(self.msp, self.certificate)

    def transaction_id(self, nonce: bytes) -> str:
        """The id of the transaction with this nonce."""
        made = nonce + self.creator
        is_sm = self.key.public.algorithm is Algorithm.SM2
        return (sm3(made) if is_sm else sha256(made).digest()).hex()

    def sign(self, message: bytes) -> bytes:
        """The DER signature under a proposal."""
        return self.key.sign_bytes(message)


@lru_cache(16)
def _serialized(msp: str, certificate: str) -> bytes:
    named = {"mspid": msp, "id_bytes": certificate.encode()}
    return encode("msp.SerializedIdentity", named)
