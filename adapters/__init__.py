"""The piers: one adapter for each kind of network or rail, and the exam they all pass.

Holds:   memory (the reference), evm, bsn, iso20022, the conformance exam, the template
Knows:   ports, core, schemas
Never:   each other, or any other room of the bridge
Enters:  the entry point groups bridge.adapters, bridge.commands, bridge.holders, bridge.worlds
Proof:   tests/adapters
"""
