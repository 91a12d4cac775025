"""The screening: knows the lists of names, and says who somebody of an order may be.

Holds:   list formats, snapshots and what changed between two, exact matching
Knows:   core
Never:   decides what follows from a hit; keeps a name it was asked about
Enters:  lists.read, snapshot.snapshot, match.Index
Proof:   tests/screening
"""
