"""What is signed for the escrow, as EIP-712 types: one ticket, and a type for each verb.

Source: EIP-712, encodeType; the contracts' Ticket.sol and Domain.sol.
"""

from types import MappingProxyType
from typing import Final

DOMAIN: Final = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
TICKET: Final = (
    ("settlement", "bytes32"),
    ("terms", "bytes32"),
    ("asset", "address"),
    ("tokenId", "uint256"),
    ("amount", "uint256"),
    ("party", "address"),
    ("counterpart", "bytes32"),
)
_TICKET_FIELD = ("ticket", "Ticket")
_EVIDENCE = ("evidence", "bytes32")
_VERDICT = ("verdict", "bytes32")
_EPOCH = ("epoch", "uint64")
_NOT_AFTER = ("notAfter", "uint64")
_UNTIL = ("until", "uint64")

VERBS: Final = MappingProxyType(
    {
        "Lock": (_TICKET_FIELD, _NOT_AFTER),
        "Mint": (_TICKET_FIELD, _EVIDENCE, _VERDICT, _EPOCH, _NOT_AFTER),
        "Burn": (_TICKET_FIELD, _EVIDENCE, _VERDICT, _EPOCH),
        "Assign": (_TICKET_FIELD, _EVIDENCE, _EPOCH),
        "Unmint": (_TICKET_FIELD, _EVIDENCE, _EPOCH),
        "Release": (_TICKET_FIELD, _EVIDENCE, _EPOCH),
        "Hold": (_TICKET_FIELD, _UNTIL, _EVIDENCE, _EPOCH),
    }
)
ESCROW_NAME: Final = "Lianqiao Escrow"
NOTARIES_NAME: Final = "Lianqiao Notaries"
CUSTODY_NAME: Final = "Lianqiao Custody"
VERSION: Final = "1"


def encode_type(verb: str) -> str:
    """Return the text whose hash is the verb's type hash: its own type, then the ticket's."""
    return _one(verb, VERBS[verb]) + _one("Ticket", TICKET)


def ticket_type() -> str:
    """Return the text whose hash is the ticket's type hash."""
    return _one("Ticket", TICKET)


def domain_type() -> str:
    """Return the text whose hash is the domain's type hash."""
    return _one("EIP712Domain", DOMAIN)


def _one(name: str, fields: tuple[tuple[str, str], ...]) -> str:
    return f"{name}({','.join(f'{kind} {field}' for field, kind in fields)})"
