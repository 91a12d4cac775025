"""Signed notes: checkpoints of the ledger, cosignatures over them, and proof files.

The reader is strict: what another reader could take for something else is refused whole.
Source: C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-proof.
"""

from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bridge.notary.entries import leaf_hash
from bridge.notary.keys import Ed25519Key, verify_ed25519
from bridge.notary.tree import included

LOG: Final = 1  # Ed25519 over the note's text
COSIGNER: Final = 4  # Ed25519 over the text and the time it was seen
MOST_LINES: Final = 100  # signatures read of one note; Go's reader stops there too
MOST_BYTES: Final = 1024 * 1024
MOST_SIZE: Final = (1 << 63) - 1
MOST_PATH: Final = 63
DASH: Final = "\u2014 "
PROOF: Final = "c2sp.org/tlog-proof@v1"


class BadNote(ValueError):
    """Raised for a note, key or proof that is not trusted; the sentence says why."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under the name it signs with. `public` is hex, as keys are everywhere."""

    name: str
    public: str
    kind: int = LOG

    @property
    def id(self) -> bytes:
        """The four bytes that name the key on its signature lines."""
        said = self.name.encode() + b"\n" + bytes([self.kind]) + bytes.fromhex(self.public)
        return sha256(said).digest()[:4]

    def text(self) -> str:
        """Return the form it is handed over in."""
        key = b64encode(bytes([self.kind]) + bytes.fromhex(self.public)).decode()
        return f"{self.name}+{self.id.hex()}+{key}"


@dataclass(frozen=True, slots=True)
class Line:
    """One signature line: a name, a key id, and what the key's kind says."""

    name: str
    key: bytes
    signature: bytes

    def text(self) -> str:
        """Return the line."""
        return f"{DASH}{self.name} {b64encode(self.key + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Cosignature:
    """A cosigner saw this tree, the largest it had seen, at that time. Units: POSIX seconds."""

    key: VerifierKey
    time_s: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: whose, how large, its root. Others may extend theirs; we never do."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def text(self) -> str:
        """Return what is signed."""
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.extensions)
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint under its log's good signature, and the known cosignatures on it."""

    checkpoint: Checkpoint
    cosignatures: tuple[Cosignature, ...]


def _base64(text: str, what: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (BadBase64, ValueError) as error:
        raise BadNote(f"{what} is not base64") from error
    if b64encode(data).decode() != text:
        raise BadNote(f"{what} is base64 in a second form")
    return data


def _hash(text: str, what: str) -> bytes:
    data = _base64(text, what)
    if len(data) != 32:
        raise BadNote(f"{what} is not a hash")
    return data


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or (text[0] == "0" != text):
        raise BadNote(f"{what} is not a whole number without leading zeros")
    if int(text) > MOST_SIZE:
        raise BadNote(f"{what} is too large")
    return int(text)


def _name(text: str) -> str:
    if not text or "+" in text or any(letter.isspace() for letter in text):
        raise BadNote(f"{text[:80]!r} is no name of a key")
    return text


def read_key(text: str) -> VerifierKey:
    """Return the verifier key. Errors: BadNote for another form, kind, or a wrong key id."""
    name, _, rest = text.partition("+")
    said, _, key = rest.partition("+")
    data = _base64(key, "the key")
    if len(data) != 33 or data[0] not in {LOG, COSIGNER}:
        raise BadNote("not an Ed25519 key of a log or a cosigner")
    found = VerifierKey(_name(name), data[1:].hex(), data[0])
    if found.id.hex() != said:
        raise BadNote("the key id is not that of name and key")
    return found


def split(note: bytes) -> tuple[str, tuple[Line, ...]]:
    """Return a note's text and its signature lines, whoever signed them. Errors: BadNote."""
    if len(note) > MOST_BYTES:
        raise BadNote(f"a note of {len(note)} bytes is too large")
    try:
        whole = note.decode()
    except UnicodeDecodeError as error:
        raise BadNote("a note is UTF-8") from error
    if any(letter < " " and letter != "\n" for letter in whole):
        raise BadNote("a note has no control characters")
    text, empty, signatures = whole.rpartition("\n\n")
    if not empty or not signatures.endswith("\n"):
        raise BadNote("a note is its text, an empty line, and signature lines")
    lines = signatures[:-1].split("\n")
    if len(lines) > MOST_LINES:
        raise BadNote(f"{len(lines)} signature lines are too many")
    return text + "\n", tuple(_line(line) for line in lines)


def _line(text: str) -> Line:
    name, space, said = text.removeprefix(DASH).partition(" ")
    if not text.startswith(DASH) or not space:
        raise BadNote("a signature line is a dash, a name and base64")
    data = _base64(said, "a signature")
    if len(data) < 5:
        raise BadNote("a signature line is shorter than a key id and a signature")
    return Line(_name(name), data[:4], data[4:])


def verify(
    note: bytes, keys: Sequence[VerifierKey]
) -> tuple[str, tuple[tuple[VerifierKey, int], ...]]:
    """Return the text, and each known key that signed it with the time it says (a log: 0).

    Unknown lines are passed over; one known line that is bad spoils the note; a key counts once.
    Errors: BadNote, also where no known key signed.
    """
    text, lines = split(note)
    known = {(key.name, key.id): key for key in keys}
    if len(known) != len(keys):
        raise BadNote("two known keys have one name and key id")
    good: dict[VerifierKey, int] = {}
    for line in lines:
        key = known.get((line.name, line.key))
        if key is not None:
            good[key] = max(_signed(text, key, line.signature), good.get(key, 0))
    if not good:
        raise BadNote("no known key signed it")
    return text, tuple(good.items())


def _signed(text: str, key: VerifierKey, signature: bytes) -> int:
    time, message = 0, text.encode()
    if key.kind == COSIGNER:
        time, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = b"cosignature/v1\ntime %d\n%b" % (time, message)
        if not 0 < time <= MOST_SIZE:
            raise BadNote(f"the cosignature of {key.name} says no time")
    if len(signature) != 64 or not verify_ed25519(key.public, message, signature):
        raise BadNote(f"the signature of {key.name} is bad")
    return time


def read_text(text: str) -> Checkpoint:
    """Return the checkpoint a note's text says. Errors: BadNote."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not all(lines[:-1]):
        raise BadNote("a checkpoint is origin, size and root, a line each")
    size = _number(lines[1], "the size")
    return Checkpoint(lines[0], size, _hash(lines[2], "the root"), tuple(lines[3:-1]))


def read_checkpoint(note: bytes, log: VerifierKey, cosigners: Sequence[VerifierKey] = ()) -> Signed:
    """Return the checkpoint that its log signed, with the cosignatures of those known.

    Errors: BadNote.
    """
    text, good = verify(note, (log, *cosigners))
    checkpoint = read_text(text)
    if checkpoint.origin != log.name:
        raise BadNote(f"a checkpoint of {checkpoint.origin[:80]}, not of {log.name}")
    if log not in dict(good):
        raise BadNote("its log did not sign it")
    seen = tuple(Cosignature(key, time) for key, time in good if key != log)
    return Signed(checkpoint, seen)


def log_key(origin: str, key: Ed25519Key) -> VerifierKey:
    """Return the verifier key of a log: its name is the origin. Errors: BadNote."""
    return VerifierKey(_name(origin), key.public)


def sign(checkpoint: Checkpoint, key: Ed25519Key) -> bytes:
    """Return the note of a checkpoint under its log's signature line."""
    name = log_key(checkpoint.origin, key)
    text = checkpoint.text()
    return f"{text}\n{Line(name.name, name.id, key.sign(text.encode())).text()}".encode()


@dataclass(frozen=True, slots=True)
class Proof:
    """What a `.tlog-proof` file holds; nothing is checked yet, and `extra` never is."""

    index: int
    path: tuple[bytes, ...]
    note: bytes
    extra: bytes = b""

    def file(self) -> bytes:
        """Return the bytes of the file."""
        lines = [PROOF]
        if self.extra:
            lines.append(f"extra {b64encode(self.extra).decode()}")
        lines.append(f"index {self.index}")
        lines += [b64encode(one).decode() for one in self.path]
        return "".join(f"{line}\n" for line in lines).encode() + b"\n" + self.note


def read_proof(file: bytes) -> Proof:
    """Return what a `.tlog-proof` file holds. Errors: BadNote for any other form."""
    if len(file) > MOST_BYTES:
        raise BadNote(f"a proof of {len(file)} bytes is too large")
    head, empty, note = file.partition(b"\n\n")
    try:
        lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise BadNote("a proof begins in ASCII") from error
    if lines.pop(0) != PROOF or not empty:
        raise BadNote("not a proof file of version 1")
    extra = b""
    if lines and lines[0].startswith("extra "):
        extra = _base64(lines.pop(0).removeprefix("extra "), "extra")
    if not lines or not lines[0].startswith("index "):
        raise BadNote("a proof says its index")
    index = _number(lines.pop(0).removeprefix("index "), "the index")
    if len(lines) > MOST_PATH:
        raise BadNote(f"a path of {len(lines)} hashes is too long")
    return Proof(index, tuple(_hash(line, "a hash of the path") for line in lines), note, extra)


def verify_proof(
    file: bytes, entry: bytes, log: VerifierKey, cosigners: Sequence[VerifierKey] = ()
) -> Signed:
    """Return the signed checkpoint under which `entry` stands at the index the file says.

    Whether the cosignatures suffice is for the policy of the epoch to say. Errors: BadNote.
    """
    proof = read_proof(file)
    signed = read_checkpoint(proof.note, log, cosigners)
    head = signed.checkpoint
    if not included(proof.index, head.size, leaf_hash(entry), proof.path, head.root):
        raise BadNote(f"the path does not lead from the entry to the root of {head.size}")
    return signed
