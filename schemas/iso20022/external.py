"""External code sets of ISO 20022, as published in May 2025."""

from types import MappingProxyType

_TRANSACTION = frozenset(
    "ACCC ACCP ACFC ACFW ACPD ACSC ACSP ACTC ACWC ACWP BLCK CANC PATC PDNG PRES RCVD RJCT".split()
)
_GROUP = _TRANSACTION | {"PART"}

STATUSES = MappingProxyType(
    {
        "ExternalPaymentTransactionStatus1Code": _TRANSACTION,
        "ExternalPaymentGroupStatus1Code": _GROUP,
        "ExternalEntryStatus1Code": frozenset(("BOOK", "PDNG", "INFO", "FUTR")),
    }
)
CODES: MappingProxyType[str, frozenset[str]] = MappingProxyType({})
