"""The hash of a ledger leaf: ours beside that of a published Merkle library."""

from collections.abc import Iterator

from pymerkle.hasher import MerkleHasher

from bridge.notary.entries import leaf_hash
from examples.benchmarks.figure import Figure, Given, side_by_side

LEAVES = [f"leaf {number} ".encode() * 50 for number in range(20_000)]  # 0.5 to 0.7 kB, as ours


def figures(_given: Given) -> Iterator[Figure]:
    """Leaves hashed a second of CPU. Source: RFC 6962, section 2.1."""
    theirs = MerkleHasher("sha256", security=True)
    assert [leaf_hash(one) for one in LEAVES[:9]] == [theirs.hash_buff(one) for one in LEAVES[:9]]
    rate, rate_of_peer = side_by_side(
        lambda: [leaf_hash(one) for one in LEAVES],
        lambda: [theirs.hash_buff(one) for one in LEAVES],
        work=len(LEAVES),
    )
    yield Figure(
        name="leaves.hashed",
        ours=rate,
        theirs=rate_of_peer,
        baseline="pymerkle, the same leaves in the same run",
        unit="leaves/s CPU",
    )
