"""Where a time begins in the ledger: entries stand in the order of their times."""

from bridge.core.ids import Instant
from bridge.notary.journal import Journal


def first_since(journal: Journal, begins: Instant) -> int:
    """Return the number of the first entry that is not older than `begins`, or of the next one."""
    low, high = 0, journal.head.seq
    while low < high:
        middle = (low + high) // 2
        entry = journal.entry(middle)
        assert entry is not None, "every number below the head has its entry"
        if entry.t < begins:
            low = middle + 1
        else:
            high = middle
    return low
