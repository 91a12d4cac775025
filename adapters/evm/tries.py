"""Merkle Patricia tries: the root of a list, a proof of one value, and a walk that verifies it.

Source: Ethereum Yellow Paper, appendix D (hex-prefix encoding, nodes under 32 bytes inline).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from adapters.evm.keccak import keccak
from adapters.evm.strict_rlp import Item, NotRlp, decoded, encoded, minimal

EMPTY = keccak(encoded(b""))


class BadProof(ValueError):
    """Raised for a proof that does not lead from the root to an answer; the sentence says where."""


def rlp_decoded(raw: bytes, what: str) -> Item:
    """Return what strict RLP says. Errors: BadProof."""
    try:
        return decoded(raw)
    except NotRlp as error:
        raise BadProof(f"{what} is no RLP: {error}") from error


def walk(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes | None:
    """Return the value under `key`, or None where the trie proves that there is none.

    Every node of the proof is used, in order, and none is left over.
    Errors: BadProof.
    """
    if root == EMPTY and not proof:
        return None
    left, path = list(proof), key.hex()  # a path is half bytes, high half first
    node = _hashed(root, left)
    while True:
        value, child, path = _step(node, path)
        if child is None:
            if left:
                raise BadProof(f"{len(left)} nodes are left over")
            return value
        node = _hashed(child, left) if isinstance(child, bytes) else child


def _hashed(expected: bytes, left: list[bytes]) -> Item:
    if not left:
        raise BadProof("a node is missing")
    raw = left.pop(0)
    if len(expected) != 32 or keccak(raw) != expected:
        raise BadProof("a node is not the one its parent names")
    return rlp_decoded(raw, "a node")


def _step(node: Item, path: str) -> "tuple[bytes | None, Item | None, str]":
    """Return the value that ends the walk, or the child to go on with and the path left."""
    if isinstance(node, bytes) or len(node) not in {2, 17}:
        raise BadProof("a node is neither branch nor leaf nor extension")
    if len(node) == 17:
        if not path:
            return _value(node[16]) or None, None, path
        child = node[int(path[0], 16)]
        return (None, None, path) if child == b"" else (None, child, path[1:])
    ending, prefix = _hex_prefix(node[0])
    if ending:
        return (_value(node[1]) if prefix == path else None), None, path
    if not path.startswith(prefix):
        return None, None, path
    return None, node[1], path[len(prefix) :]


def _value(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise BadProof("a value is a list")
    return item


def _hex_prefix(item: Item) -> tuple[bool, str]:
    """Return whether a leaf is meant, and the path. Errors: BadProof."""
    halves = item.hex() if isinstance(item, bytes) else ""
    flag, path = halves[:1], halves[1:]
    if flag not in {"0", "1", "2", "3"} or (flag in {"0", "2"} and path[0] != "0"):
        raise BadProof("a path is not in hex-prefix form")
    if flag in {"0", "2"}:
        path = path[1:]
    if flag in {"0", "1"} and not path:
        raise BadProof("an extension of nothing")
    return flag in {"2", "3"}, path


@dataclass(frozen=True, slots=True)
class Trie:
    """A trie that was built: its root, and its nodes by hash."""

    root: bytes
    nodes: Mapping[bytes, bytes]

    def prove(self, key: bytes) -> tuple[bytes, ...]:
        """Return the nodes from the root to `key`, or to where it is proved missing."""
        if self.root == EMPTY:
            return ()
        used, path, child = [], key.hex(), cast("Item | None", self.root)
        while child is not None:
            node = child
            if isinstance(child, bytes):
                used.append(self.nodes[child])
                node = rlp_decoded(self.nodes[child], "a node")
            _, child, path = _step(node, path)
        return tuple(used)


def trie_of(items: Mapping[bytes, bytes]) -> Trie:
    """Return the trie of some values by key; none of them is empty."""
    nodes: dict[bytes, bytes] = {}
    pairs = sorted((key.hex(), value) for key, value in items.items())
    if not pairs:
        return Trie(EMPTY, nodes)
    raw = encoded(_node(pairs, 0, nodes))
    root = keccak(raw)
    nodes[root] = raw
    return Trie(root, nodes)


def index_key(index: int) -> bytes:
    """Return the key of a block's receipt or transaction."""
    return encoded(minimal(index))


def trie_of_list(values: Sequence[bytes]) -> Trie:
    """Return the trie of a block's receipts or transactions: each under the RLP of its index."""
    return trie_of({index_key(index): value for index, value in enumerate(values)})


Pairs: TypeAlias = "list[tuple[str, bytes]]"


def _node(pairs: Pairs, depth: int, nodes: dict[bytes, bytes]) -> Item:
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [_written(first[depth:], ending=True), pairs[0][1]]
    shared = depth
    while first[shared : shared + 1] == last[shared : shared + 1] != "":
        shared += 1
    if shared > depth:
        return [_written(first[depth:shared], ending=False), _child(pairs, shared, nodes)]
    here = pairs[0][1] if len(first) == depth else b""
    below = pairs[1:] if here else pairs
    children: list[Item] = []
    for half in "0123456789abcdef":
        under = [pair for pair in below if pair[0][depth] == half]
        children.append(_child(under, depth + 1, nodes) if under else b"")
    return [*children, here]


def _child(pairs: Pairs, depth: int, nodes: dict[bytes, bytes]) -> Item:
    node = _node(pairs, depth, nodes)
    raw = encoded(node)
    if len(raw) < 32:
        return node
    nodes[keccak(raw)] = raw
    return keccak(raw)


def _written(path: str, *, ending: bool) -> bytes:
    is_odd = len(path) % 2
    return bytes.fromhex(f"{2 * ending + is_odd}{'' if is_odd else '0'}{path}")
