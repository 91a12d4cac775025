"""A list as it stood: its entries under one root, what changed since, and whether it shrank."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from bridge.screening.lists import Listed, read

SHRINK_PERCENT: Final = 5  # a list that loses more is looked at by two people first


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The sorted entries of a list under their Merkle root."""

    entries: tuple[Listed, ...]
    root: str
    digest: str  # SHA-256 of the bytes it was read from

    @property
    def count(self) -> int:
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Delta:
    """Ids of entries that came, changed or went."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]


def snapshot(data: bytes) -> Snapshot:
    """Return the snapshot of a list's bytes. Errors: lists.BadList."""
    entries = read(data)
    root = merkle_root([entry.bytes for entry in entries])
    return Snapshot(entries=entries, root=root, digest=sha256(data).hexdigest())


def merkle_root(leaves: list[bytes]) -> str:
    """Return the root over the leaves, in lower-case hex.

    Source: RFC 6962, section 2.1.
    """
    level = [sha256(b"\x00" + leaf).digest() for leaf in leaves]
    if not level:
        return sha256(b"").hexdigest()
    while len(level) > 1:  # pairing with the odd one carried up gives the RFC's tree
        paired = [
            sha256(b"\x01" + level[at] + level[at + 1]).digest()
            for at in range(0, len(level) - 1, 2)
        ]
        level = [*paired, level[-1]] if len(level) % 2 else paired
    return level[0].hex()


def delta(before: Iterable[Listed], after: Iterable[Listed]) -> Delta:
    """Return what changed from one list to the next; an empty delta is a success too."""
    then = {entry.id: entry.hash for entry in before}
    now = {entry.id: entry.hash for entry in after}
    return Delta(
        added=tuple(sorted(now.keys() - then.keys())),
        changed=tuple(sorted(name for name in now.keys() & then.keys() if now[name] != then[name])),
        removed=tuple(sorted(then.keys() - now.keys())),
    )


def shrunk(before: Iterable[Listed], after: Iterable[Listed]) -> str:
    """Return why the next list waits for two people, or nothing.

    As a whole and per type: a truncated download loses its last type entirely.
    """
    then, now = _counts(before), _counts(after)
    for name, was in sorted(then.items()):
        lost = was - now[name]
        if lost * 100 > was * SHRINK_PERCENT:
            return f"{name}: {was} entries became {now[name]}, more than {SHRINK_PERCENT} % fewer"
    return ""


def _counts(entries: Iterable[Listed]) -> Counter[str]:
    types = [entry.type for entry in entries]
    return Counter(types) + Counter({"all": len(types)})
