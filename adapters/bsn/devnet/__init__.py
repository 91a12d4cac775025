"""A node gateway of our own on this machine: the same wire, real signatures, a ledger behind it.

Holds:   the gateway, its ledger with endorsement apart from commit, its faults, its demo keys
Knows:   the field table and the escrow chaincode; of the client nothing, so that both can be wrong
Never:   listens beyond loopback, keeps more than its tape after it ends, guards a secret
Enters:  gateway.Gateway, server.serving
Proof:   tests/adapters/bsn/devnet
"""
