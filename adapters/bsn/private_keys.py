"""Private keys of the three algorithms are read from PEM, and each signs in its own way.

Source: RFC 5208 (PKCS 8), RFC 5915 (SEC 1); GM/T 0009 for SM2.
"""

from typing import Protocol

from adapters.bsn import der
from adapters.bsn.certificates import CURVE_IDS, EC_PUBLIC_KEY, Algorithm, KeyPoint, read_pem
from adapters.bsn.signing import EcdsaMacSigner, Sm2MacSigner


class KeyOfUser(Protocol):
    """A key that signs texts and bytes; software here, a hardware door elsewhere."""

    @property
    def public(self) -> KeyPoint:
        """The public half."""
        ...

    def sign(self, text: str) -> str:
        """The mac of a text."""
        ...

    def sign_bytes(self, data: bytes) -> bytes:
        """The DER signature of some bytes, hashed as a mac's text is."""
        ...


def read_private(text: str) -> tuple[Algorithm, int]:
    """The algorithm and number of a private key in PEM, PKCS 8 or SEC 1, not encrypted.

    Errors: der.FormRefused.
    """
    label, data = read_pem(text)
    if label == "EC PRIVATE KEY":
        return _sec1(data, None)
    if label != "PRIVATE KEY":
        raise der.FormRefused(f"PEM holds {label!r}, not an unencrypted private key")
    version = der.take(der.whole(data, der.SEQUENCE, "private key"), der.INTEGER, "version")
    kinds = der.take(version.rest, der.SEQUENCE, "algorithm")
    kind = der.take(kinds.content, der.OBJECT_ID, "key type")
    curve = der.whole(kind.rest, der.OBJECT_ID, "curve")
    if kind.content != EC_PUBLIC_KEY or curve not in CURVE_IDS:
        raise der.FormRefused("private key: neither SM2 nor secp256r1 nor secp256k1")
    inner = der.take(kinds.rest, der.OCTET_STRING, "key").content
    return _sec1(inner, CURVE_IDS[curve])


def _sec1(data: bytes, algorithm: Algorithm | None) -> tuple[Algorithm, int]:
    version = der.take(der.whole(data, der.SEQUENCE, "key"), der.INTEGER, "version")
    number = der.take(version.rest, der.OCTET_STRING, "number")
    rest = number.rest
    if algorithm is None:
        named = der.take(rest, 0xA0, "curve")
        curve = der.whole(named.content, der.OBJECT_ID, "curve")
        if curve not in CURVE_IDS:
            raise der.FormRefused("private key: neither SM2 nor secp256r1 nor secp256k1")
        algorithm = CURVE_IDS[curve]
    if len(number.content) != 32:
        raise der.FormRefused("private key: not of 32 bytes")
    return algorithm, int.from_bytes(number.content, "big")


def key_of_user(text: str, *, allow_software_sm2: bool) -> KeyOfUser:
    """The software key of a PEM.

    Errors: ValueError for another form, a number out of range, or SM2 where it is not allowed:
    its arithmetic takes a time that depends on the key.
    """
    algorithm, number = read_private(text)
    if algorithm is not Algorithm.SM2:
        return EcdsaMacSigner(algorithm, number)
    if not allow_software_sm2:
        raise ValueError("an SM2 key in software needs allow_software_sm2 = true")
    return Sm2MacSigner(number)
