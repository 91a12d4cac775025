"""Where an instrument is: how much of it on which network, at rest or in transit.

The ledger keeps a covered account per fingerprint and network. What is in transit by a settlement
is a pending debit of the place it leaves, so no order can take more from a place than is there,
and a paper pledged a second time finds nothing to take.
"""

from dataclasses import dataclass

from bridge.core.ids import AccountId, Digest, NetworkId
from bridge.core.money import Units


@dataclass(frozen=True, slots=True)
class Place:
    """Source: UNCITRAL MLETR, article 10: one record, one holder."""

    fingerprint: Digest
    network: NetworkId

    @property
    def account(self) -> AccountId:
        return AccountId(f"place/{self.fingerprint}/{self.network}")


def issue_account(fingerprint: Digest) -> AccountId:
    """Return the account that the issued quantity came from; its debits are what was issued."""
    return AccountId(f"issue/{fingerprint}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What the ledger knows of one place. Units: of the token."""

    there: Units  # posted
    leaving: Units  # pending, in transit by settlements under way

    @property
    def free(self) -> int:
        return self.there - self.leaving


def fits(stock: Stock | None, *, at_home: bool, issued: Units, wanted: Units) -> bool:
    """Tell whether `wanted` units can leave a place.

    A paper the ledger has never seen is at its home, whole; anywhere else it is not there.
    """
    free = (issued if at_home else 0) if stock is None else stock.free
    return 0 < wanted <= free
