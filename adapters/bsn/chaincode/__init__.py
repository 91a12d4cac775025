"""The escrow as a chaincode: one pure function of a call and the state it reads.

Holds:   the verbs of a settlement, of an instrument, of accounts and of the quorum; its records
Knows:   core.act, core.canonical, core.ids; the curves of bsn
Never:   reads a clock, a socket or a key it did not name beforehand; counts what is concurrent
Enters:  escrow.reads, escrow.invoke
Proof:   tests/adapters/bsn/test_fabric_escrow, test_fabric_escrow_laws, test_fabric_golden
"""
