"""The dated rules over ISO 20022 messages, a file a section.

Holds:   one check a rule: which nodes break it, and nothing else
Knows:   the case a rule is shown, codes and values of other standards
Never:   what becomes of a message; a value in what it says; a rule for one counterparty
Enters:  catalogue.RULES
Proof:   tests/schemas/iso20022/test_rules.py
"""
