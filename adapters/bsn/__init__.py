"""The pier of permissioned chains: a BSN-style node gateway, and Hyperledger Fabric's own service.

Holds:   the wire of the node gateway, its signatures (SM2, low-s ECDSA), blocks that prove facts
Knows:   ports, core, schemas.bsn
Never:   reads a field of an answer before its signature is verified
Enters:  adapter.ADAPTER, network.ChannelNetwork, explain.command
Proof:   tests/adapters/bsn
"""
