"""The program's speed, side by side with peers where they can be had.

Holds:   one module a benchmark, each with `figures(given)`
Knows:   the product, and peers of the dev lock
Never:   a figure without its baseline and its machine; a peer measured in another run
Enters:  python3 -m examples.benchmarks
Proof:   tests/tidy/test_benchmarks.py
"""
