"""Whether a token can cross, told before anybody locks: what it is, what is in the way, who mends.

Holds:   looking at a token, its rules and its custody; a lock and a release tried and not sent
Knows:   the node client, the contracts' interfaces, core
Never:   sends a transaction, or takes for good what could not be told
Enters:  lianqiao evm asset check
Proof:   tests/adapters/evm/instruments/test_asset_check.py
"""
