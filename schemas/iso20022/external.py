"""External code sets of ISO 20022: our dated copy, codes only; what is not here is not judged.

Source: ISO 20022 external code sets, May 2025.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("external.json")
_STATUSES = (
    "ExternalPaymentTransactionStatus1Code",
    "ExternalPaymentGroupStatus1Code",
    "ExternalEntryStatus1Code",
)

Sets = Mapping[str, frozenset[str]]


@cache
def sets() -> Sets:
    """Every set by the name of its type, read once a process."""
    table = json.loads(_FILE.read_bytes())
    return {name: frozenset(codes.split()) for name, codes in table["sets"].items()}


@cache
def statuses() -> Sets:
    """The sets whose codes say how far a payment is: an unknown one is not passed over."""
    return {name: sets()[name] for name in _STATUSES}


@cache
def others() -> Sets:
    """All other sets."""
    return {name: codes for name, codes in sets().items() if name not in _STATUSES}
