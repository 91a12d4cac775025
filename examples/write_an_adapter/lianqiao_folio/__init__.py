"""The folio register as a network of Lianqiao: four files, one entry point.

Holds:   settings, codec, client and the door of a folio register
Knows:   bridge.ports, bridge.core
Never:   keeps anything; says anything before two have signed the page it stands on
Enters:  the entry point folio of the group bridge.adapters
Proof:   tests/test_exam.py
"""

from lianqiao_folio.network import ADAPTER

__all__ = ["ADAPTER"]
