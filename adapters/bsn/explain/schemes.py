"""What a signature may cover: the digest the gateway wants, and those that other signers make.

For SM2 the digest that a signature covers follows from key, r and s, so a guess costs one hash.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from coincurve import PublicKey
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from eth_hash.auto import keccak

from adapters.bsn import der, sm2
from adapters.bsn.certificates import Algorithm, KeyPoint
from adapters.bsn.signing import CURVES, ORDERS
from adapters.bsn.sm3 import sm3

Digest = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Known:
    """A key somebody named: the file it came from and its point, known to be on the curve."""

    name: str
    point: KeyPoint

    @property
    def order(self) -> int:
        """The order of the curve's group."""
        return sm2.N if self.point.algorithm is Algorithm.SM2 else ORDERS[self.point.algorithm]


class Judge:
    """One key and one pair r, s: tells whether they cover a digest."""

    def __init__(self, known: Known, r: int, s: int) -> None:
        self.known = known
        self.covered: bytes | None = None  # for SM2, the digest that the signature covers
        self._signature = b""
        self._key: ec.EllipticCurvePublicKey | None = None
        self._koblitz: PublicKey | None = None  # a faster library for the one curve it knows
        point, order = known.point, known.order
        self.in_range = 1 <= r < order and 1 <= s < order
        if point.algorithm is Algorithm.SM2:
            if self.in_range:
                self.covered = _covered(sm2.PublicKey(point.x, point.y), r, s)
        elif self.in_range:
            low = min(s, order - s)  # both verify, and libsecp256k1 takes the lower only
            self._signature = der.write_signature(r, low)
            if point.algorithm is Algorithm.SECP256K1:
                self._koblitz = PublicKey.from_point(point.x, point.y)
            else:
                numbers = ec.EllipticCurvePublicNumbers(point.x, point.y, CURVES[point.algorithm])
                self._key = numbers.public_key()

    def accepts(self, digest: bytes) -> bool:
        """Whether the signature is this key's of the digest."""
        if self.covered is not None:
            return int.from_bytes(digest, "big") % sm2.N == int.from_bytes(self.covered, "big")
        if self._koblitz is not None:
            return self._koblitz.verify(self._signature, _fitted(digest), hasher=None)
        if self._key is None:
            return False
        scheme = ec.ECDSA(Prehashed(hashes.SHA256()))
        try:
            self._key.verify(self._signature, _fitted(digest), scheme)
        except InvalidSignature:
            return False
        return True


def _covered(key: sm2.PublicKey, r: int, s: int) -> bytes | None:
    """The e with which r and s verify: r less the x of s*G + t*P."""
    if not (t := (r + s) % sm2.N):
        return None
    rows = sm2.table((key.x, key.y), 1)
    met = sm2.accumulate(t, rows, sm2.accumulate(s, sm2.generator_table()))
    if met == sm2.INFINITY:
        return None
    ((x, _),) = sm2.affine([met])
    return ((r - x) % sm2.N).to_bytes(32, "big")


def _fitted(digest: bytes) -> bytes:
    return digest[:32].rjust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way from text to digest; the first of a list is the gateway's own."""

    said: str
    digest: Digest


def schemes(known: Known, header: dict[str, object]) -> list[Scheme]:
    """The ways tried for a key, the right one first."""
    if known.point.algorithm is Algorithm.SM2:
        return list(_sm2(known.point, header))
    return list(_ecdsa())


def text_digest(algorithm: Algorithm, text: bytes) -> tuple[str, str]:
    """The name and hex of the digest that is signed, for people to compare with their own."""
    if algorithm is Algorithm.SM2:
        return "SM3", sm3(text).hex()
    return "SHA-256", hashlib.sha256(text).hexdigest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


_FIRST: tuple[tuple[str, Digest], ...] = (
    ("SM3(text)", sm3),
    ("the text itself", lambda text: text),
    ("the hex of SM3(text)", lambda text: sm3(text).hex().encode()),
    ("the capital hex of SM3(text)", lambda text: sm3(text).hex().upper().encode()),
    ("SM3(SM3(text))", lambda text: sm3(sm3(text))),
    ("SHA-256(text)", _sha256),
    ("the hex of SHA-256(text)", lambda text: _sha256(text).hex().encode()),
    ("the hex of the text", lambda text: text.hex().encode()),
)


def _sm2(point: KeyPoint, header: dict[str, object]) -> Iterator[Scheme]:
    key = sm2.PublicKey(point.x, point.y)

    def after(za: bytes, first: Digest, last: Digest = sm3) -> Digest:
        return lambda text: last(za + first(text))

    right = sm2.identity(key)
    yield Scheme("", after(right, sm3))
    yield Scheme(
        "hashed once: SM2 ran over the text itself; sign SM3(text)", after(right, lambda text: text)
    )
    yield Scheme("SM3 without ZA: the digest SM3(text) was signed as it is", sm3)
    yield Scheme("SM3 without ZA: SM3(SM3(text)) was signed", lambda text: sm3(sm3(text)))
    for what, first in _FIRST[2:]:
        yield Scheme(f"SM2 ran over {what}; sign SM3(text)", after(right, first))
    for name, signer_id in _ids(header):
        za = sm2.identity(key, signer_id)
        for what, first in _FIRST[:4]:
            said = f"signer id: {name} instead of 1234567812345678"
            yield Scheme(said + ("" if first is sm3 else f", and over {what}"), after(za, first))
    yield Scheme("SHA-256 in place of SM3, without ZA", _sha256)
    yield Scheme("SHA-256 in place of SM3, after ZA", after(right, lambda t: t, _sha256))
    yield Scheme("SHA-256 of ZA and SM3(text)", after(right, sm3, _sha256))
    yield Scheme("SHA-256 of ZA and SHA-256(text)", after(right, _sha256, _sha256))
    yield Scheme("the hex of SM3(text) was signed without ZA", lambda t: sm3(sm3(t).hex().encode()))


def _ids(header: dict[str, object]) -> Iterator[tuple[str, bytes]]:
    yield "the empty id", b""
    yield "8 bytes 12345678 12345678 of hex", bytes.fromhex("1234567812345678")
    yield "its hex", b"31323334353637383132333435363738"
    yield "ALICE123@YAHOO.COM", b"ALICE123@YAHOO.COM"
    yield "1234567890123456", b"1234567890123456"
    yield "12345678", b"12345678"
    yield "16 zero bytes", bytes(16)
    codes = [str(header.get(name) or "") for name in ("userCode", "appCode")]
    for name, code in (
        ("userCode", codes[0]),
        ("appCode", codes[1]),
        ("both codes", "".join(codes)),
    ):
        if code and len(code.encode()) < 8192:
            yield f"the {name}", code.encode()


def _ecdsa() -> Iterator[Scheme]:
    yield Scheme("", _sha256)
    yield Scheme(
        "hashed twice: sign the text, whose SHA-256 is made once", lambda t: _sha256(_sha256(t))
    )
    yield Scheme("hashed twice: the hex of SHA-256(text) was signed", lambda t: _sha256(_hex(t)))
    yield Scheme(
        "hashed twice: the capital hex of SHA-256(text) was signed",
        lambda t: _sha256(_hex(t).upper()),
    )
    yield Scheme("hash: SM3 in place of SHA-256", sm3)
    yield Scheme("hash: SM3 twice in place of SHA-256", lambda t: sm3(sm3(t)))
    yield Scheme("hash: SHA-256 over SM3(text)", lambda t: _sha256(sm3(t)))
    yield Scheme("hash: Keccak-256 in place of SHA-256", keccak)
    yield Scheme("hash: an Ethereum personal message", _personal)
    for name in ("sha1", "sha224", "sha384", "sha512", "sha3_256", "sha3_512", "sha512_256", "md5"):
        if name in hashlib.algorithms_available:
            yield Scheme(f"hash: {name} in place of SHA-256", _named(name))
    yield Scheme("hash: the text was signed without one", lambda t: t)
    yield Scheme("hash: the hex of SHA-256(text) was signed without one", _hex)
    yield Scheme("hash: SHA-256 of the hex of the text", lambda t: _sha256(t.hex().encode()))


def _hex(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest().encode()


def _personal(text: bytes) -> bytes:
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(text)).encode() + text)


def _named(name: str) -> Digest:
    return lambda text: hashlib.new(name, text, usedforsecurity=False).digest()
