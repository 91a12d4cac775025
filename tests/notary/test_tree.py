"""The tree: every path to size 70 proves what it says, and nothing else does."""

import json
from base64 import b64decode
from hashlib import sha256
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.notary.entries import leaf_hash
from bridge.notary.frontier import EMPTY_ROOT, Frontier
from bridge.notary.tree import (
    LeafTree,
    consistency_path,
    consistent,
    included,
    inclusion_path,
    node,
    subtree,
)

MOST = 70
LEAVES = [leaf_hash(b"%d" % n) for n in range(MOST)]
WRONG = sha256(b"wrong").digest()


def plain(leaves: list[bytes]) -> bytes:
    """The definition, word for word."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node(plain(leaves[:k]), plain(leaves[k:]))


ROOTS = [plain(LEAVES[:n]) for n in range(MOST + 1)]


def tree_of(leaves: list[bytes]) -> LeafTree:
    return LeafTree(lambda first, end: leaves[first:end])


def test_every_root_is_the_definitions_and_the_writers() -> None:
    tree, edge = tree_of(LEAVES), Frontier()
    for size in range(MOST + 1):
        assert subtree(0, size, tree.hash) == ROOTS[size] == edge.root()
        if size < MOST:
            edge.append(LEAVES[size])
    assert ROOTS[0] == EMPTY_ROOT
    assert leaf_hash(b"").hex().startswith("6e340b9c")


def test_every_leaf_of_every_tree_is_proved_at_its_place_only() -> None:
    tree = tree_of(LEAVES)
    for size in range(1, MOST + 1):
        for n in range(size):
            path = inclusion_path(n, size, tree.hash)
            assert included(n, size, LEAVES[n], path, ROOTS[size])
            assert not included(n, size, WRONG, path, ROOTS[size])
            assert not included(n, size, LEAVES[n], path, WRONG)
            assert not included(n, size, LEAVES[n], (*path, WRONG), ROOTS[size])
            if path:
                assert not included(n, size, LEAVES[n], path[:-1], ROOTS[size])
            for other in (-1, 0, n - 1, n, n + 1, size - 1, size):
                assert included(other, size, LEAVES[n], path, ROOTS[size]) is (other == n)


def test_every_tree_is_proved_to_begin_with_every_earlier_one_only() -> None:
    tree = tree_of(LEAVES)
    for new in range(MOST + 1):
        for old in range(new + 1):
            path = consistency_path(old, new, tree.hash)
            assert consistent(old, new, ROOTS[old], ROOTS[new], path)
            assert not consistent(old, new, ROOTS[old], WRONG, path) or old == 0
            assert not consistent(old, new, WRONG, ROOTS[new], path)
            assert not consistent(old, new, ROOTS[old], ROOTS[new], (*path, WRONG))
            if path:
                assert not consistent(old, new, ROOTS[old], ROOTS[new], path[:-1])
                assert not consistent(old, new, ROOTS[old], ROOTS[new], (WRONG, *path[1:]))
    assert not consistent(3, 2, ROOTS[3], ROOTS[2], ())


def test_no_path_is_made_of_a_tree_that_is_not_there() -> None:
    tree = tree_of(LEAVES)
    for asked in ((-1, 5), (5, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion_path(*asked, tree.hash)
    with pytest.raises(ValueError, match="does not begin"):
        consistency_path(6, 5, tree.hash)
    with pytest.raises(ValueError, match="not there"):
        inclusion_path(0, MOST + 1, tree.hash)
    with pytest.raises(ValueError, match="not all there"):
        inclusion_path(0, 512, tree.hash)


@settings(max_examples=15)
@given(st.data())
def test_paths_over_many_tiles_hold_while_the_ledger_grows(data: st.DataObject) -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(data.draw(st.integers(1, 1_500)))]
    have: list[bytes] = []
    tree = LeafTree(lambda first, end: have[first:end])
    roots: dict[int, bytes] = {0: EMPTY_ROOT}
    while len(have) < len(leaves):
        have += leaves[len(have) : len(have) + data.draw(st.integers(1, 700))]
        size = len(have)
        roots[size] = subtree(0, size, tree_of(have).hash)
        n = data.draw(st.integers(0, size - 1))
        assert included(n, size, have[n], inclusion_path(n, size, tree.hash), roots[size])
        for old, root in roots.items():
            assert consistent(old, size, root, roots[size], consistency_path(old, size, tree.hash))


def test_a_proof_reads_no_more_than_two_tiles_once_the_tops_are_there() -> None:
    reads: list[int] = []
    count = 200_003

    def leaves(first: int, end: int) -> list[bytes]:
        reads.append(end - first)
        return [leaf_hash(b"%d" % n) for n in range(first, min(end, count))]

    tree = LeafTree(leaves)
    while tree.grow(count, 100):
        pass
    reads.clear()
    began = process_time()
    path = inclusion_path(77_777, count, tree.hash)
    assert process_time() - began < 0.1  # generous: it takes less than a millisecond
    assert len(path) >= 17
    assert sum(reads) <= 2 * 256


def hashes(said: list[str] | None) -> list[bytes]:
    return [b64decode(one) for one in said or []]


@pytest.mark.data
def test_published_inclusion_vectors_are_accepted_and_refused(data_dir: Path) -> None:
    files = sorted((data_dir / "ledger/rfc6962-proofs/inclusion").rglob("*.json"))
    verdicts = set()
    for file in files:
        case = json.loads(file.read_text())
        verdict = included(
            case["leafIdx"],
            case["treeSize"],
            b64decode(case["leafHash"] or ""),
            hashes(case["proof"]),
            b64decode(case["root"] or ""),
        )
        assert verdict is not case["wantErr"], file
        verdicts.add(verdict)
    assert False in verdicts


@pytest.mark.data
def test_published_consistency_vectors_are_accepted_and_refused(data_dir: Path) -> None:
    files = sorted((data_dir / "ledger/rfc6962-proofs/consistency").rglob("*.json"))
    verdicts = set()
    for file in files:
        case = json.loads(file.read_text())
        verdict = consistent(
            case["size1"],
            case["size2"],
            b64decode(case["root1"] or ""),
            b64decode(case["root2"] or ""),
            hashes(case["proof"]),
        )
        assert verdict is not case["wantErr"], file
        verdicts.add(verdict)
    assert verdicts == {False, True}
