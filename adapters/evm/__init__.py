"""The pier of Ethereum-compatible chains: one escrow on chain, one door for it here.

Holds:   the contract set, its codec, evidence, node client, wallet and door
Knows:   ports, core, schemas.contracts
Never:   signs what it has not itself verified from header, receipt and finality
Enters:  the entry points named evm
Proof:   tests/adapters/evm
"""
