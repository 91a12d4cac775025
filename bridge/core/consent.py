"""What a holder signs before their asset may be locked, and the papers an order waits for."""

from dataclasses import dataclass
from typing import Literal

from bridge.core.canonical import Value, canonical
from bridge.core.ids import Digest, Instant, NetworkId, SettlementId

PAPER_PREFIX = b"lianqiao paper v1\n"
CONSENT_SCHEMA = "lianqiao.consent/1"
PAPER_SCHEMA = "lianqiao.paper/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The holder's word that this settlement may lock their asset on this network.

    It covers `terms`, which covers the order, so it is never part of it. It outlives the order's
    deadline by the time people may take to decide.
    """

    settlement: SettlementId
    terms: Digest
    network: NetworkId
    by: str  # the account that holds the asset
    kind: str  # one of act.CONSENT_KINDS
    public_key: str  # hex; empty where the signature names its signer
    signature: bytes
    not_after: Instant

    def leaf(self) -> dict[str, Value]:
        """Return the form it has in the ledger and on the API."""
        return {
            "schema": CONSENT_SCHEMA,
            "settlement": self.settlement,
            "terms": self.terms,
            "network": self.network,
            "by": self.by,
            "kind": self.kind,
            "public_key": self.public_key,
            "signature": self.signature.hex(),
            "not_after": str(self.not_after),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A signed statement an order waits for; `refused` is for good."""

    settlement: SettlementId
    terms: Digest
    kind: str
    digest: Digest
    issued: Instant
    says: Literal["given", "refused"]
    key: str  # Ed25519 public key, hex: the one the order names for this kind
    signature: bytes

    def body(self) -> dict[str, Value]:
        """Return what its key signs."""
        return {
            "settlement": self.settlement,
            "terms": self.terms,
            "kind": self.kind,
            "digest": self.digest,
            "issued": str(self.issued),
            "says": self.says,
        }

    def message(self) -> bytes:
        """Return the bytes its signature stands under."""
        return PAPER_PREFIX + canonical(self.body())

    def leaf(self) -> dict[str, Value]:
        """Return the form it has in the ledger and on the API."""
        return {
            "schema": PAPER_SCHEMA,
            "paper": self.body(),
            "key": self.key,
            "signature": self.signature.hex(),
        }
