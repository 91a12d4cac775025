"""Instruments of others on a chain: a share under ERC-3643 (T-REX), a title under TradeTrust.

Holds:   their deployment and what their owners, issuers and carriers do; hashes of their code
Knows:   calls by signature; npm's packages as they are, found by `adapters.evm.anvil`
Never:   a byte of theirs in the tree, or one that is not the one reviewed
Enters:  erc3643.Share, tradetrust.Registry; the demo on real wires, and the tests
Proof:   tests/adapters/evm/instruments
"""
