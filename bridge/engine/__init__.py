"""The engine: turns the ring, one event at a time.

Holds:   the inbox, the book, the performing of effects, the desk where people ask
Knows:   policy, notary, ports, core
Never:   decides what is allowed; formats a wire message; reads the clock itself
Enters:  loop.Inbox.put, desk.Desk
Proof:   tests/engine, tests/simulation
"""
