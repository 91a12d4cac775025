"""An account's key, the transactions it signs, and the encrypted file it is kept in.

Source: EIP-1559; EIP-2718; ERC-2335 is its successor; the file is Ethereum's keystore of version 3.
"""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from coincurve import PrivateKey, PublicKey
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from eth_hash.auto import keccak as secretly

from adapters.evm.keccak import keccak
from adapters.evm.strict_rlp import Item, encoded, minimal
from adapters.evm.tries import BadProof, rlp_decoded
from bridge.core.ids import TxRef

DYNAMIC = b"\x02"
MOST_MEMORY = 2**30  # bytes scrypt may take: 128 * n * r


class BadKeystore(ValueError):
    """Raised for a file that gives no key; the sentence says why, never what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A call of a contract, or of oneself where `data` is empty. Units: wei for one gas."""

    chain_id: int
    nonce: int
    tip: int
    max_fee: int
    gas: int
    to: bytes
    data: bytes

    def _members(self) -> list[Item]:
        numbers = (self.chain_id, self.nonce, self.tip, self.max_fee, self.gas)
        return [*(minimal(number) for number in numbers), self.to, b"", self.data, []]

    def dearer(self, percent: int, most: int) -> "Transaction | None":
        """Return the same at so many percent of both fees, or None where `most` forbids it."""
        fee, tip = -(-self.max_fee * percent // 100), -(-self.tip * percent // 100)
        return replace(self, max_fee=fee, tip=tip) if fee <= most else None

    def signed(self, account: "Account") -> bytes:
        """Return the bytes that are sent."""
        members = self._members()
        made = account.sign(keccak(DYNAMIC + encoded(members)))
        parts = (made[64:65].lstrip(b"\0"), made[:32].lstrip(b"\0"), made[32:64].lstrip(b"\0"))
        return DYNAMIC + encoded([*members, *parts])


@lru_cache(256)  # who wrote it, who sends it and who looks for it read the same bytes
def transaction_in(raw: bytes) -> tuple[Transaction, bytes]:
    """Return a signed transaction and its sender. Errors: BadProof."""
    members = rlp_decoded(raw[1:], "the transaction")
    if raw[:1] != DYNAMIC or isinstance(members, bytes) or len(members) != 12:
        raise BadProof("the bytes are no transaction of type 2")
    words = [member for place, member in enumerate(members) if place != 8]
    if not all(isinstance(word, bytes) for word in words):
        raise BadProof("a transaction's members are bytes")
    said = [bytes(word) for word in words if isinstance(word, bytes)]
    chain_id, nonce, tip, max_fee, gas = (int.from_bytes(word, "big") for word in said[:5])
    made = Transaction(
        chain_id=chain_id,
        nonce=nonce,
        tip=tip,
        max_fee=max_fee,
        gas=gas,
        to=said[5],
        data=said[7],
    )
    parity, r, s = said[8:]
    signature = r.rjust(32, b"\0") + s.rjust(32, b"\0") + parity.rjust(1, b"\0")
    digest = keccak(DYNAMIC + encoded(members[:9]))
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise BadProof("the transaction's signature is none") from error
    return made, address_of(key)


def hash_of(raw: bytes) -> TxRef:
    """Return the name a chain gives to signed bytes."""
    return TxRef(f"0x{keccak(raw).hex()}")


def address_of(key: PublicKey) -> bytes:
    """Return the address of a public key."""
    return keccak(key.format(compressed=False)[1:])[-20:]


class Account:
    """A key that signs; it never leaves this object."""

    def __init__(self, secret: bytes) -> None:
        self._key = PrivateKey(secret)
        self.address = address_of(self._key.public_key)

    def sign(self, digest: bytes) -> bytes:
        """Return r, s (low) and the parity."""
        made: bytes = self._key.sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType]
        return made


def opened(keystore: bytes, password: bytes) -> Account:
    """Return the account of a keystore V3. Takes a second and more: call it in a thread.

    Errors: BadKeystore.
    """
    try:
        told = json.loads(keystore)
        crypto = {name.lower(): value for name, value in told.items()}["crypto"]
        kind = (told["version"], crypto["kdf"], crypto["cipher"])
        account = Account(_decrypted(kind, crypto, password))
    except BadKeystore:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, InvalidKey) as error:
        raise BadKeystore(f"keystore: not of version 3: {type(error).__name__}") from error
    named = str(told.get("address", account.address.hex())).lower().removeprefix("0x")
    if named != account.address.hex():
        raise BadKeystore("keystore: holds another account's key than it says; make it anew")
    return account


def sealed(secret: bytes, password: bytes, *, salt: bytes, iv: bytes, n: int = 2**18) -> bytes:
    """Return the keystore V3 of a key. Units: `n` is scrypt's cost; 2**18 takes a second."""
    derived = Scrypt(salt=salt, length=32, n=n, r=8, p=1).derive(password)
    closing = Cipher(algorithms.AES(derived[:16]), modes.CTR(iv)).encryptor()
    cipher = closing.update(secret) + closing.finalize()
    crypto: dict[str, object] = {
        "cipher": "aes-128-ctr",
        "cipherparams": {"iv": iv.hex()},
        "ciphertext": cipher.hex(),
        "kdf": "scrypt",
        "kdfparams": {"dklen": 32, "n": n, "p": 1, "r": 8, "salt": salt.hex()},
        "mac": secretly(derived[16:] + cipher).hex(),
    }
    address = Account(secret).address.hex()
    return json.dumps({"version": 3, "address": address, "crypto": crypto}).encode()


def _decrypted(kind: tuple[object, ...], crypto: Mapping[str, object], password: bytes) -> bytes:
    if kind != (3, "scrypt", "aes-128-ctr"):
        raise BadKeystore("keystore: version 3, scrypt and aes-128-ctr are taken; convert it")
    of_kdf, of_cipher = crypto["kdfparams"], crypto["cipherparams"]
    assert isinstance(of_kdf, Mapping) and isinstance(of_cipher, Mapping)  # noqa: PT018
    n, r, p = (int(of_kdf[name]) for name in "nrp")
    if 128 * n * r > MOST_MEMORY or p > 16 or int(of_kdf["dklen"]) != 32:
        raise BadKeystore("keystore: its scrypt asks for too much; make it anew with n = 262144")
    salt, iv = bytes.fromhex(of_kdf["salt"]), bytes.fromhex(of_cipher["iv"])
    cipher = bytes.fromhex(str(crypto["ciphertext"]))
    try:
        derived = Scrypt(salt=salt, length=32, n=n, r=r, p=p).derive(password)
    except MemoryError as error:  # what OpenSSL calls an n of 2 ** (16 * r) and more
        raise BadKeystore(
            "keystore: its scrypt breaks RFC 7914; make it anew with r = 8"
        ) from error
    if not hmac.compare_digest(secretly(derived[16:] + cipher), bytes.fromhex(str(crypto["mac"]))):
        raise BadKeystore("keystore: the password is another")
    opening = Cipher(algorithms.AES(derived[:16]), modes.CTR(iv)).decryptor()
    return opening.update(cipher) + opening.finalize()
