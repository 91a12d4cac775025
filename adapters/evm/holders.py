"""A holder's signature of typed data, read back before it is signed: nothing unknown is hashed.

Source: EIP-712; ERC-1271 (who has no key signs through a contract, and brings its own bytes).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adapters.evm.accounts import Account
from adapters.evm.codec import typed_data
from adapters.evm.ticket import Domain, Ticket, digest


@dataclass(frozen=True, slots=True)
class Signed:
    """A holder's signature, of a kind; typed data needs no key beside it."""

    kind: str
    public_key: str
    signature: bytes


def lock_digest(message: bytes) -> bytes:
    """Return what a wallet signs for a lock's typed data. Errors: ValueError for any other."""
    try:
        told: Mapping[str, Any] = json.loads(message)
        domain, ticket = told["domain"], told["message"]["ticket"]
        until = int(told["message"]["notAfter"])
        where = Domain(
            int(domain["chainId"]), _raw(domain["verifyingContract"]), _raw(domain["salt"])
        )
        what = Ticket(
            settlement=_raw(ticket["settlement"]),
            terms=_raw(ticket["terms"]),
            asset=_raw(ticket["asset"]),
            token_id=int(ticket["tokenId"]),
            amount=int(ticket["amount"]),
            party=_raw(ticket["party"]),
            counterpart=_raw(ticket["counterpart"]),
        )
        again = typed_data(where, what, until)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the message is no lock's typed data: {error}") from error
    if again != message:
        raise ValueError("the message is no lock's typed data: it says more, or says it otherwise")
    return digest(where, "Lock", what, {"notAfter": until})


def signed_with(secret: bytes, message: bytes) -> Signed:
    """Return a holder's signature by a key of 32 bytes. Errors: ValueError."""
    made = Account(secret).sign(lock_digest(message))
    return Signed("eip712", "", made[:64] + bytes([27 + made[64]]))


def _raw(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))
