"""The shapes of papers: our own API's and those of foreign wires.

Holds:   one definition per message, types, profiles, dated rules, ABIs as data
Knows:   the wire and its standard
Never:   the bridge, an adapter, or what a message is for
Enters:  the modules named after their wire
Proof:   tests/schemas
"""
