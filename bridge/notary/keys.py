"""One key, one purpose: key files are loaded, never exported; a log key never signs backwards.

A file is PKCS#8 PEM, readable by its owner alone, under a passphrase where one is given.
"""

import errno
import os
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

MARK: Final = 128  # bytes of a line of the high-water mark
PURPOSES = frozenset({"log", "notary", "person", "network", "bank", "holder"})


class BadKey(ValueError):
    """Raised for a key file that may not be used; the sentence says why and what to do."""


class Backwards(RuntimeError):
    """Raised where a log key is asked to sign a smaller size, or another root for one it signed."""


@dataclass(frozen=True, slots=True)
class Ed25519Key:
    """A private key that signs and does not leave. `public` is its public key in hex."""

    public: str
    sign: Callable[[bytes], bytes]


def load_ed25519(file: Path, passphrase: bytes | None = None) -> Ed25519Key:
    """Return the Ed25519 key of a file.

    Errors: BadKey for a file others can read, of another kind, or under another passphrase.
    """
    key = _load(file, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise BadKey(f"{file.name} holds no Ed25519 key")
    return Ed25519Key(key.public_key().public_bytes_raw().hex(), key.sign)


def load_secp256k1(file: Path, passphrase: bytes | None = None) -> bytes:
    """Return the 32 secret bytes of a secp256k1 key file, for the signer of Ethereum's acts.

    Errors: BadKey.
    """
    key = _load(file, passphrase)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256k1":
        raise BadKey(f"{file.name} holds no secp256k1 key")
    return key.private_numbers().private_value.to_bytes(32, "big")


def make_ed25519(file: Path, passphrase: bytes | None = None) -> Ed25519Key:
    """Write a new Ed25519 key to `file`, which must not exist, and return it."""
    _write(file, Ed25519PrivateKey.generate(), passphrase)
    return load_ed25519(file, passphrase)


def make_secp256k1(file: Path, passphrase: bytes | None = None) -> None:
    """Write a new secp256k1 key to `file`, which must not exist."""
    _write(file, ec.generate_private_key(ec.SECP256K1()), passphrase)


def verify_ed25519(public: str, message: bytes, signature: bytes) -> bool:
    """Tell whether `signature` is that key's over `message`; a malformed key signs nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(signature, message)
    except (ValueError, InvalidSignature):
        return False
    return True


def read_private(file: Path) -> bytes:
    """Return what stands in a key file of whatever kind.

    Errors: BadKey for a file that is not there or that others can read.
    """
    try:
        mode = file.stat().st_mode & 0o777
        pem = file.read_bytes()
    except FileNotFoundError as error:
        raise BadKey(f"{file}: no such key file") from error
    if mode & 0o077:
        raise BadKey(f"{file.name} can be read by others (mode {mode:o}): chmod 600 it")
    return pem


def _load(file: Path, passphrase: bytes | None) -> object:
    pem = read_private(file)
    try:
        return serialization.load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{file.name}: no key, or another passphrase") from error


def _write(
    file: Path,
    key: Ed25519PrivateKey | ec.EllipticCurvePrivateKey,
    passphrase: bytes | None,
) -> None:
    seal: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        seal = serialization.BestAvailableEncryption(passphrase)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, seal)
    write_durably(file, pem, new=True)


def write_durably(file: Path, data: bytes, *, new: bool = False) -> None:
    """Write `data` to `file`, readable by its owner alone, and to the disk before returning.

    Errors: FileExistsError where `new` and it is there already.
    """
    target = file if new else file.with_name(file.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | (os.O_EXCL if new else os.O_TRUNC)
    handle = os.open(target, flags, 0o600)
    try:
        left = memoryview(data)
        while left:  # a disk may take less than it was given, and say so
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    except OSError:
        target.unlink()  # half a file is none
        raise
    finally:
        os.close(handle)
    if not new:
        target.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Make durable which files a folder holds."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class HighWater:
    """The largest tree a log key has signed, kept outside the database, written before signing.

    The file has two lines of one length, each with a check over it, written in turn: a crash tears
    the older one at most, and nobody has signed what the torn one was to say.
    Errors: ValueError where no line is whole. The form before this, one mark alone, is read too.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        said = file.read_bytes() if file.exists() else b"0 "
        self._in_lines = said.endswith(b"\n")
        self.size, self.root, self._at = _mark(said) if self._in_lines else (*_bare(said), 0)
        self._is_on_disk = False  # what was read may be in memory only, after a sync that failed

    def admit(self, size: int, root: bytes) -> None:
        """Write the mark durably, so that no later start signs another root or a smaller size.

        Errors: Backwards: the database is an older copy of itself, or another one.
        """
        if size < self.size:
            raise Backwards(f"size {size} was asked, {self.size} is signed: a stale copy")
        if size == self.size and self.root not in {"", root.hex()}:
            raise Backwards(f"another root was signed for size {size}")
        if size > self.size or not self.root or not self._is_on_disk:
            self._write(_line(size, root.hex()))
            self.size, self.root, self._is_on_disk = size, root.hex(), True

    def _write(self, line: bytes) -> None:
        if not self._in_lines or not self._file.exists():
            write_durably(self._file, 2 * line)
            self._in_lines, self._at = True, 0
            return
        handle = os.open(self._file, os.O_WRONLY)
        try:
            at = 1 - self._at
            if os.pwrite(handle, line, at * len(line)) != len(line):
                raise OSError(errno.EIO, "the mark was not written whole", str(self._file))
            os.fdatasync(handle)
        finally:
            os.close(handle)
        self._at = at


def _line(size: int, root: str) -> bytes:
    said = f"{size} {root}"
    return f"{said} {sha256(said.encode()).hexdigest()[:16]}".ljust(MARK - 1).encode() + b"\n"


def _mark(said: bytes) -> tuple[int, str, int]:
    """Return the larger mark of two lines, and which it is. Errors: ValueError."""
    found: list[tuple[int, str, int]] = []
    for at in range(2):
        line = said[at * MARK : (at + 1) * MARK]
        size, _, rest = line.decode("ascii", "replace").partition(" ")
        root = rest.partition(" ")[0]
        if size.isdigit() and line == _line(int(size), root):
            found.append((int(size), root, at))
    if not found:
        raise ValueError("no line of it is whole")
    return max(found)


def _bare(said: bytes) -> tuple[int, str]:
    size, _, root = said.decode("ascii").partition(" ")
    return int(size), root
