"""The shapes of the permissioned node gateway: its end points and the order of their fields.

Holds:   the signed order and type of every field, for requests, answers and pushes
Knows:   the wire and its manual
Never:   signs, sends, or knows what a call is for
Enters:  gateway.ENDPOINTS, gateway.PUSHES
Proof:   tests/schemas/bsn
"""
