"""The stores: what a database must do for the ledger, and who does it.

Holds:   the port; memory with faults, and SQLite
Knows:   the ledger's outcomes; apsw in sqlite.py only
Never:   judges an entry; retries a commit; reads an entry's meaning
Enters:  port.Store
Proof:   tests/notary/test_store.py, tests/recovery
"""
