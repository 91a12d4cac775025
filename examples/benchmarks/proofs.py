"""Inclusion proofs out of a large tree, and their verification.

The leaves are made up and read from the ledger's own store; with --long there are ten million.
"""

import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import apsw

from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.tree import TILE, LeafTree, included, inclusion_path, subtree
from examples.benchmarks.figure import Figure, Given

SIZE, LARGE = 1_000_000, 10_000_000
PROOFS = 2_000
AT_A_TIME = 64  # tiles, while the tree grows


def filled(path: Path, size: int) -> SqliteStore:
    """A store with made-up leaves, put there past the ledger, which would need days."""
    store = SqliteStore(path)
    beside = apsw.Connection(str(path))
    for first in range(0, size, 100_000):
        with beside:
            beside.executemany(
                "INSERT INTO entries VALUES (?, ?, ?)",
                ((n, b"", _leaf(n)) for n in range(first, min(first + 100_000, size))),
            )
    beside.close()
    return store


def _leaf(number: int) -> bytes:
    return sha256(b"leaf %d" % number).digest()


def _cpu(done: Callable[[int], object], numbers: list[int]) -> float:
    """The 99th of a hundred, of CPU. Units: milliseconds."""
    taken: list[float] = []
    for number in numbers:
        began = time.thread_time()
        done(number)
        taken.append((time.thread_time() - began) * 1e3)
    return sorted(taken)[len(taken) * 99 // 100]


def figures(given: Given) -> Iterator[Figure]:
    """Milliseconds of a proof, and of its verification: the slowest of a hundred, of CPU."""
    size = LARGE if given.long else SIZE
    store = filled(given.scratch / "ledger.sqlite", size)
    tree = LeafTree(store.leaves)
    while tree.grow(size // TILE * TILE, AT_A_TIME):
        pass
    root = subtree(0, size, tree.hash)
    numbers = [int.from_bytes(_leaf(n)[:8], "big") % size for n in range(PROOFS)]
    made = _cpu(lambda n: inclusion_path(n, size, tree.hash), numbers)
    paths = {n: inclusion_path(n, size, tree.hash) for n in numbers}
    assert all(included(n, size, _leaf(n), path, root) for n, path in paths.items())
    assert not any(included(n, size, _leaf(n + 1), path, root) for n, path in paths.items())
    checked = _cpu(lambda n: included(n, size, _leaf(n), paths[n], root), numbers)
    store.close()
    where = f"the slowest of a hundred, {size:,} leaves"
    for name, took in (("made", made), ("verified", checked)):
        yield Figure(
            name=f"proofs.{name}",
            ours=took,
            theirs=1.0,
            baseline=f"the bar; {where}" + ("" if given.long else " (--long: ten million)"),
            unit="ms CPU",
        )
