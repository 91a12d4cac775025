"""The gateway's own signatures, made and checked without the client's code.

SM2 is written here a second time, plainly and slowly, so that an error of one side shows at the
other. These keys are for demonstration; nothing is done to keep them from a watching neighbour.

Source: GB/T 32918.2-2017; BSN user manual, permissioned services, chapter 5-4-3.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)

SM2, SECP256R1, SECP256K1 = 1, 2, 3
Point: TypeAlias = "tuple[int, int] | None"

_P: Final = 2**256 - 2**224 - 2**96 + 2**64 - 1
_N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
_B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
_G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
_CURVES: Final[dict[int, tuple[ec.EllipticCurve, int]]] = {
    SECP256R1: (
        ec.SECP256R1(),
        0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    ),
    SECP256K1: (
        ec.SECP256K1(),
        0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
    ),
}
_OIDS: Final = {
    SM2: "06082a811ccf5501822d",
    SECP256R1: "06082a8648ce3d030107",
    SECP256K1: "06052b8104000a",
}


def sm3(data: bytes) -> bytes:
    """The SM3 digest."""
    made = hashes.Hash(hashes.SM3())
    made.update(data)
    return made.finalize()


def _doubled(x: int, y: int, z: int) -> tuple[int, int, int]:
    """Twice a point whose affine form is (x/z^2, y/z^3)."""
    square = y * y % _P
    s = 4 * x * square % _P
    m = 3 * (x - z * z) * (x + z * z) % _P
    x3 = (m * m - 2 * s) % _P
    return x3, (m * (s - x3) - 8 * square * square) % _P, 2 * y * z % _P


def _added(one: tuple[int, int, int], other: tuple[int, int, int]) -> tuple[int, int, int]:
    """The sum of two points; z is 0 at infinity."""
    if not one[2] or not other[2]:
        return other if not one[2] else one
    zz1, zz2 = one[2] ** 2 % _P, other[2] ** 2 % _P
    u1, u2 = one[0] * zz2 % _P, other[0] * zz1 % _P
    s1, s2 = one[1] * zz2 * other[2] % _P, other[1] * zz1 * one[2] % _P
    if u1 == u2:
        return _doubled(*one) if s1 == s2 else (1, 1, 0)
    h, r = u2 - u1, s2 - s1
    hh = h * h % _P
    v = u1 * hh % _P
    x3 = (r * r - hh * h - 2 * v) % _P
    return x3, (r * (v - x3) - s1 * hh * h) % _P, h * one[2] * other[2] % _P


def _times(scalar: int, point: tuple[int, int]) -> tuple[int, int, int]:
    """The multiple of a point, bit by bit from the highest."""
    found = (1, 1, 0)
    for bit in bin(scalar)[2:]:
        found = _doubled(*found)
        if bit == "1":
            found = _added(found, (*point, 1))
    return found


def _affine(point: tuple[int, int, int]) -> Point:
    """The coordinates of a point, None at infinity."""
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, _P)
    return x * inverse**2 % _P, y * inverse**3 % _P


@dataclass(frozen=True, slots=True)
class Public:
    """A public key of one of the three algorithms."""

    algorithm: int
    x: int
    y: int

    @property
    def point(self) -> bytes:
        """The uncompressed point, 65 bytes."""
        return b"\x04" + self.x.to_bytes(32, "big") + self.y.to_bytes(32, "big")

    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo."""
        curve = bytes.fromhex(_OIDS[self.algorithm])
        kinds = bytes.fromhex("06072a8648ce3d0201") + curve
        inside = bytes((0x30, len(kinds))) + kinds + b"\x03\x42\x00" + self.point
        return bytes((0x30, len(inside))) + inside

    def pem(self) -> str:
        """The PEM text."""
        return pem("PUBLIC KEY", self.spki())

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """Whether the DER signature is this key's under a message, in its one form."""
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return False
        if encode_dss_signature(r, s) != signature:
            return False
        if self.algorithm == SM2:
            return self._sm2_verifies(message, r, s)
        if s > _CURVES[self.algorithm][1] // 2:
            return False
        try:
            _verifying(self.algorithm, self.x, self.y).verify(
                signature, message, ec.ECDSA(hashes.SHA256())
            )
        except InvalidSignature:
            return False
        return True

    def digest(self, message: bytes) -> bytes:
        """SM3 over ZA and a message."""
        numbers = (_P - 3, _B, *_G, self.x, self.y)
        fields = b"".join(number.to_bytes(32, "big") for number in numbers)
        return sm3(sm3(b"\x00\x801234567812345678" + fields) + message)

    def _sm2_verifies(self, message: bytes, r: int, s: int) -> bool:
        t = (r + s) % _N
        if not (0 < r < _N and 0 < s < _N and t):
            return False
        found = _affine(_added(_times(s, _G), _times(t, (self.x, self.y))))
        if found is None:
            return False
        e = int.from_bytes(self.digest(message), "big")
        return (e + found[0]) % _N == r

    def good(self, text: str, mac: str) -> bool:
        """Whether a mac is this key's under a text; SM2 signs the text's digest."""
        try:
            raw = base64.b64decode(mac, validate=True)
        except ValueError:
            return False
        data = text.encode()
        return base64.b64encode(raw).decode() == mac and self.verifies(
            sm3(data) if self.algorithm == SM2 else data, raw
        )


@dataclass(frozen=True, slots=True)
class Secret:
    """A private key of a label: a demo key, which everybody can make."""

    algorithm: int
    label: str

    @property
    def scalar(self) -> int:
        """The number; the same for a label always."""
        seed = hashlib.sha256(f"lianqiao devnet {self.algorithm} {self.label}".encode()).digest()
        return int.from_bytes(seed, "big") % (_N - 2) % (2**255) + 1

    def public(self) -> Public:
        """The public half."""
        return _public(self.algorithm, self.scalar)

    def sign(self, message: bytes) -> bytes:
        """The DER signature of a message, with the lower s."""
        if self.algorithm == SM2:
            return encode_dss_signature(*self._sm2(self.public().digest(message)))
        order = _CURVES[self.algorithm][1]
        r, s = decode_dss_signature(self._ecdsa().sign(message, ec.ECDSA(hashes.SHA256())))
        return encode_dss_signature(r, min(s, order - s))

    def mac(self, text: str) -> str:
        """The mac of a text."""
        data = text.encode()
        made = self.sign(sm3(data) if self.algorithm == SM2 else data)
        return base64.b64encode(made).decode()

    def wrong_mac(self, text: str, how: str) -> str:
        """A mac that has to be refused: `bad`, `empty`, `high_s` or `single_hashed`."""
        if how == "empty":
            return ""
        data = text.encode()
        if how == "high_s" and self.algorithm != SM2:
            r, s = decode_dss_signature(base64.b64decode(self.mac(text)))
            raised = encode_dss_signature(r, _CURVES[self.algorithm][1] - s)
            return base64.b64encode(raised).decode()
        if how == "single_hashed" and self.algorithm == SM2:
            return base64.b64encode(self.sign(data)).decode()
        if how == "single_hashed":
            scheme = ec.ECDSA(Prehashed(hashes.SHA256()))
            return base64.b64encode(self._ecdsa().sign(data[:32].rjust(32), scheme)).decode()
        return self.mac(text + ".")

    def _sm2(self, digest: bytes) -> tuple[int, int]:
        e = int.from_bytes(digest, "big")
        while True:
            k = secrets.randbelow(_N - 1) + 1
            found = _affine(_times(k, _G))
            assert found is not None
            r = (e + found[0]) % _N
            s = pow(1 + self.scalar, -1, _N) * (k - r * self.scalar) % _N
            if r and s and r + k != _N:
                return r, s

    def _ecdsa(self) -> ec.EllipticCurvePrivateKey:
        return _signing(self.algorithm, self.scalar)

    def pem(self) -> str:
        """The private key as the settings' key files have it: SEC 1 inside PKCS 8."""
        scalar = b"\x02\x01\x01\x04\x20" + self.scalar.to_bytes(32, "big")
        inner = bytes((0x30, len(scalar))) + scalar
        kinds = bytes.fromhex("06072a8648ce3d0201" + _OIDS[self.algorithm])
        body = b"\x02\x01\x00" + bytes((0x30, len(kinds))) + kinds
        body += bytes((0x04, len(inner))) + inner
        return pem("PRIVATE KEY", bytes((0x30, len(body))) + body)


@cache
def _signing(algorithm: int, scalar: int) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(scalar, _CURVES[algorithm][0])


@lru_cache(256)
def _verifying(algorithm: int, x: int, y: int) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicNumbers(x, y, _CURVES[algorithm][0]).public_key()


@cache
def _public(algorithm: int, scalar: int) -> Public:
    if algorithm == SM2:
        made = _affine(_times(scalar, _G))
        assert made is not None
        return Public(SM2, *made)
    key = ec.derive_private_key(scalar, _CURVES[algorithm][0])
    numbers = key.public_key().public_numbers()
    return Public(algorithm, numbers.x, numbers.y)


def pem(label: str, data: bytes) -> str:
    """The PEM block of some DER."""
    text = base64.b64encode(data).decode()
    lines = [text[at : at + 64] for at in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])
