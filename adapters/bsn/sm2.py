"""SM2 signatures on sm2p256v1, in plain integers: strict, deterministic, silent on hostile input.

Python integers are not constant-time: keys of value sign behind a hardware door, and a software
key has to be allowed by name in the settings. Verification handles no secret.

Source: GB/T 32918.1, .2 and .5-2017; RFC 6979 section 3.2 with HMAC-SM3 for the nonce.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from adapters.bsn.sm3 import hmac_sm3, sm3

P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
GX = 0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7
GY = 0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0

HELD = 10  # bits a window, for a key that is held: 13,312 points, made in some 40 ms
MET = 4  # bits, for a key that is met: 520 points, made in two milliseconds
DEFAULT_ID = b"1234567812345678"

Affine: TypeAlias = tuple[int, int]
Extended: TypeAlias = tuple[int, int, int, int]
"""x and y times zz and zzz, which are a square and a cube of one number."""
Table: TypeAlias = tuple[tuple[Affine, ...], ...]

INFINITY: Extended = (0, 0, 0, 0)


class KeyRefused(ValueError):
    """A key that is not a key of this curve."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A point of the curve, checked when made.

    Errors: KeyRefused for a coordinate out of range or a point off the curve.
    """

    x: int
    y: int

    def __post_init__(self) -> None:
        if not (0 <= self.x < P and 0 <= self.y < P):
            raise KeyRefused("SM2 public key: coordinate out of range")
        if (self.y * self.y - (self.x * self.x + A) * self.x - B) % P:
            raise KeyRefused("SM2 public key: not on the curve")


def double(point: Extended) -> Extended:
    """The point added to itself (a = -3)."""
    x, y, zz, zzz = point
    u = 2 * y
    uu = u * u % P
    uuu, v = u * uu % P, x * uu % P
    slope = 3 * (x - zz) * (x + zz) % P
    x3 = (slope * slope - 2 * v) % P
    return x3, (slope * (v - x3) - uuu * y) % P, uu * zz % P, uuu * zzz % P


def inverses(numbers: list[int]) -> list[int]:
    """The inverses of numbers other than zero, by one inversion for all of them."""
    products, running = [], 1
    for number in numbers:
        products.append(running)
        running = running * number % P
    inverse = pow(running, -1, P)
    found = []
    for number, before in zip(reversed(numbers), reversed(products), strict=True):
        found.append(inverse * before % P)
        inverse = inverse * number % P
    found.reverse()
    return found


def affine(points: list[Extended]) -> list[Affine]:
    """The affine forms of finite points."""
    found = []
    for (x, y, zz, _), inverse in zip(points, inverses([one[3] for one in points]), strict=True):
        root = zz * inverse % P
        found.append((x * root * root % P, y * inverse % P))
    return found


def sums(pairs: list[tuple[Affine, Affine]]) -> list[Affine]:
    """The sum of each pair of points that are not opposite; they may be equal."""
    slopes = [
        (y2 - y1, x2 - x1) if x1 != x2 else (3 * x1 * x1 + A, 2 * y1)
        for (x1, y1), (x2, y2) in pairs
    ]
    found = []
    below = inverses([run for _, run in slopes])
    for ((x1, y1), (x2, _)), (rise, _), inverse in zip(pairs, slopes, below, strict=True):
        slope = rise * inverse % P
        x3 = (slope * slope - x1 - x2) % P
        found.append((x3, (slope * (x1 - x3) - y1) % P))
    return found


def table(point: Affine, width: int) -> Table:
    """For every window of `width` bits, half the multiples of the point shifted to that window.

    Row i, column j holds (j + 1) * 2**(width * i) * point; what is more than half a window is the
    next one less its opposite, so the scalar costs one addition a window and no doubling.
    """
    shifted: list[Extended] = [(*point, 1, 1)]
    for bit in range(1, 257):  # one more than a scalar has, for what is carried
        shifted.append(double(shifted[bit - 1]))
    rows = [[step] for step in affine(shifted[::width])]
    for _ in range(width - 1):
        more = iter(sums([(one, row[-1]) for row in rows for one in row]))
        rows = [row + [next(more) for _ in row] for row in rows]
    return tuple(tuple(row) for row in rows)


@cache
def generator_table() -> Table:
    """The table of the generator, made at the first use."""
    return table((GX, GY), HELD)


def accumulate(scalar: int, rows: Table, start: Extended = INFINITY) -> Extended:
    """`start` plus scalar times the point of the table, equal and opposite points included."""
    half = len(rows[0])
    width, whole = half.bit_length(), 2 * half
    x1, y1, zz, zzz = start
    for row in rows:
        digit = scalar & whole - 1
        scalar >>= width
        if digit > half:
            scalar += 1
            x2, y2 = row[whole - digit - 1]
            y2 = P - y2
        elif digit:
            x2, y2 = row[digit - 1]
        else:
            continue
        h, r = (x2 * zz - x1) % P, (y2 * zzz - y1) % P
        if not h:
            x1, y1, zz, zzz = _met((x1, y1, zz, zzz), (x2, y2), opposite=bool(r))
            continue
        hh = h * h % P
        hhh, v = h * hh % P, x1 * hh
        x1 = (r * r - hhh - 2 * v) % P
        y1 = (r * (v - x1) - y1 * hhh) % P
        zz, zzz = zz * hh % P, zzz * hhh % P
    return x1, y1, zz, zzz


def _met(point: Extended, other: Affine, *, opposite: bool) -> Extended:
    """Their sum, where the first is infinity, or they are equal or opposite."""
    if not point[2]:
        return (*other, 1, 1)
    return INFINITY if opposite else double(point)


def identity(key: PublicKey, signer_id: bytes = DEFAULT_ID) -> bytes:
    """ZA: the digest that binds the signer's id, the curve and the key.

    Errors: ValueError for an id whose length in bits does not fit two bytes.
    """
    if len(signer_id) > 8191:
        raise ValueError("SM2 signer id is longer than 8191 bytes")
    numbers = (A, B, GX, GY, key.x, key.y)
    fields = b"".join(number.to_bytes(32, "big") for number in numbers)
    return sm3((8 * len(signer_id)).to_bytes(2, "big") + signer_id + fields)


def nonces(d: int, e: int) -> Iterator[int]:
    """The nonces of key and digest in the order to be tried: the same call, the same nonces."""
    secret = d.to_bytes(32, "big") + (e % N).to_bytes(32, "big")
    key, value = bytes(32), b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        key = hmac_sm3(key, value + mark + secret)
        value = hmac_sm3(key, value)
    while True:
        value = hmac_sm3(key, value)
        if 1 <= (k := int.from_bytes(value, "big")) < N:
            yield k
        key = hmac_sm3(key, value + b"\x00")
        value = hmac_sm3(key, value)


def sign_with(inverse: int, e: int, k: int) -> tuple[int, int] | None:
    """The numbers r and s for one nonce, or None where the standard asks for another nonce.

    `inverse` is that of one more than the key: k - r * d is k + r less r of those.
    """
    x, _, zz, _ = accumulate(k, generator_table())
    r = (e + x * pow(zz, -1, P) % P) % N
    if not r or r + k == N:
        return None
    s = (inverse * (k + r) - r) % N
    return (r, s) if s else None


class Signer:
    """A private key that signs messages under one signer id.

    Errors: KeyRefused unless the key lies in [1, n - 2].
    """

    __slots__ = ("_d", "_inverse", "_za", "public")

    def __init__(self, d: int, signer_id: bytes = DEFAULT_ID) -> None:
        if not 1 <= d <= N - 2:
            raise KeyRefused("SM2 private key out of range")
        self._d, self._inverse = d, pow(1 + d, -1, N)
        self.public = PublicKey(*affine([accumulate(d, generator_table())])[0])
        self._za = identity(self.public, signer_id)

    def sign(self, message: bytes) -> tuple[int, int]:
        """The numbers r and s over SM3(ZA, message); the same message, the same signature."""
        e = int.from_bytes(sm3(self._za + message), "big")
        return next(pair for k in nonces(self._d, e) if (pair := sign_with(self._inverse, e, k)))


class Verifier:
    """A public key that verifies messages under one signer id, by a table of it.

    The wider its windows, the longer it is made and the less a call takes: HELD or MET.
    """

    __slots__ = ("_table", "_za")

    def __init__(self, key: PublicKey, signer_id: bytes = DEFAULT_ID, *, width: int) -> None:
        self._za = identity(key, signer_id)
        self._table = table((key.x, key.y), width)

    def verifies(self, message: bytes, r: int, s: int) -> bool:
        """Whether r and s are this key's signature of the message. Never raises."""
        if not (1 <= r < N and 1 <= s < N) or not (t := (r + s) % N):
            return False
        x, _, zz, _ = accumulate(s, generator_table(), accumulate(t, self._table))
        if not zz:
            return False
        e = int.from_bytes(sm3(self._za + message), "big")
        return any(not (x - one * zz) % P for one in range((r - e) % N, P, N))
