"""The mac of the node gateway: one text, one signature, one form of it, for three algorithms.

ECDSA signs the text (SHA-256) and admits only the lower s. SM2 signs SM3(text), so the text is
hashed twice; SM2 has no rule for s.

Source: BSN user manual, permissioned services, chapter 5-4-3; GB/T 32918.2; RFC 6979.
"""

import base64
import binascii
from functools import lru_cache
from hashlib import sha256
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed

from adapters.bsn import der, sm2
from adapters.bsn.certificates import Algorithm, KeyPoint
from adapters.bsn.sm3 import sm3

HASHED: Final = ec.ECDSA(Prehashed(hashes.SHA256()))
REMEMBERED: Final = 256  # signatures of one key: some 80 kB
ORDERS = {
    Algorithm.SECP256R1: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    Algorithm.SECP256K1: 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
CURVES: dict[Algorithm, ec.EllipticCurve] = {
    Algorithm.SECP256R1: ec.SECP256R1(),
    Algorithm.SECP256K1: ec.SECP256K1(),
}


class MacRefused(Exception):
    """A mac that is not this key's signature of this text in the one allowed form."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"mac refused: {reason}")
        self.reason = reason


class MacSigner(Protocol):
    """Signs texts for one user of the gateway; software here, a hardware door elsewhere."""

    def sign(self, text: str) -> str:
        """The mac of the text, in base64."""
        ...


class Sm2MacSigner:
    """A software SM2 key; the settings must have allowed one.

    Errors: sm2.KeyRefused for a key out of range.
    """

    def __init__(self, private_key: int) -> None:
        self._signer = sm2.Signer(private_key)
        made = self._signer.public
        self.public = KeyPoint(Algorithm.SM2, made.x, made.y)

    def sign(self, text: str) -> str:
        """The mac of the text: SM2 over SM3(text)."""
        return base64.b64encode(self.sign_bytes(text.encode())).decode()

    def sign_bytes(self, data: bytes) -> bytes:
        """The DER of SM2 over SM3(data)."""
        return der.write_signature(*self._signer.sign(sm3(data)))


class EcdsaMacSigner:
    """A software ECDSA key on either curve; the nonce follows RFC 6979.

    Errors: ValueError for a key out of range.
    """

    def __init__(self, algorithm: Algorithm, private_key: int) -> None:
        self._order = ORDERS[algorithm]
        self._key = ec.derive_private_key(private_key, CURVES[algorithm])
        made = self._key.public_key().public_numbers()
        self.public = KeyPoint(algorithm, made.x, made.y)

    def sign(self, text: str) -> str:
        """The mac of the text: ECDSA over SHA-256, the lower of the two values of s."""
        return base64.b64encode(self.sign_bytes(text.encode())).decode()

    def sign_bytes(self, data: bytes) -> bytes:
        """The DER of ECDSA over SHA-256, the lower of the two values of s."""
        scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = der.read_signature(self._key.sign(data, scheme))
        return der.write_signature(r, min(s, self._order - s))


class _PublicKey:
    """One key of one of the algorithms. Errors: ValueError for a point that is not on its curve."""

    def __init__(self, key: KeyPoint) -> None:
        self._sm2: sm2.Verifier | None = None
        self._ec: ec.EllipticCurvePublicKey | None = None
        self._order = sm2.N
        if key.algorithm is Algorithm.SM2:
            self._sm2 = sm2.Verifier(sm2.PublicKey(key.x, key.y), width=sm2.HELD)
        else:
            self._order = ORDERS[key.algorithm]
            numbers = ec.EllipticCurvePublicNumbers(key.x, key.y, CURVES[key.algorithm])
            self._ec = numbers.public_key()

    def digest(self, data: bytes) -> bytes:
        """What is signed of some bytes."""
        return sm3(data) if self._sm2 is not None else sha256(data).digest()

    def prove(self, hashed: bytes, r: int, s: int) -> None:
        """Nothing, if it has signed this digest. Errors: MacRefused with the reason."""
        if not (1 <= r < self._order and 1 <= s < self._order):
            raise MacRefused("r or s out of range")
        if self._sm2 is not None:
            good = self._sm2.verifies(hashed, r, s)
        else:
            good = self._ecdsa_verifies(hashed, r, s)
        if not good:
            raise MacRefused("it does not verify")

    def _ecdsa_verifies(self, hashed: bytes, r: int, s: int) -> bool:
        if self._ec is None:
            return False
        if s > self._order // 2:
            raise MacRefused("s lies in the upper half")
        try:
            self._ec.verify(der.write_signature(r, s), hashed, HASHED)
        except InvalidSignature:
            return False
        return True


class MacVerifier:
    """The pinned key of the other side; what it was seen to have signed is not computed again.

    The watcher and every notary look at the same answers and blocks.
    Errors: ValueError (sm2.KeyRefused among them) for a point that is not on its curve.
    """

    def __init__(self, key: KeyPoint) -> None:
        held = _PublicKey(key)
        self._digest = held.digest
        self._prove = lru_cache(REMEMBERED)(held.prove)  # which keeps nothing that was refused

    def verify(self, text: str, mac: str) -> None:
        """Nothing, if the mac is this key's signature of the text; else it raises.

        Errors: MacRefused with the reason.
        """
        self._prove(self._digest(text.encode()), *read_mac(mac))

    def verify_bytes(self, data: bytes, signature: bytes) -> None:
        """Nothing, if the DER is this key's signature of some bytes, hashed as a text is.

        Errors: MacRefused with the reason.
        """
        try:
            self._prove(self._digest(data), *der.read_signature(signature))
        except der.FormRefused as error:
            raise MacRefused(str(error)) from error


def read_mac(mac: str) -> tuple[int, int]:
    """The numbers r and s of a mac in its one form: base64 of the DER, padded, unbroken.

    Errors: MacRefused.
    """
    if not mac:
        raise MacRefused("it is empty")
    try:
        raw = base64.b64decode(mac.encode("ascii"), validate=True)
        if base64.b64encode(raw).decode() != mac:
            raise MacRefused("base64 is not in its one form")
        return der.read_signature(raw)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise MacRefused("it is not base64 of the standard alphabet") from error
    except der.FormRefused as error:
        raise MacRefused(str(error)) from error
