"""Copy me: a network whose door is written and whose wire is not; a rail is adapters/memory's.

Holds:   the promises of bridge/ports.py, each where it is kept; what is left to write raises
Knows:   ports, core
Never:   is an entry point: every function that touches the wire raises NotImplementedError
Enters:  network.ADAPTER, under the name a copy gives it
Proof:   tests/adapters/test_template.py; the door is examples/write_an_adapter's, word for word
"""
