"""Public keys are read from PEM: an SPKI strictly, a certificate by tag and length only.

Certificates of this network carry subjects whose multi-valued names are out of DER order, which
X.509 libraries rightly refuse. So nothing but the key and the validity is looked at, and no trust
follows from a certificate: the key is pinned in the settings.

Source: RFC 5280 section 4.1; RFC 5480; RFC 7468; GM/T 0006 for the SM2 curve.
"""

import base64
import binascii
from dataclasses import dataclass
from enum import IntEnum

from adapters.bsn import der


class Algorithm(IntEnum):
    """The three algorithms of the gateway, by its own numbers."""

    SM2 = 1
    SECP256R1 = 2
    SECP256K1 = 3


EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
CURVE_IDS = {
    bytes.fromhex("2a811ccf5501822d"): Algorithm.SM2,
    bytes.fromhex("2a8648ce3d030107"): Algorithm.SECP256R1,
    bytes.fromhex("2b8104000a"): Algorithm.SECP256K1,
}


@dataclass(frozen=True, slots=True)
class KeyPoint:
    """An algorithm and the coordinates of a key, not yet checked to lie on the curve."""

    algorithm: Algorithm
    x: int
    y: int

    @property
    def encoded(self) -> bytes:
        """The uncompressed point, 65 bytes."""
        return b"\x04" + self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Certificate:
    """What we read of a certificate: its key, and its validity as written (for alarms)."""

    key: KeyPoint
    not_before: str
    not_after: str


def read_pem(text: str) -> tuple[str, bytes]:
    """The label and the bytes of the one PEM block that `text` is.

    Errors: FormRefused for no block, several blocks, or text that is not base64.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    begin, end = "-----BEGIN ", "-----"
    if len(lines) < 3 or not (lines[0].startswith(begin) and lines[0].endswith(end)):
        raise der.FormRefused("not a PEM block")
    label = lines[0][len(begin) : -len(end)]
    if lines[-1] != f"-----END {label}-----":
        raise der.FormRefused("PEM block does not end as it began")
    try:
        return label, base64.b64decode("".join(lines[1:-1]), validate=True)
    except binascii.Error as error:
        raise der.FormRefused("PEM block is not base64") from error


def read_spki(data: bytes) -> KeyPoint:
    """The key of a SubjectPublicKeyInfo: exact identifiers, an uncompressed point, no tail.

    Errors: FormRefused.
    """
    body = der.take(der.whole(data, der.SEQUENCE, "public key"), der.SEQUENCE, "algorithm")
    kind = der.take(body.content, der.OBJECT_ID, "key type")
    curve = der.whole(kind.rest, der.OBJECT_ID, "curve")
    if kind.content != EC_PUBLIC_KEY or curve not in CURVE_IDS:
        raise der.FormRefused("public key: neither SM2 nor secp256r1 nor secp256k1")
    point = der.whole(body.rest, der.BIT_STRING, "point")
    if len(point) != 66 or point[:2] != b"\x00\x04":
        raise der.FormRefused("public key: not an uncompressed point of 65 bytes")
    x, y = int.from_bytes(point[2:34], "big"), int.from_bytes(point[34:], "big")
    return KeyPoint(CURVE_IDS[curve], x, y)


def read_certificate(data: bytes) -> Certificate:
    """The key and validity of a certificate; issuer, subject and signature are passed over.

    Errors: FormRefused.
    """
    body = der.take(der.whole(data, der.SEQUENCE, "certificate"), der.SEQUENCE, "tbsCertificate")
    rest = body.content
    if (version := der.read(rest)).tag == 0xA0:
        rest = version.rest
    for tag, what in (
        (der.INTEGER, "serial"),
        (der.SEQUENCE, "algorithm"),
        (der.SEQUENCE, "issuer"),
    ):
        rest = der.take(rest, tag, what).rest
    validity = der.take(rest, der.SEQUENCE, "validity")
    subject = der.take(validity.rest, der.SEQUENCE, "subject")
    key = der.take(subject.rest, der.SEQUENCE, "public key")
    spki = subject.rest[: len(subject.rest) - len(key.rest)]
    first = der.read(validity.content)
    second = der.read(first.rest)
    times = [part.content.decode("ascii", "replace") for part in (first, second)]
    return Certificate(read_spki(spki), times[0], times[1])


def write_spki(key: KeyPoint) -> bytes:
    """The SubjectPublicKeyInfo of a key, as `read_spki` reads it."""
    curve = next(one for one, algorithm in CURVE_IDS.items() if algorithm is key.algorithm)
    kinds = der.write(der.OBJECT_ID, EC_PUBLIC_KEY) + der.write(der.OBJECT_ID, curve)
    point = der.write(der.BIT_STRING, b"\x00" + key.encoded)
    return der.write(der.SEQUENCE, der.write(der.SEQUENCE, kinds) + point)


def read_key(text: str) -> KeyPoint:
    """The key of a PEM text, be it a public key or a certificate.

    Errors: FormRefused.
    """
    label, data = read_pem(text)
    if label == "PUBLIC KEY":
        return read_spki(data)
    if label == "CERTIFICATE":
        return read_certificate(data).key
    raise der.FormRefused(f"PEM holds {label!r}, neither PUBLIC KEY nor CERTIFICATE")
