"""The front desk: what people and programs ask over HTTP, each route one declaration.

Holds:   routes and what they need: tokens, cursors, problem documents, the drawn description
Knows:   engine, notary, settings, schemas, core
Never:   decides what is allowed of a settlement; writes to the ledger except through the desk
Enters:  app.build
Proof:   tests/api
"""
