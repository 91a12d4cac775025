"""The state: one pure function from entries to balances, stages, registers and known ids.

Holds:   rows of the projections, the view, `apply` and what it refuses, by subject
Knows:   core, entries and their forms
Never:   does I/O, reads a clock, draws chance; decides by anything but view and entry
Enters:  apply.apply, apply.finish
Proof:   tests/notary/test_state.py, tests/notary/test_model.py
"""

from bridge.notary.state.apply import apply, apply_group
from bridge.notary.state.refusals import Code, Refusal
from bridge.notary.state.view import Changes, Overlay, View

__all__ = ["Changes", "Code", "Overlay", "Refusal", "View", "apply", "apply_group"]
