"""The pier of bank money: ISO 20022 messages, judged, and what they say of a payment.

Holds:   the command that explains message files
Knows:   ports, core, schemas.iso20022
Never:   reads a value of a message that did not validate; says a value in a finding
Enters:  the entry point explain.iso20022
Proof:   tests/adapters/iso20022
"""
