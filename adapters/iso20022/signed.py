"""Detached signatures over exact bytes: who said a message, kept as it was signed.

A frame is one line of canonical JSON (algorithm, key, signature), then the bytes themselves. It is
what the ledger keeps and what evidence is made of, so a notary reads what the bank signed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

from bridge.core.canonical import NotCanonical, canonical, parse

ED25519, P256 = "ed25519", "p256"
KEY_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
PUBLIC_KEY = r"^(ed25519:[0-9a-f]{64}|p256:0[23][0-9a-f]{64})$"
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256
_SIGNATURE = re.compile(r"[0-9a-f]{128}")
_LINE_MAX = 512
_SHORT = 8 * 1024  # bytes: of what is no longer, the last 256 are remembered


class BadSignature(ValueError):
    """Raised for bytes nobody we know has signed; the sentence names the step."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Exact bytes and the detached signature under them."""

    raw: bytes
    algorithm: str  # ed25519 or p256
    key: str  # the key's name, as both sides agreed on it
    signature: bytes  # 64 bytes; for P-256 r and s of 32 each, s in the lower half

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes, in lower-case hex."""
        return sha256(self.raw).hexdigest()

    @property
    def frame(self) -> bytes:
        """The form that is kept: one line that says who signed, then the bytes."""
        head = {"alg": self.algorithm, "key": self.key, "signature": self.signature.hex()}
        return canonical(head) + b"\n" + self.raw


def unframe(frame: bytes) -> Signed:
    """Return what a frame holds; the signature is not verified yet.

    Errors: BadSignature.
    """
    return _unframed_lately(frame) if len(frame) <= _SHORT else _unframed(frame)


def _unframed(frame: bytes) -> Signed:
    line, newline, raw = frame.partition(b"\n")
    if not newline or len(line) > _LINE_MAX:
        raise BadSignature("frame: no head")
    try:
        head = parse(line)
    except NotCanonical as error:
        raise BadSignature("frame: its head is not canonical") from error
    if not isinstance(head, Mapping) or set(head) != {"alg", "key", "signature"}:
        raise BadSignature("frame: its head has other members")
    return Signed(raw, str(head["alg"]), str(head["key"]), signature_of(str(head["signature"])))


_unframed_lately = lru_cache(256)(_unframed)


def signature_of(text: str) -> bytes:
    """Return the 64 bytes of a signature in lower-case hex.

    Errors: BadSignature.
    """
    if not _SIGNATURE.fullmatch(text):
        raise BadSignature("signature: not 64 bytes in lower-case hex")
    return bytes.fromhex(text)


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key under its agreed name; the key itself does not leave."""

    name: str
    algorithm: str
    public: str  # as PUBLIC_KEY has it
    _sign: Callable[[bytes], bytes]

    def sign(self, raw: bytes) -> Signed:
        """Return `raw` signed."""
        return Signed(raw, self.algorithm, self.name, self._sign(raw))


def signer(name: str, key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> Signer:
    """Return the signer of a private key. Both algorithms sign the same bytes the same way twice.

    Source: RFC 8032; RFC 6979 for P-256.
    """
    if isinstance(key, Ed25519PrivateKey):
        public = f"{ED25519}:{key.public_key().public_bytes_raw().hex()}"
        return Signer(name, ED25519, public, key.sign)
    point = key.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )

    def sign(raw: bytes) -> bytes:
        r, s = decode_dss_signature(
            key.sign(raw, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        )
        return r.to_bytes(32, "big") + min(s, _ORDER - s).to_bytes(32, "big")

    return Signer(name, P256, f"{P256}:{point.hex()}", sign)


def load_signer(name: str, file: Path) -> Signer:
    """Return the signer of a PKCS#8 PEM file with an Ed25519 or P-256 key.

    Errors: ValueError, which names the file and says what it must be.
    """
    key = serialization.load_pem_private_key(file.read_bytes(), None)
    if isinstance(key, Ed25519PrivateKey):
        return signer(name, key)
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name == "secp256r1":
        return signer(name, key)
    raise ValueError(f"{file.name} holds neither an Ed25519 nor a P-256 key")


@lru_cache(256)
def _public(text: str) -> Ed25519PublicKey | ec.EllipticCurvePublicKey:
    algorithm, _, written = text.partition(":")
    try:
        raw = bytes.fromhex(written)
        if algorithm == ED25519:
            return Ed25519PublicKey.from_public_bytes(raw)
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError as error:
        raise BadSignature("key: not a public key of its kind") from error


def verified(signed: Signed, keys: Mapping[str, str]) -> Signed:
    """Return `signed` if one of `keys`, by name, has signed exactly its bytes.

    Errors: BadSignature.
    """
    public = keys.get(signed.key)
    if public is None:
        raise BadSignature("key: not one that was agreed")
    if public.partition(":")[0] != signed.algorithm:
        raise BadSignature("algorithm: not that of the key")
    prove = _proved_lately if len(signed.raw) <= _SHORT else _prove
    prove(public, signed.signature, signed.raw)
    return signed


def _prove(public: str, signature: bytes, raw: bytes) -> None:
    """Nothing, if the key signed the bytes. Errors: BadSignature."""
    held = _public(public)
    try:
        if isinstance(held, Ed25519PublicKey):
            held.verify(signature, raw)
        else:
            r, s = (int.from_bytes(part, "big") for part in _halves(signature))
            if not 0 < s <= _ORDER // 2 or r == 0:
                raise BadSignature("signature: s is not in the lower half")
            held.verify(encode_dss_signature(r, s), raw, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature as error:
        raise BadSignature("signature: not by that key over these bytes") from error


_proved_lately = lru_cache(256)(_prove)  # which keeps nothing that was refused


def _halves(signature: bytes) -> tuple[bytes, bytes]:
    if len(signature) != 64:
        raise BadSignature("signature: not 64 bytes")
    return signature[:32], signature[32:]
