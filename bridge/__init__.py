"""The product: a daemon that locks, relays and settles trade instruments between networks.

Holds:   every room of the house, from the words of the core up to the command line
Knows:   nothing outside itself; it meets its adapters by entry point
Never:   imports an adapter
Enters:  __main__, start.main
Proof:   tests
"""

__version__ = "0.1.0"
