"""Keccak-256, remembered: nodes of proofs, places and ids are hashed again and again.

Never of a secret, which would be remembered too: those go to the library itself.

Source: Ethereum Yellow Paper, section 3.
"""

from functools import lru_cache

from eth_hash.auto import keccak as hashed

LONGEST = 1_024  # bytes that are remembered: a branch of a trie has 532
_lately = lru_cache(2_048)(hashed)  # some 2 MB at most


def keccak(data: bytes) -> bytes:
    """Return the 32-byte digest."""
    return _lately(data) if len(data) <= LONGEST else hashed(data)
