"""Why a mac of the node gateway does not verify: the gateway itself gives no reason.

Holds:   captured messages, the readings a mistaken signer may have had, the search among them
Knows:   the field table, the signatures of adapters.bsn
Never:   needs a private key, sends anything, shows a secret unasked
Enters:  command.explain
Proof:   tests/adapters/bsn/explain
"""
