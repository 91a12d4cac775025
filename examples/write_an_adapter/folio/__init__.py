"""The folio register: a small network that was there before any bridge.

Holds:   pages of signed lines, the escrow among its accounts, a node that answers over HTTP
Knows:   the form of an act, which holders and notaries sign; nothing else of Lianqiao
Never:   says that a page is final before two have signed it
Enters:  register.Register, node.Node
Proof:   tests/test_exam.py, through lianqiao_folio
"""
