"""A platform's first crossing: the schema of an order, three samples, and a walk to the first one.

Holds:   order.schema.json, three orders, and the walk
Knows:   what any client knows: commands, the API, the papers it signs; and the demo's stage
Never:   a step that a platform could not take itself
Enters:  python3 -m examples.first_integration
Proof:   tests/tidy/test_first_integration.py
"""
