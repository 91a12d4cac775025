"""Copy me: a network, and a rail, whose doors are written and whose wires are not.

Holds:   the promises of bridge/ports.py, each where it is kept; what is left to write raises
Knows:   ports, core
Never:   is an entry point: every function that touches the wire raises NotImplementedError
Enters:  network.ADAPTER, rail.ADAPTER, under the names a copy gives them
Proof:   tests/adapters/test_template.py; the door is examples/write_an_adapter's, word for word
"""
