"""The notary: writes down what is, chains it, signs it.

Holds:   entries and the pure `apply`, the one writer, its stores, tree, tiles, checkpoints, keys
Knows:   ports, log, core; apsw in its store, cryptography in its keys
Never:   decides what is allowed; forgets an id; signs two roots for one size
Enters:  journal.Journal
Proof:   tests/notary, tests/recovery
"""
