"""Accounts are organisations and hashes of keys; a consent is a key's signature under an act."""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from adapters.bsn import der, sm2
from adapters.bsn.certificates import Algorithm, KeyPoint
from adapters.bsn.identity import Enrolled
from adapters.bsn.private_keys import read_private
from adapters.bsn.signing import EcdsaMacSigner, MacRefused, MacVerifier
from bridge.core.consent import Consent


@dataclass(frozen=True, slots=True)
class Signed:
    """A holder's signature, of a kind, with the key that made it as the consent names it."""

    kind: str
    public_key: str
    signature: bytes


def signed_with(pem: str, message: bytes) -> Signed:
    """The holder's signature of a message by the private key of a PEM, what stands before it aside.

    Errors: ValueError for another key than SM2's or secp256r1's.
    """
    algorithm, number = read_private(pem[max(pem.find("-----BEGIN"), 0) :])
    if algorithm is Algorithm.SM2:
        signer = sm2.Signer(number)
        point = KeyPoint(algorithm, signer.public.x, signer.public.y)
        return Signed("sm2", point.encoded.hex(), der.write_signature(*signer.sign(message)))
    if algorithm is not Algorithm.SECP256R1:
        raise ValueError("a holder's key is SM2's or secp256r1's")
    key = EcdsaMacSigner(algorithm, number)
    return Signed("p256", key.public.encoded.hex(), key.sign_bytes(message))


def account_name(identity: Enrolled) -> str:
    """The account of an enrolled key; a renewed certificate changes nothing."""
    return f"{identity.msp}/{sha256(identity.key.public.encoded).hexdigest()}"


def has_signed(consent: Consent, message: bytes) -> bool:
    """Whether the consent is by its account's own key and that key signed the message.

    Source: FIPS 186-5 with SHA-256 and the lower s; GB/T 32918.2 with the default id.
    """
    try:
        encoded = bytes.fromhex(consent.public_key)
        if len(encoded) != 65 or encoded[0] != 4:
            return False
        if sha256(encoded).hexdigest() != consent.by.rpartition("/")[2]:
            return False
        x, y = int.from_bytes(encoded[1:33], "big"), int.from_bytes(encoded[33:], "big")
        if consent.kind == "sm2":
            r, s = der.read_signature(consent.signature)
            return _verifier(x, y).verifies(message, r, s)
        if consent.kind != "p256":
            return False
        verifier = MacVerifier(KeyPoint(Algorithm.SECP256R1, x, y))
        verifier.verify_bytes(message, consent.signature)
    except (MacRefused, ValueError):
        return False
    return True


@lru_cache(64)  # of some 100 kB
def _verifier(x: int, y: int) -> sm2.Verifier:
    return sm2.Verifier(sm2.PublicKey(x, y), width=sm2.MET)
