"""The policy: says what may be, from what was gathered beforehand, and why.

Holds:   the judge, the closed kinds of rule, the guard language, packs, dossiers, verdicts
Knows:   core alone
Never:   does I/O, reads a clock, knows a list of names, moves a stage; clears what is unknown
Enters:  judge.judge, packs.load
Proof:   tests/policy
"""
