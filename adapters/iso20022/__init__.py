"""Bank money by message: instruct, hear, prove, recall, as ISO 20022 and a bank's agreement say.

Holds:   codec, correlation, the story of a payment, channels, rail, a counterparty bank, explain
Knows:   ports, core, schemas.iso20022
Never:   believes what did not validate; says a value in a finding; acknowledges before the ledger
Enters:  the entry points iso20022 and explain.iso20022; python3 -m adapters.iso20022.bank
Proof:   tests/adapters/iso20022
"""
