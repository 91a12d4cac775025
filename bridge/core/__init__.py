"""The core: the words of the trade, its arithmetic, and one table.

Holds:   values, orders, facts and answers, effects, the settlement machine, acts, bookings
Knows:   nothing but itself and the standard library's pure parts
Never:   does I/O, reads a clock, draws a random number, imports a library
Enters:  settlement.advance, settlement.due, booking.bookings, act.Act
Proof:   tests/core
"""
