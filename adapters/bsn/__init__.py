"""The pier of permissioned chains: a BSN-style node gateway, and Hyperledger Fabric's own service.

Holds:   the signatures of the node gateway (SM2, low-s ECDSA) and the keys they verify under
Knows:   ports, core, schemas.bsn
Never:   reads a field of an answer before its signature is verified
Enters:  signing.sign_mac, signing.verify_mac
Proof:   tests/adapters/bsn
"""
