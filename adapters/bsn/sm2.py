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

WINDOW = 9  # bits: a table has 7,424 points and is made in some 50 ms
DEFAULT_ID = b"1234567812345678"

Affine: TypeAlias = tuple[int, int]
Jacobian: TypeAlias = tuple[int, int, int]
Table: TypeAlias = tuple[tuple[Affine, ...], ...]

INFINITY: Jacobian = (1, 1, 0)


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


def double(point: Jacobian) -> Jacobian:
    """The point added to itself (a = -3)."""
    x, y, z = point
    if not z or not y:
        return INFINITY
    zz, yy = z * z % P, y * y % P
    beta = x * yy % P
    alpha = 3 * (x - zz) * (x + zz) % P
    x3 = (alpha * alpha - 8 * beta) % P
    return x3, (alpha * (4 * beta - x3) - 8 * yy * yy) % P, 2 * y * z % P


def add(point: Jacobian, other: Affine) -> Jacobian:
    """The sum of a Jacobian and an affine point, equal and opposite points included."""
    x1, y1, z1 = point
    x2, y2 = other
    if not z1:
        return x2, y2, 1
    zz = z1 * z1 % P
    h = (x2 * zz - x1) % P
    r = (y2 * zz * z1 - y1) % P
    if not h:
        return INFINITY if r else double(point)
    hh = h * h % P
    hhh = h * hh % P
    v = x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, z1 * h % P


def affine(points: list[Jacobian]) -> list[Affine]:
    """The affine forms of finite points, by one inversion for all of them."""
    products, running = [], 1
    for _, _, z in points:
        products.append(running)
        running = running * z % P
    inverse = pow(running, -1, P)
    found: list[Affine] = []
    for (x, y, z), before in zip(reversed(points), reversed(products), strict=True):
        zi = inverse * before % P
        inverse = inverse * z % P
        zz = zi * zi % P
        found.append((x * zz % P, y * zz * zi % P))
    found.reverse()
    return found


def table(point: Affine, width: int) -> Table:
    """For every window of `width` bits, half the multiples of the point shifted to that window.

    Row i, column j holds (j + 1) * 2**(width * i) * point; what is more than half a window is the
    next one less its opposite, so the scalar costs one addition a window and no doubling.
    """
    count = 1 << width - 1
    shifted: list[Jacobian] = [(*point, 1)]
    for bit in range(1, 257):  # one more than a scalar has, for what is carried
        shifted.append(double(shifted[bit - 1]))
    steps = affine(shifted[::width])
    rows = len(steps)
    multiples: list[Jacobian] = []
    for step in steps:
        running = INFINITY
        for _ in range(count):
            running = add(running, step)
            multiples.append(running)
    flat = affine(multiples)
    return tuple(tuple(flat[row * count : (row + 1) * count]) for row in range(rows))


@cache
def generator_table() -> Table:
    """The table of the generator, made at the first use."""
    return table((GX, GY), WINDOW)


def accumulate(scalar: int, rows: Table, start: Jacobian = INFINITY) -> Jacobian:
    """`start` plus scalar times the point of the table."""
    half = len(rows[0])
    width, whole, point = half.bit_length(), 2 * half, start
    for row in rows:
        digit = scalar & whole - 1
        scalar >>= width
        if digit > half:
            scalar += 1
            x, y = row[whole - digit - 1]
            point = add(point, (x, P - y))
        elif digit:
            point = add(point, row[digit - 1])
    return point


def times(scalar: int, point: Affine) -> Jacobian:
    """Scalar times a finite point that is used once, four bits at a time."""
    running, multiples = INFINITY, []
    for _ in range(15):
        running = add(running, point)
        multiples.append(running)
    few, found = affine(multiples), INFINITY
    for shift in range(252, -1, -4):
        found = double(double(double(double(found))))
        if digit := scalar >> shift & 15:
            found = add(found, few[digit - 1])
    return found


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


def sign_with(d: int, e: int, k: int) -> tuple[int, int] | None:
    """The numbers r and s for one nonce, or None where the standard asks for another nonce."""
    x, _, z = accumulate(k, generator_table())
    r = (e + x * pow(z, -2, P) % P) % N
    if not r or r + k == N:
        return None
    s = pow(1 + d, -1, N) * (k - r * d) % N
    return (r, s) if s else None


class Signer:
    """A private key that signs messages under one signer id.

    Errors: KeyRefused unless the key lies in [1, n - 2].
    """

    __slots__ = ("_d", "_za", "public")

    def __init__(self, d: int, signer_id: bytes = DEFAULT_ID) -> None:
        if not 1 <= d <= N - 2:
            raise KeyRefused("SM2 private key out of range")
        self._d = d
        self.public = PublicKey(*affine([accumulate(d, generator_table())])[0])
        self._za = identity(self.public, signer_id)

    def sign(self, message: bytes) -> tuple[int, int]:
        """The numbers r and s over SM3(ZA, message); the same message, the same signature."""
        e = int.from_bytes(sm3(self._za + message), "big")
        return next(pair for k in nonces(self._d, e) if (pair := sign_with(self._d, e, k)))


class Verifier:
    """A public key that verifies messages under one signer id.

    `pinned` keeps a table of the key: a few milliseconds once, then a third of the time a call.
    """

    __slots__ = ("_key", "_table", "_za")

    def __init__(
        self, key: PublicKey, signer_id: bytes = DEFAULT_ID, *, pinned: bool = False
    ) -> None:
        self._za = identity(key, signer_id)
        self._key = (key.x, key.y)
        self._table = table(self._key, WINDOW) if pinned else None

    def verifies(self, message: bytes, r: int, s: int) -> bool:
        """Whether r and s are this key's signature of the message. Never raises."""
        if not (1 <= r < N and 1 <= s < N) or not (t := (r + s) % N):
            return False
        of_key = times(t, self._key) if self._table is None else accumulate(t, self._table)
        x, _, z = accumulate(s, generator_table(), of_key)
        if not z:
            return False
        e = int.from_bytes(sm3(self._za + message), "big")
        return (e + x * pow(z, -2, P) % P) % N == r
