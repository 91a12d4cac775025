"""What stands behind the gateway: the embedded ledger, or a real peer.

An endorsement changes nothing; what is ordered is in a block later, or never.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from adapters.bsn.devnet.blocks import Block
from adapters.bsn.devnet.macs import Public


class EndorsementFailed(Exception):
    """The peers refuse to endorse; nothing was ordered. `response` is the chaincode's, or 0."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsed:
    """A transaction that the peers have endorsed and nobody has ordered."""

    tx: str
    status: int
    payload: bytes
    envelope: bytes
    changes: bool  # whether it writes or tells anything


class Signing(Protocol):
    """A key that the gateway keeps for a user."""

    @property
    def algorithm(self) -> int:
        """One of the three."""
        ...

    def public(self) -> Public:
        """The public half."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The DER signature of a message."""
        ...


class Behind(Protocol):
    """One channel with one chaincode, as the gateway uses it. Units: ms."""

    @property
    def clock(self) -> Callable[[], int]:
        """The time that the gateway writes into proposals."""
        ...

    @property
    def channel(self) -> str:
        """The channel's name."""
        ...

    @property
    def chaincode(self) -> str:
        """The escrow's name."""
        ...

    @property
    def network(self) -> str:
        """The network's id: the hash of its first block."""
        ...

    def join(self, msp: str, name: str, certificate: str, key: Public) -> bytes:
        """Make a certificate known; returns its SerializedIdentity. Errors: ValueError."""
        ...

    def endorse(self, signed_proposal: bytes) -> Endorsed:
        """What the peers of both organisations make of a proposal.

        Errors: EndorsementFailed; ValueError for bytes that are no proposal.
        """
        ...

    def order(self, endorsed: Endorsed) -> None:
        """Hand a transaction to the orderer. Errors: EndorsementFailed where it takes none."""
        ...

    def height(self) -> int:
        """How many blocks there are now."""
        ...

    def block(self, number: int) -> Block:
        """A block that is there."""
        ...

    def found(self, tx: str) -> tuple[Block, int] | None:
        """The block and place of a transaction that was committed, valid or not."""
        ...

    def envelope(self, number: int, place: int) -> bytes:
        """A transaction as its block has it."""
        ...
