"""Signers that are not ours: ECDSA by the compiled library, SM2 by another program.

Every key and signature of the tests of `explain` comes from here, so that agreement means
something.
"""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import gmssl_pyx
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

CURVES: dict[str, ec.EllipticCurve] = {"r1": ec.SECP256R1(), "k1": ec.SECP256K1()}
ORDERS = {
    "r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "k1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
SM2_CURVE = (
    "fffffffeffffffffffffffffffffffffffffffff00000000fffffffffffffffc"
    "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"
    "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)
SM2_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d03420004")


@dataclass(frozen=True)
class Signer:
    """A key of one kind: its PEM, and how it signs."""

    kind: str
    pem: str
    sign_digest: Callable[[bytes], bytes]  # DER over a digest of 32 bytes
    public: bytes = b""

    def digest(self, text: bytes) -> bytes:
        """The digest the gateway's rule asks for."""
        if self.kind == "sm2":
            return self.za_digest(gmssl_pyx.sm3_hash(text))
        return hashlib.sha256(text).digest()

    def za_digest(self, message: bytes, signer_id: bytes = b"1234567812345678") -> bytes:
        """SM3 over ZA and a message, ZA made here and not by the program under test."""
        za = gmssl_pyx.sm3_hash(
            (8 * len(signer_id)).to_bytes(2, "big")
            + signer_id
            + bytes.fromhex(SM2_CURVE)
            + self.public
        )
        return bytes(gmssl_pyx.sm3_hash(za + message))

    def der(self, text: str | bytes) -> bytes:
        """The right signature of a text, in DER."""
        data = text.encode() if isinstance(text, str) else text
        return self.sign_digest(self.digest(data))

    def mac(self, text: str | bytes) -> str:
        """The right mac of a text."""
        return base64.b64encode(self.der(text)).decode()

    def mac_over(self, digest: bytes) -> str:
        """A mac over any digest."""
        return base64.b64encode(self.sign_digest(digest)).decode()


@cache
def signer(kind: str, label: str = "user") -> Signer:
    """The key of a kind that belongs to a label; the same at every call."""
    if kind == "sm2":
        public, private = gmssl_pyx.sm2_key_generate()
        return Signer(
            kind,
            pem("PUBLIC KEY", SM2_SPKI + public),
            lambda digest: bytes(gmssl_pyx.sm2_sign_sm3_digest(private, digest)),
            public,
        )
    seed = int.from_bytes(hashlib.sha256(f"{kind}/{label}".encode()).digest(), "big")
    key = ec.derive_private_key(seed % (ORDERS[kind] - 1) + 1, CURVES[kind])
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    text = key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()

    def sign(digest: bytes) -> bytes:
        r, s = decode_dss_signature(key.sign(digest, ec.ECDSA(Prehashed(hashes.SHA256()))))
        return encode_dss_signature(r, min(s, ORDERS[kind] - s))

    return Signer(kind, text, sign)


def pem(label: str, data: bytes) -> str:
    """The PEM block of some DER."""
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
