"""ISO 20022: what a message may look like, and what else must hold before money moves by it.

Holds:   dictionary.json (generated), its tool, generated schemas, profiles, dated rules
Knows:   the ISO 20022 messages and the market rules written over them
Never:   a settlement, a counterparty, a file name, today's date
Enters:  envelope.read, judge.judge
Proof:   tests/schemas/iso20022
"""
