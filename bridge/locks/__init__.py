"""The locks: every package we run with, by version and hash, and how they are read.

Holds:   core.txt, demo.txt, dev.txt, wheels.tsv (which platforms have a wheel), lock.py,
         why.py (what is said where they cannot be installed)
Knows:   the standard library
Never:   an address of an index, a package without a hash, a room of the bridge
Enters:  lock.missing, lock.pins; tests/lock.py makes the files
Proof:   tests/bootstrap, tests/tidy
"""
